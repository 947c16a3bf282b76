// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "metric_math/expression.h"
#include "metric_math/value.h"

/// Work on whole columns. Private to this module.
namespace weir::metric_math {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

/// A series of these columns without the points that are no finite numbers.
Series finish(const Grid& grid, Series::Times times, std::vector<double> values);

/// That of the smaller period; where they are equal, of the first.
const Grid& finer(const Grid& a, const Grid& b);
/// All time stamps that any has.
Series::Times union_of_times(const SeriesArray& array);

template <class F>
Series map_points(const Series& from, F&& f) {
  std::vector<double> out(from.size());
  std::transform(from.values->begin(), from.values->end(), out.begin(), f);
  return finish(from.grid, from.times, std::move(out));
}

/// Joined on the time stamp; where one side has no point it counts as 0.
template <class F>
Series join_points(const Series& a, const Series& b, F&& f) {
  const Grid& grid = finer(a.grid, b.grid);
  const auto& left = *a.values;
  const auto& right = *b.values;
  if (a.times == b.times || *a.times == *b.times) {
    std::vector<double> out(left.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = f(left[i], right[i]);
    return finish(grid, a.times, std::move(out));
  }
  std::vector<std::int64_t> times;
  std::vector<double> out;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < left.size() || j < right.size()) {
    const bool has_left = i < left.size() && (j == right.size() || (*a.times)[i] <= (*b.times)[j]);
    const bool has_right = j < right.size() && (i == left.size() || (*b.times)[j] <= (*a.times)[i]);
    times.push_back(has_left ? (*a.times)[i] : (*b.times)[j]);
    out.push_back(f(has_left ? left[i] : 0.0, has_right ? right[j] : 0.0));
    i += has_left ? 1 : 0;
    j += has_right ? 1 : 0;
  }
  return finish(grid, std::make_shared<const std::vector<std::int64_t>>(std::move(times)),
                std::move(out));
}

/// Calls `use` with the operation as a function of two doubles.
template <class Use>
auto with_operator(Operator op, Use&& use) {
  const auto truth = [](bool is_true) { return is_true ? 1.0 : 0.0; };
  switch (op) {
    case Operator::add:
      return use([](double a, double b) { return a + b; });
    case Operator::subtract:
      return use([](double a, double b) { return a - b; });
    case Operator::multiply:
      return use([](double a, double b) { return a * b; });
    case Operator::divide:
      return use([](double a, double b) { return b == 0 ? kNoNumber : a / b; });
    case Operator::power:
      return use([](double a, double b) { return std::pow(a, b); });
    case Operator::equal:
      return use([truth](double a, double b) { return truth(a == b); });
    case Operator::not_equal:
      return use([truth](double a, double b) { return truth(a != b); });
    case Operator::less:
      return use([truth](double a, double b) { return truth(a < b); });
    case Operator::less_or_equal:
      return use([truth](double a, double b) { return truth(a <= b); });
    case Operator::greater:
      return use([truth](double a, double b) { return truth(a > b); });
    case Operator::greater_or_equal:
      return use([truth](double a, double b) { return truth(a >= b); });
    case Operator::logical_and:
      return use([truth](double a, double b) { return truth(a != 0 && b != 0); });
    case Operator::logical_or:
      break;
  }
  return use([truth](double a, double b) { return truth(a != 0 || b != 0); });
}

/// AVG, SUM, MIN, MAX, STDDEV (of the population), DATAPOINT_COUNT of the points of a series; no
/// number where there is no answer.
double reduce(Function function, const std::vector<double>& values);
/// The same for each time stamp over the series that have it; AVG and SUM count a missing point as
/// 0.
Series reduce(Function function, const SeriesArray& array, const Grid& grid_if_empty);

/// DIFF, DIFF_TIME, RATE against the point before.
Series differences(Function function, const Series& from);
Series running_sum(const Series& from);
/// MINUTE ... EPOCH at every place of the grid, UTC.
Series calendar(Function function, const Grid& grid);
Series constant(const Grid& grid, double value);

enum class Filling { number, repeat, linear, series };
/// A point at every place of the grid of `from`, as far as the filling has one.
Series fill(const Series& from, Filling filling, double number, const Series* other);

}  // namespace weir::metric_math
