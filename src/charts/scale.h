// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Where axes begin and end, what stands beside them, and numbers as text. Private to this module.
namespace weir::charts {

/// Larger values are drawn as this, so that differences stay finite.
constexpr double kValueMax = 1e300;

/// Grows over the values that it is shown.
struct Extent {
  double low = 0;
  double high = 0;
  bool is_empty = true;
  void add(double value);
};

struct ValueTick {
  double value = 0;
  std::string text;
};

/// A value axis whose ticks are round numbers.
struct ValueScale {
  double low = 0;
  double high = 1;
  std::vector<ValueTick> ticks;

  /// 0 at `low`, 1 at `high`.
  double place(double value) const { return (value - low) / (high - low); }
};

/// Covers the extent, and zero where that costs little; with about `ticks_max` ticks. Limits that
/// are given hold to the letter unless they leave nothing.
ValueScale make_value_scale(const Extent& extent, std::optional<double> min,
                            std::optional<double> max, int ticks_max);

struct TimeTick {
  std::int64_t time_s = 0;
  std::string text;
  bool is_day = false;  // begins a day, where others are within one
};

/// At most `ticks_max` round times in [from_s, to_s], as seen so many minutes east of UTC.
std::vector<TimeTick> time_ticks(std::int64_t from_s, std::int64_t to_s, int utc_offset_minutes,
                                 int ticks_max);

/// `2026-11-24 16:37 – 19:37 UTC`.
std::string range_text(std::int64_t from_s, std::int64_t to_s, int utc_offset_minutes);

/// At most four digits and k, M, G ...: `1.234M`.
std::string short_text(double number);
/// All digits.
std::string full_text(double number);

}  // namespace weir::charts
