// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <map>

#include "cli/answers.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/daemon_client.h"
#include "cli/result_table.h"
#include "cli/sparkline.h"
#include "cli/stop_signal.h"

namespace weir::cli {
namespace {

constexpr Service kWeir{.signing_name = "weir", .target_prefix = "Weir_20261101"};
constexpr std::string_view kBold = "1";
constexpr std::string_view kDim = "2";
constexpr std::string_view kRed = "31";
constexpr std::string_view kClear = "\x1b[H\x1b[2J";
constexpr int kPage = 100;
constexpr std::size_t kPoints = 24;  // of a sparkline
constexpr std::size_t kAlarmsMax = 10'000;

std::string_view colour_of(std::string_view state) {
  if (state == "ALARM") return "1;31";
  return state == "OK" ? "32" : "33";
}

/// What is most urgent first.
int rank_of(std::string_view state) {
  if (state == "ALARM") return 0;
  return state == "INSUFFICIENT_DATA" ? 1 : 2;
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

double real(const Document& number) {
  if (number.real() != nullptr) return *number.real();
  return number.integer() != nullptr ? static_cast<double>(*number.integer()) : 0;
}

/// `3m`, `5h`, `12d`.
std::string age_text(double seconds) {
  const auto s = static_cast<std::int64_t>(std::max(seconds, 0.0));
  if (s < 60) return std::to_string(s) + "s";
  if (s < 3600) return std::to_string(s / 60) + "m";
  if (s < 48 * 3600) return std::to_string(s / 3600) + "h";
  return std::to_string(s / 86'400) + "d";
}

struct Row {
  std::string name;
  std::string type;
  std::string state;
  double since_s = 0;
  std::string reason;
  std::string limit;  // `> 85`
  std::string comparison;
  std::optional<double> threshold;
  std::int64_t period_s = 60;
  Document metric_stat;  // of an alarm on one metric
  std::vector<std::optional<double>> values = {};

  bool breaches(double value) const {
    if (!threshold) return false;
    if (comparison == "GreaterThanThreshold") return value > *threshold;
    if (comparison == "GreaterThanOrEqualToThreshold") return value >= *threshold;
    if (comparison == "LessThanThreshold") return value < *threshold;
    if (comparison == "LessThanOrEqualToThreshold") return value <= *threshold;
    return false;
  }
};

std::string sign_of(const std::string& comparison) {
  const std::string sign = comparison.starts_with("Greater") ? ">" : "<";
  return comparison.find("OrEqual") != std::string::npos ? sign + '=' : sign;
}

Row row_of(const Document& alarm, const std::string& type) {
  Row row{.name = text_of(alarm, "AlarmName"),
          .type = type,
          .state = text_of(alarm, "StateValue"),
          .since_s = real_of(alarm, "StateTransitionedTimestamp"),
          .reason = text_of(alarm, "StateReason"),
          .limit = {},
          .comparison = text_of(alarm, "ComparisonOperator"),
          .threshold = {},
          .metric_stat = {}};
  if (type == "CompositeAlarm") {
    row.limit = text_of(alarm, "AlarmRule");
    return row;
  }
  row.limit = row.comparison;
  if (alarm.find("Threshold") != nullptr) {
    row.threshold = real_of(alarm, "Threshold");
    row.limit = sign_of(row.comparison) + ' ' + number_text(*row.threshold);
  }
  if (alarm.find("MetricName") == nullptr) {
    // The points of an expression are those that its last change was judged by.
    const auto data = parse_json(text_of(alarm, "StateReasonData"));
    if (!data) return row;
    for (const Document& value : list_of(*data, "recentDatapoints")) {
      row.values.emplace_back(real(value));
    }
    return row;
  }
  row.period_s = number_of(alarm, "Period");
  const std::string statistic = text_of(alarm, "Statistic");
  Document metric;
  metric["Namespace"] = text_of(alarm, "Namespace");
  metric["MetricName"] = text_of(alarm, "MetricName");
  metric["Dimensions"] = list_of(alarm, "Dimensions");
  row.metric_stat["Metric"] = std::move(metric);
  row.metric_stat["Period"] = row.period_s;
  row.metric_stat["Stat"] = statistic.empty() ? text_of(alarm, "ExtendedStatistic") : statistic;
  if (const std::string unit = text_of(alarm, "Unit"); !unit.empty())
    row.metric_stat["Unit"] = unit;
  return row;
}

/// The last points of the alarms [begin, end) that are on one metric with that period.
Result<void> add_values(DaemonClient& daemon, std::vector<Row>& rows, std::int64_t period_s,
                        Time now) {
  Document::List queries;
  std::map<std::string, Row*> by_id;
  for (Row& row : rows) {
    if (row.metric_stat.is_null() || row.period_s != period_s) continue;
    const std::string id = "m" + std::to_string(queries.size());
    Document query;
    query["Id"] = id;
    query["MetricStat"] = row.metric_stat;
    queries.push_back(std::move(query));
    by_id.emplace(id, &row);
  }
  const std::int64_t end_s = (now.seconds() / period_s + 1) * period_s;
  const std::int64_t begin_s = end_s - static_cast<std::int64_t>(kPoints) * period_s;
  Document input;
  input["MetricDataQueries"] = std::move(queries);
  input["StartTime"] = Time::from_seconds(begin_s);
  input["EndTime"] = Time::from_seconds(end_s);
  WEIR_TRY(const Document answer, daemon.call(kMetrics, "GetMetricData", input));
  for (const Document& result : list_of(answer, "MetricDataResults")) {
    const auto found = by_id.find(text_of(result, "Id"));
    if (found == by_id.end()) continue;
    auto& values = found->second->values;
    values.assign(kPoints, std::nullopt);
    const auto& times = list_of(result, "Timestamps");
    const auto& numbers = list_of(result, "Values");
    for (std::size_t i = 0; i < std::min(times.size(), numbers.size()); ++i) {
      const double time = real(times[i]);
      const double value = real(numbers[i]);
      const auto slot = (static_cast<std::int64_t>(time) - begin_s) / period_s;
      if (slot >= 0 && slot < static_cast<std::int64_t>(kPoints)) {
        values[static_cast<std::size_t>(slot)] = value;
      }
    }
  }
  return {};
}

Result<std::vector<Row>> ask(DaemonClient& daemon, const AlarmsOptions& options, Time now) {
  std::vector<Row> all;
  Document input;
  input["AlarmTypes"] = Document::List{"MetricAlarm", "CompositeAlarm"};
  input["MaxRecords"] = kPage;
  if (!options.state.empty()) input["StateValue"] = options.state;
  if (!options.prefix.empty()) input["AlarmNamePrefix"] = options.prefix;
  while (true) {
    WEIR_TRY(const Document page, daemon.call(kMetrics, "DescribeAlarms", input));
    std::vector<Row> rows;
    for (const char* type : {"MetricAlarm", "CompositeAlarm"}) {
      for (const Document& alarm : list_of(page, std::string(type) + "s")) {
        rows.push_back(row_of(alarm, type));
      }
    }
    std::vector<std::int64_t> periods;
    for (const Row& row : rows) {
      if (!row.metric_stat.is_null()) periods.push_back(row.period_s);
    }
    std::sort(periods.begin(), periods.end());
    periods.erase(std::unique(periods.begin(), periods.end()), periods.end());
    for (const std::int64_t period_s : periods) {
      WEIR_CHECK(add_values(daemon, rows, period_s, now));
    }
    all.insert(all.end(), std::make_move_iterator(rows.begin()),
               std::make_move_iterator(rows.end()));
    const std::string next = text_of(page, "NextToken");
    if (next.empty() || daemon.is_stopped() || all.size() >= kAlarmsMax) break;
    input["NextToken"] = next;
  }
  std::stable_sort(all.begin(), all.end(), [](const Row& a, const Row& b) {
    const int left = rank_of(a.state);
    const int right = rank_of(b.state);
    return left != right ? left < right : a.since_s > b.since_s;
  });
  return all;
}

/// Without the part of an ARN that is the same for all alarms.
std::string short_reason(std::string reason) {
  constexpr std::string_view kBegin = "arn:aws:cloudwatch:";
  constexpr std::string_view kKind = ":alarm:";
  const std::size_t name = reason.find(kKind);
  if (reason.starts_with(kBegin) && name != std::string::npos) reason.erase(0, name + kKind.size());
  return reason;
}

void print(const std::vector<Row>& rows, Time now) {
  ResultTable table;
  std::vector<std::string> lines_drawn;
  for (const Row& row : rows) {
    const std::string drawn = sparkline(row.values);
    table.add({{"STATE", row.state},
               {"ALARM", row.name},
               {"DATA", drawn},
               {"THRESHOLD", row.limit},
               {"SINCE", age_text(static_cast<double>(now.ms) / 1000 - row.since_s)},
               {"WHY", short_reason(row.reason)}});
    lines_drawn.push_back(drawn);
  }
  const auto lines = aligned(table, terminal_width());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i == 0) {
      std::cout << coloured(lines[0], kBold) << '\n';
      continue;
    }
    const Row& row = rows[i - 1];
    std::string line = lines[i];
    const std::size_t at =
        lines_drawn[i - 1].empty() ? std::string::npos : line.find(lines_drawn[i - 1]);
    if (at != std::string::npos) {
      line.replace(at, lines_drawn[i - 1].size(),
                   sparkline(
                       row.values, [&row](double value) { return row.breaches(value); },
                       [](const std::string& block) { return coloured(block, kRed); }));
    }
    const std::size_t state = std::min(row.state.size(), line.size());
    std::cout << coloured(line.substr(0, state), colour_of(row.state)) << line.substr(state)
              << '\n';
  }
  std::map<std::string, int> counts;
  for (const Row& row : rows) ++counts[row.state];
  std::cout << rows.size() << (rows.size() == 1 ? " alarm" : " alarms");
  for (const auto& [state, count] : counts) std::cout << ", " << count << ' ' << state;
  std::cout << '\n';
}

Document json_of(const std::vector<Row>& rows) {
  Document::List list;
  for (const Row& row : rows) {
    Document::List values;
    for (const auto& value : row.values) values.push_back(value ? Document(*value) : Document());
    Document one;
    one["name"] = row.name;
    one["type"] = row.type;
    one["state"] = row.state;
    one["since"] = to_iso8601(Time{static_cast<std::int64_t>(row.since_s * 1000)});
    one["reason"] = row.reason;
    if (row.threshold) one["threshold"] = *row.threshold;
    if (!row.comparison.empty()) one["comparison"] = row.comparison;
    if (row.type == "CompositeAlarm") one["rule"] = row.limit;
    if (row.type == "MetricAlarm") one["values"] = std::move(values);
    list.push_back(std::move(one));
  }
  return list;
}

// ---- explain

void print_state(const Document& alarm, const std::string& indent) {
  const std::string state = text_of(alarm, "state");
  std::cout << indent << coloured(state, colour_of(state)) << "  "
            << coloured(text_of(alarm, "name"), kBold);
  const std::string since = text_of(alarm, "stateSince");
  if (!since.empty()) std::cout << coloured("  since " + since, kDim);
  std::cout << '\n';
}

void print_tree(const Document& alarm, const std::string& indent) {
  const Document::List& children = list_of(alarm, "children");
  for (std::size_t i = 0; i < children.size(); ++i) {
    const bool is_last = i + 1 == children.size();
    const Document& child = children[i];
    print_state(child, indent + (is_last ? "└─ " : "├─ "));
    const std::string below = indent + (is_last ? "   " : "│  ");
    const std::string rule = text_of(child, "rule");
    if (!rule.empty()) std::cout << below << coloured(rule, kDim) << '\n';
    if (flag_of(child, "isShownElsewhere")) std::cout << below << "(its children: see above)\n";
    print_tree(child, below);
  }
}

void print_points(const Document& answer) {
  ResultTable table;
  std::vector<bool> breaching;
  for (const Document& point : list_of(answer, "points")) {
    const bool has_value = point.find("value") != nullptr;
    const std::string taken = text_of(point, "takenAs");
    const bool is_breaching = flag_of(point, "isBreaching") || taken == "breaching";
    const std::string meaning = has_value        ? is_breaching ? "breaching" : "good"
                                : !taken.empty() ? "missing, taken as " + taken
                                                 : "missing";
    table.add({{"PERIOD FROM", text_of(point, "start")},
               {"VALUE", has_value ? number_text(real_of(point, "value")) : "-"},
               {"SAMPLES", has_value ? number_text(real_of(point, "sampleCount")) : "-"},
               {"WHICH IS", meaning},
               {"JUDGED", flag_of(point, "isJudged") ? "yes" : "no"}});
    breaching.push_back(is_breaching);
  }
  const auto lines = aligned(table, 0);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool is_red = i > 0 && breaching[i - 1];
    std::cout << "  "
              << (i == 0   ? coloured(lines[i], kBold)
                  : is_red ? coloured(lines[i], kRed)
                           : lines[i])
              << '\n';
  }
}

void print_list(const Document& answer, const std::string& name, const std::string& title) {
  const Document::List& items = list_of(answer, name);
  if (items.empty()) return;
  std::cout << '\n' << coloured(title, kBold) << '\n';
  int number = 1;
  for (const Document& item : items) {
    if (item.string() != nullptr) std::cout << "  " << number++ << ". " << *item.string() << '\n';
  }
}

void print_explanation(const Document& answer) {
  print_state(answer, "");
  const std::string description = text_of(answer, "description");
  if (!description.empty()) std::cout << description << '\n';
  if (text_of(answer, "type") == "CompositeAlarm") {
    std::cout << '\n'
              << coloured("Rule", kBold) << "\n  " << text_of(answer, "rule") << "\n\n"
              << coloured("Children", kBold) << '\n';
    print_tree(answer, "  ");
  } else {
    std::cout << '\n'
              << coloured("Rule", kBold) << "\n  " << text_of(answer, "watches") << ' '
              << text_of(answer, "threshold") << " in " << number_of(answer, "datapointsToAlarm")
              << " of " << number_of(answer, "evaluationPeriods") << " periods of "
              << number_of(answer, "period")
              << " s; missing data: " << text_of(answer, "treatMissingData") << '\n';
    for (const Document& query : list_of(answer, "queries")) {
      std::cout << "  " << text_of(query, "id")
                << (flag_of(query, "isWatched") ? " (watched): " : ": ") << text_of(query, "text")
                << '\n';
    }
    std::cout << '\n' << coloured("Datapoints, the oldest first", kBold) << '\n';
    print_points(answer);
  }
  print_list(answer, "steps", "Judged now");
  print_list(answer, "actions", "Actions");
  std::cout << '\n'
            << coloured("Reason of the last change", kBold) << "\n  "
            << text_of(answer, "stateReason") << '\n';
}

}  // namespace

