// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/runtime.h"
#include "sql/ast.h"
#include "sql/athena.h"
#include "sql/duckdb_engine.h"
#include "sql/result_files.h"

namespace weir::sql {

/// What the store keeps of an execution beside what the API shows.
struct StoredExecution {
  QueryExecution execution;
  std::vector<ColumnInfo> columns;
  std::optional<std::int64_t> update_count;
  std::optional<std::string> token;
  static Shape shape() {
    using S = StoredExecution;
    static constexpr Member members[] = {
        required<&S::execution>("execution"), optional<&S::columns>("columns"),
        optional<&S::update_count>("updateCount"), optional<&S::token>("token")};
    return {"StoredExecution", members};
  }
};

/// An execution that is not final. Shared by the queue, the worker that runs it, its timeout and
/// stop().
struct Job {
  Scope scope;
  Guarded<StoredExecution> stored;
  std::atomic<bool> is_cancelled{false};
  std::atomic<bool> is_timed_out{false};
  /// Set while the engine works for it.
  Guarded<DuckDb::Session*> session{nullptr};

  /// Stops what runs; what has not begun to run fails at once.
  void interrupt();
  bool is_stopped() const { return is_cancelled || is_timed_out; }
};

/// The engine, opened when needed and closed when idle.
///
/// Threads: all functions may be called from any thread.
class Engine {
 public:
  Engine(Runtime& runtime, const Athena::Config& config) : runtime_(runtime), config_(config) {}

  /// Shared: a query keeps the engine alive that an idle timer is about to drop.
  Result<std::shared_ptr<DuckDb>> use();
  /// The query is over; the last one starts the idle time.
  void done();

 private:
  struct State {
    std::shared_ptr<DuckDb> engine;
    int users = 0;
    std::uint64_t uses = 0;
  };
  Runtime& runtime_;
  const Athena::Config& config_;
  Guarded<State> state_;
};

/// Runs one statement to its end: reads tables, writes the result objects.
class Executor {
 public:
  Executor(Runtime& runtime, Catalog& catalog, ObjectFiles& objects, Engine& engine,
           const Athena::Config& config)
      : runtime_(runtime), catalog_(catalog), objects_(objects), engine_(engine), config_(config) {}

  /// Fills columns, update count and statistics of the job. Error: the reason of the failure.
  Result<void> run(Job& job);
  /// Of a failed DDL statement the text object holds the reason.
  void write_failure(const StoredExecution& stored, const Scope& scope, const std::string& reason);

 private:
  struct Outcome {
    std::vector<ColumnInfo> columns;
    std::optional<std::int64_t> update_count;
    std::string update_type;
    std::int64_t scanned_bytes = 0;
  };
  Result<Outcome> run_query(Job& job, const StoredExecution& stored, const ast::Query& query,
                            std::string_view explain);
  Result<Outcome> run_ddl(Job& job, const StoredExecution& stored, const ast::Statement& statement);
  Result<void> store_result(const Job& job, const StoredExecution& stored, const Outcome& outcome,
                            const std::filesystem::path& file);
  std::filesystem::path working_file(const StoredExecution& stored, std::string_view ending) const;

  Runtime& runtime_;
  Catalog& catalog_;
  ObjectFiles& objects_;
  Engine& engine_;
  const Athena::Config& config_;
};

ResultWriter::Format result_format(const QueryExecution& execution);

}  // namespace weir::sql
