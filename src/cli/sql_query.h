// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/daemon_client.h"
#include "cli/result_table.h"
#include "cli/stop_signal.h"

namespace weir::cli {

struct SqlQuery {
  std::string text;             // one statement
  std::string database = {};    // "": `flow_logs` if it is there, else `default`
  std::string work_group = {};  // "": primary
  std::string output = {};      // s3://bucket/prefix/ for the results; "": see SqlQueries
};

struct SqlAnswer {
  std::string id;     // of the execution
  std::string state;  // SUCCEEDED, FAILED, CANCELLED
  std::string reason;
  ResultTable table;
  std::string output;  // the object with the result
  std::int64_t scanned_bytes = 0;
  std::int64_t took_ms = 0;  // of the engine
};

/// Runs Athena statements on the daemon, with a line of progress where standard error is a
/// terminal. Results go to where the query, its work group or the daemon's settings say, else to
/// the bucket `aws-athena-query-results-<account>-<region>`, as AWS's console has it, which is
/// made.
///
/// Threads: one. Bounds: kRowsMax rows are fetched; all are in the result's object.
class SqlQueries {
 public:
  static constexpr std::size_t kRowsMax = 1'000'000;

  /// `daemon` must not end at `stop`: a signal stops the query there.
  SqlQueries(DaemonClient& daemon, const StopSignal& stop) : daemon_(daemon), stop_(stop) {}

  /// Blocks until it has ended.
  Result<SqlAnswer> run(const SqlQuery& query);

 private:
  Result<std::string> default_database();
  Result<std::string> start(const SqlQuery& query);
  Result<Document> wait(const std::string& id);
  Result<ResultTable> rows(const std::string& id);

  DaemonClient& daemon_;
  const StopSignal& stop_;
  std::string database_;  // once it was looked up
};

}  // namespace weir::cli
