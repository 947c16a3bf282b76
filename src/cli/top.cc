// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <utility>

#include "cli/answers.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/daemon_client.h"
#include "cli/log_query.h"
#include "cli/result_table.h"
#include "cli/stop_signal.h"
#include "cli/time_span.h"

namespace weir::cli {
namespace {

constexpr std::string_view kBold = "1";
constexpr std::size_t kBarWidth = 24;
constexpr std::size_t kBarWidthMin = 8;   // a shorter one says nothing
constexpr std::size_t kFieldsNamed = 20;  // in an error
constexpr Duration kMinute = std::chrono::minutes(1);
constexpr Duration kReportMax = std::chrono::hours(24);
constexpr std::string_view kValue = "weir_value";  // columns of our queries
constexpr std::string_view kTotal = "weir_total";
constexpr std::string_view kContributors = "weir_contributors";

/// Who is on top, wherever that comes from.
struct Ranking {
  struct One {
    std::vector<std::pair<std::string, std::string>> keys;  // title and value
    double value = 0;
  };
  std::string value_title;
  std::vector<One> contributors = {};
  double total = 0;
  double unique_count = 0;
  bool is_estimate = false;  // of unique_count
};

std::string whole_or_real(double value) {
  std::array<char, 64> text{};
  const bool is_whole = value == std::floor(value) && std::abs(value) < 1e15;
  std::snprintf(text.data(), text.size(), is_whole ? "%.0f" : "%.3f", value);
  return text.data();
}

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f%%", share * 100);
  return text.data();
}

/// A bar as long as `share` of the width, in eighths of a character.
std::string bar(double share, std::size_t width) {
  constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!(share > 0)) return "";
  const auto full = static_cast<double>(width * 8);
  const auto eighths = static_cast<std::size_t>(std::lround(std::min(share, 1.0) * full));
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i) text += "█";
  return text += kEighths[eighths % 8];
}

// ---- Output
// ---------------------------------------------------------------------------------------

void print(const Ranking& ranking, const TopOptions& options) {
  ResultTable table;
  std::vector<double> shares;
  for (const Ranking::One& one : ranking.contributors) {
    const double share = ranking.total > 0 ? one.value / ranking.total : 0;
    auto row = one.keys;
    row.emplace_back(ranking.value_title, whole_or_real(one.value));
    row.emplace_back("SHARE", percent(share));
    table.add(row);
    shares.push_back(share);
  }
  const std::size_t width = terminal_width();
  const auto lines = aligned(table, width);
  const std::size_t used = lines.empty() ? 0 : shown_width(lines.front()) + 2;
  const std::size_t bars =
      width == 0 ? kBarWidth : std::min(kBarWidth, width - std::min(width, used));
  for (std::size_t i = 0; i < lines.size() && !shares.empty(); ++i) {
    std::string line = lines[i];
    const std::string drawn = i == 0 || bars < kBarWidthMin ? "" : bar(shares[i - 1], bars);
    if (!drawn.empty()) line += "  " + drawn;
    std::cout << (i == 0 ? coloured(line, kBold) : line) << '\n';
  }
  std::cout << (ranking.is_estimate ? "about " : "") << whole_or_real(ranking.unique_count)
            << (ranking.unique_count == 1 ? " contributor" : " contributors") << ", in all "
            << whole_or_real(ranking.total) << ", in the last " << options.since << '\n';
}

Document json_of(const Ranking& ranking) {
  Document::List contributors;
  for (const Ranking::One& one : ranking.contributors) {
    Document keys{Document::Map{}};
    for (const auto& [title, value] : one.keys) keys[title] = value;
    Document shown;
    shown["keys"] = std::move(keys);
    shown["value"] = one.value;
    contributors.push_back(std::move(shown));
  }
  Document out;
  out["contributors"] = std::move(contributors);
  out["total"] = ranking.total;
  out["contributorCount"] = ranking.unique_count;
  return out;
}

// ---- By a rule
// ------------------------------------------------------------------------------------

Result<Document> report_of(const daemon::Config& config, const TopOptions& options) {
  WEIR_TRY(const Duration since, parse_span(options.since, kReportMax));
  WEIR_TRY(const server::AccessKey key, daemon_key(config, options.key));
  const Time now = SystemRuntime(1).now();
  Document input;
  input["RuleName"] = options.rule;
  input["StartTime"] = now - since;
  input["EndTime"] = now;
  input["Period"] = std::int64_t{(since + kMinute - Duration(1)) / kMinute * 60};
  input["MaxContributorCount"] = options.limit;
  return DaemonClient(config, key).call(kMetrics, "GetInsightRuleReport", input);
}

