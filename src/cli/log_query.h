// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/runtime.h"
#include "cli/daemon_client.h"
#include "cli/result_table.h"
#include "cli/stop_signal.h"

namespace weir::cli {

struct LogQuery {
  std::string text;                      // Logs Insights
  std::vector<std::string> groups = {};  // none: all that hold flow logs, unless `text` names them
  Time from = {};
  Time to = {};
  int limit = 0;              // 0: that of the text
  bool has_pointers = false;  // keep the column @ptr
};

struct LogAnswer {
  std::string status;  // `Complete`, or how else it ended
  std::string reason;  // why it did not complete; "" if that is not known
  ResultTable table;
  Document statistics;

  /// `1.2M records (130MB) scanned, 12 matched`.
  std::string scanned() const;
};

/// Runs Logs Insights queries on the daemon, with a line of progress where standard error is a
/// terminal.
///
/// Threads: one. Bounds: a query reads at most kGroupsMax log groups.
class LogQueries {
 public:
  static constexpr std::size_t kGroupsMax = 50;  // as on AWS

  /// `daemon` must not end at `stop`: a signal stops the query there, and what it has found so far
  /// is the answer.
  LogQueries(DaemonClient& daemon, const StopSignal& stop) : daemon_(daemon), stop_(stop) {}

  /// Blocks until it has ended. Error: as of the daemon; it names what could be searched where no
  /// group holds flow logs.
  Result<LogAnswer> run(const LogQuery& query);

  /// All log groups that hold flow logs. Error: there is none.
  Result<std::vector<std::string>> flow_log_groups();

 private:
  Result<bool> holds_flow_logs(const std::string& group);
  Result<LogAnswer> follow(const std::string& id, bool has_pointers);
  Result<Document> wait(const std::string& id);

  DaemonClient& daemon_;
  const StopSignal& stop_;
};

}  // namespace weir::cli
