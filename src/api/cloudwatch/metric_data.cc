// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/metric_data.h"

#include "api/cloudwatch/cloudwatch_api.h"
#include "api/cloudwatch/insight_rule_series.h"
#include "metric_math/metric_data.h"

namespace weir::api::cloudwatch {

namespace {

Error required_parameter(std::string_view parameter) {
  return {ErrorKind::invalid, "MissingParameter",
          "The parameter " + std::string(parameter) + " is required."};
}

std::optional<std::string> token(std::string text) {
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

}  // namespace

Result<Empty> CloudWatchApi::put_data(const Request& request, const PutMetricData::Input& in) {
  if (!in.namespace_name) return required_parameter("Namespace");
  // Only AWS itself writes there; so does Weir, past this face.
  if (in.namespace_name->starts_with("AWS/")) {
    return Error{ErrorKind::invalid, "InvalidParameterValue",
                 "The value " + *in.namespace_name + " for parameter Namespace is invalid."};
  }
  std::vector<metrics::Datum> data = in.metric_data;
  for (const EntityMetricData& entity : in.entity_metric_data) {
    data.insert(data.end(), entity.metric_data.begin(), entity.metric_data.end());
  }
  WEIR_CHECK(metrics_.put(request.scope, *in.namespace_name, data));
  return Empty{};
}

Result<ListMetrics::Output> CloudWatchApi::list_metrics(const Request& request,
                                                        const ListMetrics::Input& in) {
  metrics::ListQuery query;
  query.namespace_name = in.namespace_name;
  query.metric_name = in.metric_name;
  query.dimensions = in.dimensions;
  query.recently_active = in.recently_active.has_value();
  query.next_token = in.next_token.value_or("");
  WEIR_TRY(metrics::MetricPage page, metrics_.list_metrics(request.scope, query));
  ListMetrics::Output out;
  if (in.owning_account && *in.owning_account != request.scope.account) page = {};
  if (in.include_linked_accounts.value_or(false)) {
    out.owning_accounts.emplace(page.metrics.size(), request.scope.account);
  }
  out.metrics = std::move(page.metrics);
  out.next_token = token(std::move(page.next_token));
  return out;
}

Result<GetMetricStatistics::Output> CloudWatchApi::statistics(
    const Request& request, const GetMetricStatistics::Input& in) {
  if (!in.namespace_name) return required_parameter("Namespace");
  if (!in.metric_name) return required_parameter("MetricName");
  if (!in.start_time) return required_parameter("StartTime");
  if (!in.end_time) return required_parameter("EndTime");
  if (!in.period_s) return required_parameter("Period");
  metrics::StatisticsQuery query;
  query.metric = {*in.namespace_name, *in.metric_name, in.dimensions};
  query.start = *in.start_time;
  query.end = *in.end_time;
  query.period_s = *in.period_s;
  query.statistics = in.statistics;
  query.extended_statistics = in.extended_statistics;
  query.unit = in.unit;
  GetMetricStatistics::Output out;
  out.label = *in.metric_name;
  WEIR_TRY(out.datapoints, metrics_.get_statistics(request.scope, query));
  return out;
}

Result<GetMetricData::Output> CloudWatchApi::get_data(const Request& request,
                                                      const GetMetricData::Input& in) {
  metric_math::DataRequest query;
  query.queries = in.metric_data_queries;
  query.start = in.start_time;
  query.end = in.end_time;
  query.ascending = in.scan_by == "TimestampAscending";
  query.datapoints_max = in.max_datapoints;
  if (in.label_options) query.timezone = in.label_options->timezone.value_or(query.timezone);
  query.next_token = in.next_token.value_or("");
  const metric_math::MetricData data(metrics_, sources_);
  WEIR_TRY(metric_math::DataPage page, data.get(request.scope, query));
  GetMetricData::Output out;
  out.metric_data_results = std::move(page.results);
  out.next_token = token(std::move(page.next_token));
  out.messages = std::move(page.messages);
  return out;
}

}  // namespace weir::api::cloudwatch
