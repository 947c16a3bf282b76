// SPDX-License-Identifier: Apache-2.0
#include "alarms/alarm.h"

#include <algorithm>
#include <iterator>

#include "alarms/inherited.h"

namespace weir::alarms {

namespace {

constexpr std::string_view kStates[] = {"OK", "ALARM", "INSUFFICIENT_DATA"};
constexpr std::string_view kComparisons[] = {"GreaterThanOrEqualToThreshold",
                                             "GreaterThanThreshold",
                                             "LessThanThreshold",
                                             "LessThanOrEqualToThreshold",
                                             "LessThanLowerOrGreaterThanUpperThreshold",
                                             "LessThanLowerThreshold",
                                             "GreaterThanUpperThreshold"};

}  // namespace

std::string_view to_text(StateValue state) { return kStates[static_cast<std::size_t>(state)]; }

std::optional<StateValue> parse_state(std::string_view text) {
  const auto found = std::find(std::begin(kStates), std::end(kStates), text);
  if (found == std::end(kStates)) return {};
  return static_cast<StateValue>(found - std::begin(kStates));
}

std::optional<Comparison> parse_comparison(std::string_view text) {
  const auto found = std::find(std::begin(kComparisons), std::end(kComparisons), text);
  if (found == std::end(kComparisons)) return {};
  return static_cast<Comparison>(found - std::begin(kComparisons));
}

bool breaches(double value, Comparison comparison, double threshold) {
  switch (comparison) {
    case Comparison::greater_or_equal:
      return value >= threshold;
    case Comparison::greater:
      return value > threshold;
    case Comparison::less:
      return value < threshold;
    case Comparison::less_or_equal:
      return value <= threshold;
    case Comparison::outside_band:
    case Comparison::below_band:
    case Comparison::above_band:
      break;
  }
  return false;
}

bool is_of_band(Comparison comparison) { return comparison >= Comparison::outside_band; }

bool breaches(double value, Comparison comparison, double lower, double upper) {
  const bool may_be_below = comparison != Comparison::above_band;
  const bool may_be_above = comparison != Comparison::below_band;
  return (may_be_below && value < lower) || (may_be_above && value > upper);
}

MissingData missing_data(const std::optional<std::string>& setting,
                         std::string_view namespace_name) {
  if (namespace_name == "AWS/DynamoDB") return MissingData::ignore;  // User Guide
  if (setting == "breaching") return MissingData::breaching;
  if (setting == "notBreaching") return MissingData::not_breaching;
  if (setting == "ignore") return MissingData::ignore;
  return MissingData::missing;
}

metrics::MetricId AlarmConfig::metric() const {
  return metrics::MetricId::make(*namespace_name, *metric_name, dimensions);
}

const metric_math::DataQuery& AlarmConfig::watched() const {
  return *std::find_if(queries->begin(), queries->end(),
                       [this](const metric_math::DataQuery& query) {
                         return query.return_data && query.id != threshold_metric_id;
                       });
}

int AlarmConfig::period() const {
  if (period_s) return *period_s;
  for (const metric_math::DataQuery& query : *queries) {
    if (query.metric_stat) return query.metric_stat->period_s;
  }
  return watched().period_s.value_or(60);
}

const std::string& AlarmConfig::statistic_name() const {
  return statistic ? *statistic : *extended_statistic;
}

Comparison AlarmConfig::comparison() const { return *parse_comparison(*comparison_operator); }

Shape Tag::shape() {
  using S = Tag;
  static constexpr Member members[] = {
      required<&S::key>("Key", length(1, 128)),
      required<&S::value>("Value", length(0, 256)),
  };
  return {"Tag", members};
}

Shape Alarm::shape() {
  using S = Alarm;
  static constexpr Member members[] = {
      inherited<S, &S::alarm_name>("AlarmName"),
      optional<&S::alarm_arn>("AlarmArn"),
      inherited<S, &S::alarm_description>("AlarmDescription"),
      optional<&S::configuration_updated>("AlarmConfigurationUpdatedTimestamp"),
      inherited<S, &S::actions_enabled>("ActionsEnabled"),
      inherited<S, &S::ok_actions>("OKActions"),
      inherited<S, &S::alarm_actions>("AlarmActions"),
      inherited<S, &S::insufficient_data_actions>("InsufficientDataActions"),
      optional<&S::state_value>("StateValue"),
      optional<&S::state_reason>("StateReason"),
      optional<&S::state_reason_data>("StateReasonData"),
      optional<&S::state_updated>("StateUpdatedTimestamp"),
      inherited<S, &S::metric_name>("MetricName"),
      inherited<S, &S::namespace_name>("Namespace"),
      inherited<S, &S::statistic>("Statistic"),
      inherited<S, &S::extended_statistic>("ExtendedStatistic"),
      inherited<S, &S::dimensions>("Dimensions"),
      inherited<S, &S::period_s>("Period"),
      inherited<S, &S::unit>("Unit"),
      inherited<S, &S::evaluation_periods>("EvaluationPeriods"),
      inherited<S, &S::datapoints_to_alarm>("DatapointsToAlarm"),
      inherited<S, &S::threshold>("Threshold"),
      inherited<S, &S::comparison_operator>("ComparisonOperator"),
      inherited<S, &S::treat_missing_data>("TreatMissingData"),
      inherited<S, &S::evaluate_low_sample_count_percentile>("EvaluateLowSampleCountPercentile"),
      inherited<S, &S::queries>("Metrics"),
      inherited<S, &S::threshold_metric_id>("ThresholdMetricId"),
      optional<&S::state_transitioned>("StateTransitionedTimestamp"),
  };
  return {"MetricAlarm", members};
}

Shape Composite::shape() {
  using S = Composite;
  static constexpr Member members[] = {
      inherited<S, &S::alarm_rule>("alarmRule"),
      inherited<S, &S::actions_suppressor>("actionsSuppressor"),
      inherited<S, &S::wait_period_s>("waitPeriod"),
      inherited<S, &S::extension_period_s>("extensionPeriod"),
      optional<&S::suppressed_by>("suppressedBy"),
      optional<&S::suppressed_reason>("suppressedReason"),
      optional<&S::suppressed_until>("suppressedUntil"),
      optional<&S::held_from>("heldFrom"),
  };
  return {"Composite", members};
}

Shape CompositeAlarm::shape() {
  using S = CompositeAlarm;
  static constexpr Member members[] = {
      inherited<S, &S::actions_enabled>("ActionsEnabled"),
      inherited<S, &S::alarm_actions>("AlarmActions"),
      inherited<S, &S::alarm_arn>("AlarmArn"),
      inherited<S, &S::configuration_updated>("AlarmConfigurationUpdatedTimestamp"),
      inherited<S, &S::alarm_description>("AlarmDescription"),
      inherited<S, &S::alarm_name>("AlarmName"),
      inherited<S, &S::alarm_rule>("AlarmRule"),
      inherited<S, &S::insufficient_data_actions>("InsufficientDataActions"),
      inherited<S, &S::ok_actions>("OKActions"),
      inherited<S, &S::state_reason>("StateReason"),
      inherited<S, &S::state_reason_data>("StateReasonData"),
      inherited<S, &S::state_updated>("StateUpdatedTimestamp"),
      inherited<S, &S::state_value>("StateValue"),
      inherited<S, &S::state_transitioned>("StateTransitionedTimestamp"),
      inherited<S, &S::suppressed_by>("ActionsSuppressedBy"),
      inherited<S, &S::suppressed_reason>("ActionsSuppressedReason"),
      inherited<S, &S::actions_suppressor>("ActionsSuppressor"),
      inherited<S, &S::wait_period_s>("ActionsSuppressorWaitPeriod"),
      inherited<S, &S::extension_period_s>("ActionsSuppressorExtensionPeriod"),
  };
  return {"CompositeAlarm", members};
}

Shape RelatedAlarm::shape() {
  using S = RelatedAlarm;
  static constexpr Member members[] = {
      optional<&S::alarm_name>("AlarmName"),
      optional<&S::alarm_arn>("AlarmArn"),
      optional<&S::state_value>("StateValue"),
      optional<&S::state_updated>("StateUpdatedTimestamp"),
  };
  return {"RelatedAlarm", members};
}

}  // namespace weir::alarms
