// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "charts/paint.h"

namespace weir::charts {

namespace {

constexpr double kLineWidth = 1.75;
constexpr double kDotRadius = 2.5;
constexpr double kAreaAlpha = 0.6;
constexpr double kBandAlpha = 0.28;

struct Sample {
  std::int64_t time_s = 0;
  double value = 0;
};

/// The finite points that the time axis shows, with one more on either side.
std::vector<Sample> samples_of(const std::vector<std::int64_t>& times_s,
                               const std::vector<double>& values, const Chart& chart) {
  std::vector<Sample> out;
  const auto begin = std::lower_bound(times_s.begin(), times_s.end(), chart.from_s);
  auto first = static_cast<std::size_t>(begin - times_s.begin());
  if (first > 0) --first;
  for (std::size_t i = first; i < times_s.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    out.push_back({times_s[i], std::clamp(values[i], -kValueMax, kValueMax)});
    if (times_s[i] > chart.to_s) break;
  }
  return out;
}

bool is_gap(const Sample& before, const Sample& after, int period_s) {
  return period_s > 0 && after.time_s - before.time_s > period_s + period_s / 2;
}

/// Of the points that share a column of pixels: the first, the lowest, the highest and the last, in
/// order of time. What they draw is what all of them draw.
std::vector<Sample> thinned(const std::vector<Sample>& samples, const Plot& plot) {
  if (static_cast<double>(samples.size()) <= 4 * plot.box.width) return samples;
  std::vector<Sample> out;
  for (std::size_t i = 0; i < samples.size();) {
    const double column = std::floor(plot.x(static_cast<double>(samples[i].time_s)));
    std::size_t low = i;
    std::size_t high = i;
    std::size_t end = i;
    for (; end < samples.size(); ++end) {
      if (std::floor(plot.x(static_cast<double>(samples[end].time_s))) != column) break;
      if (samples[end].value < samples[low].value) low = end;
      if (samples[end].value > samples[high].value) high = end;
    }
    std::size_t chosen[] = {i, std::min(low, high), std::max(low, high), end - 1};
    for (std::size_t k = 0; k < 4; ++k) {
      if (k == 0 || chosen[k] != chosen[k - 1]) out.push_back(samples[chosen[k]]);
    }
    i = end;
  }
  return out;
}

void draw_run(Painter& painter, const std::vector<Point>& run, Color color, double width) {
  if (run.size() == 1) {
    painter.canvas.dot(run.front(), kDotRadius, color);
  } else {
    painter.canvas.polyline(run, color, width);
  }
}

void draw_series(Painter& painter, const Plot& plot, const Series& series, Color color) {
  const std::vector<Sample> samples =
      thinned(samples_of(series.times_s, series.values, painter.chart), plot);
  // More points than columns of pixels: a gap is narrower than a line then.
  const double column_s = (plot.to_s - plot.from_s) / std::max(plot.box.width, 1.0);
  const int gap_s = series.period_s == 0
                        ? 0
                        : std::max(series.period_s, static_cast<int>(std::min(column_s, 1e9)));
  std::vector<Point> run;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i > 0 && is_gap(samples[i - 1], samples[i], gap_s)) {
      draw_run(painter, run, color, kLineWidth);
      run.clear();
    }
    run.push_back({plot.x(static_cast<double>(samples[i].time_s)),
                   plot.y(samples[i].value, series.is_on_right)});
  }
  if (!run.empty()) draw_run(painter, run, color, kLineWidth);
}

void draw_band(Painter& painter, const Plot& plot, const Band& band) {
  // Bands are dense; a column of pixels holds the widest of its points.
  std::vector<std::tuple<std::int64_t, double, double>> columns;  // time, upper, lower
  double column = -1e18;
  for (std::size_t i = 0; i < band.times_s.size(); ++i) {
    if (!std::isfinite(band.upper[i]) || !std::isfinite(band.lower[i])) continue;
    const double upper = std::clamp(band.upper[i], -kValueMax, kValueMax);
    const double lower = std::clamp(band.lower[i], -kValueMax, kValueMax);
    const double mine = std::floor(plot.x(static_cast<double>(band.times_s[i])) * 2);
    if (mine == column) {
      auto& [time_s, high, low] = columns.back();
      high = std::max(high, upper);
      low = std::min(low, lower);
    } else {
      columns.emplace_back(band.times_s[i], upper, lower);
    }
    column = mine;
  }
  const Color color = band.color.value_or(painter.style.band);
  std::vector<Point> above;
  std::vector<Point> below;
  const auto flush = [&] {
    if (above.size() == 1) {
      painter.canvas.line(above[0], below[0], color.with_alpha(kBandAlpha), 3);
    }
    std::vector<Point> area = above;
    area.insert(area.end(), below.rbegin(), below.rend());
    painter.canvas.fill_polygon(area, color.with_alpha(kBandAlpha));
    painter.canvas.polyline(above, color.with_alpha(kBandAlpha * 2), 1);
    painter.canvas.polyline(below, color.with_alpha(kBandAlpha * 2), 1);
    above.clear();
    below.clear();
  };
  const double column_s = (plot.to_s - plot.from_s) / std::max(plot.box.width, 1.0);
  const int gap_s =
      band.period_s == 0 ? 0 : std::max(band.period_s, static_cast<int>(std::min(column_s, 1e9)));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& [time_s, upper, lower] = columns[i];
    if (i > 0 && is_gap({std::get<0>(columns[i - 1]), 0}, {time_s, 0}, gap_s)) flush();
    above.push_back({plot.x(static_cast<double>(time_s)), plot.y(upper, band.is_on_right)});
    below.push_back({plot.x(static_cast<double>(time_s)), plot.y(lower, band.is_on_right)});
  }
  flush();
}

