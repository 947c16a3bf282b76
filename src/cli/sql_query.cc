// SPDX-License-Identifier: Apache-2.0
#include "cli/sql_query.h"

#include <algorithm>
#include <utility>

#include "base/runtime.h"
#include "cli/answers.h"
#include "cli/progress.h"

namespace weir::cli {
namespace {

constexpr Duration kPollFirst{20};
constexpr Duration kPollMax{500};
constexpr int kPageRows = 1000;  // GetQueryResults gives no more
constexpr std::string_view kFlowLogs = "flow_logs";

const Document& part(const Document& document, std::string_view name) {
  static const Document none{Document::Map{}};
  const Document* const found = document.find(name);
  return found != nullptr ? *found : none;
}

bool lacks_output(const Error& error) { return error.message.starts_with("No output location"); }

/// Names of columns, each once: a second `count` is `count_2`.
std::vector<std::string> column_names(const Document& result_set) {
  std::vector<std::string> names;
  for (const Document& column : list_of(part(result_set, "ResultSetMetadata"), "ColumnInfo")) {
    const std::string name = text_of(column, "Name");
    std::string unique = name;
    for (int number = 2; std::ranges::find(names, unique) != names.end(); ++number) {
      unique = name + '_' + std::to_string(number);
    }
    names.push_back(std::move(unique));
  }
  return names;
}

/// The first row of a SELECT holds the names.
bool is_heading(const Document::List& cells, const Document& result_set) {
  const auto& columns = list_of(part(result_set, "ResultSetMetadata"), "ColumnInfo");
  return cells.size() == columns.size() &&
         std::ranges::equal(cells, columns, [](const Document& cell, const Document& column) {
           return text_of(cell, "VarCharValue") == text_of(column, "Name");
         });
}

}  // namespace

Result<SqlAnswer> SqlQueries::run(const SqlQuery& query) {
  SqlAnswer answer;
  WEIR_TRY(answer.id, start(query));
  WEIR_TRY(const Document ended, wait(answer.id));
  const Document& status = part(ended, "Status");
  const Document& statistics = part(ended, "Statistics");
  answer.state = text_of(status, "State");
  answer.reason = text_of(status, "StateChangeReason");
  answer.output = text_of(part(ended, "ResultConfiguration"), "OutputLocation");
  answer.scanned_bytes = number_of(statistics, "DataScannedInBytes");
  answer.took_ms = number_of(statistics, "EngineExecutionTimeInMillis");
  if (answer.state == "SUCCEEDED") {
    WEIR_TRY(answer.table, rows(answer.id));
  }
  return answer;
}

Result<std::string> SqlQueries::default_database() {
  if (!database_.empty()) return database_;
  Document input;
  input["CatalogName"] = "AwsDataCatalog";
  input["DatabaseName"] = kFlowLogs;
  const auto found = daemon_.call(kAthena, "GetDatabase", input);
  if (!found && found.error().kind == ErrorKind::unavailable) return found.error();
  database_ = found ? std::string(kFlowLogs) : std::string("default");
  return database_;
}

Result<std::string> SqlQueries::start(const SqlQuery& query) {
  Document input;
  input["QueryString"] = query.text;
  input["ClientRequestToken"] = SystemRuntime(1).uuid();
  std::string database = query.database;
  if (database.empty()) {
    WEIR_TRY(database, default_database());
  }
  input["QueryExecutionContext"] = Document::Map{{"Database", database}};
  if (!query.work_group.empty()) input["WorkGroup"] = query.work_group;
  if (!query.output.empty()) {
    input["ResultConfiguration"] = Document::Map{{"OutputLocation", query.output}};
  }
  auto started = daemon_.call(kAthena, "StartQueryExecution", input);
  if (!started && query.output.empty() && lacks_output(started.error())) {
    const std::string bucket =
        "aws-athena-query-results-" + daemon_.account() + '-' + daemon_.region();
    WEIR_CHECK(daemon_.create_bucket(bucket));
    input["ResultConfiguration"] = Document::Map{{"OutputLocation", "s3://" + bucket + "/weir/"}};
    started = daemon_.call(kAthena, "StartQueryExecution", input);
  }
  if (!started) return started.error();
  return text_of(*started, "QueryExecutionId");
}

/// The execution after it has ended.
Result<Document> SqlQueries::wait(const std::string& id) {
  Document input;
  input["QueryExecutionId"] = id;
  Duration pause = kPollFirst;
  ProgressText progress;
  while (true) {
    WEIR_TRY(const Document answer, daemon_.call(kAthena, "GetQueryExecution", input));
    const Document& execution = part(answer, "QueryExecution");
    const std::string state = text_of(part(execution, "Status"), "State");
    if (state != "QUEUED" && state != "RUNNING") return execution;
    const Document& statistics = part(execution, "Statistics");
    progress.show((state == "QUEUED" ? "waiting, " : "") +
                  short_count(real_of(statistics, "DataScannedInBytes")) + "B scanned");
    if (stop_.wait(pause)) {
      if (const auto stopped = daemon_.call(kAthena, "StopQueryExecution", input); !stopped) {
        return Error{ErrorKind::invalid, "Usage",
                     "the query could not be stopped: " + stopped.error().message};
      }
    }
    pause = std::min(pause * 2, kPollMax);
  }
}

Result<ResultTable> SqlQueries::rows(const std::string& id) {
  ResultTable table;
  Document input;
  input["QueryExecutionId"] = id;
  input["MaxResults"] = kPageRows;
  std::string next;
  bool is_first = true;
  do {
    WEIR_TRY(const Document page, daemon_.call(kAthena, "GetQueryResults", input));
    const Document& result_set = part(page, "ResultSet");
    if (table.columns.empty()) table.columns = column_names(result_set);
    for (const Document& row : list_of(result_set, "Rows")) {
      const Document::List& cells = list_of(row, "Data");
      if (std::exchange(is_first, false) && is_heading(cells, result_set)) continue;
      auto& made = table.rows.emplace_back();
      for (std::size_t i = 0; i < std::min(cells.size(), table.columns.size()); ++i) {
        if (cells[i].find("VarCharValue") == nullptr) continue;  // NULL
        made[table.columns[i]] = text_of(cells[i], "VarCharValue");
      }
    }
    next = text_of(page, "NextToken");
    input["NextToken"] = next;
  } while (!next.empty() && table.rows.size() < kRowsMax);
  return table;
}

}  // namespace weir::cli
