// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "sql/athena.h"
#include "store/kv_store.h"
#include "vpc/network.h"

namespace weir::daemon {

/// Makes the files of each flow log to S3 a table of Athena, so that they can be asked at once: in
/// the database `flow_logs`, called as the flow log's tag `Name` (letters, digits and underscores
/// of it) or else its id without the dash. With it come the named queries that
/// GetFlowLogsIntegrationTemplate has, as far as the records have their fields.
///
/// A table is made once: what somebody drops or changes stays so. It is kept when the flow log is
/// deleted, as the files are.
///
/// Threads: any.
class FlowLogTables {
 public:
  static constexpr std::string_view kDatabase = "flow_logs";

  FlowLogTables(Runtime& runtime, store::KvStore& store, vpc::Network& network, sql::Athena& athena)
      : runtime_(runtime), store_(store), network_(network), athena_(athena) {}

  /// Makes the tables of that account and region that are missing. What fails is logged and tried
  /// again at the next call.
  void update(const Scope& scope);

 private:
  Result<void> make(const Scope& scope, const vpc::FlowLog& flow_log);
  Result<std::string> make_table(const Scope& scope, const vpc::FlowLog& flow_log);

  Runtime& runtime_;
  store::KvStore& store_;
  vpc::Network& network_;
  sql::Athena& athena_;
  std::mutex updating_;         // one at a time
  std::set<std::string> made_;  // keys of what is known to be there
};

}  // namespace weir::daemon
