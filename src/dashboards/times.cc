// SPDX-License-Identifier: Apache-2.0
#include "dashboards/times.h"

#include <charconv>
#include <cstdint>

namespace weir::dashboards {

namespace {

constexpr std::int64_t kCountMax = 100'000'000;
constexpr std::int64_t kSecondsMax = 100'000'000'000;  // three thousand years

/// Seconds in a unit, 0 if there is none of that letter.
std::int64_t unit_s(char letter, bool is_time) {
  if (is_time) return letter == 'H' ? 3600 : letter == 'M' ? 60 : letter == 'S' ? 1 : 0;
  constexpr std::int64_t kDay_s = 86'400;
  switch (letter) {
    case 'Y':
      return 365 * kDay_s;
    case 'M':
      return 30 * kDay_s;
    case 'W':
      return 7 * kDay_s;
    case 'D':
      return kDay_s;
    default:
      return 0;
  }
}

}  // namespace

bool is_relative_time(std::string_view text) {
  return text.starts_with('P') || text.starts_with("-P") || text.starts_with("+P");
}

std::optional<Time> read_time(std::string_view text, Time now) {
  if (!is_relative_time(text)) {
    const auto time = parse_iso8601(text);
    if (!time) return {};
    return *time;
  }
  const bool is_back = text.starts_with('-');
  text.remove_prefix(text.starts_with('P') ? 1 : 2);
  std::int64_t total_s = 0;
  bool is_time = false;
  bool has_part = false;
  while (!text.empty()) {
    if (text.front() == 'T' && !is_time) {
      is_time = true;
      has_part = false;
      text.remove_prefix(1);
      continue;
    }
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end == text.data() + text.size()) return {};
    const std::int64_t unit = unit_s(*end, is_time);
    if (count < 0 || count > kCountMax || unit == 0) return {};
    total_s += count * unit;
    if (total_s > kSecondsMax) return {};
    has_part = true;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  }
  if (!has_part) return {};
  const Duration span = std::chrono::seconds(total_s);
  return is_back ? now - span : now + span;
}

}  // namespace weir::dashboards
