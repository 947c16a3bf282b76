// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "charts/paint.h"

namespace weir::charts {

namespace {

constexpr double kNumberMax = 64;  // the size of the largest digits

/// A series that is shown by its last value.
struct Shown {
  std::size_t series = 0;
  Summary summary = {};
};

std::vector<Shown> shown_of(const Chart& chart) {
  std::vector<Shown> out;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    out.push_back({i, Summary::of(chart.series[i])});
  }
  return out;
}

bool has_value(const std::vector<Shown>& shown) {
  return std::any_of(shown.begin(), shown.end(),
                     [](const Shown& one) { return one.summary.count > 0; });
}

std::string text_of(const Summary& summary, bool is_precise = false) {
  if (summary.count == 0) return "–";
  return is_precise ? full_text(summary.last) : short_text(summary.last);
}

/// Boxes of equal size, as near to the wanted shape (width by height) as can be.
std::vector<Box> cells(const Box& box, std::size_t count, double shape) {
  std::size_t best = 1;
  double best_size = 0;
  for (std::size_t columns = 1; columns <= count; ++columns) {
    const std::size_t rows = (count + columns - 1) / columns;
    const double width = box.width / static_cast<double>(columns);
    const double height = box.height / static_cast<double>(rows);
    const double size = std::min(width, height * shape);
    if (size > best_size * 1.001) {
      best = columns;
      best_size = size;
    }
  }
  const std::size_t rows = (count + best - 1) / best;
  const double width = box.width / static_cast<double>(best);
  const double height = box.height / static_cast<double>(rows);
  std::vector<Box> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back({box.x + static_cast<double>(i % best) * width,
                   box.y + static_cast<double>(i / best) * height, width, height});
  }
  return out;
}

/// A font in which the text fits, up to a size.
Font font_for(Painter& painter, const std::string& text, double width, double size_max) {
  Font font{.size = std::max(size_max, 1.0), .is_bold = true};
  const double wanted = painter.canvas.width_of(text, font);
  if (wanted > width) font.size = std::max(font.size * width / wanted, 1.0);
  font.size = std::floor(font.size * 2) / 2;
  return font;
}

void draw_cell_label(Painter& painter, Point middle, double width, std::size_t series) {
  constexpr double kDot = 4;
  const std::string label =
      painter.canvas.fitted(painter.chart.series[series].label, kSmall, width - 3 * kDot);
  const double length = painter.canvas.width_of(label, kSmall) + 3 * kDot;
  const double x = middle.x - length / 2;
  painter.canvas.dot({x + kDot, middle.y - 4}, kDot, painter.color_of(series));
  painter.canvas.text({x + 3 * kDot, middle.y}, label, kSmall, painter.style.faint);
}

// ---- Gauges

constexpr double kGaugeFrom = M_PI;  // the left end
constexpr double kGaugeTo = 2 * M_PI;

struct GaugeRange {
  double low = 0;
  double high = 100;
  double angle(double value) const {
    const double share = std::clamp((value - low) / (high - low), 0.0, 1.0);
    return kGaugeFrom + share * (kGaugeTo - kGaugeFrom);
  }
};

GaugeRange gauge_range(const Chart& chart) {
  GaugeRange range;
  range.low = std::clamp(chart.left.min.value_or(0), -kValueMax, kValueMax);
  range.high = std::clamp(chart.left.max.value_or(100), -kValueMax, kValueMax);
  if (!(range.high > range.low)) range.high = range.low + std::max(std::abs(range.low), 1.0);
  return range;
}

/// The ranges that levels colour, as a thin ring around the gauge.
void draw_zones(Painter& painter, const GaugeRange& range, Point center, double radius) {
  for (const Level& level : painter.chart.levels) {
    double to = level.value;
    if (level.to) to = *level.to;
    if (!level.to && level.fill == Level::Fill::above) to = range.high;
    if (!level.to && level.fill == Level::Fill::below) to = range.low;
    double from_angle = range.angle(std::min(level.value, to));
    double to_angle = range.angle(std::max(level.value, to));
    if (to_angle - from_angle < 0.02) {  // a mark, not a zone
      from_angle -= 0.012;
      to_angle += 0.012;
    }
    painter.canvas.fill_ring(center, radius + 2, radius + 6, from_angle, to_angle,
                             level.color.value_or(painter.style.level));
  }
}

