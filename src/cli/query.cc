// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <iostream>
#include <string>

#include "base/shape.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/daemon_client.h"
#include "cli/line_editor.h"
#include "cli/result_table.h"
#include "cli/sql_query.h"
#include "cli/stop_signal.h"

namespace weir::cli {
namespace {

void print_json(const SqlAnswer& answer) {
  Document out;
  Document::List rows;
  for (const auto& row : answer.table.rows) {
    Document shown{Document::Map{}};
    for (const std::string& name : answer.table.columns) {
      const auto value = row.find(name);
      shown[name] = value == row.end() ? Document() : Document(value->second);
    }
    rows.push_back(std::move(shown));
  }
  out["queryExecutionId"] = answer.id;
  out["rows"] = std::move(rows);
  out["outputLocation"] = answer.output;
  out["dataScannedInBytes"] = answer.scanned_bytes;
  out["engineExecutionTimeInMillis"] = answer.took_ms;
  std::cout << to_pretty_json(out) << '\n';
}

std::string seconds_text(std::int64_t ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f s", static_cast<double>(ms) / 1000);
  return text;
}

void print(const SqlAnswer& answer, const QueryOptions& options) {
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
  std::cerr << rows << (rows == 1 ? " row, " : " rows, ") << seconds_text(answer.took_ms) << ", "
            << short_count(static_cast<double>(answer.scanned_bytes)) << "B scanned; "
            << answer.output << '\n';
}

int run_one(SqlQueries& queries, const SqlQuery& query, const QueryOptions& options) {
  const auto answer = queries.run(query);
  if (!answer) return fail(answer.error());
  if (answer->state != "SUCCEEDED") {
    return fail({ErrorKind::invalid, "Query",
                 answer->reason.empty() ? "the query ended as " + answer->state : answer->reason});
  }
  print(*answer, options);
  return kSuccess;
}

/// Statements as they are typed, each up to its semicolon.
int run_typed(SqlQueries& queries, SqlQuery query, const QueryOptions& options) {
  LineEditor editor("query_history");
  std::string statement;
  while (const auto line = editor.read(statement.empty() ? "weir> " : "   -> ")) {
    if (statement.empty() && (*line == "exit" || *line == "quit")) break;
    statement += (statement.empty() ? "" : "\n") + *line;
    const std::size_t end = statement.find_last_not_of(" \t\n");
    if (end == statement.npos) statement.clear();
    if (statement.empty() || statement[end] != ';') continue;
    editor.remember(statement.substr(0, end + 1));
    query.text = statement.substr(0, end);
    statement.clear();
    run_one(queries, query, options);
  }
  return kSuccess;
}

}  // namespace

int query(const daemon::Config& config, const QueryOptions& options) {
  const auto key = daemon_key(config, options.key);
  if (!key) return fail(key.error());
  SqlQuery query{.text = options.query,
                 .database = options.database,
                 .work_group = options.work_group,
                 .output = options.output};
  const bool is_typed = query.text.empty() && ::isatty(STDIN_FILENO) == 1;
  if (query.text.empty() && !is_typed) {
    query.text.assign(std::istreambuf_iterator<char>(std::cin), {});
  }
  const StopSignal stop;  // before the threads of others: they are not to get the signal either
  DaemonClient daemon(config, *key);
  SqlQueries queries(daemon, stop);
  return is_typed ? run_typed(queries, query, options) : run_one(queries, query, options);
}

}  // namespace weir::cli