int alarms(const daemon::Config& config, const AlarmsOptions& options) {
  const auto key = daemon_key(config, options.key);
  if (!key) return fail(key.error());
  const StopSignal stop;
  DaemonClient daemon(config, *key, &stop);
  const SystemRuntime clock(1);
  do {
    const Time now = clock.now();
    const auto rows = ask(daemon, options, now);
    if (daemon.is_stopped()) return kSuccess;
    if (!rows) return fail(rows.error());
    if (options.watch) std::cout << kClear;
    if (options.json) {
      std::cout << to_pretty_json(json_of(*rows)) << '\n';
    } else {
      print(*rows, now);
    }
    std::cout << std::flush;
  } while (options.watch && !stop.wait(std::chrono::seconds(options.interval_s)));
  return kSuccess;
}

int explain_alarm(const daemon::Config& config, const AlarmsOptions& options) {
  const auto key = daemon_key(config, options.key);
  if (!key) return fail(key.error());
  Document input;
  input["alarmName"] = options.explained;
  const auto answer = DaemonClient(config, *key).call(kWeir, "ExplainAlarm", input);
  if (!answer) return fail(answer.error());
  const Document* const explanation = answer->find("explanation");
  if (explanation == nullptr) {
    return fail({ErrorKind::internal, "NoAnswer", "the daemon's answer has no explanation"});
  }
  if (options.json) {
    std::cout << to_pretty_json(*explanation) << '\n';
  } else {
    print_explanation(*explanation);
  }
  return kSuccess;
}

}  // namespace weir::cli
