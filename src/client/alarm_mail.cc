// SPDX-License-Identifier: Apache-2.0
#include "client/alarm_mail.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/document.h"

namespace weir::client {

namespace {

constexpr std::size_t kDimensionsMax = 30;  // as CloudWatch
constexpr std::size_t kChildrenShownMax = 10;
constexpr std::size_t kStateBytesMax = 20;
constexpr std::size_t kSubjectPartBytesMax = 70;

std::string text_at(const Document& map, std::string_view name) {
  const Document* found = map.find(name);
  return found && found->string() ? *found->string() : "";
}

std::string number_at(const Document& map, std::string_view name) {
  const Document* found = map.find(name);
  return found && (found->integer() || found->real()) ? to_json(*found) : "";
}

std::string person_time(Time time) {
  std::string text = to_iso8601(time);  // 2026-01-31T12:34:56.789Z
  text.resize(19);
  text[10] = ' ';
  return text + " UTC";
}

std::string_view comparison_sign(std::string_view comparison) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kSigns = {{
      {"GreaterThanThreshold", ">"},
      {"GreaterThanOrEqualToThreshold", ">="},
      {"LessThanThreshold", "<"},
      {"LessThanOrEqualToThreshold", "<="},
  }};
  const auto found = std::ranges::find(kSigns, comparison, &decltype(kSigns)::value_type::first);
  return found == kSigns.end() ? comparison : found->second;
}

std::string metric_of(const Document& trigger) {
  std::string metric = text_at(trigger, "MetricName");
  if (metric.empty()) return trigger.find("Metrics") ? "an expression" : "";
  metric.insert(0, text_at(trigger, "Namespace") + '/');
  const std::string statistic = text_at(trigger, "Statistic");
  return statistic.empty() ? metric : statistic + " of " + metric;
}

std::string condition_of(const Document& trigger) {
  std::string text = metric_of(trigger);
  if (text.empty()) return "";
  if (const std::string period = number_at(trigger, "Period"); !period.empty()) {
    text += " over " + period + " s";
  }
  if (const std::string threshold = number_at(trigger, "Threshold"); !threshold.empty()) {
    text += ' ';
    text += comparison_sign(text_at(trigger, "ComparisonOperator"));
    text += ' ' + threshold;
  }
  const std::string of = number_at(trigger, "EvaluationPeriods");
  const std::string some = number_at(trigger, "DatapointsToAlarm");
  if (!of.empty() && of != "1")
    text += ", " + (some.empty() ? of : some) + " of " + of + " periods";
  return text;
}

std::string dimensions_of(const Document& trigger) {
  const Document* list = trigger.find("Dimensions");
  if (!list || !list->list()) return "";
  std::string text;
  std::size_t count = 0;
  for (const Document& dimension : *list->list()) {
    if (++count > kDimensionsMax) break;
    if (!text.empty()) text += ", ";
    text += text_at(dimension, "name") + " = " + text_at(dimension, "value");
  }
  return text;
}

std::vector<std::string> children_of(const Document& alarm) {
  const Document* list = alarm.find("TriggeringChildren");
  std::vector<std::string> arns;
  if (!list || !list->list()) return arns;
  for (const Document& child : *list->list()) {
    if (arns.size() == kChildrenShownMax) break;
    arns.push_back(text_at(child, "Arn"));
  }
  return arns;
}

// Not within a character of UTF-8.
std::string shortened(std::string_view text) {
  if (text.size() <= kSubjectPartBytesMax) return std::string(text);
  std::size_t end = kSubjectPartBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

// A word of a POSIX shell.
std::string quoted(std::string_view name) {
  std::string out = "'";
  for (const char c : name) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + '\'';
}

std::string silence_command(const AlarmNews& alarm) {
  return "weir silence " + quoted(alarm.name) + " --for 2h";
}
std::string explain_command(const AlarmNews& alarm) {
  return "weir alarms explain " + quoted(alarm.name);
}

std::string record_line(const MailRecord& record) {
  return person_time(record.time) + "  " + record.text;
}

void add_line(std::string& out, std::string_view label, std::string_view value) {
  if (!value.empty()) out.append(label).append(": ").append(value).append("\n");
}

// --- HTML ---

// Control characters have no place in HTML; log lines may hold any.
std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f ? ' ' : c;
    }
  }
  return out;
}

std::string_view color_of(std::string_view state) {
  if (state == "ALARM") return "#b3261e";
  return state == "OK" ? "#1b6e35" : "#5f6368";
}

void add_row(std::string& out, std::string_view label, std::string_view value) {
  if (value.empty()) return;
  out +=
      "<tr><td style=\"padding:2px 12px 2px 0;color:#5f6368;vertical-align:top;"
      "white-space:nowrap\">";
  out.append(label).append("</td><td style=\"padding:2px 0;word-break:break-word\">");
  out.append(escaped(value)).append("</td></tr>\n");
}

void add_code(std::string& out, std::string_view label, std::string_view code) {
  out += "<p style=\"margin:12px 0 4px;color:#5f6368\">";
  out += label;
  out +=
      "</p>\n<pre style=\"margin:0;padding:8px;background:#f1f3f4;color:#202124;font:13px/1.4 "
      "monospace;white-space:pre-wrap;word-break:break-word\">";
  out.append(escaped(code)).append("</pre>\n");
}

std::string records_text(const AlarmDetails& details) {
  std::string text;
  for (const MailRecord& record : details.records) {
    if (!text.empty()) text += '\n';
    text += record_line(record);
  }
  return text;
}

