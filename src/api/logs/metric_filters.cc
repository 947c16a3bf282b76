// SPDX-License-Identifier: Apache-2.0
#include "api/logs/metric_filters.h"

#include <utility>

#include "api/logs/logs_api.h"

namespace weir::api::logs {
namespace {

constexpr int kListLimitDefault = 50;

MetricFilter shown(weir::logs::MetricFilterRef&& ref) {
  weir::logs::MetricFilter& filter = ref.filter;
  MetricFilter shown{.filter_name = std::move(filter.filter_name),
                     .filter_pattern = std::move(filter.filter_pattern),
                     .metric_transformations = std::move(filter.metric_transformations),
                     .creation_time = filter.creation_time_ms,
                     .log_group_name = std::move(ref.log_group_name),
                     .apply_on_transformed_logs = filter.apply_on_transformed_logs,
                     .field_selection_criteria = {},
                     .emit_system_field_dimensions = {}};
  if (!filter.field_selection_criteria.empty()) {
    shown.field_selection_criteria = std::move(filter.field_selection_criteria);
  }
  if (!filter.emit_system_field_dimensions.empty()) {
    shown.emit_system_field_dimensions = std::move(filter.emit_system_field_dimensions);
  }
  return shown;
}

}  // namespace

Result<Empty> LogsApi::put_filter(const Request& request, const PutMetricFilter::Input& in) {
  weir::logs::MetricFilter filter;
  filter.filter_name = in.filter_name;
  filter.filter_pattern = in.filter_pattern;
  filter.metric_transformations = in.metric_transformations;
  filter.apply_on_transformed_logs = in.apply_on_transformed_logs;
  filter.field_selection_criteria = in.field_selection_criteria.value_or("");
  filter.emit_system_field_dimensions =
      in.emit_system_field_dimensions.value_or(std::vector<std::string>());
  WEIR_CHECK(logs_.put_metric_filter(request.scope, in.log_group_name, std::move(filter)));
  return Empty{};
}

Result<DescribeMetricFilters::Output> LogsApi::describe_filters(
    const Request& request, const DescribeMetricFilters::Input& in) {
  if (in.metric_name.has_value() != in.metric_namespace.has_value()) {
    return invalid_parameter("metricName and metricNamespace must be given together.");
  }
  weir::logs::Logs::MetricFilterQuery query;
  query.log_group_name = in.log_group_name.value_or("");
  query.prefix = in.filter_name_prefix.value_or("");
  query.metric_name = in.metric_name.value_or("");
  query.metric_namespace = in.metric_namespace.value_or("");
  query.limit = static_cast<std::size_t>(in.limit.value_or(kListLimitDefault));
  WEIR_TRY(query.after, page_start(in.next_token));

  WEIR_TRY(auto page, logs_.metric_filters(request.scope, query));
  DescribeMetricFilters::Output out;
  for (weir::logs::MetricFilterRef& ref : page.items) {
    out.metric_filters.push_back(shown(std::move(ref)));
  }
  out.next_token = page_token(page.next);
  return out;
}

Result<Empty> LogsApi::delete_filter(const Request& request, const DeleteMetricFilter::Input& in) {
  WEIR_CHECK(logs_.delete_metric_filter(request.scope, in.log_group_name, in.filter_name));
  return Empty{};
}

Result<TestMetricFilter::Output> LogsApi::test_filter(const Request&,
                                                      const TestMetricFilter::Input& in) {
  WEIR_TRY(auto matches,
           weir::logs::Logs::test_metric_filter(in.filter_pattern, in.log_event_messages));
  TestMetricFilter::Output out;
  for (weir::logs::Logs::TestMatch& match : matches) {
    out.matches.push_back({.event_number = static_cast<std::int64_t>(match.event_number),
                           .event_message = in.log_event_messages[match.event_number],
                           .extracted_values = std::move(match.extraction.values)});
  }
  return out;
}

}  // namespace weir::api::logs
