// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "logs/filter_pattern.h"

/// Input: a pattern, a zero byte, a message. A pattern that compiles must evaluate on anything, and
/// match() and matches() must agree.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::logs::FilterPattern;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = input.find('\0');
  const auto pattern = FilterPattern::compile(input.substr(0, zero));
  if (!pattern) return 0;
  const std::string_view message = zero == input.npos ? std::string_view() : input.substr(zero + 1);
  const auto match = pattern->match(message);
  WEIR_ASSERT(match.has_value() == pattern->matches(message));
  if (!match) return 0;
  weir::logs::Subject subject(message);
  for (const auto& [name, value] : match->values) {
    const auto field = pattern->field(name);
    WEIR_ASSERT(field);
    WEIR_ASSERT(pattern->value(subject, *field) == value);
  }
  return 0;
}
