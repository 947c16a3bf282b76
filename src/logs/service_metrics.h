// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/guarded.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "logs/types.h"

namespace weir::logs {

/// The metrics of the service about itself, namespace `AWS/Logs` (User Guide, "Monitoring with
/// CloudWatch metrics"): sums of what happened in a minute, published every kPeriod with the
/// minute's beginning as their time.
///
/// Threads: every function from any thread. Durability: a crash loses what was not published.
/// Memory: at most kSumsMax sums wait; what finds no room is counted in
/// weir_logs_service_metrics_dropped_total.
class ServiceMetrics {
 public:
  using Dimensions = std::map<std::string, std::string>;
  static constexpr std::string_view kNamespace = "AWS/Logs";
  static constexpr std::size_t kSumsMax = 100'000;
  /// Below the five seconds after which an alarm judges a minute.
  static constexpr Duration kPeriod = std::chrono::seconds(2);

  ServiceMetrics(Runtime& runtime, const MetricSink& sink) : runtime_(runtime), sink_(sink) {}
  ServiceMetrics(const ServiceMetrics&) = delete;
  ServiceMetrics& operator=(const ServiceMetrics&) = delete;

  /// Adds to a sum of the present minute; 0 is nothing.
  void add(const Scope& scope, std::string_view metric_name, const Dimensions& dimensions,
           double value, std::string_view unit);
  /// Hands the sums on; those that the sink does not take wait for the next time.
  void publish();

 private:
  struct Series {
    Time minute;
    std::string metric_name;
    std::string unit;
    Dimensions dimensions;
    auto operator<=>(const Series&) const = default;
  };
  using Sums = std::map<Series, double>;
  struct State {
    std::map<Scope, Sums> scopes;
    std::size_t sums = 0;
  };

  static void add_to(State& state, const Scope& scope, Series series, double value);

  Runtime& runtime_;
  const MetricSink sink_;
  Guarded<State> state_;
};

}  // namespace weir::logs