void draw_gauge(Painter& painter, const Box& cell, const Shown& shown) {
  const GaugeRange range = gauge_range(painter.chart);
  const bool has_text = cell.width >= 90 && cell.height >= 80;
  const double bottom = has_text ? 36 : 4;
  const double radius = std::min(cell.width / 2 - 12, cell.height - bottom - 14);
  if (radius < 4) return;
  const Point center{cell.x + cell.width / 2,
                     cell.y + (cell.height - bottom - radius) / 2 + radius + 2};
  const double inner = radius * 0.74;
  painter.canvas.fill_ring(center, inner, radius, kGaugeFrom, kGaugeTo, painter.style.track);
  if (shown.summary.count > 0) {
    painter.canvas.fill_ring(center, inner, radius, kGaugeFrom, range.angle(shown.summary.last),
                             painter.color_of(shown.series));
  }
  draw_zones(painter, range, center, radius);
  const std::string text = text_of(shown.summary);
  const Font font = font_for(painter, text, inner * 1.5, radius * 0.42);
  painter.canvas.text({center.x, center.y - 4}, text, font, painter.style.text, Align::center);
  if (!has_text) return;
  const double middle = (inner + radius) / 2;
  painter.canvas.text({center.x - middle, center.y + 14}, short_text(range.low), kSmall,
                      painter.style.faint, Align::center);
  painter.canvas.text({center.x + middle, center.y + 14}, short_text(range.high), kSmall,
                      painter.style.faint, Align::center);
  draw_cell_label(painter, {center.x, center.y + 30}, cell.width - 8, shown.series);
}

}  // namespace

void draw_bars(Painter& painter, const Box& box) {
  const std::vector<Shown> shown = shown_of(painter.chart);
  Extents extents;
  if (has_value(shown)) extents.left.add(0);
  for (const Shown& one : shown) {
    if (one.summary.count > 0) extents.left.add(one.summary.last);
  }
  const Plot plot = draw_axes(painter, box, extents, false);
  draw_fillings(painter, plot);
  const double slot = plot.box.width / static_cast<double>(std::max<std::size_t>(shown.size(), 1));
  const double width = std::clamp(slot * 0.7, 1.0, 120.0);
  const double zero = std::clamp(plot.y(0, false), plot.box.y, plot.box.bottom());
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i].summary.count == 0) continue;
    const double middle = plot.box.x + (static_cast<double>(i) + 0.5) * slot;
    const double y =
        std::clamp(plot.y(shown[i].summary.last, false), plot.box.y, plot.box.bottom());
    painter.canvas.fill({middle - width / 2, std::min(y, zero), width, std::abs(y - zero)},
                        painter.color_of(shown[i].series));
    const std::string text = text_of(shown[i].summary);
    if (painter.canvas.width_of(text, kSmall) > slot - 2 || plot.box.height < 50) continue;
    const bool is_below = y > zero;
    const double beyond = is_below ? plot.box.bottom() - y : y - plot.box.y;
    const bool is_inside = beyond < 14;  // no room past the end of the bar
    const double baseline = is_below == is_inside ? y - 4 : y + 13;
    painter.canvas.text({middle, baseline}, text, kSmall,
                        is_inside ? Color::of(0xFFFFFF) : painter.style.text, Align::center);
  }
  draw_marks(painter, plot, false);
  if (!has_value(shown)) painter.no_data(plot.box);
}

