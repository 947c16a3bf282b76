// SPDX-License-Identifier: Apache-2.0
#include "cli/log_query.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "cli/answers.h"
#include "cli/progress.h"

namespace weir::cli {
namespace {

constexpr std::size_t kGroupsNamed = 8;  // in an error
constexpr Duration kPollFirst{100};
constexpr Duration kPollMax{1000};

Error wrong(std::string message) { return {ErrorKind::invalid, "Usage", std::move(message)}; }

/// Whether the query says itself which groups it reads.
bool has_source(std::string_view query) {
  constexpr std::string_view kSource = "source";
  query.remove_prefix(std::min(query.find_first_not_of(" \t\r\n"), query.size()));
  return query.size() > kSource.size() &&
         std::ranges::equal(query.substr(0, kSource.size()), kSource,
                            [](char a, char b) { return (a | 0x20) == b; });
}

std::string scanned_of(const Document& statistics) {
  return short_count(real_of(statistics, "recordsScanned")) + " records (" +
         short_count(real_of(statistics, "bytesScanned")) + "B) scanned, " +
         short_count(real_of(statistics, "recordsMatched")) + " matched";
}

Document statistics_of(const Document& answer) {
  const Document* const statistics = answer.find("statistics");
  return statistics != nullptr ? *statistics : Document(Document::Map{});
}

std::string progress_of(const Document& answer) {
  return (text_of(answer, "status") == "Scheduled" ? "waiting, " : "") +
         scanned_of(statistics_of(answer));
}

}  // namespace

std::string LogAnswer::scanned() const { return scanned_of(statistics); }

Result<LogAnswer> LogQueries::run(const LogQuery& query) {
  if (query.groups.size() > kGroupsMax) {
    return wrong("a query reads at most " + std::to_string(kGroupsMax) + " log groups");
  }
  Document input;
  input["queryString"] = query.text;
  input["startTime"] = query.from.ms;
  input["endTime"] = query.to.ms;
  if (query.limit > 0) input["limit"] = query.limit;
  if (!has_source(query.text)) {
    std::vector<std::string> groups = query.groups;
    if (groups.empty()) {
      WEIR_TRY(groups, flow_log_groups());
    }
    Document::List names;
    for (const std::string& name : groups) names.emplace_back(name);
    input["logGroupIdentifiers"] = std::move(names);
  }
  WEIR_TRY(const Document started, daemon_.call(kLogs, "StartQuery", input));
  for (const Document& warning : list_of(started, "warnings")) {
    if (warning.string() != nullptr) std::cerr << "weir: note: " << *warning.string() << '\n';
  }
  return follow(text_of(started, "queryId"), query.has_pointers);
}

Result<std::vector<std::string>> LogQueries::flow_log_groups() {
  std::vector<std::string> all;
  Document input{Document::Map{}};
  do {
    WEIR_TRY(const Document page, daemon_.call(kLogs, "DescribeLogGroups", input));
    for (const Document& group : list_of(page, "logGroups")) {
      all.push_back(text_of(group, "logGroupName"));
    }
    input["nextToken"] = text_of(page, "nextToken");
  } while (!text_of(input, "nextToken").empty() && all.size() <= kGroupsMax);
  if (all.empty()) return wrong("there are no log groups");
  if (all.size() > kGroupsMax) {
    return wrong("there are more than " + std::to_string(kGroupsMax) +
                 " log groups: name the ones to search with --group");
  }
  std::vector<std::string> found;
  for (const std::string& name : all) {
    WEIR_TRY(const bool holds, holds_flow_logs(name));
    if (holds) found.push_back(name);
  }
  if (!found.empty()) return found;
  std::string names;
  for (std::size_t i = 0; i < std::min(all.size(), kGroupsNamed); ++i) {
    names += (i == 0 ? "" : ", ") + all[i];
  }
  if (all.size() > kGroupsNamed) names += ", ...";
  return wrong("no log group holds flow logs; name the ones to search with --group: " + names);
}

/// Looks at the fields of the newest events.
Result<bool> LogQueries::holds_flow_logs(const std::string& group) {
  Document newest;
  newest["logGroupName"] = group;
  newest["orderBy"] = "LastEventTime";
  newest["descending"] = true;
  newest["limit"] = 1;
  WEIR_TRY(const Document streams, daemon_.call(kLogs, "DescribeLogStreams", newest));
  const Document::List& list = list_of(streams, "logStreams");
  const Document* last = list.empty() ? nullptr : list.front().find("lastEventTimestamp");
  if (last == nullptr || last->integer() == nullptr) return false;
  Document input;
  input["logGroupName"] = group;
  input["time"] = *last->integer();
  WEIR_TRY(const Document fields, daemon_.call(kLogs, "GetLogGroupFields", input));
  return std::ranges::any_of(list_of(fields, "logGroupFields"), [](const Document& field) {
    return text_of(field, "name") == "srcAddr";
  });
}

/// The first answer after the query has ended.
Result<Document> LogQueries::wait(const std::string& id) {
  Document input;
  input["queryId"] = id;
  input["maxItems"] = 0;
  Duration pause = kPollFirst;
  ProgressText progress;
  while (true) {
    WEIR_TRY(Document answer, daemon_.call(kLogs, "GetQueryResults", input));
    const std::string status = text_of(answer, "status");
    if (status != "Running" && status != "Scheduled") return answer;
    progress.show(progress_of(answer));
    if (stop_.wait(pause)) {
      Document stop;
      stop["queryId"] = id;
      if (const auto stopped = daemon_.call(kLogs, "StopQuery", stop); !stopped) {
        return wrong("the query could not be stopped: " + stopped.error().message);
      }
    }
    pause = std::min(pause * 2, kPollMax);
  }
}

/// All pages of it.
Result<LogAnswer> LogQueries::follow(const std::string& id, bool has_pointers) {
  WEIR_TRY(const Document ended, wait(id));
  LogAnswer answer{.status = text_of(ended, "status"),
                   .reason = text_of(ended, "statusReason"),
                   .table = {},
                   .statistics = statistics_of(ended)};
  Document input;
  input["queryId"] = id;
  std::string next;
  do {
    WEIR_TRY(const Document page, daemon_.call(kLogs, "GetQueryResults", input));
    for (const Document& row : list_of(page, "results")) {
      if (row.list() == nullptr) continue;
      std::vector<std::pair<std::string, std::string>> cells;
      for (const Document& cell : *row.list()) {
        std::string name = text_of(cell, "field");
        const bool is_wanted = name != "@ptr" || has_pointers;
        if (is_wanted) cells.emplace_back(std::move(name), text_of(cell, "value"));
      }
      answer.table.add(cells);
    }
    next = text_of(page, "nextToken");
    input["nextToken"] = next;
  } while (!next.empty());
  return answer;
}

}  // namespace weir::cli
