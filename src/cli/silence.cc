// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "base/fnv.h"
#include "cli/answers.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/daemon_client.h"
#include "cli/result_table.h"
#include "cli/time_span.h"

namespace weir::cli {
namespace {

constexpr std::string_view kPrefix = "silence-";
constexpr std::size_t kNameMax = 255;
constexpr Duration kMinute = std::chrono::minutes(1);
constexpr Duration kLongest = std::chrono::hours(24 * 15) - kMinute;  // of a mute window

/// The mute rule that silences those alarms; the same for the same names, so that a second command
/// replaces the first.
std::string rule_name(const std::vector<std::string>& alarms) {
  if (alarms.size() == 1 && kPrefix.size() + alarms[0].size() <= kNameMax) {
    return std::string(kPrefix) + alarms[0];
  }
  std::string all;
  for (const std::string& alarm : alarms) all += alarm + '\n';
  return std::string(kPrefix) + std::to_string(fnv1a(all));
}

/// An alarm that does not exist would be silent for ever without a word.
Result<void> check_alarms(DaemonClient& daemon, const std::vector<std::string>& names) {
  Document input;
  Document::List list;
  for (const std::string& name : names) list.emplace_back(name);
  input["AlarmNames"] = std::move(list);
  input["AlarmTypes"] = Document::List{"MetricAlarm", "CompositeAlarm"};
  input["MaxRecords"] = 100;
  WEIR_TRY(const Document page, daemon.call(kMetrics, "DescribeAlarms", input));
  for (const std::string& name : names) {
    bool is_there = false;
    for (const char* type : {"MetricAlarms", "CompositeAlarms"}) {
      for (const Document& alarm : list_of(page, type)) {
        is_there = is_there || text_of(alarm, "AlarmName") == name;
      }
    }
    if (!is_there) return Error{ErrorKind::not_found, "Usage", "there is no alarm " + name};
  }
  return {};
}

Result<void> silence_alarms(DaemonClient& daemon, const SilenceOptions& options) {
  WEIR_TRY(const Duration span, parse_span(options.span, kLongest));
  WEIR_CHECK(check_alarms(daemon, options.alarms));
  const Time now = SystemRuntime(1).now();
  const Time until = now + span;
  // at() knows minutes only: the window begins at the one that goes on and the rule expires in
  // time.
  const std::string begin = to_iso8601(now).substr(0, 16);
  const auto minutes = (span + kMinute - Duration(1)) / kMinute + 1;
  Document schedule;
  schedule["Expression"] = "at(" + begin + ")";
  schedule["Duration"] = "PT" + std::to_string(minutes) + "M";
  Document rule;
  rule["Schedule"] = std::move(schedule);
  Document targets;
  Document::List names;
  for (const std::string& name : options.alarms) names.emplace_back(name);
  targets["AlarmNames"] = std::move(names);
  Document input;
  input["Name"] = rule_name(options.alarms);
  if (!options.comment.empty()) input["Description"] = options.comment;
  input["Rule"] = std::move(rule);
  input["MuteTargets"] = std::move(targets);
  input["ExpireDate"] = until;
  WEIR_TRY(const Document done, daemon.call(kMetrics, "PutAlarmMuteRule", input));
  (void)done;
  for (const std::string& name : options.alarms) std::cout << name << ' ';
  std::cout << "silenced until " << to_iso8601(until) << '\n';
  return {};
}

Result<void> end_silence(DaemonClient& daemon, const SilenceOptions& options) {
  Document input;
  input["AlarmMuteRuleName"] = rule_name(options.alarms);
  WEIR_TRY(const Document rule, daemon.call(kMetrics, "GetAlarmMuteRule", input));
  (void)rule;
  WEIR_TRY(const Document done, daemon.call(kMetrics, "DeleteAlarmMuteRule", input));
  (void)done;
  for (const std::string& name : options.alarms) std::cout << name << ' ';
  std::cout << "no longer silenced\n";
  return {};
}

Result<Document::List> mute_rules(DaemonClient& daemon) {
  Document::List out;
  Document input;
  input["Statuses"] = Document::List{"ACTIVE", "SCHEDULED"};
  input["MaxRecords"] = 100;
  while (true) {
    WEIR_TRY(const Document page, daemon.call(kMetrics, "ListAlarmMuteRules", input));
    for (const Document& summary : list_of(page, "AlarmMuteRuleSummaries")) {
      const std::string arn = text_of(summary, "AlarmMuteRuleArn");
      constexpr std::string_view kKind = ":alarm-mute-rule:";
      Document which;
      which["AlarmMuteRuleName"] = arn.substr(arn.find(kKind) + kKind.size());
      WEIR_TRY(Document rule, daemon.call(kMetrics, "GetAlarmMuteRule", which));
      out.push_back(std::move(rule));
    }
    const std::string next = text_of(page, "NextToken");
    if (next.empty()) return out;
    input["NextToken"] = next;
  }
}

void print(const Document::List& rules) {
  ResultTable table;
  for (const Document& rule : rules) {
    std::string alarms;
    if (const Document* const targets = rule.find("MuteTargets")) {
      for (const Document& name : list_of(*targets, "AlarmNames")) {
        if (name.string() != nullptr) alarms += (alarms.empty() ? "" : ", ") + *name.string();
      }
    }
    const Document* const times = rule.find("Rule");
    const Document* const schedule = times == nullptr ? nullptr : times->find("Schedule");
    const double end_s = real_of(rule, "ExpireDate");
    table.add(
        {{"STATUS", text_of(rule, "Status")},
         {"ALARMS", alarms},
         {"UNTIL", end_s > 0 ? to_iso8601(Time{static_cast<std::int64_t>(end_s * 1000)}) : "-"},
         {"COMMENT", text_of(rule, "Description")},
         {"SCHEDULE", schedule == nullptr ? ""
                                          : text_of(*schedule, "Expression") + " for " +
                                                text_of(*schedule, "Duration")},
         {"RULE", text_of(rule, "Name")}});
  }
  print_table(table);
}

}  // namespace

int silence(const daemon::Config& config, const SilenceOptions& options) {
  if (!options.list && options.alarms.empty()) {
    std::cerr << "weir: which alarm? (--list shows what is silenced)\n";
    return kUsage;
  }
  const auto key = daemon_key(config, options.key);
  if (!key) return fail(key.error());
  DaemonClient daemon(config, *key);
  if (options.list) {
    const auto rules = mute_rules(daemon);
    if (!rules) return fail(rules.error());
    if (options.json) {
      std::cout << to_pretty_json(*rules) << '\n';
    } else {
      print(*rules);
    }
    return kSuccess;
  }
  const auto done = options.end ? end_silence(daemon, options) : silence_alarms(daemon, options);
  return done ? kSuccess : fail(done.error());
}

}  // namespace weir::cli
