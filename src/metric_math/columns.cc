// SPDX-License-Identifier: Apache-2.0
#include "metric_math/columns.h"

#include <chrono>
#include <numeric>

namespace weir::metric_math {

namespace {

Series::Times shared(std::vector<std::int64_t> times) {
  return std::make_shared<const std::vector<std::int64_t>>(std::move(times));
}

std::vector<std::int64_t> places(const Grid& grid) {
  std::vector<std::int64_t> out(grid.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = grid.at(i);
  return out;
}

/// Calls `use` with the place in `times` and the value of every point of the series; `times` holds
/// all of the series' time stamps.
template <class Use>
void each_point(const Series& series, const std::vector<std::int64_t>& times, Use&& use) {
  std::size_t place = 0;
  for (std::size_t i = 0; i < series.size(); ++i) {
    while (times[place] != (*series.times)[i]) ++place;
    use(place, (*series.values)[i]);
  }
}

double calendar_value(Function function, std::int64_t second) {
  using namespace std::chrono;
  const sys_seconds time{seconds(second)};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  switch (function) {
    case Function::minute:
      return static_cast<double>(floor<minutes>(time - day).count() % 60);
    case Function::hour:
      return static_cast<double>(floor<hours>(time - day).count());
    case Function::day:
      return static_cast<double>(weekday{day}.iso_encoding());
    case Function::date:
      return static_cast<double>(static_cast<unsigned>(date.day()));
    case Function::month:
      return static_cast<double>(static_cast<unsigned>(date.month()));
    case Function::year:
      return static_cast<double>(static_cast<int>(date.year()));
    default:
      return static_cast<double>(second);
  }
}

}  // namespace

Series finish(const Grid& grid, Series::Times times, std::vector<double> values) {
  Series out;
  out.grid = grid;
  const auto is_finite = [](double value) { return std::isfinite(value); };
  if (std::all_of(values.begin(), values.end(), is_finite)) {
    out.times = std::move(times);
    out.values = std::make_shared<const std::vector<double>>(std::move(values));
    return out;
  }
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_finite(values[i])) kept.push_back((*times)[i]);
  }
  std::erase_if(values, [&](double value) { return !is_finite(value); });
  out.times = shared(std::move(kept));
  out.values = std::make_shared<const std::vector<double>>(std::move(values));
  return out;
}

const Grid& finer(const Grid& a, const Grid& b) { return b.period_s < a.period_s ? b : a; }

