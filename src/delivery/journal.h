// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "delivery/subscription.h"
#include "store/kv_store.h"

namespace weir::delivery {

/// What is taken over and not delivered yet, in the store:
///
///     delivery/next                              the next sequence number; none is ever used twice
///     delivery/log/<flow log>                    the flow log, so that a deleted one is still
///     delivered delivery/file/<flow log>/<slot><sequence>  lines of one S3 slot
///     delivery/event/<flow log>/<sequence>       events that a log group refused for now
///
/// Threads: one at a time.
class Journal {
 public:
  explicit Journal(store::KvStore& store) : store_(store) {}

  /// A slot of an S3 flow log that has lines waiting.
  struct Slot {
    std::string flow_log_id;
    Time start;
    auto operator<=>(const Slot&) const = default;
  };
  struct Waiting {
    std::uint64_t bytes = 0;
    Time first_taken;  // when the first line came; after a restart, then
  };
  struct Chunk {
    std::uint64_t sequence = 0;
    std::string lines;  // each ends with a line break
  };
  struct Events {
    std::uint64_t sequence = 0;
    std::string interface_id;
    std::string stream;
    std::vector<Line> lines;
  };

  Result<void> load(Time now);
  /// The flow logs that something waits for.
  const std::map<std::string, SubscriptionPtr>& flow_logs() const { return flow_logs_; }
  const std::map<Slot, Waiting>& slots() const { return slots_; }
  std::uint64_t bytes() const { return bytes_; }
  bool has_events(std::string_view flow_log_id) const {
    return events_.contains(std::string(flow_log_id));
  }

  /// Collects additions; commit() makes them durable together.
  void add_lines(const SubscriptionPtr& to, Time slot, std::span<const Line> lines);
  void add_events(const SubscriptionPtr& to, std::string_view interface_id,
                  std::span<const Line> lines);
  /// Error: nothing of what was collected is kept; it is forgotten.
  Result<void> commit(Time now);

  /// The first chunks of the slot, up to `bytes_max` of lines but at least one.
  Result<std::vector<Chunk>> chunks(const Slot& slot, std::uint64_t bytes_max) const;
  /// They are delivered.
  Result<void> erase(const Slot& slot, std::span<const Chunk> chunks);
  /// Calls `deliver` for what waits for a log group, in the order it came; what it returns true for
  /// is erased.
  Result<void> deliver_events(const std::string& flow_log_id,
                              const std::function<bool(const Events&)>& deliver);
  /// Everything of a flow log that cannot be delivered any more.
  Result<void> forget(const std::string& flow_log_id);

 private:
  void describe(const SubscriptionPtr& flow_log);
  void forget_if_idle(const std::string& flow_log_id, store::WriteBatch& batch);
  std::uint64_t take_sequence();

  store::KvStore& store_;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t bytes_ = 0;
  std::map<std::string, SubscriptionPtr> flow_logs_;
  std::map<Slot, Waiting> slots_;
  std::map<std::string, std::uint64_t> events_;  // bytes by flow log

  struct Collected {
    store::WriteBatch batch;
    std::vector<SubscriptionPtr> flow_logs;
    std::map<Slot, std::uint64_t> slot_bytes;
    std::map<std::string, std::uint64_t> event_bytes;
  };
  Collected collected_;
};

}  // namespace weir::delivery
