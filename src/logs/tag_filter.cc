// SPDX-License-Identifier: Apache-2.0
#include "logs/tag_filter.h"

#include <algorithm>
#include <string_view>

namespace weir::logs {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool fits_value(std::string_view wanted, std::string_view value) {
  if (wanted.starts_with('!')) return !fits_value(wanted.substr(1), value);
  const bool any_start = wanted.starts_with('*');
  if (any_start) wanted.remove_prefix(1);
  const bool any_end = wanted.ends_with('*');
  if (any_end) wanted.remove_suffix(1);
  if (!any_start && !any_end) return wanted == value;
  const std::string part = lower(wanted);
  const std::string text = lower(value);
  if (any_start && any_end) return text.find(part) != text.npos;
  return any_start ? text.ends_with(part) : text.starts_with(part);
}

}  // namespace

Shape TagFilter::shape() {
  using S = TagFilter;
  static constexpr Member members[] = {
      required<&S::key>("key", length(1, 128)),
      optional<&S::values>("values", items(0, 5)),
  };
  return {"TagFilter", members};
}

bool fits(const TagFilter& filter, const std::map<std::string, std::string>& tags) {
  const auto tag = tags.find(filter.key);
  if (tag == tags.end()) return false;
  if (!filter.values || filter.values->empty()) return true;
  return std::ranges::any_of(
      *filter.values, [&](std::string_view wanted) { return fits_value(wanted, tag->second); });
}

}  // namespace weir::logs
