// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "charts/paint.h"

namespace weir::charts {

namespace {

constexpr double kTickGap = 6;      // between a text and the axis
constexpr double kTickHeight = 42;  // for each tick of a value axis, about
constexpr int kTicksMax = 10;
constexpr double kTimeTickWidth = 72;  // for each tick of the time
constexpr double kTimeHeight = 20;     // of the texts of the time
constexpr double kAxisLabelWidth = 16;
constexpr double kWidthMin = 90;  // of a box with axes
constexpr double kHeightMin = 50;
constexpr double kMarkTextHeight = 13;
constexpr double kFillAlpha = 0.12;
constexpr double kVeilAlpha = 0.7;  // between the text of a mark and the data

double width_of(Painter& painter, const ValueScale& scale) {
  double width = 0;
  for (const ValueTick& tick : scale.ticks) {
    width = std::max(width, painter.canvas.width_of(tick.text, kSmall));
  }
  return width;
}

double middle_of_pixel(double at) { return std::floor(at) + 0.5; }

void draw_value_axis(Painter& painter, const Plot& plot, bool is_right) {
  const ValueScale& scale = is_right ? *plot.right : plot.left;
  const Axis& axis = is_right ? painter.chart.right : painter.chart.left;
  double width = 0;
  for (const ValueTick& tick : scale.ticks) {
    const double y = middle_of_pixel(plot.y(tick.value, is_right));
    if (!is_right) {
      painter.canvas.line({plot.box.x, y}, {plot.box.right(), y}, painter.style.grid);
    }
    const double x = is_right ? plot.box.right() + kTickGap : plot.box.x - kTickGap;
    painter.canvas.text({x, y + 4}, tick.text, kSmall, painter.style.faint,
                        is_right ? Align::left : Align::right);
    width = std::max(width, painter.canvas.width_of(tick.text, kSmall));
  }
  if (axis.label.empty()) return;
  const std::string label = painter.canvas.fitted(axis.label, kSmall, plot.box.height);
  const double middle = plot.box.y + plot.box.height / 2;
  const double x = is_right ? plot.box.right() + kTickGap + width + kAxisLabelWidth
                            : plot.box.x - kTickGap - width - 5;
  painter.canvas.text_upwards({x, middle}, label, kSmall, painter.style.faint);
}

void draw_time_axis(Painter& painter, const Plot& plot) {
  const Chart& chart = painter.chart;
  const auto ticks = time_ticks(chart.from_s, chart.to_s, chart.utc_offset_minutes,
                                static_cast<int>(plot.box.width / kTimeTickWidth));
  double end = 0;  // of the last text
  for (const TimeTick& tick : ticks) {
    const double x = middle_of_pixel(plot.x(static_cast<double>(tick.time_s)));
    painter.canvas.line({x, plot.box.bottom()}, {x, plot.box.bottom() + 4}, painter.style.axis);
    const Font& font = tick.is_day ? kSmallBold : kSmall;
    const double width = painter.canvas.width_of(tick.text, font);
    double left = x - width / 2;
    left = std::min(left, chart.width - width - 2);
    left = std::max(left, 2.0);
    if (left < end) continue;
    painter.canvas.text({left, plot.box.bottom() + 16}, tick.text, font, painter.style.faint);
    end = left + width + 6;
  }
}

Color color_of(const Painter& painter, const Level& level) {
  return level.color.value_or(painter.style.level);
}

Color color_of(const Painter& painter, const Moment& moment) {
  return moment.color.value_or(painter.style.moment);
}

/// Texts of marks that do not lie on each other.
class Places {
 public:
  bool take(const Box& box) {
    for (const Box& other : taken_) {
      const bool is_apart = box.right() < other.x || other.right() < box.x ||
                            box.bottom() < other.y || other.bottom() < box.y;
      if (!is_apart) return false;
    }
    taken_.push_back(box);
    return true;
  }

