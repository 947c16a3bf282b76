// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "charts/chart.h"
#include "charts/paint.h"

namespace weir::charts {

namespace {

constexpr std::int64_t kTimeMax_s = 253'402'300'799;  // the end of the year 9999

Error invalid(std::string message) {
  return {ErrorKind::invalid, "ValidationError", std::move(message)};
}

Result<void> check(const Chart& chart) {
  const auto is_size = [](int size) { return size >= 1 && size <= Chart::kSizeMax; };
  if (!is_size(chart.width) || !is_size(chart.height)) {
    return invalid("The width and the height of a chart must be between 1 and " +
                   std::to_string(Chart::kSizeMax) + " pixels.");
  }
  if (chart.from_s < 0 || chart.to_s > kTimeMax_s || chart.from_s >= chart.to_s) {
    return invalid("The end of a chart must be after its start.");
  }
  if (chart.series.size() + chart.bands.size() > Chart::kSeriesMax) {
    return invalid("A chart can have at most " + std::to_string(Chart::kSeriesMax) + " series.");
  }
  if (chart.levels.size() + chart.moments.size() > Chart::kMarksMax) {
    return invalid("A chart can have at most " + std::to_string(Chart::kMarksMax) +
                   " annotations.");
  }
  std::size_t points = 0;
  for (const Series& series : chart.series) {
    points += series.values.size();
    if (series.values.size() != series.times_s.size()) {
      return invalid("A series must have as many values as times.");
    }
  }
  for (const Band& band : chart.bands) {
    points += band.times_s.size();
    if (band.upper.size() != band.times_s.size() || band.lower.size() != band.times_s.size()) {
      return invalid("A band must have as many values as times.");
    }
  }
  if (points > Chart::kPointsMax) {
    return invalid("A chart can have at most " + std::to_string(Chart::kPointsMax) + " points.");
  }
  return {};
}

bool has_time_axis(View view) { return view == View::lines || view == View::stacked; }

/// Draws title and range of time and returns what is left.
Box draw_title(Painter& painter, Box box) {
  const Chart& chart = painter.chart;
  constexpr double kHeight = 22;
  constexpr double kGap = 16;
  const bool wants_range = has_time_axis(chart.view) && chart.height >= 150;
  if (chart.height < 70 || (chart.title.empty() && !wants_range)) return box;
  const double baseline = box.y + 12;
  double room = box.width;
  if (wants_range) {
    const std::string range = range_text(chart.from_s, chart.to_s, chart.utc_offset_minutes);
    const double width = painter.canvas.width_of(range, kSmall);
    const double title = painter.canvas.width_of(chart.title, kTitle);
    if (title + kGap + width <= box.width) {
      painter.canvas.text({box.right(), baseline}, range, kSmall, painter.style.faint,
                          Align::right);
      room -= width + kGap;
    } else if (chart.title.empty()) {
      return box;
    }
  }
  const std::string title = painter.canvas.fitted(chart.title, kTitle, room);
  painter.canvas.text({box.x, baseline}, title, kTitle, painter.style.text);
  return {box.x, box.y + kHeight, box.width, box.height - kHeight};
}

void draw(Painter& painter) {
  const Chart& chart = painter.chart;
  const double margin = std::min(chart.width, chart.height) < 100 ? 3 : 12;
  Box box{margin, margin, chart.width - 2 * margin, chart.height - 2 * margin};
  if (box.width < 4 || box.height < 4) return;
  box = draw_title(painter, box);
  switch (chart.view) {
    case View::lines:
    case View::stacked:
      return draw_lines(painter, draw_legend(painter, box));
    case View::bars:
      return draw_bars(painter, draw_legend(painter, box));
    case View::pie:
      return draw_pie(painter, draw_legend(painter, box));
    case View::numbers:
      return draw_numbers(painter, box);
    case View::gauge:
      return draw_gauges(painter, box);
    case View::table:
      return draw_table(painter, box);
  }
}

}  // namespace

const Style& Style::of(Theme theme) {
  static const Style light{.background = Color::of(0xFFFFFF),
                           .text = Color::of(0x16191F),
                           .faint = Color::of(0x545B64),
                           .grid = Color::of(0xEAEDED),
                           .axis = Color::of(0xAAB7B8),
                           .track = Color::of(0xE4E8EB),
                           .level = Color::of(0xD13212),
                           .moment = Color::of(0x687078),
                           .band = Color::of(0x8D9799),
                           .warning = Color::of(0xEB5F07)};
  static const Style dark{.background = Color::of(0x1B2027),
                          .text = Color::of(0xE9EBED),
                          .faint = Color::of(0xA9B3BB),
                          .grid = Color::of(0x333B44),
                          .axis = Color::of(0x687078),
                          .track = Color::of(0x3A434D),
                          .level = Color::of(0xFF6B52),
                          .moment = Color::of(0xAAB7B8),
                          .band = Color::of(0xB4BEC4),
                          .warning = Color::of(0xFF9900)};
  return theme == Theme::dark ? dark : light;
}

void Painter::no_data(const Box& box) {
  if (box.height < 10) return;
  const std::string text = canvas.fitted(kNoData, kSmall, box.width);
  canvas.text({box.x + box.width / 2, box.y + box.height / 2 + 4}, text, kSmall, style.faint,
              Align::center);
}

Summary Summary::of(const Series& series) {
  Summary out;
  Extent extent;
  for (const double value : series.values) {
    if (!std::isfinite(value)) continue;
    extent.add(value);
    out.last = std::clamp(value, -kValueMax, kValueMax);
    ++out.count;
    out.average += (out.last - out.average) / static_cast<double>(out.count);
  }
  out.min = extent.low;
  out.max = extent.high;
  return out;
}

Result<std::string> render_png(const Chart& chart) {
  WEIR_CHECK(check(chart));
  const Style& style = Style::of(chart.theme);
  Canvas canvas(chart.width, chart.height, style.background);
  Painter painter{canvas, chart, style};
  draw(painter);
  return canvas.png();
}

}  // namespace weir::charts
