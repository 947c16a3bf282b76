// SPDX-License-Identifier: Apache-2.0
#include "widgets/alarm_marks.h"

#include <algorithm>

namespace weir::widgets {

namespace {

std::string_view sign_of(const std::string& comparison) {
  if (comparison == "GreaterThanOrEqualToThreshold") return ">=";
  if (comparison == "GreaterThanThreshold") return ">";
  if (comparison == "LessThanOrEqualToThreshold") return "<=";
  return "<";
}

std::string number_text(double number) {
  std::string text = to_json(Document(number));
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string span_text(int seconds) {
  const auto count = [](int number, std::string_view unit) {
    return std::to_string(number) + ' ' + std::string(unit) + (number == 1 ? "" : "s");
  };
  if (seconds % 3600 == 0) return count(seconds / 3600, "hour");
  if (seconds % 60 == 0) return count(seconds / 60, "minute");
  return count(seconds, "second");
}

std::string subject_of(const alarms::Alarm& alarm) {
  if (!alarm.is_math()) return alarm.metric_name.value_or("");
  const metric_math::DataQuery& watched = alarm.watched();
  return watched.label.value_or(watched.id);
}

/// `RejectedPackets >= 80 for 3 datapoints within 15 minutes`, as CloudWatch labels it.
std::string label_of(const alarms::Alarm& alarm, double threshold) {
  const int count = alarm.datapoints();
  const int span_s = alarm.period() * alarm.evaluation_periods.value_or(1);
  return subject_of(alarm) + ' ' + std::string(sign_of(alarm.comparison_operator.value_or(""))) +
         ' ' + number_text(threshold) + " for " + std::to_string(count) +
         (count == 1 ? " datapoint" : " datapoints") + " within " + span_text(span_s);
}

void add_queries(const alarms::Alarm& alarm, const Defaults& defaults, Queries& out) {
  std::vector<metric_math::DataQuery> queries;
  if (alarm.is_math()) {
    queries = *alarm.queries;
  } else {
    metric_math::DataQuery query;
    query.id = "m1";
    query.metric_stat.emplace();
    query.metric_stat->metric = alarm.metric();
    query.metric_stat->period_s = alarm.period();
    query.metric_stat->stat = alarm.statistic_name();
    query.metric_stat->unit = alarm.unit;
    queries.push_back(std::move(query));
  }
  for (metric_math::DataQuery& query : queries) {
    if (query.metric_stat) {
      query.metric_stat->period_s = period_for(query.metric_stat->period_s, defaults);
    }
    if (query.period_s) query.period_s = period_for(*query.period_s, defaults);
    out.looks[query.id] = {};
    out.queries.push_back(std::move(query));
  }
}

}  // namespace

Result<void> add_alarm(const alarms::Alarms& alarms, const Scope& scope, const std::string& arn,
                       const Defaults& defaults, bool with_metrics,
                       std::map<std::string, Queries>& queries, charts::Chart& chart) {
  constexpr std::string_view kKind = "alarm:";
  const Error unknown{ErrorKind::invalid, "ValidationError",
                      "There is no metric alarm with the ARN " + arn + "."};
  const auto parsed = Arn::parse(arn);
  if (!parsed || parsed->service != "cloudwatch" || parsed->scope.account != scope.account ||
      !parsed->resource.starts_with(kKind)) {
    return unknown;
  }
  alarms::AlarmQuery query;
  query.names = {parsed->resource.substr(kKind.size())};
  WEIR_TRY(const alarms::AlarmPage page, alarms.describe(parsed->scope, query));
  if (page.alarms.empty()) return unknown;
  const alarms::Alarm& alarm = page.alarms.front();
  if (alarm.threshold) {
    chart.levels.push_back({.value = *alarm.threshold, .label = label_of(alarm, *alarm.threshold)});
  }
  if (chart.title.empty() && with_metrics) chart.title = alarm.alarm_name;
  if (with_metrics) add_queries(alarm, defaults, queries[parsed->scope.region]);
  return {};
}

}  // namespace weir::widgets
