// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/insight_rule_series.h"

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace weir::api::cloudwatch {

Result<metric_math::Series> InsightRuleSeries::metric(const Scope& scope, std::string_view rule,
                                                      std::string_view metric,
                                                      const metric_math::Grid& grid) {
  auto points =
      contributors_.metric(scope, rule, metric, Time::from_seconds(grid.from_s),
                           Time::from_seconds(grid.to_s), std::chrono::seconds(grid.period_s));
  if (!points) {
    Error error = std::move(points).error();
    if (error.kind == ErrorKind::not_found) error.kind = ErrorKind::invalid;
    if (error.kind == ErrorKind::invalid) error.code = "ValidationError";
    return error;
  }
  std::vector<std::int64_t> times;
  std::vector<double> values;
  for (const auto& point : *points) {
    times.push_back(point.time.seconds());
    values.push_back(point.value);
  }
  return metric_math::Series(grid, std::move(times), std::move(values));
}

}  // namespace weir::api::cloudwatch
