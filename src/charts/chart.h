// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "charts/color.h"

/// Pictures of time series: series and options in, the bytes of a PNG file out. Knows no metric, no
/// store and no clock.
namespace weir::charts {

/// Points in order of time. `times_s` (Unix seconds) and `values` are of one length; a value that
/// is no finite number is left out.
struct Series {
  std::string label;
  std::vector<std::int64_t> times_s;
  std::vector<double> values;
  /// Points further apart than this are not joined by a line. 0: all are joined.
  int period_s = 0;
  std::optional<Color> color = {};  // of the palette if absent
  bool is_on_right = false;         // belongs to the right axis
  /// Not all of its data could be had: a warning sign stands beside its label.
  bool is_incomplete = false;
};

/// A shaded area between two lines, such as that of normal values. One point of each line for each
/// time.
struct Band {
  std::string label;
  std::vector<std::int64_t> times_s;
  std::vector<double> upper;
  std::vector<double> lower;
  int period_s = 0;
  std::optional<Color> color = {};  // grey if absent
  bool is_on_right = false;
};

/// A level, such as the threshold of an alarm, or (`to` set) everything between two.
struct Level {
  enum class Fill : std::uint8_t { none, above, below };
  double value = 0;
  std::string label = {};
  std::optional<double> to = {};
  std::string to_label = {};
  std::optional<Color> color = {};  // red if absent
  Fill fill = Fill::none;
  bool is_on_right = false;
};

/// A moment, or (`to_s` set) a span of time.
struct Moment {
  enum class Fill : std::uint8_t { none, before, after };
  std::int64_t time_s = 0;
  std::string label = {};
  std::optional<std::int64_t> to_s = {};
  std::string to_label = {};
  std::optional<Color> color = {};
  Fill fill = Fill::none;
};

/// Limits of a value axis; what is not given follows the data.
struct Axis {
  std::optional<double> min = {};
  std::optional<double> max = {};
  std::string label = {};
};

/// Lines over time; or the last value of each series as bars, slices, numbers, a gauge.
enum class View : std::uint8_t { lines, stacked, bars, pie, numbers, gauge, table };
enum class Theme : std::uint8_t { light, dark };
enum class Legend : std::uint8_t { bottom, right, hidden };

/// A picture to be drawn.
struct Chart {
  static constexpr int kSizeMax = 2000;  // pixels, of width and height
  static constexpr std::size_t kSeriesMax = 500;
  static constexpr std::size_t kMarksMax = 500;          // levels and moments
  static constexpr std::size_t kPointsMax = 10'000'000;  // over all series

  int width = 600;
  int height = 400;
  Theme theme = Theme::light;
  View view = View::lines;
  Legend legend = Legend::bottom;
  std::string title = {};
  std::int64_t from_s = 0;     // what the time axis shows
  std::int64_t to_s = 0;       // exclusive
  int utc_offset_minutes = 0;  // of the times shown
  std::vector<Series> series = {};
  std::vector<Band> bands = {};
  std::vector<Level> levels = {};
  std::vector<Moment> moments = {};
  Axis left = {};
  Axis right = {};
  bool has_sparklines = false;  // numbers: the series as a small line beneath
  bool is_precise = false;      // numbers: all digits, not four of them
};

/// Draws it. Text is laid out in DejaVu Sans or what fontconfig has for it; where the picture is
/// too small for legend, axes or title, they are left out.
///
/// Errors (kind invalid): a size out of 1 .. kSizeMax, too many series, marks or points, columns of
/// different lengths, an empty range of time.
/// Threads: any number at a time. Work: bounded by the pixels, plus one pass over the points.
Result<std::string> render_png(const Chart& chart);

}  // namespace weir::charts
