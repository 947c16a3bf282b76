// SPDX-License-Identifier: Apache-2.0
#include "respond/alarm_message.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/document.h"

namespace weir::respond {

namespace {

constexpr std::int64_t kPeriodMax_s = 86'400;
constexpr std::int64_t kPeriodsMax = 1000;

Error no_alarm(std::string why) {
  return Error{ErrorKind::invalid, "InvalidParameter", "no alarm message: " + std::move(why)};
}

Result<std::string> text_at(const Document& map, std::string_view name) {
  const Document* found = map.find(name);
  if (found && found->string() && !found->string()->empty()) return *found->string();
  return no_alarm("it has no " + std::string(name));
}

std::int64_t number_at(const Document& map, std::string_view name, std::int64_t max) {
  const Document* found = map.find(name);
  if (!found || !found->integer()) return 1;
  return std::clamp<std::int64_t>(*found->integer(), 1, max);
}

// The reason names the beginning of each deciding datapoint: `[12.0 (24/11/26 06:05:00)]`.
struct Span {
  Time first;
  Time last;
};
std::optional<Span> datapoints(const std::string& reason) {
  std::optional<Span> span;
  for (auto at = reason.find('('); at != std::string::npos; at = reason.find('(', at + 1)) {
    unsigned day = 0;
    unsigned month = 0;
    unsigned year = 0;
    char clock[9] = {};
    if (std::sscanf(reason.c_str() + at, "(%2u/%2u/%2u %8[0-9:])", &day, &month, &year, clock) !=
        4) {
      continue;
    }
    char text[32];
    std::snprintf(text, sizeof text, "20%02u-%02u-%02uT%sZ", year, month, day, clock);
    const auto time = parse_iso8601(text);
    if (!time) continue;
    if (!span) span = Span{*time, *time};
    span->first = std::min(span->first, *time);
    span->last = std::max(span->last, *time);
  }
  return span;
}

void read_dimensions(const Document& trigger, AlarmMessage& alarm) {
  const Document* list = trigger.find("Dimensions");
  if (!list || !list->list()) return;
  for (const Document& item : *list->list()) {
    const Document* name = item.find("name");
    const Document* value = item.find("value");
    if (name && value && name->string() && value->string()) {
      alarm.dimensions[*name->string()] = *value->string();
    }
  }
}

}  // namespace

Result<AlarmMessage> AlarmMessage::parse(std::string_view message) {
  const auto tree = parse_json(message);
  if (!tree || !tree->map()) return no_alarm("it is no JSON object");
  AlarmMessage alarm;
  WEIR_TRY(alarm.name, text_at(*tree, "AlarmName"));
  WEIR_TRY(alarm.state, text_at(*tree, "NewStateValue"));
  WEIR_TRY(const std::string arn_text, text_at(*tree, "AlarmArn"));
  WEIR_TRY(const Arn arn, Arn::parse(arn_text));
  alarm.scope = arn.scope;
  WEIR_TRY(const std::string changed_text, text_at(*tree, "StateChangeTime"));
  WEIR_TRY(const Time changed, parse_iso8601(changed_text));
  const Document* trigger = tree->find("Trigger");
  if (!trigger || !trigger->map()) return no_alarm("it has no Trigger");
  WEIR_TRY(alarm.metric_namespace, text_at(*trigger, "Namespace"));
  WEIR_TRY(alarm.metric_name, text_at(*trigger, "MetricName"));
  read_dimensions(*trigger, alarm);

  const std::chrono::seconds period(number_at(*trigger, "Period", kPeriodMax_s));
  const auto reason = text_at(*tree, "NewStateReason");
  if (const auto span = reason ? datapoints(*reason) : std::nullopt) {
    alarm.start = span->first;
    alarm.end = span->last + period;
  } else {
    const std::int64_t periods = number_at(*trigger, "EvaluationPeriods", kPeriodsMax);
    alarm.start = changed - period * (periods + 1);
    alarm.end = changed + period;  // clocks differ; nothing later is there anyway
  }
  return alarm;
}

}  // namespace weir::respond
