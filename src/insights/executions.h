// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "insights/engine.h"
#include "insights/execution.h"
#include "logs/logs.h"
#include "store/kv_store.h"

namespace weir::insights {

/// The queries that were started: their queue, their runs and the results that are kept
/// (CloudWatch Logs API reference, StartQuery to DescribeQueries).
///
/// Threads: every function may be called from any thread.
/// Durability: a query that start() has acknowledged is known after a restart. One that had not
/// ended by then has failed.
/// Memory: of the queries that run, see Config; results are in the store.
class Executions {
 public:
  struct Config {
    /// Queries of one account and region that have not ended; more are LimitExceededException.
    /// 1 .. 100 (AWS's quota).
    std::size_t queries_max = 100;
    /// Queries of all that run at one time; the others wait as Scheduled.
    std::size_t running_max = 4;
    /// Tasks of one run at one time; 0: as many as the machine has cores.
    std::size_t workers = 0;
    /// What all runs together may keep; each gets an equal share.
    std::size_t memory_bytes_max = std::size_t{1} << 30;
    Duration timeout = std::chrono::minutes(60);
    /// How long results are kept.
    Duration kept = std::chrono::hours(24 * 7);
    /// Beyond these the oldest results of all go earlier.
    std::size_t executions_max = 10'000;
    std::size_t result_bytes_max = std::size_t{2} << 30;
    /// How long the first results() call of a query waits for its end, so that small queries need
    /// one call. 0: not at all.
    Duration first_wait{500};
  };
  static constexpr std::size_t kRowsPageMax = 10'000;
  static constexpr std::size_t kPageBytesMax = 32u << 20;  // a page with more ends earlier
  static constexpr std::size_t kWaitersMax = 2;            // calls that wait at one time

  /// What runs ask beside the logs.
  struct Context {
    FlowFormats flow_formats = {};
    Lookups lookups = {};
  };
  Executions(Runtime& runtime, store::KvStore& store, const logs::Logs& logs, Context context,
             Config config);
  ~Executions();
  Executions(const Executions&) = delete;
  Executions& operator=(const Executions&) = delete;

  /// Looks what the last process left: what ran then has failed. Call it once before anything else.
  Result<void> load();
  /// Stops what runs; nothing new begins. To be called before the runtime is quiesced.
  void shut_down();

  struct Start {
    Query query;
    std::string text;
    std::vector<std::string> log_groups;  // names; at least one
    Time from;                            // inclusive
    Time to;                              // inclusive
    std::string user_identity;
  };
  /// The id. Error: LimitExceededException beyond Config::queries_max.
  Result<std::string> start(const Scope& scope, Start start);

  struct Results {
    Execution execution;
    std::vector<Row> rows;
    std::optional<std::size_t> next;  // the first row of the next page
  };
  /// A page of the rows; of a query that runs, the first rows of what it has so far. Error:
  /// ResourceNotFoundException.
  Result<Results> results(const Scope& scope, std::string_view id, std::size_t first,
                          std::size_t limit);
  /// Without its rows. Error: ResourceNotFoundException.
  Result<Execution> execution(const Scope& scope, std::string_view id) const;
  /// Error: ResourceNotFoundException; InvalidParameterException for one that has ended.
  Result<void> stop(const Scope& scope, std::string_view id);

  struct ListQuery {
    std::string log_group = {};  // "": all
    std::string status = {};     // "": all
    std::string after = {};      // `next` of the page before
    std::size_t limit = 1000;
  };
  /// The newest first.
  Result<logs::Page<Execution>> list(const Scope& scope, const ListQuery& query) const;

  /// The KMS key that results() names; nothing is encrypted with it. "" takes it away.
  Result<void> set_encryption_key(const Scope& scope, std::string_view key);

  const Context& context() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::insights