// ---- Stacked areas

/// The series of a chart on common times: what one has at a time, and nothing where it has no
/// point.
class Stack {
 public:
  struct Layer {
    std::size_t series = 0;
    std::vector<double> from;
    std::vector<double> to;
  };

  /// Of the series of one axis. More times than `times_max` are put together in spans of
  /// equal length, with the average of each.
  Stack(const Chart& chart, bool is_on_right, std::size_t times_max) {
    const std::int64_t span_s =
        (chart.to_s - chart.from_s) / static_cast<std::int64_t>(times_max) + 1;
    std::map<std::int64_t, std::size_t> places;
    collect(chart, is_on_right, 1, times_max, places);
    if (places.size() > times_max) {
      places.clear();
      step_s_ = span_s;
      collect(chart, is_on_right, span_s, places.max_size(), places);
    }
    for (auto& [time_s, place] : places) {
      place = times_s.size();
      times_s.push_back(time_s);
    }
    std::vector<double> above(times_s.size(), 0);
    std::vector<double> below(times_s.size(), 0);
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      const Series& series = chart.series[i];
      if (series.is_on_right != is_on_right) continue;
      layers.push_back(layer_of(chart, i, places, above, below));
    }
  }

  std::vector<std::int64_t> times_s;
  std::vector<Layer> layers;

 private:
  std::int64_t slot(const Chart& chart, std::int64_t time_s) const {
    return chart.from_s + (time_s - chart.from_s) / step_s_ * step_s_;
  }

  /// Gives up once there are more than `times_max`.
  void collect(const Chart& chart, bool is_on_right, std::int64_t step_s, std::size_t times_max,
               std::map<std::int64_t, std::size_t>& places) {
    step_s_ = step_s;
    for (const Series& series : chart.series) {
      if (series.is_on_right != is_on_right) continue;
      for (const Sample& sample : samples_of(series.times_s, series.values, chart)) {
        places.emplace(slot(chart, sample.time_s), 0);
        if (places.size() > times_max) return;
      }
    }
  }

  Layer layer_of(const Chart& chart, std::size_t index,
                 const std::map<std::int64_t, std::size_t>& places, std::vector<double>& above,
                 std::vector<double>& below) const {
    const Series& series = chart.series[index];
    std::vector<double> values(times_s.size(), 0);
    std::vector<int> counts(times_s.size(), 0);
    for (const Sample& sample : samples_of(series.times_s, series.values, chart)) {
      const std::size_t place = places.at(slot(chart, sample.time_s));
      values[place] += (sample.value - values[place]) / ++counts[place];
      // A point holds for its period, so that series of other periods stack on it.
      for (std::size_t next = place + 1; next < times_s.size(); ++next) {
        if (times_s[next] >= sample.time_s + series.period_s) break;
        if (counts[next] == 0) values[next] = sample.value;
      }
    }
    Layer layer{.series = index, .from = {}, .to = {}};
    for (std::size_t i = 0; i < times_s.size(); ++i) {
      double& base = values[i] < 0 ? below[i] : above[i];
      layer.from.push_back(base);
      base = std::clamp(base + values[i], -kValueMax, kValueMax);
      layer.to.push_back(base);
    }
    return layer;
  }

  std::int64_t step_s_ = 1;
};

