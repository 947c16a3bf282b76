// SPDX-License-Identifier: Apache-2.0
// Filter values: the matcher against an obvious recursive one.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/ec2/select.h"

namespace {

bool obvious(std::string_view pattern, std::string_view value) {
  if (pattern.empty()) return value.empty();
  if (pattern[0] == '*') {
    return obvious(pattern.substr(1), value) ||
           (!value.empty() && obvious(pattern, value.substr(1)));
  }
  if (value.empty()) return false;
  if (pattern[0] == '\\' && pattern.size() > 1) {
    return pattern[1] == value[0] && obvious(pattern.substr(2), value.substr(1));
  }
  return (pattern[0] == '?' || pattern[0] == value[0]) &&
         obvious(pattern.substr(1), value.substr(1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kSizeMax = 24;  // the obvious one takes exponential time
  if (size > kSizeMax) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto middle = text.size() / 2;
  const auto pattern = text.substr(0, middle);
  const auto value = text.substr(middle);
  WEIR_ASSERT(weir::api::ec2::matches_filter(pattern, value) == obvious(pattern, value));
  return 0;
}
