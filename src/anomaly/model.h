// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time_zone.h"

namespace weir::anomaly {

/// What a series is expected to be, learnt from its past: level, trend, a pattern of the day and,
/// where there are more than eight days, one of the week; and how far it usually strays from that.
///
///     g(x) = trend(t) + day(time of day) + week(hour of week) + level(t) + noise of scale(hour)
///
/// All parts are medians, so up to a third of wild values in the past move them little: an additive
/// decomposition in the manner of STL (Cleveland et al. 1990) with the robust estimates of
/// RobustSTL and of the seasonal hybrid ESD test (Wen et al. 2019, Hochenbaum et al. 2017) in the
/// place of loess, and bands from local scales as in Brutlag 2000. `g` is the identity, the square
/// root or a logarithm, whichever makes the noise depend least on the level (Tukey 1977, spread
/// against level). docs/anomaly-detection.md explains it for users.
///
/// Immutable and deterministic. Memory: about 10 KiB. Threads: any.
class Model {
 public:
  static constexpr std::int64_t kHistoryS = 14 * 86'400;
  /// Less than this is too little to expect anything.
  static constexpr std::int64_t kSpanMinS = 3 * 3600;
  static constexpr std::size_t kPointsMin = 12;
  /// From here on there is a pattern of the day, and one of the week.
  static constexpr std::int64_t kDaySpanS = 86'400;
  static constexpr std::int64_t kWeekSpanS = 8 * 86'400;
  static constexpr std::size_t kDaySlotsMax = 288;

  enum class Season : std::uint8_t { none, day, week };
  enum class Transform : std::uint8_t { none, root, logarithm };

  struct Options {
    int period_s = 300;  // of the series, at least 60
    TimeZone zone = {};  // whose days and weeks count
    /// Upper values that come again at the same time of day are expected.
    bool expects_spikes = false;
    /// What the series cannot be above, such as 100 for percentages.
    std::optional<double> ceiling = {};
  };
  struct Interval {
    double lower = 0;
    double expected = 0;
    double upper = 0;
  };

  /// Learns from points in order of time (Unix seconds), all finite. Nothing if they are too few.
  static std::optional<Model> fit(std::span<const std::int64_t> times,
                                  std::span<const double> values, const Options& options);

  /// What is expected of the period that begins at `time_s`: expected +- deviations * scale, on the
  /// scale of g, within the limits of the series. Nothing before the first point learnt from.
  std::optional<Interval> at(std::int64_t time_s, double deviations) const;

  Season season() const { return season_; }
  Transform transform() const { return transform_; }
  /// From the first point learnt from to the end of the last.
  std::int64_t span_s() const { return end_s_ - begin_s_; }

 private:
  friend class Fit;

  /// A place in a circle of slots, between two of them.
  struct Between {
    std::size_t first = 0;
    std::size_t second = 0;
    double weight = 0;  // of the second
    double of(const std::vector<double>& circle) const {
      return circle[first] * (1 - weight) + circle[second] * weight;
    }
  };
  std::int64_t local_s(std::int64_t time_s) const {
    return time_s + options_.zone.offset_s(time_s);
  }
  Between day_slot(std::int64_t local_s) const;
  static std::size_t hour_of_week(std::int64_t local_s);
  double trend(std::int64_t time_s) const;
  /// trend + day + week.
  double seasonal(std::int64_t time_s, std::int64_t local_s) const;
  double level(std::int64_t time_s) const;
  double forward(double value) const;
  double backward(double value) const;

  Options options_;
  Season season_ = Season::none;
  Transform transform_ = Transform::none;
  double unit_ = 1;  // of the logarithm: below it values count linearly
  std::int64_t begin_s_ = 0;
  std::int64_t end_s_ = 0;
  double base_ = 0;
  double slope_ = 0;                // per second
  int slot_s_ = 0;                  // of `day_`; 0 without
  std::vector<double> day_;         // by slot of the day
  std::vector<double> week_;        // by hour of the week, Thursday first (1970 began with it)
  std::vector<double> week_doubt_;  // the same: how far off where only one week was seen
  std::vector<double> scale_;       // by hour of the day
  std::vector<double> spike_;       // by slot of the day, above the expected
  std::int64_t block_s_ = 3600;
  std::vector<double> levels_;  // by block from begin_s_ on, and one behind the last
  double floor_ = 0;            // least scale in units of the series
  bool is_never_negative_ = false;
};

}  // namespace weir::anomaly
