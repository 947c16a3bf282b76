// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "charts/canvas.h"
#include "charts/chart.h"
#include "charts/scale.h"

/// The parts of a picture. Private to this module.
namespace weir::charts {

/// Colours of a theme.
struct Style {
  Color background;
  Color text;
  Color faint;  // of axes' texts
  Color grid;
  Color axis;
  Color track;  // what a gauge has not reached
  Color level;
  Color moment;
  Color band;
  Color warning;

  static const Style& of(Theme theme);
};

constexpr Font kSmall{.size = 10.5};
constexpr Font kSmallBold{.size = 10.5, .is_bold = true};
constexpr Font kTitle{.size = 13, .is_bold = true};
constexpr std::string_view kNoData = "No data available";

/// What is drawn where and in which colours.
struct Painter {
  Canvas& canvas;
  const Chart& chart;
  const Style& style;

  Color color_of(std::size_t series) const {
    return chart.series[series].color.value_or(palette(series, chart.theme == Theme::dark));
  }
  void no_data(const Box& box);
};

/// What the points of a series amount to.
struct Summary {
  std::size_t count = 0;
  double last = 0;
  double min = 0;
  double max = 0;
  double average = 0;

  static Summary of(const Series& series);
};

// legend.cc
/// Draws the legend and returns what is left of the box.
Box draw_legend(Painter& painter, const Box& box);
/// Series in rows with their statistics.
void draw_table(Painter& painter, const Box& box);

// plot.cc
/// Axes, and where values and moments are between them.
struct Plot {
  Box box;
  ValueScale left;
  std::optional<ValueScale> right;
  double from_s = 0;
  double to_s = 1;

  double x(double time_s) const { return box.x + (time_s - from_s) / (to_s - from_s) * box.width; }
  double y(double value, bool is_on_right) const {
    const ValueScale& scale = is_on_right && right ? *right : left;
    return box.bottom() - scale.place(value) * box.height;
  }
};
struct Extents {
  Extent left;
  Extent right;
  bool has_right = false;
  Extent& of(bool is_on_right) { return is_on_right ? right : left; }
};
/// Draws axes and grid; `has_time`: also that of the time.
Plot draw_axes(Painter& painter, const Box& box, Extents extents, bool has_time);
/// What lies behind the data: fillings of levels and moments.
void draw_fillings(Painter& painter, const Plot& plot);
/// Their lines and texts, above the data.
void draw_marks(Painter& painter, const Plot& plot, bool with_moments);

// lines.cc
void draw_lines(Painter& painter, const Box& box);
/// One series without axes.
void draw_sparkline(Painter& painter, const Box& box, const Series& series, Color color);

// values.cc
void draw_bars(Painter& painter, const Box& box);
void draw_pie(Painter& painter, const Box& box);
void draw_numbers(Painter& painter, const Box& box);
void draw_gauges(Painter& painter, const Box& box);

}  // namespace weir::charts
