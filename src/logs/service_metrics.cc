// SPDX-License-Identifier: Apache-2.0
#include "logs/service_metrics.h"

#include <utility>

#include "base/counters.h"
#include "base/log.h"
#include "logs/metric_filter.h"

namespace weir::logs {

void ServiceMetrics::add(const Scope& scope, std::string_view metric_name,
                         const Dimensions& dimensions, double value, std::string_view unit) {
  if (value == 0) return;
  Series series{.minute = minute_of(runtime_.now().ms),
                .metric_name = std::string(metric_name),
                .unit = std::string(unit),
                .dimensions = dimensions};
  add_to(*state_.lock(), scope, std::move(series), value);
}

void ServiceMetrics::add_to(State& state, const Scope& scope, Series series, double value) {
  static Counter& dropped =
      counter("weir_logs_service_metrics_dropped_total",
              "Sums for the metrics of AWS/Logs that found no room while they could not be "
              "published.");
  Sums& sums = state.scopes[scope];
  const auto found = sums.find(series);
  if (found != sums.end()) {
    found->second += value;
    return;
  }
  if (state.sums >= kSumsMax) return dropped.add();
  sums.emplace(std::move(series), value);
  ++state.sums;
}

void ServiceMetrics::publish() {
  State taken;
  std::swap(taken, *state_.lock());
  for (auto& [scope, sums] : taken.scopes) {
    std::vector<MetricValue> values;
    for (const auto& [series, sum] : sums) {
      values.push_back({.metric_namespace = std::string(kNamespace),
                        .metric_name = series.metric_name,
                        .dimensions = series.dimensions,
                        .value = sum,
                        .unit = series.unit,
                        .timestamp = series.minute,
                        .count = 1});
    }
    if (values.empty()) continue;
    const auto put = sink_(scope, "service-" + runtime_.uuid(), values);
    if (put) continue;
    log::warn("metrics of the log service are not accepted",
              {{"region", scope.region}, {"error", put.error().message}});
    if (put.error().kind == ErrorKind::invalid) continue;  // trying again would not help
    auto state = state_.lock();
    for (auto& [series, sum] : sums) add_to(*state, scope, series, sum);
  }
}

}  // namespace weir::logs