void draw_stack(Painter& painter, const Plot& plot, const Stack& stack, bool is_on_right) {
  for (const Stack::Layer& layer : stack.layers) {
    const Color color = painter.color_of(layer.series);
    std::vector<Point> top;
    std::vector<Point> area;
    for (std::size_t i = 0; i < stack.times_s.size(); ++i) {
      const double x = plot.x(static_cast<double>(stack.times_s[i]));
      top.push_back({x, plot.y(layer.to[i], is_on_right)});
    }
    area = top;
    for (std::size_t i = stack.times_s.size(); i-- > 0;) {
      area.push_back({top[i].x, plot.y(layer.from[i], is_on_right)});
    }
    if (top.size() == 1) {
      painter.canvas.line(area[0], area[1], color.with_alpha(kAreaAlpha), 6);
      continue;
    }
    painter.canvas.fill_polygon(area, color.with_alpha(kAreaAlpha));
    painter.canvas.polyline(top, color, 1);
  }
}

/// Whether there is a point between the ends of the time axis.
bool has_point(const Chart& chart) {
  const auto is_inside = [&](const std::vector<std::int64_t>& times_s,
                             const std::vector<double>& values) {
    for (std::size_t i = 0; i < times_s.size(); ++i) {
      const bool is_in_time = times_s[i] >= chart.from_s && times_s[i] <= chart.to_s;
      if (is_in_time && std::isfinite(values[i])) return true;
    }
    return false;
  };
  for (const Series& series : chart.series) {
    if (is_inside(series.times_s, series.values)) return true;
  }
  return std::any_of(chart.bands.begin(), chart.bands.end(),
                     [&](const Band& band) { return is_inside(band.times_s, band.upper); });
}

Extents extents_of(const Chart& chart, const std::optional<Stack> stacks[2]) {
  Extents out;
  for (const Series& series : chart.series) {
    out.has_right = out.has_right || series.is_on_right;
    if (stacks[series.is_on_right]) continue;
    for (const Sample& sample : samples_of(series.times_s, series.values, chart)) {
      out.of(series.is_on_right).add(sample.value);
    }
  }
  for (const bool is_on_right : {false, true}) {
    if (!stacks[is_on_right]) continue;
    if (!stacks[is_on_right]->times_s.empty()) out.of(is_on_right).add(0);
    for (const Stack::Layer& layer : stacks[is_on_right]->layers) {
      for (const double value : layer.to) out.of(is_on_right).add(value);
    }
  }
  for (const Band& band : chart.bands) {
    out.has_right = out.has_right || band.is_on_right;
    for (const double value : band.upper) out.of(band.is_on_right).add(value);
    for (const double value : band.lower) out.of(band.is_on_right).add(value);
  }
  return out;
}

}  // namespace

void draw_lines(Painter& painter, const Box& box) {
  const Chart& chart = painter.chart;
  if (box.width < 4 || box.height < 4) return;
  std::optional<Stack> stacks[2];
  if (chart.view == View::stacked) {
    const auto times_max = static_cast<std::size_t>(std::max(box.width, 10.0));
    stacks[0].emplace(chart, false, times_max);
    stacks[1].emplace(chart, true, times_max);
  }
  const Plot plot = draw_axes(painter, box, extents_of(chart, stacks), true);
  draw_fillings(painter, plot);
  {
    // Lines along an edge keep their whole width.
    const Canvas::Clip clip(
        painter.canvas, {plot.box.x - 1, plot.box.y - 2, plot.box.width + 2, plot.box.height + 3});
    for (const Band& band : chart.bands) draw_band(painter, plot, band);
    for (const bool is_on_right : {false, true}) {
      if (stacks[is_on_right]) draw_stack(painter, plot, *stacks[is_on_right], is_on_right);
    }
    for (std::size_t i = 0; i < chart.series.size() && chart.view == View::lines; ++i) {
      draw_series(painter, plot, chart.series[i], painter.color_of(i));
    }
  }
  draw_marks(painter, plot, true);
  if (!has_point(chart)) painter.no_data(plot.box);
}

void draw_sparkline(Painter& painter, const Box& box, const Series& series, Color color) {
  Extent extent;
  for (const Sample& sample : samples_of(series.times_s, series.values, painter.chart)) {
    extent.add(sample.value);
  }
  if (extent.is_empty) return;
  Plot plot;
  plot.box = box;
  plot.from_s = static_cast<double>(painter.chart.from_s);
  plot.to_s = static_cast<double>(painter.chart.to_s);
  plot.left.low = extent.low;
  plot.left.high = extent.high;
  if (extent.high - extent.low <= std::abs(extent.high) * 1e-9) {
    plot.left = make_value_scale(extent, {}, {}, 2);
  }
  Series left = series;
  left.is_on_right = false;
  const Canvas::Clip clip(painter.canvas, {box.x, box.y - 2, box.width, box.height + 4});
  draw_series(painter, plot, left, color);
}

}  // namespace weir::charts