Series::Times union_of_times(const SeriesArray& array) {
  if (array.empty()) return Series::empty_times();
  const Series::Times& first = array.front().times;
  if (std::all_of(array.begin(), array.end(), [&](const Series& series) {
        return series.times == first || *series.times == *first;
      })) {
    return first;
  }
  std::vector<std::int64_t> all;
  for (const Series& series : array) {
    const auto middle = static_cast<std::ptrdiff_t>(all.size());
    all.insert(all.end(), series.times->begin(), series.times->end());
    std::inplace_merge(all.begin(), all.begin() + middle, all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
  }
  return shared(std::move(all));
}

double reduce(Function function, const std::vector<double>& values) {
  const double count = static_cast<double>(values.size());
  if (function == Function::datapoint_count) return count;
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  if (function == Function::sum) return sum;
  if (values.empty()) return kNoNumber;
  switch (function) {
    case Function::avg:
      return sum / count;
    case Function::min:
      return *std::min_element(values.begin(), values.end());
    case Function::max:
      return *std::max_element(values.begin(), values.end());
    default:
      break;
  }
  double squares = 0;
  for (const double value : values) squares += (value - sum / count) * (value - sum / count);
  return std::sqrt(squares / count);
}

Series reduce(Function function, const SeriesArray& array, const Grid& grid_if_empty) {
  if (array.empty()) return Series(grid_if_empty, {}, {});
  Grid grid = array.front().grid;
  for (const Series& series : array) grid = finer(grid, series.grid);
  Series::Times times = union_of_times(array);
  std::vector<double> out(times->size(), 0);
  std::vector<double> counts(times->size(), 0);
  for (const Series& series : array) {
    each_point(series, *times, [&](std::size_t i, double value) {
      const bool is_first = counts[i] == 0;
      counts[i] += 1;
      if (function == Function::min) {
        out[i] = is_first ? value : std::min(out[i], value);
      } else if (function == Function::max) {
        out[i] = is_first ? value : std::max(out[i], value);
      } else {
        out[i] += value;
      }
    });
  }
  if (function == Function::datapoint_count)
    return finish(grid, std::move(times), std::move(counts));
  if (function == Function::avg) {
    for (double& value : out) value /= static_cast<double>(array.size());
  }
  if (function == Function::stddev) {
    std::vector<double> squares(times->size(), 0);
    for (const Series& series : array) {
      each_point(series, *times, [&](std::size_t i, double value) {
        const double off = value - out[i] / counts[i];
        squares[i] += off * off;
      });
    }
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::sqrt(squares[i] / counts[i]);
  }
  return finish(grid, std::move(times), std::move(out));
}

Series differences(Function function, const Series& from) {
  if (from.size() < 2) return Series(from.grid, {}, {});
  const auto& times = *from.times;
  const auto& values = *from.values;
  std::vector<double> out(from.size() - 1);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double change = values[i + 1] - values[i];
    const auto seconds = static_cast<double>(times[i + 1] - times[i]);
    out[i] = function == Function::diff        ? change
             : function == Function::diff_time ? seconds
                                               : change / seconds;
  }
  return finish(from.grid, shared({times.begin() + 1, times.end()}), std::move(out));
}

Series running_sum(const Series& from) {
  std::vector<double> out(from.size());
  std::partial_sum(from.values->begin(), from.values->end(), out.begin());
  return finish(from.grid, from.times, std::move(out));
}

Series calendar(Function function, const Grid& grid) {
  std::vector<std::int64_t> times = places(grid);
  std::vector<double> values(times.size());
  for (std::size_t i = 0; i < times.size(); ++i) values[i] = calendar_value(function, times[i]);
  return Series(grid, std::move(times), std::move(values));
}

Series constant(const Grid& grid, double value) {
  std::vector<std::int64_t> times = places(grid);
  std::vector<double> values(times.size(), value);
  return finish(grid, shared(std::move(times)), std::move(values));
}

Series fill(const Series& from, Filling filling, double number, const Series* other) {
  // Points that stand between the places stay.
  Series grid_points;
  grid_points.times = shared(places(from.grid));
  const Series::Times times = union_of_times({grid_points, from});
  std::vector<double> out(times->size(), kNoNumber);
  each_point(from, *times, [&](std::size_t i, double value) { out[i] = value; });
  std::size_t before = out.size();  // the last point of `from`; out.size(): none yet
  std::size_t next_other = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (std::isfinite(out[i])) {
      if (filling == Filling::linear && before != out.size()) {
        const auto span = static_cast<double>((*times)[i] - (*times)[before]);
        for (std::size_t gap = before + 1; gap < i; ++gap) {
          const auto part = static_cast<double>((*times)[gap] - (*times)[before]) / span;
          out[gap] = out[before] + (out[i] - out[before]) * part;
        }
      }
      before = i;
      continue;
    }
    if (filling == Filling::number) out[i] = number;
    if (filling == Filling::repeat && before != out.size()) out[i] = out[before];
    if (filling == Filling::series) {
      while (next_other < other->size() && (*other->times)[next_other] < (*times)[i]) ++next_other;
      if (next_other < other->size() && (*other->times)[next_other] == (*times)[i]) {
        out[i] = (*other->values)[next_other];
      }
    }
  }
  return finish(from.grid, times, std::move(out));
}

}  // namespace weir::metric_math
