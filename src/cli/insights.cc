// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <span>
#include <utility>

#include "base/shape.h"
#include "cli/answers.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/daemon_client.h"
#include "cli/log_query.h"
#include "cli/result_table.h"
#include "cli/stop_signal.h"
#include "cli/time_span.h"
#include "insights/query_definitions.h"

namespace weir::cli {
namespace {

constexpr std::size_t kSavedNamed = 8;  // in an error

Error wrong(std::string message) { return {ErrorKind::invalid, "Usage", std::move(message)}; }

Result<Time> time_of(const std::string& option, const std::string& text) {
  const auto time = parse_iso8601(text);
  if (time) return *time;
  return wrong(option + " " + text + ": write a time (UTC) such as 2026-01-31 or 2026-01-31T12:34");
}

Result<void> set_times(const InsightsOptions& options, LogQuery& query) {
  query.to = SystemRuntime(1).now();
  if (!options.to.empty()) {
    WEIR_TRY(query.to, time_of("--to", options.to));
  }
  if (options.from.empty()) {
    WEIR_TRY(const Duration since, parse_span(options.since));
    query.from = query.to - since;
  } else {
    WEIR_TRY(query.from, time_of("--from", options.from));
  }
  if (query.to < query.from) return wrong("--to is before --from");
  return {};
}

// ---- Saved queries
// --------------------------------------------------------------------------------

Error no_such(const std::string& name, const std::vector<insights::QueryDefinition>& others) {
  std::string text = "no saved query is called '" + name + "'";
  if (others.empty()) return wrong(text + "; none is saved (aws logs put-query-definition)");
  for (std::size_t i = 0; i < std::min(others.size(), kSavedNamed); ++i) {
    text += (i == 0 ? "; there are: " : ", ") + others[i].name;
  }
  if (others.size() > kSavedNamed) text += ", ...";
  return wrong(std::move(text));
}

Result<insights::QueryDefinition> saved_query(DaemonClient& daemon, const std::string& name) {
  std::vector<insights::QueryDefinition> all;
  Document input{Document::Map{}};
  do {
    WEIR_TRY(const Document page, daemon.call(kLogs, "DescribeQueryDefinitions", input));
    for (const Document& one : list_of(page, "queryDefinitions")) {
      WEIR_TRY(auto definition, from_document<insights::QueryDefinition>(one));
      if (definition.name == name) return definition;
      all.push_back(std::move(definition));
    }
    input["nextToken"] = text_of(page, "nextToken");
  } while (!text_of(input, "nextToken").empty());
  return no_such(name, all);
}

/// `name=value` of each.
Result<std::map<std::string, std::string>> values_of(
    const std::vector<std::string>& given, std::span<const insights::QueryParameter> parameters) {
  std::map<std::string, std::string> values;
  for (const std::string& text : given) {
    const std::size_t equals = text.find('=');
    if (equals == text.npos) return wrong("--param " + text + ": write name=value");
    const std::string name = text.substr(0, equals);
    if (std::ranges::find(parameters, name, &insights::QueryParameter::name) == parameters.end()) {
      std::string known;
      for (const auto& one : parameters) known += (known.empty() ? "; it has: " : ", ") + one.name;
      return wrong("the saved query has no parameter '" + name + "'" + known);
    }
    values[name] = text.substr(equals + 1);
  }
  return values;
}

Result<void> take_saved(DaemonClient& daemon, const InsightsOptions& options, LogQuery& query) {
  WEIR_TRY(const auto saved, saved_query(daemon, options.saved));
  const auto parameters = saved.parameters.value_or(std::vector<insights::QueryParameter>());
  WEIR_TRY(const auto values, values_of(options.parameters, parameters));
  auto text = insights::substitute(saved.query_string, parameters, values);
  if (!text) return wrong(text.error().message + " Give it with --param name=value.");
  query.text = *std::move(text);
  if (query.groups.empty()) query.groups = saved.log_group_names;
  return {};
}

// ---- Output
// ---------------------------------------------------------------------------------------

void print_json(const LogAnswer& answer) {
  Document out;
  Document::List rows;
  for (const auto& row : answer.table.rows) {
    Document shown{Document::Map{}};
    for (const std::string& name : answer.table.columns) {
      if (const auto value = row.find(name); value != row.end()) shown[name] = value->second;
    }
    rows.push_back(std::move(shown));
  }
  out["status"] = answer.status;
  out["results"] = std::move(rows);
  out["statistics"] = answer.statistics;
  std::cout << to_pretty_json(out) << '\n';
}

void print(const LogAnswer& answer, const InsightsOptions& options) {
  if (options.json) {
    print_json(answer);
  } else if (options.csv) {
    std::cout << as_csv(answer.table);
  } else {
    print_table(answer.table);
  }
  std::cout << std::flush;
  if (::isatty(STDERR_FILENO) != 1) return;
  const std::size_t rows = answer.table.rows.size();
  std::cerr << rows << (rows == 1 ? " row; " : " rows; ") << answer.scanned() << '\n';
}

Result<LogAnswer> ask(const daemon::Config& config, const InsightsOptions& options,
                      LogQuery& query) {
  if (options.query.empty() == options.saved.empty()) {
    return wrong("give a query, or the name of a saved one with --saved");
  }
  if (!options.parameters.empty() && options.saved.empty()) {
    return wrong("--param goes with --saved");
  }
  WEIR_CHECK(set_times(options, query));
  WEIR_TRY(const server::AccessKey key, daemon_key(config, options.key));
  const StopSignal stop;  // before the threads of others: they are not to get the signal either
  DaemonClient daemon(config, key);
  if (!options.saved.empty()) {
    WEIR_CHECK(take_saved(daemon, options, query));
  }
  return LogQueries(daemon, stop).run(query);
}

}  // namespace

int insights(const daemon::Config& config, const InsightsOptions& options) {
  LogQuery query{.text = options.query,
                 .groups = options.groups,
                 .limit = options.limit,
                 .has_pointers = options.json};
  const auto answer = ask(config, options, query);
  if (!answer) return fail_in(query.text, answer.error());
  print(*answer, options);
  if (answer->status == "Complete") return kSuccess;
  return fail(wrong("the query ended as " + answer->status +
                    (answer->reason.empty() ? "" : ": " + answer->reason)));
}

}  // namespace weir::cli