std::string records_label(const AlarmDetails& details) {
  return std::string(details.has_more_records ? "First matching records" : "Matching records") +
         " (" + details.records.front().log_group + ')';
}

bool is_web_url(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

}  // namespace

std::optional<AlarmNews> AlarmNews::read(std::string_view message) {
  if (!message.starts_with('{')) return std::nullopt;
  const auto alarm = parse_json(message);
  if (!alarm || !alarm->map()) return std::nullopt;
  AlarmNews news;
  news.name = text_at(*alarm, "AlarmName");
  news.state = text_at(*alarm, "NewStateValue");
  if (news.name.empty() || news.state.empty()) return std::nullopt;
  news.old_state = text_at(*alarm, "OldStateValue");
  news.region = text_at(*alarm, "Region");
  news.reason = text_at(*alarm, "NewStateReason");
  news.since = text_at(*alarm, "StateChangeTime");
  if (const auto since = parse_iso8601(news.since)) news.since = person_time(*since);
  news.description = text_at(*alarm, "AlarmDescription");
  news.account = text_at(*alarm, "AWSAccountId");
  news.arn = text_at(*alarm, "AlarmArn");
  news.condition = text_at(*alarm, "AlarmRule");
  if (const Document* trigger = alarm->find("Trigger"); trigger && trigger->map()) {
    news.condition = condition_of(*trigger);
    news.dimensions = dimensions_of(*trigger);
  }
  news.triggering_children = children_of(*alarm);
  return news;
}

std::string alarm_subject(const AlarmNews& alarm) {
  std::string subject =
      alarm.state.substr(0, kStateBytesMax) + ": \"" + shortened(alarm.name) + '"';
  if (!alarm.region.empty()) subject += " in " + shortened(alarm.region);
  return subject;
}

std::string alarm_text(const AlarmNews& alarm, const AlarmDetails& details) {
  std::string text = alarm.state + ": " + alarm.name + '\n';
  add_line(text, "Reason", alarm.reason);
  add_line(text, "Region", alarm.region);
  add_line(text, "Since", alarm.since);
  add_line(text, "Before", alarm.old_state);
  add_line(text, "Description", alarm.description);
  add_line(text, "Condition", alarm.condition);
  add_line(text, "Dimensions", alarm.dimensions);
  for (const std::string& arn : alarm.triggering_children) add_line(text, "Caused by", arn);
  add_line(text, "Account", alarm.account);
  add_line(text, "Alarm", alarm.arn);
  if (!details.records.empty()) {
    text += '\n' + records_label(details) + ":\n" + records_text(details) + '\n';
    if (details.has_more_records) text += "...\n";
  }
  text += '\n';
  add_line(text, "Graph", details.graph_url);
  add_line(text, "Silence for two hours", silence_command(alarm));
  add_line(text, "Why step by step", explain_command(alarm));
  return text;
}

std::string alarm_html(const AlarmNews& alarm, const AlarmDetails& details,
                       std::string_view unsubscribe_url) {
  std::string out =
      "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "</head>\n<body style=\"margin:0;padding:8px;background:#ffffff;color:#202124;"
      "font:15px/1.45 sans-serif\">\n<div style=\"max-width:640px;margin:0 auto\">\n"
      "<div style=\"padding:10px 12px;color:#ffffff;background:";
  out.append(color_of(alarm.state)).append("\">\n<div style=\"font-size:13px\">");
  out.append(escaped(alarm.state)).append(alarm.region.empty() ? "" : " in ");
  out.append(escaped(alarm.region));
  out += "</div>\n<div style=\"font-size:19px;font-weight:bold;word-break:break-word\">";
  out.append(escaped(alarm.name)).append("</div>\n</div>\n");
  if (!alarm.reason.empty())
    out += "<p style=\"margin:12px 0\">" + escaped(alarm.reason) + "</p>\n";
  out += "<table style=\"border-collapse:collapse;font-size:14px\">\n";
  add_row(out, "Since", alarm.since);
  add_row(out, "Before", alarm.old_state);
  add_row(out, "Description", alarm.description);
  add_row(out, "Condition", alarm.condition);
  add_row(out, "Dimensions", alarm.dimensions);
  for (const std::string& arn : alarm.triggering_children) add_row(out, "Caused by", arn);
  add_row(out, "Account", alarm.account);
  add_row(out, "Alarm", alarm.arn);
  out += "</table>\n";
  if (is_web_url(details.graph_url)) {
    out += "<p style=\"margin:14px 0\"><a href=\"" + escaped(details.graph_url) +
           "\" style=\"display:inline-block;padding:9px 14px;background:#1a56a8;color:#ffffff;"
           "text-decoration:none\">Show the graph</a></p>\n";
  }
  if (!details.records.empty()) {
    const std::string more = details.has_more_records ? "\n..." : "";
    add_code(out, escaped(records_label(details)), records_text(details) + more);
  }
  add_code(out, "Silence it for two hours", silence_command(alarm));
  add_code(out, "See why, step by step", explain_command(alarm));
  if (is_web_url(unsubscribe_url)) {
    out +=
        "<p style=\"margin:18px 0 0;font-size:12px;color:#5f6368\"><a href=\"" +
        escaped(unsubscribe_url) +
        "\" style=\"color:#5f6368\">Unsubscribe</a> from these notifications. Please do not reply "
        "to this mail.</p>\n";
  }
  return out + "</div>\n</body></html>\n";
}

}  // namespace weir::client
