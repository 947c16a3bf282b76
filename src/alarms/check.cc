// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <iterator>

#include "alarms/alarm.h"
#include "metrics/statistic.h"

namespace weir::alarms {

namespace {

constexpr std::int64_t kDayS = 86'400;
constexpr std::int64_t kWeekS = 604'800;
constexpr std::size_t kActionsMax = 5;

Error validation_error(std::string message) {
  return {ErrorKind::invalid, "ValidationError", std::move(message)};
}
Error lacks(std::string_view what) {
  return validation_error("PutMetricAlarm request should have " + std::string(what));
}

Result<void> check_name(const AlarmConfig& config) {
  const auto is_control = [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < 0x20 || code == 0x7f;
  };
  if (std::any_of(config.alarm_name.begin(), config.alarm_name.end(), is_control)) {
    return validation_error("AlarmName must not contain ASCII Control characters");
  }
  return {};
}

Result<void> check_presence(const AlarmConfig& config) {
  if (!config.metric_name) return lacks("a MetricName parameter");
  if (!config.namespace_name) return lacks("a Namespace parameter");
  if (config.statistic && config.extended_statistic) {
    return validation_error(
        "PutMetricAlarm request can not be made with both Statistic and ExtendedStatistic "
        "parameters. Only one of them should be present");
  }
  if (!config.statistic && !config.extended_statistic) return lacks("a Statistic parameter");
  if (!config.period_s) return lacks("a Period parameter");
  if (!config.evaluation_periods) return lacks("an EvaluationPeriods parameter");
  if (!config.threshold || !std::isfinite(*config.threshold)) {
    return lacks("valid Threshold parameter");
  }
  if (!config.comparison_operator || !parse_comparison(*config.comparison_operator)) {
    return lacks("a valid ComparisonOperator parameter");
  }
  return {};
}

Result<void> check_statistic(const AlarmConfig& config) {
  if (config.statistic) {
    const auto known = metrics::basic_statistics();
    if (std::find(known.begin(), known.end(), *config.statistic) != known.end()) return {};
    return validation_error(
        "Value '" + *config.statistic +
        "' at 'statistic' failed to satisfy constraint: Member must satisfy enum "
        "value set: [Maximum, SampleCount, Sum, Minimum, Average]");
  }
  const auto statistic = metrics::Statistic::parse(*config.extended_statistic);
  if (statistic && !statistic->is_basic()) return {};
  return Error{ErrorKind::invalid, "InvalidParameterValue",
               "The value " + *config.extended_statistic +
                   " for parameter ExtendedStatistic is not supported."};
}

Result<void> check_periods(const AlarmConfig& config) {
  const std::int64_t period_s = *config.period_s;
  const std::int64_t periods = *config.evaluation_periods;
  const bool is_short = period_s == 10 || period_s == 20 || period_s == 30;
  if (!is_short && (period_s <= 0 || period_s % 60 != 0)) {
    return validation_error("Period must be 10, 20, 30 or a multiple of 60");
  }
  if (periods < 1) {
    return validation_error(
        "1 validation error detected: Value '" + std::to_string(periods) +
        "' at 'evaluationPeriods' failed to satisfy constraint: Member must have "
        "value greater than or equal to 1");
  }
  if (period_s < 3600 && periods * period_s > kDayS) {
    return validation_error(
        "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= "
        "86400) for alarms using period < 3600");
  }
  if (period_s >= 3600 && periods * period_s > kWeekS) {
    return validation_error(
        "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= "
        "604800) for alarms using period >= 3600");
  }
  const int datapoints = config.datapoints_to_alarm.value_or(1);
  if (datapoints < 1 || datapoints > periods) {
    return validation_error(
        "DatapointsToAlarm must be at least 1 and less than or equal to EvaluationPeriods");
  }
  return {};
}

Result<void> check_options(const AlarmConfig& config) {
  constexpr std::string_view kMissing[] = {"breaching", "notBreaching", "ignore", "missing"};
  const auto& missing = config.treat_missing_data;
  if (missing &&
      std::find(std::begin(kMissing), std::end(kMissing), *missing) == std::end(kMissing)) {
    return validation_error(
        "The value " + *missing +
        " is not supported for TreatMissingData parameter. Supported values are "
        "[breaching, notBreaching, ignore, missing].");
  }
  const auto& low = config.evaluate_low_sample_count_percentile;
  if (low && *low != "evaluate" && *low != "ignore") {
    return validation_error("Option " + *low +
                            " is not supported. Supported options for parameter "
                            "EvaluateLowSampleCountPercentile are evaluate and ignore.");
  }
  const auto known = metrics::units();
  if (config.unit && std::find(known.begin(), known.end(), *config.unit) == known.end()) {
    return validation_error("The value " + *config.unit + " for parameter Unit is not supported.");
  }
  return {};
}

/// Actions are not checked for existence, only for their form and region.
Result<void> check_actions(const Scope& scope, const std::vector<std::string>& actions) {
  if (actions.size() > kActionsMax) {
    return validation_error("An alarm can have at most 5 actions for each state.");
  }
  for (const std::string& action : actions) {
    const auto arn = Arn::parse(action);
    if (!arn) return validation_error("Invalid arn syntax: " + action);
    if (!arn->scope.region.empty() && arn->scope.region != scope.region) {
      return validation_error("Invalid region " + arn->scope.region + " specified. Only " +
                              scope.region + " is supported.");
    }
  }
  return {};
}

}  // namespace

Result<void> check(const Scope& scope, const AlarmConfig& config) {
  WEIR_CHECK(check_name(config));
  WEIR_CHECK(check_presence(config));
  WEIR_CHECK(check_statistic(config));
  WEIR_CHECK(check_periods(config));
  WEIR_CHECK(check_options(config));
  WEIR_CHECK(check_actions(scope, config.ok_actions));
  WEIR_CHECK(check_actions(scope, config.alarm_actions));
  WEIR_CHECK(check_actions(scope, config.insufficient_data_actions));
  return {};
}

}  // namespace weir::alarms
