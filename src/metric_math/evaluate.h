// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metric_math/expression.h"
#include "metric_math/value.h"

namespace weir::metric_math {

/// What an expression is evaluated in. Program (program.h) has the one for a list of queries.
class Environment {
 public:
  /// Points that one evaluation may read and make, over all its expressions.
  static constexpr std::size_t kPointsMax = 20'000'000;
  /// Series in one array, as on a graph of CloudWatch.
  static constexpr std::size_t kArrayMax = 500;

  virtual ~Environment() = default;

  /// Where TIME_SERIES() and INSIGHT_RULE_METRIC() have points.
  virtual Grid grid() const = 0;
  /// What a query yields. Error: no such id, or what is wrong with it.
  virtual Result<Value> value(std::string_view id) = 0;
  /// Seconds, of a query of a metric. Error: it is none.
  virtual Result<int> period(std::string_view id) = 0;
  /// METRICS(): all metrics of the request whose id contains `part`.
  virtual Result<SeriesArray> metrics(std::string_view part) = 0;
  virtual Result<SeriesArray> search(std::string_view query, std::string_view stat,
                                     std::optional<int> period_s) = 0;
  /// ANOMALY_DETECTION_BAND(): the upper and the lower side.
  virtual Result<std::array<Series, 2>> band(std::string_view id, double deviations) = 0;
  virtual Result<Series> insight_rule_metric(std::string_view rule, std::string_view metric) = 0;

  /// Takes points from the budget of kPointsMax.
  Result<void> spend(std::size_t points);

 private:
  std::size_t points_left_ = kPointsMax;
};

/// The value of an expression: a point that is no finite number (division by zero, LOG of a
/// negative value) is dropped. Where AWS is silent the reference page of the compatibility table
/// says what holds.
///
/// Errors: kind invalid (ValidationError) when the expression is wrong: types, ids, sizes; then the
/// request is refused. Any other kind when its data cannot be had (DB_PERF_INSIGHTS, a missing
/// detector, the store fails): then only the query has no data and says why.
Result<Value> evaluate(const Expression& expression, Environment& environment);

}  // namespace weir::metric_math