Ranking ranking_of(const Document& report) {
  Ranking ranking{.value_title = text_of(report, "AggregationStatistic") == "Sum" ? "SUM" : "COUNT",
                  .total = real_of(report, "AggregateValue"),
                  .unique_count = real_of(report, "ApproximateUniqueCount"),
                  .is_estimate = true};
  const Document::List& titles = list_of(report, "KeyLabels");
  for (const Document& one : list_of(report, "Contributors")) {
    auto& added = ranking.contributors.emplace_back();
    added.value = real_of(one, "ApproximateAggregateValue");
    const Document::List& keys = list_of(one, "Keys");
    for (std::size_t i = 0; i < std::min(titles.size(), keys.size()); ++i) {
      if (titles[i].string() == nullptr || keys[i].string() == nullptr) continue;
      added.keys.emplace_back(*titles[i].string(), *keys[i].string());
    }
  }
  return ranking;
}

// ---- By queries
// -----------------------------------------------------------------------------------

double number_in(const std::map<std::string, std::string>& row, std::string_view column) {
  const auto cell = row.find(std::string(column));
  double number = 0;
  if (cell != row.end()) {
    std::from_chars(cell->second.data(), cell->second.data() + cell->second.size(), number);
  }
  return number;
}

Result<LogAnswer> completed(LogQueries& queries, const LogQuery& query) {
  WEIR_TRY(LogAnswer answer, queries.run(query));
  if (answer.status == "Complete") return answer;
  return Error{
      ErrorKind::unavailable, "Query",
      "the query ended as " + answer.status + (answer.reason.empty() ? "" : ": " + answer.reason)};
}

/// Names for an error.
Result<std::string> fields_of(DaemonClient& daemon, const std::string& group) {
  Document input;
  input["logGroupIdentifier"] = group;
  WEIR_TRY(const Document fields, daemon.call(kLogs, "GetLogGroupFields", input));
  std::string names;
  std::size_t count = 0;
  for (const Document& field : list_of(fields, "logGroupFields")) {
    if (++count > kFieldsNamed) return names + ", ...";
    names += (names.empty() ? "" : ", ") + text_of(field, "name");
  }
  return names;
}

/// One query for those on top and one for what all of them are together.
Result<Ranking> ask_groups(const daemon::Config& config, const TopOptions& options,
                           LogQuery& query) {
  WEIR_TRY(const Duration since, parse_span(options.since));
  WEIR_TRY(const server::AccessKey key, daemon_key(config, options.key));
  const StopSignal stop;  // before the threads of others: they are not to get the signal either
  DaemonClient daemon(config, key);
  LogQueries queries(daemon, stop);
  query.to = SystemRuntime(1).now();
  query.from = query.to - since;
  if (query.groups.empty()) {
    WEIR_TRY(query.groups, queries.flow_log_groups());
  }
  const std::string value(kValue);
  const std::string each = (options.where.empty() ? "" : "filter " + options.where + " | ") +
                           "stats " +
                           (options.sum.empty() ? "count(*)" : "sum(" + options.sum + ")") +
                           " as " + value + " by " + options.by;
  query.text = each + " | sort " + value + " desc | limit " + std::to_string(options.limit);
  WEIR_TRY(const LogAnswer top, completed(queries, query));
  query.text = each + " | stats sum(" + value + ") as " + std::string(kTotal) + ", count(*) as " +
               std::string(kContributors);
  WEIR_TRY(const LogAnswer all, completed(queries, query));

  if (!top.table.rows.empty() && top.table.columns.size() == 1) {
    WEIR_TRY(const std::string known, fields_of(daemon, query.groups.front()));
    return Error{
        ErrorKind::invalid, "Usage",
        "no event has '" + options.by + "'; some fields of " + query.groups.front() + ": " + known};
  }
  Ranking ranking{.value_title = options.sum.empty() ? "COUNT" : "sum(" + options.sum + ")"};
  if (!all.table.rows.empty()) {
    ranking.total = number_in(all.table.rows.front(), kTotal);
    ranking.unique_count = number_in(all.table.rows.front(), kContributors);
  }
  for (const auto& row : top.table.rows) {
    auto& added = ranking.contributors.emplace_back();
    added.value = number_in(row, kValue);
    for (const std::string& name : top.table.columns) {
      if (name == kValue) continue;
      const auto cell = row.find(name);
      added.keys.emplace_back(name, cell == row.end() ? "-" : cell->second);
    }
  }
  return ranking;
}

}  // namespace

int top(const daemon::Config& config, const TopOptions& options) {
  if (options.rule.empty()) {
    LogQuery query{.text = {}, .groups = options.groups};
    const auto ranking = ask_groups(config, options, query);
    if (!ranking) return fail_in(query.text, ranking.error());
    if (options.json) {
      std::cout << to_pretty_json(json_of(*ranking)) << '\n';
    } else {
      print(*ranking, options);
    }
    return kSuccess;
  }
  const auto report = report_of(config, options);
  if (!report) return fail(report.error());
  if (options.json) {
    std::cout << to_pretty_json(*report) << '\n';
  } else {
    print(ranking_of(*report), options);
  }
  return kSuccess;
}

}  // namespace weir::cli
