// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "sql/catalog.h"
#include "sql/execution.h"
#include "sql/object_files.h"
#include "store/kv_store.h"

namespace weir::sql {

/// Athena: query executions over the data catalog and the object store, on an embedded engine.
///
/// Threads: all functions may be called from any thread. A query occupies one worker of the Runtime
/// while it
///          runs, so the pool needs more than `Config::running_max` workers (timeouts are timers).
/// Memory:  the engine is opened at the first query and closed after `Config::engine_idle_close`.
/// Durability: an answered start() survives a crash. After a restart queued queries run, running
/// ones are FAILED. Errors:  code InvalidRequestException with the details AthenaErrorCode and
/// ErrorCode, as on AWS.
class Athena {
 public:
  struct Config {
    /// The engine may read files below these folders only (the object store's root).
    std::vector<std::string> object_folders;
    /// Results in the making and spilled data. Made if missing; emptied at start.
    std::string work_folder;
    /// Where results go when neither the work group nor the request says: `s3://bucket/prefix/`, or
    /// empty.
    std::string output_location;
    int running_max = 2;
    int queued_max = 100;
    Duration query_timeout = std::chrono::minutes(30);
    Duration engine_idle_close = std::chrono::minutes(5);
    Duration history = std::chrono::hours(24 * 45);
    std::uint64_t memory_bytes_max = 1ull << 30;
    std::uint64_t spill_bytes_max = 10ull << 30;
    std::uint64_t result_bytes_max = 4ull << 30;
    /// Engine threads; 0: as many as there are cores.
    int threads = 0;
  };

  Athena(Runtime& runtime, store::KvStore& store, ObjectFiles& objects, Config config);
  ~Athena();

  /// Reads what a former process left: call once before the first request.
  Result<void> load();

  Result<std::string> start(const Scope& scope, const StartQuery& query);
  Result<QueryExecution> execution(const Scope& scope, std::string_view id) const;
  /// Ids, newest first.
  Result<Page<std::string>> list_executions(const Scope& scope, std::string_view work_group,
                                            std::size_t limit, std::string_view token) const;
  Result<ResultPage> results(const Scope& scope, std::string_view id, std::size_t limit,
                             std::string_view token) const;
  Result<void> stop(const Scope& scope, std::string_view id);
  /// Interrupts what runs and starts nothing more: call before Runtime::quiesce(), which waits for
  /// running queries.
  void shut_down();

  Result<WorkGroup> work_group(const Scope& scope, std::string_view name) const;
  Result<std::vector<WorkGroup>> work_groups(const Scope& scope) const;
  Result<void> create_work_group(const Scope& scope, const WorkGroup& group);
  Result<void> update_work_group(const Scope& scope, const WorkGroup& group);
  Result<void> delete_work_group(const Scope& scope, std::string_view name, bool recursive);

  Result<std::string> create_named_query(const Scope& scope, NamedQuery query,
                                         std::string_view token);
  Result<NamedQuery> named_query(const Scope& scope, std::string_view id) const;
  Result<std::vector<NamedQuery>> named_queries(const Scope& scope,
                                                std::string_view work_group) const;
  Result<void> delete_named_query(const Scope& scope, std::string_view id);

  Catalog& catalog();
  const Catalog& catalog() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::sql
