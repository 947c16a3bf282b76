// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "metric_math/data.h"

namespace weir::metric_math {

/// Where points may stand: from_s, from_s + period_s, ... before to_s. Unix seconds.
struct Grid {
  std::int64_t from_s = 0;
  std::int64_t to_s = 0;
  int period_s = 60;

  std::size_t size() const {
    if (to_s <= from_s || period_s <= 0) return 0;
    return static_cast<std::size_t>((to_s - from_s + period_s - 1) / period_s);
  }
  std::int64_t at(std::size_t i) const { return from_s + static_cast<std::int64_t>(i) * period_s; }
  bool operator==(const Grid&) const = default;
};

/// Points in two columns of the same length, in order of time. Columns are immutable and shared:
/// series with the same time stamps usually share the one column of them, and to copy a series
/// copies no points.
struct Series {
  using Times = std::shared_ptr<const std::vector<std::int64_t>>;  // Unix seconds; never null
  using Values = std::shared_ptr<const std::vector<double>>;       // finite; never null

  Times times = empty_times();
  Values values = empty_values();
  Grid grid = {};
  std::string label = {};                              // default label
  std::shared_ptr<const MetricStat> metric = nullptr;  // of which it is; null for results
  std::vector<std::string> units = {};                 // of a metric: all that it has in the range

  Series() = default;
  Series(const Grid& where, std::vector<std::int64_t> times_in, std::vector<double> values_in);

  std::size_t size() const { return values->size(); }
  bool empty() const { return values->empty(); }

  static Times empty_times();
  static Values empty_values();
};

using SeriesArray = std::vector<Series>;
/// A scalar, a time series, an array of them, or a text (an argument only).
using Value = std::variant<double, Series, SeriesArray, std::string>;

/// "a number", "a time series" ... for messages.
const char* type_name(const Value& value);

}  // namespace weir::metric_math
