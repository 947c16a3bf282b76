// SPDX-License-Identifier: Apache-2.0
#include "sql/executor.h"

#include <algorithm>
#include <system_error>

#include "base/log.h"
#include "sql/ddl.h"
#include "sql/error_types.h"
#include "sql/parser.h"
#include "sql/partitions.h"
#include "sql/table_scan.h"
#include "sql/translator.h"

namespace weir::sql {
namespace {

/// Calls what must happen on every way out.
template <class F>
class Finally {
 public:
  explicit Finally(F f) : f_(std::move(f)) {}
  ~Finally() { f_(); }
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;

 private:
  F f_;
};

void remove_file(const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::remove(file, error);  // the store may have taken it over
  if (error)
    log::warn("cannot remove a temporary result",
              {{"file", file.string()}, {"error", error.message()}});
}

std::string database_of(const StoredExecution& stored) {
  return stored.execution.context.database.value_or("default");
}

}  // namespace

ResultWriter::Format result_format(const QueryExecution& execution) {
  const bool is_csv =
      execution.substatement_type == "SELECT" || execution.substatement_type == "SHOW_FUNCTIONS";
  return is_csv ? ResultWriter::Format::csv : ResultWriter::Format::txt;
}

void Job::interrupt() {
  auto running = session.lock();
  if (*running != nullptr) (*running)->interrupt();
}

Result<std::shared_ptr<DuckDb>> Engine::use() {
  auto state = state_.lock();
  if (!state->engine) {
    DuckDb::Config config;
    config.folders = config_.object_folders;
    config.spill_folder = config_.work_folder + "/spill";
    config.memory_bytes_max = config_.memory_bytes_max;
    config.spill_bytes_max = config_.spill_bytes_max;
    config.threads = config_.threads;
    WEIR_TRY(auto opened, DuckDb::open(config));
    state->engine = std::move(opened);
  }
  ++state->users;
  ++state->uses;
  return state->engine;
}

void Engine::done() {
  std::uint64_t uses = 0;
  {
    auto state = state_.lock();
    if (--state->users > 0) return;
    uses = state->uses;
  }
  runtime_.after(config_.engine_idle_close, [this, uses] {
    std::shared_ptr<DuckDb> dropped;  // destroyed without the lock
    auto state = state_.lock();
    if (state->users == 0 && state->uses == uses) dropped = std::move(state->engine);
  });
}

std::filesystem::path Executor::working_file(const StoredExecution& stored,
                                             std::string_view ending) const {
  return std::filesystem::path(config_.work_folder) / "results" /
         (stored.execution.id + std::string(ending));
}

Result<void> Executor::run(Job& job) {
  const StoredExecution stored = *job.stored.lock();
  if (job.is_stopped())
    return Error{ErrorKind::invalid, "QUERY_INTERRUPTED", "stopped before it began"};
  if (const auto& catalog = stored.execution.context.catalog;
      catalog && *catalog != "awsdatacatalog") {
    return Error{ErrorKind::invalid, "CATALOG_NOT_FOUND",
                 "Catalog '" + *catalog + "' does not exist"};
  }
  WEIR_TRY(const ast::Statement statement, parse_statement(stored.execution.query));
  const std::size_t given = stored.execution.parameters ? stored.execution.parameters->size() : 0;
  if (statement.parameters > 0 && given != static_cast<std::size_t>(statement.parameters)) {
    return Error{ErrorKind::invalid, "INVALID_PARAMETER_USAGE",
                 "Incorrect number of parameters: expected " +
                     std::to_string(statement.parameters) + " but found " + std::to_string(given)};
  }
  Result<Outcome> outcome = Outcome{};
  if (const auto* query = std::get_if<ast::QueryPtr>(&statement.body)) {
    outcome = run_query(job, stored, **query, "");
  } else if (const auto* explain = std::get_if<ast::Explain>(&statement.body)) {
    outcome =
        run_query(job, stored, *explain->query, explain->analyze ? "EXPLAIN ANALYZE " : "EXPLAIN ");
  } else {
    outcome = run_ddl(job, stored, statement);
  }
  if (!outcome) return std::move(outcome).error();
  auto lock = job.stored.lock();
  lock->columns = std::move(outcome->columns);
  lock->update_count = outcome->update_count;
  lock->execution.statistics.scanned_bytes = outcome->scanned_bytes;
  return {};
}

Result<Executor::Outcome> Executor::run_query(Job& job, const StoredExecution& stored,
                                              const ast::Query& query, std::string_view explain) {
  const auto started = runtime_.monotonic();
  TranslateContext context{&catalog_, job.scope, database_of(stored), runtime_.now(),
                           stored.execution.parameters.value_or(std::vector<std::string>{})};
  WEIR_TRY(const Translation translation, translate(query, context));
  WEIR_TRY(const std::shared_ptr<DuckDb> engine, engine_.use());
  const Finally release([this] { engine_.done(); });
  WEIR_TRY(const std::unique_ptr<DuckDb::Session> session, engine->session());
  *job.session.lock() = session.get();
  const Finally forget([&job] { *job.session.lock() = nullptr; });
  if (job.is_stopped())
    return Error{ErrorKind::invalid, "QUERY_INTERRUPTED", "stopped before it began"};

  TableScans scans(catalog_, objects_, job.scope, context.now);
  for (const TableRead& read : translation.reads) WEIR_CHECK(scans.prepare(*session, read));
  const auto planned = std::chrono::duration_cast<Duration>(runtime_.monotonic() - started);
  job.stored.lock()->execution.statistics.planning_ms = planned.count();

  Outcome outcome;
  const auto format = result_format(stored.execution);
  const std::filesystem::path file = working_file(stored, ".result");
  const Finally clean([&file] { remove_file(file); });
  ResultWriter writer(file, format, config_.result_bytes_max);
  std::vector<SqlType> types;
  if (explain.empty()) {
    for (const OutputColumn& column : translation.columns) types.push_back(column.type);
  }
  const auto begin = [&](const std::vector<SqlType>& known) {
    if (explain.empty()) {
      for (std::size_t i = 0; i < translation.columns.size(); ++i) {
        outcome.columns.push_back(column_info(translation.columns[i].name, known[i]));
      }
    } else {
      outcome.columns.push_back(column_info("Query Plan", SqlType(SqlType::Kind::varchar)));
    }
    return writer.header(outcome.columns);
  };
  const auto sink = [&](const DuckDb::Values& values) -> Result<void> {
    if (explain.empty()) return writer.row(values);
    // The plan comes as one text with many lines.
    const std::string plan = values.back().value_or("");
    for (std::size_t at = 0; at < plan.size();) {
      const std::size_t end = std::min(plan.find('\n', at), plan.size());
      WEIR_CHECK(writer.row({plan.substr(at, end - at)}));
      at = end + 1;
    }
    return {};
  };
  WEIR_CHECK(session->query(std::string(explain) + translation.sql, types, begin, sink));
  WEIR_CHECK(writer.close());
  outcome.scanned_bytes =
      scans.text_bytes() + std::min(scans.columnar_bytes(), session->bytes_read());
  if (explain.empty()) outcome.update_count = 0;
  WEIR_CHECK(store_result(job, stored, outcome, file));
  return outcome;
}

Result<Executor::Outcome> Executor::run_ddl(Job& job, const StoredExecution& stored,
                                            const ast::Statement& statement) {
  Ddl ddl(catalog_, objects_, job.scope, database_of(stored), runtime_.now());
  WEIR_TRY(DdlResult result, ddl.run(statement));
  Outcome outcome;
  outcome.columns = std::move(result.columns);
  if (statement.type == "UTILITY") outcome.update_count = 0;
  if (statement.type == "DDL") {
    outcome.update_type = statement.subtype;
    std::replace(outcome.update_type.begin(), outcome.update_type.end(), '_', ' ');
  }
  const std::filesystem::path file = working_file(stored, ".result");
  const Finally clean([&file] { remove_file(file); });
  ResultWriter writer(file, result_format(stored.execution), config_.result_bytes_max);
  WEIR_CHECK(writer.header(outcome.columns));
  for (std::string& row : result.rows) WEIR_CHECK(writer.row({std::move(row)}));
  WEIR_CHECK(writer.close());
  WEIR_CHECK(store_result(job, stored, outcome, file));
  return outcome;
}

Result<void> Executor::store_result(const Job& job, const StoredExecution& stored,
                                    const Outcome& outcome, const std::filesystem::path& file) {
  if (job.is_stopped())
    return Error{ErrorKind::invalid, "QUERY_INTERRUPTED", "stopped before it ended"};
  const auto location = parse_s3(stored.execution.result.output_location.value_or(""));
  WEIR_ASSERT(location.has_value());
  const auto put = [&](const std::string& key, const std::filesystem::path& from,
                       std::string_view type) {
    auto done = objects_.put_file(job.scope, location->bucket, key, from, type);
    if (done) return Result<void>();
    return Result<void>(
        Error{done.error().kind, "GENERIC_INTERNAL_ERROR",
              "cannot write s3://" + location->bucket + '/' + key + ": " + done.error().message});
  };
  const bool is_csv = result_format(stored.execution) == ResultWriter::Format::csv;
  WEIR_CHECK(put(location->key, file, is_csv ? "text/csv" : "text/plain"));
  if (outcome.columns.empty() && outcome.update_type.empty()) return {};
  const std::filesystem::path metadata = working_file(stored, ".metadata");
  const Finally clean([&metadata] { remove_file(metadata); });
  {
    std::ofstream out(metadata, std::ios::binary);
    out << result_metadata(stored.execution.id, outcome.update_type, outcome.columns);
    out.close();
    if (!out)
      return Error{ErrorKind::unavailable, "GENERIC_INTERNAL_ERROR",
                   "cannot write " + metadata.string()};
  }
  return put(location->key + ".metadata", metadata, "application/octet-stream");
}

void Executor::write_failure(const StoredExecution& stored, const Scope& scope,
                             const std::string& reason) {
  const bool is_ddl = result_format(stored.execution) == ResultWriter::Format::txt &&
                      reason.starts_with("FAILED: ");
  const auto location = parse_s3(stored.execution.result.output_location.value_or(""));
  if (!is_ddl || !location) return;
  const std::filesystem::path file = working_file(stored, ".failure");
  const Finally clean([&file] { remove_file(file); });
  {
    std::ofstream out(file, std::ios::binary);
    out << reason;
  }
  const auto put = objects_.put_file(scope, location->bucket, location->key, file, "text/plain");
  if (!put) {
    log::warn("cannot write the text of a failed statement",
              {{"execution", stored.execution.id}, {"error", put.error().message}});
  }
}

}  // namespace weir::sql
