// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/result.h"
#include "base/runtime.h"
#include "delivery/subscription.h"
#include "objects/objects.h"
#include "store/kv_store.h"

namespace weir::delivery {

/// Merges the small files of one flow log and one past hour or day (its partition) into few large
/// ones. In the store:
///
///     delivery/written/<flow log>/<period>   files were written there since the last merge
///     delivery/merge/<flow log>/<period>     a merge under way: the new key, the keys it replaces
///
/// The new object appears whole, then the old ones go: for the time of these deletions a reader can
/// see a record twice, never none. A crash in between leaves the second entry, by which the
/// deletion is finished at the next start before anything else. Old objects go only if they are
/// still the ones that were read.
///
/// Threads: one at a time; note_written() may be called beside.
class Compactor {
 public:
  struct Config {
    bool is_on = false;
    /// How long after its end a period is merged. Files that come later are merged once more.
    Duration delay = std::chrono::minutes(15);
    std::uint64_t file_bytes_max = 64u << 20;  // of one merged file, compressed
    std::size_t files_max = 1000;              // that become one
  };
  /// Gives a number that no file has used, durable with the batch.
  using NextSequence = std::function<std::uint64_t(store::WriteBatch&)>;

  Compactor(store::KvStore& store, objects::Objects& objects, Config config)
      : store_(store), objects_(objects), config_(config) {}

  /// Adds to `batch` that a file of the slot was written.
  void note_written(const Subscription& flow_log, Time slot, store::WriteBatch& batch) const;
  /// Finishes what a crash interrupted.
  Result<void> recover();
  /// Merges every period that is over. Error: the last of those met; what failed is tried again at
  /// the next call.
  Result<void> run(Time now, const NextSequence& next_sequence);

 private:
  struct Source;
  struct Merge;
  Result<void> merge_period(const Subscription& flow_log, Time period,
                            const NextSequence& next_sequence);
  Result<void> merge(const Subscription& flow_log, Time period, const std::vector<Source>& sources,
                     const NextSequence& next_sequence);
  Result<std::vector<Source>> sources_of(const Subscription& flow_log, Time period) const;
  Result<std::filesystem::path> write_merged(const Subscription& flow_log,
                                             const std::vector<Source>& sources,
                                             std::uint64_t sequence) const;
  Result<void> finish(const std::string& record_key, const Merge& merge);

  store::KvStore& store_;
  objects::Objects& objects_;
  const Config config_;
  Counter& merged_ = counter("weir_delivery_files_merged_total",
                             "Flow-log files that became part of a larger one.");
};

}  // namespace weir::delivery
