// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/metric_alarms.h"

#include <algorithm>

#include "api/cloudwatch/cloudwatch_api.h"

namespace weir::api::cloudwatch {

namespace {

Error validation_error(std::string message) {
  return {ErrorKind::invalid, "ValidationError", std::move(message)};
}

/// Whether alarms of a type are asked for; if no type is named it is metric alarms.
bool wants(const std::vector<std::string>& types, std::string_view type) {
  if (types.empty()) return type == "MetricAlarm";
  return std::find(types.begin(), types.end(), type) != types.end();
}

/// API reference, DescribeAlarms: relatives exclude every other filter.
Result<void> check_relatives(const DescribeAlarms::Input& in) {
  const bool has_filter = !in.alarm_names.empty() || in.alarm_name_prefix ||
                          !in.alarm_types.empty() || in.state_value || in.action_prefix;
  const std::string_view name =
      in.children_of_alarm_name ? "ChildrenOfAlarmName" : "ParentsOfAlarmName";
  if (!has_filter && !(in.children_of_alarm_name && in.parents_of_alarm_name)) return {};
  return Error{
      ErrorKind::invalid, "ValidationError",
      std::string(name) + " can only be specified together with MaxRecords and NextToken."};
}

Result<void> check_types(const std::vector<std::string>& types) {
  for (const std::string& type : types) {
    if (std::find(std::begin(kAlarmTypes), std::end(kAlarmTypes), type) != std::end(kAlarmTypes)) {
      continue;
    }
    return validation_error("1 validation error detected: Value '[" + type +
                            "]' at 'alarmTypes' failed to satisfy constraint: Member must satisfy "
                            "constraint: [Member must satisfy enum value set: [CompositeAlarm, "
                            "MetricAlarm, LogAlarm]]");
  }
  return {};
}

}  // namespace

Shape PutMetricAlarm::Input::shape() {
  using S = Input;
  using alarms::inherited;
  static constexpr std::string_view kStatistics[] = {"Maximum", "SampleCount", "Sum", "Minimum",
                                                     "Average"};
  static constexpr std::string_view kComparisons[] = {"GreaterThanOrEqualToThreshold",
                                                      "GreaterThanThreshold",
                                                      "LessThanThreshold",
                                                      "LessThanOrEqualToThreshold",
                                                      "LessThanLowerOrGreaterThanUpperThreshold",
                                                      "LessThanLowerThreshold",
                                                      "GreaterThanUpperThreshold"};
  static constexpr auto required_name = [] {
    Member member = inherited<S, &S::alarm_name>("AlarmName", length(1, 255));
    member.is_required = true;
    return member;
  }();
  static constexpr Member members[] = {
      required_name,
      inherited<S, &S::alarm_description>("AlarmDescription", length(0, 1024)),
      inherited<S, &S::actions_enabled>("ActionsEnabled"),
      inherited<S, &S::ok_actions>("OKActions", items(0, 5)),
      inherited<S, &S::alarm_actions>("AlarmActions", items(0, 5)),
      inherited<S, &S::insufficient_data_actions>("InsufficientDataActions", items(0, 5)),
      inherited<S, &S::metric_name>("MetricName", length(1, 255)),
      inherited<S, &S::namespace_name>("Namespace", length(1, 255), pattern("[^:].*")),
      inherited<S, &S::statistic>("Statistic", one_of(kStatistics)),
      inherited<S, &S::extended_statistic>("ExtendedStatistic"),
      inherited<S, &S::dimensions>("Dimensions", items(0, 30)),
      inherited<S, &S::period_s>("Period", range(1, kUnbounded)),
      inherited<S, &S::unit>("Unit"),
      inherited<S, &S::evaluation_periods>("EvaluationPeriods", range(1, kUnbounded)),
      inherited<S, &S::datapoints_to_alarm>("DatapointsToAlarm", range(1, kUnbounded)),
      inherited<S, &S::threshold>("Threshold"),
      inherited<S, &S::comparison_operator>("ComparisonOperator", one_of(kComparisons)),
      inherited<S, &S::treat_missing_data>("TreatMissingData", length(1, 255)),
      inherited<S, &S::evaluate_low_sample_count_percentile>("EvaluateLowSampleCountPercentile",
                                                             length(1, 255)),
      inherited<S, &S::queries>("Metrics"),
      inherited<S, &S::threshold_metric_id>("ThresholdMetricId", length(1, 255)),
      optional<&S::tags>("Tags"),
      optional<&S::evaluation_criteria>("EvaluationCriteria"),
  };
  return {"PutMetricAlarmInput", members};
}

Result<Empty> CloudWatchApi::put_alarm(const Request& request, const PutMetricAlarm::Input& in) {
  if (!in.evaluation_criteria.is_null()) {
    return validation_error("Alarms on PromQL are not supported here.");
  }
  WEIR_CHECK(alarms_.put_metric_alarm(request.scope, in, in.tags));
  return Empty{};
}

Shape PutCompositeAlarm::Input::shape() {
  using S = Input;
  using alarms::inherited;
  static constexpr auto required_member = [](Member member) {
    member.is_required = true;
    return member;
  };
  static constexpr Member members[] = {
      inherited<S, &S::actions_enabled>("ActionsEnabled"),
      inherited<S, &S::alarm_actions>("AlarmActions", items(0, 5)),
      inherited<S, &S::alarm_description>("AlarmDescription", length(0, 1024)),
      required_member(inherited<S, &S::alarm_name>("AlarmName", length(1, 255))),
      required_member(inherited<S, &S::alarm_rule>("AlarmRule", length(1, 10240))),
      inherited<S, &S::insufficient_data_actions>("InsufficientDataActions", items(0, 5)),
      inherited<S, &S::ok_actions>("OKActions", items(0, 5)),
      optional<&S::tags>("Tags"),
      inherited<S, &S::actions_suppressor>("ActionsSuppressor", length(1, 1600)),
      inherited<S, &S::wait_period_s>("ActionsSuppressorWaitPeriod"),
      inherited<S, &S::extension_period_s>("ActionsSuppressorExtensionPeriod"),
  };
  return {"PutCompositeAlarmInput", members};
}

Result<Empty> CloudWatchApi::put_composite(const Request& request,
                                           const PutCompositeAlarm::Input& in) {
  WEIR_CHECK(alarms_.put_composite_alarm(request.scope, in, in, in.tags));
  return Empty{};
}

Result<DescribeAlarms::Output> CloudWatchApi::describe(const Request& request,
                                                       const DescribeAlarms::Input& in) {
  WEIR_CHECK(check_types(in.alarm_types));
  DescribeAlarms::Output out;
  if (in.children_of_alarm_name || in.parents_of_alarm_name) {
    WEIR_CHECK(check_relatives(in));
    using Which = alarms::RelativesQuery::Which;
    alarms::RelativesQuery query;
    query.which = in.children_of_alarm_name ? Which::children : Which::parents;
    query.alarm_name = in.children_of_alarm_name.value_or(in.parents_of_alarm_name.value_or(""));
    query.records_max = in.max_records.value_or(query.records_max);
    query.next_token = in.next_token.value_or("");
    WEIR_TRY(alarms::RelativesPage page, alarms_.relatives(request.scope, query));
    out.related_metric_alarms = std::move(page.alarms);
    out.related_composite_alarms = std::move(page.composites);
    if (!page.next_token.empty()) out.next_token = std::move(page.next_token);
    return out;
  }
  alarms::AlarmQuery query;
  query.with_metric = wants(in.alarm_types, "MetricAlarm");
  query.with_composite = wants(in.alarm_types, "CompositeAlarm");
  query.names = in.alarm_names;
  query.name_prefix = in.alarm_name_prefix;
  query.state_value = in.state_value;
  query.action_prefix = in.action_prefix;
  query.records_max = in.max_records.value_or(query.records_max);
  query.next_token = in.next_token.value_or("");
  WEIR_TRY(alarms::AlarmPage page, alarms_.describe(request.scope, query));
  out.metric_alarms = std::move(page.alarms);
  out.composite_alarms = std::move(page.composites);
  if (!page.next_token.empty()) out.next_token = std::move(page.next_token);
  return out;
}

Result<DescribeAlarmsForMetric::Output> CloudWatchApi::describe_for_metric(
    const Request& request, const DescribeAlarmsForMetric::Input& in) {
  alarms::MetricAlarmQuery query;
  query.metric = {in.namespace_name, in.metric_name, in.dimensions};
  query.statistic = in.statistic;
  query.extended_statistic = in.extended_statistic;
  query.period_s = in.period_s;
  query.unit = in.unit;
  return DescribeAlarmsForMetric::Output{alarms_.describe_for_metric(request.scope, query)};
}

Result<DescribeAlarmHistory::Output> CloudWatchApi::history(const Request& request,
                                                            const DescribeAlarmHistory::Input& in) {
  WEIR_CHECK(check_types(in.alarm_types));
  DescribeAlarmHistory::Output out;
  alarms::HistoryQuery query;
  query.with_metric = wants(in.alarm_types, "MetricAlarm");
  query.with_composite = wants(in.alarm_types, "CompositeAlarm");
  query.alarm_name = in.alarm_name;
  query.item_type = in.history_item_type;
  query.start = in.start_date;
  query.end = in.end_date;
  query.ascending = in.scan_by == "TimestampAscending";
  query.records_max = in.max_records.value_or(query.records_max);
  query.next_token = in.next_token.value_or("");
  WEIR_TRY(alarms::HistoryPage page, alarms_.history(request.scope, query));
  out.alarm_history_items = std::move(page.items);
  if (!page.next_token.empty()) out.next_token = std::move(page.next_token);
  return out;
}

Result<Empty> CloudWatchApi::set_state(const Request& request, const SetAlarmState::Input& in) {
  WEIR_CHECK(alarms_.set_state(request.scope, in.alarm_name, *alarms::parse_state(in.state_value),
                               in.state_reason, in.state_reason_data));
  return Empty{};
}

Result<Empty> CloudWatchApi::remove(const Request& request, const AlarmNames& in) {
  WEIR_CHECK(alarms_.remove(request.scope, in.alarm_names));
  return Empty{};
}

Result<Empty> CloudWatchApi::enable_actions(const Request& request, const AlarmNames& in) {
  WEIR_CHECK(alarms_.enable_actions(request.scope, in.alarm_names, true));
  return Empty{};
}

Result<Empty> CloudWatchApi::disable_actions(const Request& request, const AlarmNames& in) {
  WEIR_CHECK(alarms_.enable_actions(request.scope, in.alarm_names, false));
  return Empty{};
}

std::optional<std::string> CloudWatchApi::dashboard_of(const Scope& scope,
                                                       std::string_view arn) const {
  if (dashboards_ == nullptr) return {};
  return dashboards::Dashboards::name_in(scope, arn);
}

Result<TagResource::Output> CloudWatchApi::tag(const Request& request,
                                               const TagResource::Input& in) {
  if (const auto rule = insight_rule_of(request.scope, in.resource_arn)) {
    WEIR_CHECK(contributors_.tag(request.scope, *rule, tag_map(in.tags)));
    return TagResource::Output{};
  }
  if (const auto dashboard = dashboard_of(request.scope, in.resource_arn)) {
    WEIR_CHECK(dashboards_->tag(request.scope, *dashboard, tag_map(in.tags)));
    return TagResource::Output{};
  }
  WEIR_CHECK(alarms_.tag(request.scope, in.resource_arn, in.tags));
  return TagResource::Output{};
}

Result<UntagResource::Output> CloudWatchApi::untag(const Request& request,
                                                   const UntagResource::Input& in) {
  if (const auto rule = insight_rule_of(request.scope, in.resource_arn)) {
    WEIR_CHECK(contributors_.untag(request.scope, *rule, in.tag_keys));
    return UntagResource::Output{};
  }
  if (const auto dashboard = dashboard_of(request.scope, in.resource_arn)) {
    WEIR_CHECK(dashboards_->untag(request.scope, *dashboard, in.tag_keys));
    return UntagResource::Output{};
  }
  WEIR_CHECK(alarms_.untag(request.scope, in.resource_arn, in.tag_keys));
  return UntagResource::Output{};
}

Result<ListTagsForResource::Output> CloudWatchApi::tags(const Request& request,
                                                        const ListTagsForResource::Input& in) {
  if (const auto rule = insight_rule_of(request.scope, in.resource_arn)) {
    WEIR_TRY(const auto of_rule, contributors_.tags(request.scope, *rule));
    ListTagsForResource::Output out;
    for (const auto& [key, value] : of_rule) out.tags.push_back({key, value});
    return out;
  }
  if (const auto dashboard = dashboard_of(request.scope, in.resource_arn)) {
    WEIR_TRY(const auto of_dashboard, dashboards_->tags(request.scope, *dashboard));
    ListTagsForResource::Output out;
    for (const auto& [key, value] : of_dashboard) out.tags.push_back({key, value});
    return out;
  }
  WEIR_TRY(auto tags, alarms_.tags(request.scope, in.resource_arn));
  return ListTagsForResource::Output{std::move(tags)};
}

}  // namespace weir::api::cloudwatch
