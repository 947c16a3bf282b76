// SPDX-License-Identifier: Apache-2.0
#include "alarms/notification.h"

#include <vector>

#include "alarms/alarms_impl.h"
#include "alarms/text.h"
#include "base/document.h"

namespace weir::alarms {

namespace {

constexpr std::size_t kSubjectMax = 100;  // of an SNS message

Document text_list(const std::vector<std::string>& texts) {
  Document::List list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

template <class T>
Document or_null(const std::optional<T>& value) {
  return value ? Document(*value) : Document();
}

/// Runs of characters that a mail subject cannot hold become `_`.
std::string to_ascii(std::string_view text) {
  std::string out;
  bool in_run = false;
  for (const char c : text) {
    const bool is_plain = c >= 0x20 && c < 0x7f;
    if (is_plain) out += c;
    if (!is_plain && !in_run) out += '_';
    in_run = !is_plain;
  }
  return out;
}

std::string subject(const Scope& scope, const Alarm& alarm) {
  const std::string before = alarm.state_value + ": \"";
  const std::string after = "\" in " + std::string(region_name(scope.region));
  std::string name = to_ascii(alarm.alarm_name);
  const std::size_t room = kSubjectMax - std::min(kSubjectMax, before.size() + after.size());
  if (name.size() > room) name = name.substr(0, room < 3 ? 0 : room - 3) + "...";
  return before + name + after;
}

Document::Map metric_document(const metrics::MetricId& metric) {
  Document::List dimensions;
  for (const metrics::Dimension& dimension : metric.dimensions) {
    dimensions.push_back(Document::Map{{"value", dimension.value}, {"name", dimension.name}});
  }
  return {{"Dimensions", std::move(dimensions)},
          {"MetricName", metric.metric_name},
          {"Namespace", metric.namespace_name}};
}

Document query_document(const metric_math::DataQuery& query) {
  Document::Map out;
  if (query.expression) out.emplace_back("Expression", *query.expression);
  out.emplace_back("Id", query.id);
  if (query.label) out.emplace_back("Label", *query.label);
  if (query.metric_stat) {
    Document::Map stat = {{"Metric", metric_document(query.metric_stat->metric)},
                          {"Period", query.metric_stat->period_s},
                          {"Stat", query.metric_stat->stat}};
    if (query.metric_stat->unit) stat.emplace_back("Unit", *query.metric_stat->unit);
    out.emplace_back("MetricStat", std::move(stat));
  }
  if (query.period_s) out.emplace_back("Period", *query.period_s);
  out.emplace_back("ReturnData", query.return_data);
  return out;
}

void add_metric(Document::Map& out, const Alarm& alarm) {
  Document::List dimensions;
  for (const metrics::Dimension& dimension : alarm.dimensions) {
    dimensions.push_back(Document::Map{{"value", dimension.value}, {"name", dimension.name}});
  }
  out.emplace_back("MetricName", *alarm.metric_name);
  out.emplace_back("Namespace", *alarm.namespace_name);
  out.emplace_back("StatisticType", alarm.statistic ? "Statistic" : "ExtendedStatistic");
  out.emplace_back("Statistic",
                   alarm.statistic ? upper_statistic(*alarm.statistic) : *alarm.extended_statistic);
  out.emplace_back("Unit", or_null(alarm.unit));
  out.emplace_back("Dimensions", std::move(dimensions));
}

Document trigger(const Alarm& alarm) {
  Document::Map out;
  if (!alarm.is_math()) add_metric(out, alarm);
  out.emplace_back("Period", alarm.period());
  out.emplace_back("EvaluationPeriods", *alarm.evaluation_periods);
  if (alarm.datapoints_to_alarm) {
    out.emplace_back("DatapointsToAlarm", *alarm.datapoints_to_alarm);
  }
  out.emplace_back("ComparisonOperator", *alarm.comparison_operator);
  if (alarm.has_band()) {
    out.emplace_back("ThresholdMetricId", *alarm.threshold_metric_id);
  } else {
    out.emplace_back("Threshold", *alarm.threshold);
  }
  out.emplace_back("TreatMissingData", alarm.treat_missing_data.value_or("missing"));
  out.emplace_back("EvaluateLowSampleCountPercentile",
                   alarm.evaluate_low_sample_count_percentile.value_or(""));
  if (alarm.is_math()) {
    Document::List queries;
    for (const auto& query : *alarm.queries) queries.push_back(query_document(query));
    out.emplace_back("Metrics", std::move(queries));
  }
  return out;
}

/// Of a composite alarm, from its StateReasonData; empty after SetAlarmState.
Document triggering_children(const Alarm& alarm) {
  Document::List out;
  const auto data = parse_json(alarm.state_reason_data.value_or("{}"));
  const Document* triggers = data ? data->find("triggeringAlarms") : nullptr;
  if (triggers == nullptr || triggers->list() == nullptr) return out;
  for (const Document& one : *triggers->list()) {
    const Document* arn = one.find("arn");
    const Document* state = one.find("state");
    const Document* value = state != nullptr ? state->find("value") : nullptr;
    const Document* timestamp = state != nullptr ? state->find("timestamp") : nullptr;
    if (arn == nullptr || value == nullptr || timestamp == nullptr) continue;
    out.push_back(Document::Map{
        {"Arn", *arn}, {"State", Document::Map{{"Value", *value}, {"Timestamp", *timestamp}}}});
  }
  return out;
}

std::string message(const Scope& scope, const StoredAlarm& stored, std::string_view old_state,
                    bool is_after_mute) {
  const Alarm& alarm = stored.alarm;
  Document::Map out = {
      {"AlarmName", alarm.alarm_name},
      {"AlarmDescription", or_null(alarm.alarm_description)},
      {"AWSAccountId", scope.account},
  };
  if (!stored.composite) {
    out.emplace_back("AlarmConfigurationUpdatedTimestamp",
                     to_iso8601_offset(alarm.configuration_updated));
  }
  const Document::Map rest = {
      {"NewStateValue", alarm.state_value},
      {"NewStateReason", alarm.state_reason},
      {"StateChangeTime", to_iso8601_offset(alarm.state_updated)},
      {"Region", region_name(scope.region)},
      {"AlarmArn", alarm.alarm_arn},
      {"OldStateValue", old_state},
      {"ActionExecutedAfterMuteWindow", is_after_mute},
      {"OKActions", text_list(alarm.ok_actions)},
      {"AlarmActions", text_list(alarm.alarm_actions)},
      {"InsufficientDataActions", text_list(alarm.insufficient_data_actions)},
  };
  out.insert(out.end(), rest.begin(), rest.end());
  if (stored.composite) {
    out.emplace_back("AlarmRule", stored.composite->alarm_rule);
    out.emplace_back("TriggeringChildren", triggering_children(alarm));
  } else {
    out.emplace_back("Trigger", trigger(alarm));
  }
  return to_json(Document(std::move(out)));
}

std::string bracketed(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + text;
  return texts.empty() ? "" : out + ']';
}

/// ` k = v] [k2 = v2`, without the outer brackets.
std::string dimensions_text(const std::vector<metrics::Dimension>& dimensions) {
  std::string out;
  for (const metrics::Dimension& dimension : dimensions) {
    if (!out.empty()) out += "] [";
    out += dimension.name + " = " + dimension.value;
  }
  return out;
}

std::string metric_text(const Alarm& alarm) {
  const std::string period = std::to_string(alarm.period()) + " seconds";
  const std::string threshold =
      alarm.has_band() ? *alarm.threshold_metric_id : java_double(*alarm.threshold);
  std::string text = "Threshold:\n";
  text += "- The alarm is in the ALARM state when the metric is " + *alarm.comparison_operator +
          ' ' + threshold + " for at least " + std::to_string(alarm.datapoints()) +
          " of the last " + std::to_string(*alarm.evaluation_periods) + " period(s) of " + period +
          ".\n\n";
  if (alarm.is_math()) {
    text += "Monitored Metrics:\n";
    for (const metric_math::DataQuery& query : *alarm.queries) {
      text += "- " + query.id + ": ";
      if (query.expression) text += *query.expression;
      if (query.metric_stat) {
        const auto& [metric, period_s, stat, unit] = *query.metric_stat;
        text += stat + " of " + metric.namespace_name + ' ' + metric.metric_name + " [" +
                dimensions_text(metric.dimensions) + ']';
      }
      text += '\n';
    }
    text += "- Period:                              " + period + '\n';
  } else {
    text += "Monitored Metric:\n";
    text += "- MetricNamespace:                     " + *alarm.namespace_name + '\n';
    text += "- MetricName:                          " + *alarm.metric_name + '\n';
    text += "- Dimensions:                          [" + dimensions_text(alarm.dimensions) + "]\n";
    text += "- Period:                              " + period + '\n';
    text += "- Statistic:                           " + alarm.statistic_name() + '\n';
    text += "- Unit:                                " + alarm.unit.value_or("not specified") + '\n';
  }
  text += "- TreatMissingData:                    " + alarm.treat_missing_data.value_or("missing") +
          "\n\n";
  return text;
}

std::string letter(const Scope& scope, const StoredAlarm& stored, std::string_view old_state) {
  const Alarm& alarm = stored.alarm;
  const std::string region(region_name(scope.region));
  std::string text;
  text += "You are receiving this email because your Amazon CloudWatch Alarm \"" +
          alarm.alarm_name + "\" in the " + region + " region has entered the " +
          alarm.state_value + " state, because \"" + alarm.state_reason + "\" at \"" +
          long_time(alarm.state_updated) + "\".\n\n";
  text += "Alarm Details:\n";
  text += "- Name:                       " + alarm.alarm_name + '\n';
  text += "- Description:                " + alarm.alarm_description.value_or("") + '\n';
  text +=
      "- State Change:               " + std::string(old_state) + " -> " + alarm.state_value + '\n';
  text += "- Reason for State Change:    " + alarm.state_reason + '\n';
  text += "- Timestamp:                  " + long_time(alarm.state_updated) + '\n';
  text += "- AWS Account:                " + scope.account + '\n';
  text += "- Alarm Arn:                  " + alarm.alarm_arn + "\n\n";
  text += stored.composite ? "Alarm Rule:\n- " + stored.composite->alarm_rule + "\n\n"
                           : metric_text(alarm);
  text += "State Change Actions:\n";
  text += "- OK: " + bracketed(alarm.ok_actions) + '\n';
  text += "- ALARM: " + bracketed(alarm.alarm_actions) + '\n';
  text += "- INSUFFICIENT_DATA: " + bracketed(alarm.insufficient_data_actions) + '\n';
  return text;
}

Document state_document(const StoredAlarm& stored) {
  const Alarm& alarm = stored.alarm;
  Document::Map state = {{"stateValue", alarm.state_value}, {"stateReason", alarm.state_reason}};
  if (alarm.state_reason_data) {
    // It was JSON when it was stored; anything else is shown as the text that it is.
    const auto data = parse_json(*alarm.state_reason_data);
    state.emplace_back("stateReasonData", data ? *data : Document(*alarm.state_reason_data));
  }
  if (stored.composite && stored.composite->suppressed_by) {
    state.emplace_back("actionsSuppressedBy", *stored.composite->suppressed_by);
    state.emplace_back("actionsSuppressedReason", *stored.composite->suppressed_reason);
  }
  return state;
}

Document::Map configuration(const StoredAlarm& stored) {
  const Alarm& alarm = stored.alarm;
  Document::List dimensions;
  for (const metrics::Dimension& dimension : alarm.dimensions) {
    dimensions.push_back(Document::Map{{"name", dimension.name}, {"value", dimension.value}});
  }
  Document::Map out = {{"alarmName", alarm.alarm_name}};
  const auto add = [&](std::string_view name, const Document& value) {
    if (!value.is_null()) out.emplace_back(name, value);
  };
  add("alarmDescription", or_null(alarm.alarm_description));
  add("alarmArn", alarm.alarm_arn);
  add("alarmConfigurationUpdatedTimestamp", to_iso8601_offset(alarm.configuration_updated));
  if (stored.composite) {
    const Composite& composite = *stored.composite;
    add("alarmRule", composite.alarm_rule);
    add("actionsSuppressor", or_null(composite.actions_suppressor));
    add("actionsSuppressorWaitPeriod", or_null(composite.wait_period_s));
    add("actionsSuppressorExtensionPeriod", or_null(composite.extension_period_s));
  }
  add("namespace", or_null(alarm.namespace_name));
  add("metricName", or_null(alarm.metric_name));
  if (alarm.statistic) add("statistic", upper_statistic(*alarm.statistic));
  add("extendedStatistic", or_null(alarm.extended_statistic));
  add("period", or_null(alarm.period_s));
  if (alarm.metric_name) add("dimensions", std::move(dimensions));
  add("unit", or_null(alarm.unit));
  if (alarm.is_math()) {
    Document::List queries;
    for (const auto& query : *alarm.queries) queries.push_back(to_document(query));
    add("metrics", std::move(queries));
  }
  add("threshold", or_null(alarm.threshold));
  add("thresholdMetricId", or_null(alarm.threshold_metric_id));
  add("comparisonOperator", or_null(alarm.comparison_operator));
  add("evaluationPeriods", or_null(alarm.evaluation_periods));
  add("datapointsToAlarm", or_null(alarm.datapoints_to_alarm));
  add("treatMissingData", or_null(alarm.treat_missing_data));
  add("evaluateLowSampleCountPercentile", or_null(alarm.evaluate_low_sample_count_percentile));
  add("stateValue", alarm.state_value);
  add("stateUpdatedTimestamp", to_iso8601_offset(alarm.state_updated));
  add("actionsEnabled", alarm.actions_enabled);
  add("alarmActions", text_list(alarm.alarm_actions));
  add("insufficientDataActions", text_list(alarm.insufficient_data_actions));
  add("okactions", text_list(alarm.ok_actions));
  return out;
}

}  // namespace

Notification notification(const Scope& scope, const StoredAlarm& alarm, std::string_view old_state,
                          bool is_after_mute) {
  return {subject(scope, alarm.alarm), message(scope, alarm, old_state, is_after_mute),
          letter(scope, alarm, old_state)};
}

std::string state_update_data(const StoredAlarm& before, const StoredAlarm& after) {
  return to_json(Document(Document::Map{{"version", "1.0"},
                                        {"oldState", state_document(before)},
                                        {"newState", state_document(after)}}));
}

std::string configuration_update_data(std::string_view type, const StoredAlarm& alarm,
                                      const StoredAlarm* before) {
  const Document::Map now = configuration(alarm);
  Document::Map out = {{"version", "1.0"}, {"type", type}};
  if (type == "Create") out.emplace_back("createdAlarm", now);
  if (type == "Delete") out.emplace_back("deletedAlarm", now);
  if (before != nullptr) {
    out.emplace_back("updatedAlarm", now);
    const Document current(now);
    Document::Map changed;
    for (const auto& [name, value] : configuration(*before)) {
      const Document* found = current.find(name);
      if (found == nullptr || *found != value) changed.emplace_back(name, value);
    }
    out.emplace_back("originalUpdatedFields", std::move(changed));
  }
  return to_json(Document(std::move(out)));
}

std::string failed_action_summary(std::string_view arn, std::string_view error) {
  return "Failed to execute action " + std::string(arn) + ". Received error: \"" +
         std::string(error) + '"';
}

std::string action_data(std::string_view arn, Time state_updated, const Notification& published,
                        std::string_view error) {
  const std::string texts = to_json(Document(Document::Map{{"default", published.message},
                                                           {"sms", published.subject},
                                                           {"email", published.email_text}}));
  const bool is_done = error.empty();
  return to_json(
      Document(Document::Map{{"actionState", is_done ? "Succeeded" : "Failed"},
                             {"stateUpdateTimestamp", state_updated.ms},
                             {"notificationResource", arn},
                             {"publishedMessage", is_done ? Document(texts) : Document()},
                             {"error", is_done ? Document() : Document(error)},
                             {"muteWindowEndTimestamp", Document()}}));
}

std::string muted_action_data(std::string_view arn, Time state_updated, Time until) {
  return to_json(Document(Document::Map{{"actionState", "Muted"},
                                        {"stateUpdateTimestamp", state_updated.ms},
                                        {"notificationResource", arn},
                                        {"publishedMessage", Document()},
                                        {"error", Document()},
                                        {"muteWindowEndTimestamp", until.ms}}));
}

}  // namespace weir::alarms