 private:
  std::vector<Box> taken_;
};

void draw_mark_text(Painter& painter, const Box& box, const std::string& text, Color color) {
  painter.canvas.rounded({box.x - 2, box.y, box.width + 4, box.height - 1}, 2,
                         painter.style.background.with_alpha(kVeilAlpha));
  painter.canvas.text({box.x, box.y + 10}, text, kSmall, color);
}

void draw_level(Painter& painter, const Plot& plot, Places& places, const Level& level,
                double value, const std::string& label) {
  const double y = middle_of_pixel(plot.y(value, level.is_on_right));
  if (y < plot.box.y - 1 || y > plot.box.bottom() + 1) return;
  const Color color = color_of(painter, level);
  painter.canvas.line({plot.box.x, y}, {plot.box.right(), y}, color, 1.5);
  if (label.empty() || plot.box.height < kHeightMin) return;
  const std::string shown = painter.canvas.fitted(label, kSmall, plot.box.width - 8);
  const double width = painter.canvas.width_of(shown, kSmall);
  const bool has_room_above = y - kMarkTextHeight >= plot.box.y;
  for (const bool is_above : {has_room_above, !has_room_above}) {
    for (const bool is_left : {false, true}) {
      const double x = is_left ? plot.box.x + 4 : plot.box.right() - width - 4;
      const double top = is_above ? y - kMarkTextHeight : y + 2;
      if (!places.take({x, top, width, kMarkTextHeight})) continue;
      draw_mark_text(painter, {x, top, width, kMarkTextHeight}, shown, color);
      return;
    }
  }
}

void draw_moment(Painter& painter, const Plot& plot, Places& places, const Moment& moment,
                 std::int64_t time_s, const std::string& label) {
  const double x = middle_of_pixel(plot.x(static_cast<double>(time_s)));
  if (x < plot.box.x - 1 || x > plot.box.right() + 1) return;
  const Color color = color_of(painter, moment);
  painter.canvas.line({x, plot.box.y}, {x, plot.box.bottom()}, color, 1.5, 4);
  if (label.empty() || plot.box.height < kHeightMin) return;
  const std::string shown = painter.canvas.fitted(label, kSmall, plot.box.width / 2);
  const double width = painter.canvas.width_of(shown, kSmall);
  const double left = x + 4 + width <= plot.box.right() ? x + 4 : x - 4 - width;
  constexpr int kRowsMax = 4;
  for (int row = 0; row < kRowsMax; ++row) {
    const double top = plot.box.y + row * kMarkTextHeight;
    if (!places.take({left, top, width, kMarkTextHeight})) continue;
    draw_mark_text(painter, {left, top, width, kMarkTextHeight}, shown, color);
    return;
  }
}

}  // namespace

Plot draw_axes(Painter& painter, const Box& box, Extents extents, bool has_time) {
  const Chart& chart = painter.chart;
  for (const Level& level : chart.levels) {
    extents.of(level.is_on_right).add(level.value);
    if (level.to) extents.of(level.is_on_right).add(*level.to);
    extents.has_right = extents.has_right || level.is_on_right;
  }
  Plot plot;
  plot.from_s = static_cast<double>(chart.from_s);
  plot.to_s = static_cast<double>(chart.to_s);
  plot.box = box;
  const bool has_axes = box.width >= kWidthMin && box.height >= kHeightMin;
  if (has_axes) {
    plot.box.y += 5;  // half of the text of the highest tick
    plot.box.height -= (has_time ? kTimeHeight : 8) + 5;
  }
  const int ticks_max = std::clamp(static_cast<int>(plot.box.height / kTickHeight), 2, kTicksMax);
  plot.left = make_value_scale(extents.left, chart.left.min, chart.left.max, ticks_max);
  if (extents.has_right) {
    plot.right = make_value_scale(extents.right, chart.right.min, chart.right.max, ticks_max);
  }
  if (!has_axes) return plot;
  double left = width_of(painter, plot.left) + kTickGap;
  if (!chart.left.label.empty()) left += kAxisLabelWidth;
  double right = has_time ? 8 : 0;  // half of the text of the last tick
  if (plot.right) {
    right = width_of(painter, *plot.right) + kTickGap;
    if (!chart.right.label.empty()) right += kAxisLabelWidth;
  }
  plot.box.x += left;
  plot.box.width = std::max(plot.box.width - left - right, 10.0);
  draw_value_axis(painter, plot, false);
  if (plot.right) draw_value_axis(painter, plot, true);
  if (has_time) draw_time_axis(painter, plot);
  const double bottom = middle_of_pixel(plot.box.bottom());
  painter.canvas.line({plot.box.x, bottom}, {plot.box.right(), bottom}, painter.style.axis);
  return plot;
}

void draw_fillings(Painter& painter, const Plot& plot) {
  const Canvas::Clip clip(painter.canvas, plot.box);
  const Box& box = plot.box;
  for (const Level& level : painter.chart.levels) {
    const Color color = color_of(painter, level).with_alpha(kFillAlpha);
    const double y = plot.y(level.value, level.is_on_right);
    double other = y;
    if (level.to) other = plot.y(*level.to, level.is_on_right);
    if (!level.to && level.fill == Level::Fill::above) other = box.y;
    if (!level.to && level.fill == Level::Fill::below) other = box.bottom();
    painter.canvas.fill({box.x, std::min(y, other), box.width, std::abs(y - other)}, color);
  }
  for (const Moment& moment : painter.chart.moments) {
    const Color color = color_of(painter, moment).with_alpha(kFillAlpha);
    const double x = plot.x(static_cast<double>(moment.time_s));
    double other = x;
    if (moment.to_s) other = plot.x(static_cast<double>(*moment.to_s));
    if (!moment.to_s && moment.fill == Moment::Fill::before) other = box.x;
    if (!moment.to_s && moment.fill == Moment::Fill::after) other = box.right();
    painter.canvas.fill({std::min(x, other), box.y, std::abs(x - other), box.height}, color);
  }
}

void draw_marks(Painter& painter, const Plot& plot, bool with_moments) {
  Places places;
  for (const Level& level : painter.chart.levels) {
    draw_level(painter, plot, places, level, level.value, level.label);
    if (level.to) draw_level(painter, plot, places, level, *level.to, level.to_label);
  }
  if (!with_moments) return;
  for (const Moment& moment : painter.chart.moments) {
    draw_moment(painter, plot, places, moment, moment.time_s, moment.label);
    if (moment.to_s) draw_moment(painter, plot, places, moment, *moment.to_s, moment.to_label);
  }
}

}  // namespace weir::charts
