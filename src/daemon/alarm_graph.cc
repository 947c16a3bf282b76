// SPDX-License-Identifier: Apache-2.0
#include "daemon/alarm_graph.h"

#include <chrono>
#include <utility>

#include "base/document.h"
#include "respond/alarm_message.h"
#include "wire/http.h"

namespace weir::daemon {
namespace {

constexpr std::chrono::hours kBefore(3);
constexpr std::chrono::hours kAfter(1);

std::string text_at(const Document& map, std::string_view name) {
  const Document* found = map.find(name);
  return found && found->string() ? *found->string() : "";
}

// Messages say SUM, widgets say Sum; percentiles are written in one way.
std::string statistic_of(const Document& trigger) {
  const std::string text = text_at(trigger, "Statistic");
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"SUM", "Sum"},         {"AVERAGE", "Average"},         {"MINIMUM", "Minimum"},
      {"MAXIMUM", "Maximum"}, {"SAMPLECOUNT", "SampleCount"}, {"SAMPLE_COUNT", "SampleCount"}};
  for (const auto& [message, widget] : kNames) {
    if (text == message) return std::string(widget);
  }
  return text;
}

// CloudWatch API Reference, "GetMetricWidgetImage: Metric Widget Structure and Syntax".
Document widget(const respond::AlarmMessage& alarm, const Document& trigger, Time changed) {
  Document::List metric = {alarm.metric_namespace, alarm.metric_name};
  for (const auto& [name, value] : alarm.dimensions) {
    metric.emplace_back(name);
    metric.emplace_back(value);
  }
  Document::Map out = {{"title", alarm.name},
                       {"width", 600},
                       {"height", 300},
                       {"metrics", Document::List{std::move(metric)}},
                       {"start", to_iso8601(changed - kBefore)},
                       {"end", to_iso8601(changed + kAfter)}};
  if (std::string statistic = statistic_of(trigger); !statistic.empty()) {
    out.emplace_back("stat", std::move(statistic));
  }
  if (const Document* period = trigger.find("Period"); period && period->integer()) {
    out.emplace_back("period", *period);
  }
  const Document* threshold = trigger.find("Threshold");
  if (threshold && (threshold->real() || threshold->integer())) {
    Document::Map line{{"label", "threshold"}, {"value", *threshold}};
    out.emplace_back("annotations", Document::Map{{"horizontal", Document::List{std::move(line)}}});
  }
  return Document(std::move(out));
}

}  // namespace

Result<GraphCall> graph_call(std::string_view message) {
  WEIR_TRY(const auto alarm, respond::AlarmMessage::parse(message));
  WEIR_TRY(const Document tree, parse_json(message));
  WEIR_TRY(const Time changed, parse_iso8601(text_at(tree, "StateChangeTime")));
  const Document* trigger = tree.find("Trigger");
  WEIR_ASSERT(trigger != nullptr);  // parse() has seen it
  // With this format the answer is the picture itself, which a browser shows.
  return GraphCall{alarm.scope,
                   "Action=GetMetricWidgetImage&Version=2010-08-01&OutputFormat=image%2Fpng"
                   "&MetricWidget=" +
                       wire::percent_encode(to_json(widget(alarm, *trigger, changed)))};
}

}  // namespace weir::daemon
