// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <iterator>

#include "alarms/alarm.h"
#include "alarms/alarm_rule.h"
#include "metric_math/program.h"
#include "metrics/statistic.h"

namespace weir::alarms {

namespace {

constexpr std::int64_t kDayS = 86'400;
constexpr std::int64_t kWeekS = 604'800;
constexpr std::size_t kActionsMax = 5;
constexpr std::size_t kQueriesMax = 20;
constexpr std::size_t kOfOneKindMax = 10;

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

Result<void> check_metric(const AlarmConfig& config) {
  if (!config.metric_name) return lacks("a MetricName parameter");
  if (!config.namespace_name) return lacks("a Namespace parameter");
  if (config.statistic && config.extended_statistic) {
    return validation_error(
        "PutMetricAlarm request can not be made with both Statistic and ExtendedStatistic "
        "parameters. Only one of them should be present");
  }
  if (!config.statistic && !config.extended_statistic) return lacks("a Statistic parameter");
  if (!config.period_s) return lacks("a Period parameter");
  return {};
}

Result<void> check_threshold(const AlarmConfig& config) {
  if (!config.evaluation_periods) return lacks("an EvaluationPeriods parameter");
  if (!config.has_band() && (!config.threshold || !std::isfinite(*config.threshold))) {
    return lacks("valid Threshold parameter");
  }
  const auto comparison =
      config.comparison_operator ? parse_comparison(*config.comparison_operator) : std::nullopt;
  if (!comparison) return lacks("a valid ComparisonOperator parameter");
  if (is_of_band(*comparison) && !config.has_band()) {
    return validation_error("ComparisonOperators for ranges require ThresholdMetricId to be set");
  }
  if (!config.has_band()) return {};
  if (config.threshold) {
    return validation_error("Threshold and ThresholdMetricId cannot be specified together.");
  }
  if (!is_of_band(*comparison)) {
    return validation_error(
        "ThresholdMetricId can only be used with the ComparisonOperators for ranges: "
        "LessThanLowerOrGreaterThanUpperThreshold, LessThanLowerThreshold and "
        "GreaterThanUpperThreshold.");
  }
  if (!config.is_math()) {
    return validation_error("ThresholdMetricId can only be used together with Metrics.");
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
  const std::int64_t period_s = config.period();
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

/// User Guide, "Creating an alarm based on a metric math expression".
Result<void> check_queries(const AlarmConfig& config) {
  const auto& queries = *config.queries;
  if (config.metric_name || config.namespace_name || config.statistic ||
      config.extended_statistic || config.period_s || config.unit || !config.dimensions.empty()) {
    return validation_error(
        "Metrics cannot be used together with MetricName, Namespace, Dimensions, Period, Unit, "
        "Statistic or ExtendedStatistic.");
  }
  const auto count = [&](auto&& holds) {
    return static_cast<std::size_t>(std::count_if(queries.begin(), queries.end(), holds));
  };
  using Query = metric_math::DataQuery;
  if (queries.size() > kQueriesMax) {
    return validation_error("Metrics list can have at most 20 elements.");
  }
  if (count([](const Query& query) { return query.metric_stat.has_value(); }) > kOfOneKindMax ||
      count([](const Query& query) { return query.expression.has_value(); }) > kOfOneKindMax) {
    return validation_error("Metrics list can have at most 10 metrics and at most 10 expressions.");
  }
  const std::size_t returning = count([](const Query& query) { return query.return_data; });
  const std::size_t watched = count([&](const Query& query) {
    return query.return_data && query.id != config.threshold_metric_id;
  });
  if (config.has_band() && (returning != 2 || watched != 1)) {
    return validation_error(
        "Exactly two elements of the metrics list should return data: the metric and the band.");
  }
  if (!config.has_band() && returning != 1) {
    return validation_error("Exactly one element of the metrics list should return data.");
  }
  return {};
}

/// The id whose band the query is, if it is nothing but ANOMALY_DETECTION_BAND().
std::optional<std::string> band_of(const metric_math::Program& program, std::size_t query) {
  using Node = metric_math::Node;
  const metric_math::Expression* expression = program.expression(query);
  if (expression == nullptr) return {};
  const Node& root = expression->root();
  const bool is_band = root.kind == Node::Kind::call &&
                       root.function == metric_math::Function::anomaly_detection_band &&
                       root.children[0].kind == Node::Kind::id;
  return is_band ? std::optional(root.children[0].text) : std::nullopt;
}

/// API reference, PutMetricAlarm: ThresholdMetricId is the id of the ANOMALY_DETECTION_BAND
/// function; the metric that it is of returns data too.
Result<void> check_band(const AlarmConfig& config, const metric_math::Program& program) {
  const auto band = program.find(*config.threshold_metric_id);
  if (!band || !program.queries()[*band].return_data) {
    return validation_error("ThresholdMetricId " + *config.threshold_metric_id +
                            " is not the Id of an element of the metrics list that returns data.");
  }
  const auto of = band_of(program, *band);
  if (!of) {
    return validation_error(
        "The element of the metrics list that ThresholdMetricId names must be "
        "the function ANOMALY_DETECTION_BAND.");
  }
  if (*of != config.watched().id) {
    return validation_error("ANOMALY_DETECTION_BAND must be of the element that returns data, " +
                            config.watched().id + ".");
  }
  if (config.period() < 60) {
    return validation_error(
        "Alarms based on anomaly detection models do not support less than 60 seconds period");
  }
  return {};
}

Result<void> check_program(const AlarmConfig& config) {
  using metric_math::Function;
  constexpr std::int64_t kInsightsReachS = 10'800;
  WEIR_TRY(const auto program, metric_math::Program::make(*config.queries));
  const std::size_t watched = *program.find(config.watched().id);
  if (program.uses(watched, Function::search)) {
    return validation_error("SEARCH is not supported on Metric Alarms.");
  }
  if (config.has_band()) WEIR_CHECK(check_band(config, program));
  const int period_s = config.period();
  for (const std::size_t query : program.needed_by(watched)) {
    const metric_math::DataQuery& one = program.queries()[query];
    const int its = one.metric_stat ? one.metric_stat->period_s : one.period_s.value_or(period_s);
    if (its != period_s) {
      return validation_error("All metrics of an alarm must have the same Period.");
    }
    if (program.insights(query) == nullptr) continue;
    if (period_s < 60) {
      return validation_error(
          "MetricsInsights monitors do not support less than 60 seconds period");
    }
    if (std::int64_t{period_s} * *config.evaluation_periods > kInsightsReachS) {
      return validation_error(
          "MetricsInsights monitors cannot be checked across more than 3 hours");
    }
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

Result<void> check_actions(const Scope& scope, const AlarmConfig& config) {
  const auto is_scaling = [](const std::string& action) {
    const auto arn = Arn::parse(action);
    return arn && arn->service == "autoscaling";
  };
  for (const auto* actions :
       {&config.ok_actions, &config.alarm_actions, &config.insufficient_data_actions}) {
    if (!config.has_band() || std::none_of(actions->begin(), actions->end(), is_scaling)) continue;
    return validation_error(
        "Alarms based on anomaly detection models cannot have Auto Scaling actions.");
  }
  WEIR_CHECK(check_actions(scope, config.ok_actions));
  WEIR_CHECK(check_actions(scope, config.alarm_actions));
  return check_actions(scope, config.insufficient_data_actions);
}

}  // namespace

Result<void> check(const Scope& scope, const AlarmConfig& config) {
  WEIR_CHECK(check_name(config));
  if (config.is_math()) {
    WEIR_CHECK(check_queries(config));
  } else {
    WEIR_CHECK(check_metric(config));
    WEIR_CHECK(check_statistic(config));
  }
  WEIR_CHECK(check_threshold(config));
  WEIR_CHECK(check_periods(config));
  if (config.is_math()) WEIR_CHECK(check_program(config));
  WEIR_CHECK(check_options(config));
  return check_actions(scope, config);
}

Result<void> check(const Scope& scope, const AlarmConfig& config,
                   const CompositeConfig& composite) {
  WEIR_CHECK(check_name(config));
  WEIR_CHECK(check_actions(scope, config));
  const bool has_periods = composite.wait_period_s && composite.extension_period_s;
  const bool has_period = composite.wait_period_s || composite.extension_period_s;
  if (composite.actions_suppressor && !has_periods) {
    return validation_error(
        "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod are required if "
        "ActionsSuppressor is specified.");
  }
  if (!composite.actions_suppressor && has_period) {
    return validation_error(
        "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod can only be specified "
        "together with ActionsSuppressor.");
  }
  if (composite.wait_period_s.value_or(0) < 0 || composite.extension_period_s.value_or(0) < 0) {
    return validation_error("The periods of an ActionsSuppressor must not be negative.");
  }
  return {};
}

}  // namespace weir::alarms