void draw_pie(Painter& painter, const Box& box) {
  std::vector<Shown> shown = shown_of(painter.chart);
  std::erase_if(shown, [](const Shown& one) {
    return one.summary.count == 0 || one.summary.last <= 0;  // no share of a whole
  });
  double largest = 0;
  for (const Shown& one : shown) largest = std::max(largest, one.summary.last);
  if (shown.empty()) return painter.no_data(box);
  double total = 0;
  for (const Shown& one : shown) total += one.summary.last / largest;
  const double radius = std::min(box.width, box.height) / 2 - 2;
  if (radius < 3) return;
  const Point center{box.x + box.width / 2, box.y + box.height / 2};
  const double inner = radius * 0.55;
  double from = -M_PI / 2;
  for (const Shown& one : shown) {
    const double share = one.summary.last / largest / total;
    const double to = from + share * 2 * M_PI;
    painter.canvas.fill_ring(center, inner, radius, from, to, painter.color_of(one.series));
    from = to;
  }
  // The gaps between slices, and their texts, above all of them.
  from = -M_PI / 2;
  for (const Shown& one : shown) {
    const double share = one.summary.last / largest / total;
    const double to = from + share * 2 * M_PI;
    if (shown.size() > 1 && share * radius > 0.5) {
      painter.canvas.line({center.x + std::cos(from) * inner, center.y + std::sin(from) * inner},
                          {center.x + std::cos(from) * radius, center.y + std::sin(from) * radius},
                          painter.style.background, 1.5);
    }
    char text[16];
    std::snprintf(text, sizeof text, "%.*f%%", share < 0.0995 ? 1 : 0, share * 100);
    const double middle = (inner + radius) / 2;
    const double width = painter.canvas.width_of(text, kSmallBold);
    if (share * 2 * M_PI * middle > width + 6 && radius - inner > width + 2) {
      const double angle = (from + to) / 2;
      painter.canvas.text(
          {center.x + std::cos(angle) * middle, center.y + std::sin(angle) * middle + 4}, text,
          kSmallBold, Color::of(0xFFFFFF), Align::center);
    }
    from = to;
  }
}

void draw_numbers(Painter& painter, const Box& box) {
  const std::vector<Shown> shown = shown_of(painter.chart);
  if (shown.empty()) return painter.no_data(box);
  const std::vector<Box> all = cells(box, shown.size(), 2.2);
  double size = kNumberMax;  // the same for all
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const std::string text = text_of(shown[i].summary, painter.chart.is_precise);
    size = std::min(size, font_for(painter, text, all[i].width - 10, size).size);
  }
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const Box& cell = all[i];
    const bool has_label = cell.height >= 36 && cell.width >= 40;
    const bool has_line = painter.chart.has_sparklines && cell.height >= 80;
    const double line = has_line ? cell.height * 0.35 : 0;
    const double label = has_label ? 18 : 0;
    const double room = cell.height - line - label;
    const std::string text = text_of(shown[i].summary, painter.chart.is_precise);
    const Font font{.size = std::max(std::min(room * 0.7, size), 1.0), .is_bold = true};
    const double middle = cell.x + cell.width / 2;
    const double baseline = cell.y + room / 2 + font.size * 0.36;
    painter.canvas.text({middle, baseline}, text, font, painter.style.text, Align::center);
    if (has_label) {
      const double at = std::min(baseline + font.size * 0.2 + 16, cell.y + room + label - 2);
      draw_cell_label(painter, {middle, at}, cell.width - 8, shown[i].series);
    }
    if (has_line) {
      draw_sparkline(painter, {cell.x + 6, cell.bottom() - line + 8, cell.width - 12, line - 14},
                     painter.chart.series[shown[i].series], painter.color_of(shown[i].series));
    }
  }
}

void draw_gauges(Painter& painter, const Box& box) {
  const std::vector<Shown> shown = shown_of(painter.chart);
  if (shown.empty()) return painter.no_data(box);
  const std::vector<Box> all = cells(box, shown.size(), 1.5);
  for (std::size_t i = 0; i < shown.size(); ++i) draw_gauge(painter, all[i], shown[i]);
}

}  // namespace weir::charts
