// SPDX-License-Identifier: Apache-2.0
#include "import/entry.h"

#include <algorithm>

#include "flow/text.h"

namespace weir::import {

std::string_view Entry::value(flow::Field field) const {
  const auto fields = format->fields();
  const auto found = std::ranges::find(fields, field);
  if (found == fields.end()) return {};
  const std::string_view text = values[static_cast<std::size_t>(found - fields.begin())];
  return text == "-" ? std::string_view() : text;
}

std::optional<std::int64_t> read_integer(std::string_view text) {
  constexpr std::size_t kDigitsMax = 18;
  if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
  std::int64_t number = 0;
  bool is_number = true;  // judged once: a branch for each digit costs more
  for (const char c : text) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    is_number &= digit <= 9;
    number = number * 10 + digit;
  }
  return is_number ? std::optional(number) : std::nullopt;
}

std::size_t split_values(std::string_view line, std::span<std::string_view> out) {
  std::size_t count = 0;
  flow::text::for_each_word(line, [&](std::string_view word) {
    if (count < out.size()) out[count] = word;
    ++count;
    return true;
  });
  return count;
}

}  // namespace weir::import
