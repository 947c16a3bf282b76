// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
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
///     delivery/log/<flow log>                    the flow log: a deleted one is still delivered
///     delivery/file/<flow log>/<slot><sequence>  lines of one S3 slot
///     delivery/event/<flow log>/<sequence>       events that a log group refused for now, or that
///                                                wait for their delivery stream
///     delivery/request/<flow log>                the request to the stream that was begun
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

  /// A request to a delivery stream: the first events that wait, as one unit that does not change
  /// until the stream has taken it.
  struct Request {
    std::string id;
    Time created;
    std::uint64_t last_sequence = 0;
    std::vector<Line> lines;
  };
  struct RequestLimits {
    std::size_t records_max = 500;
    std::size_t bytes_max = 5u << 20;
  };
  /// A row of events for a stream holds so many at most, so that a request can be made smaller.
  static constexpr std::size_t kStreamRowMax = 100;

  Result<void> load(Time now);
  /// The flow logs that something waits for.
  const std::map<std::string, SubscriptionPtr>& flow_logs() const { return flow_logs_; }
  const std::map<Slot, Waiting>& slots() const { return slots_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t bytes_of(const std::string& flow_log_id) const;
  bool has_events(std::string_view flow_log_id) const {
    return events_.contains(std::string(flow_log_id));
  }
  /// Events of the flow log that wait; after a restart `records` is not known and counts as many.
  struct WaitingEvents {
    std::uint64_t bytes = 0;
    std::uint64_t records = 0;
    Time first_taken;
  };
  WaitingEvents events(const std::string& flow_log_id) const;
  /// A number that no file has used; durable with the batch.
  std::uint64_t take_sequence(store::WriteBatch& batch);

  /// Collects additions; commit() makes them durable together.
  void add_lines(const SubscriptionPtr& to, Time slot, std::span<const Line> lines);
  void add_events(const SubscriptionPtr& to, std::string_view interface_id,
                  std::span<const Line> lines);
  /// Error: nothing of what was collected is kept; it is forgotten.
  Result<void> commit(Time now);

  /// The first chunks of the slot, up to `bytes_max` of lines but at least one.
  Result<std::vector<Chunk>> chunks(const Slot& slot, std::uint64_t bytes_max) const;
  /// They are delivered. `also` is written with it.
  Result<void> erase(const Slot& slot, std::span<const Chunk> chunks, store::WriteBatch also = {});
  /// Calls `deliver` for what waits for a log group, in the order it came; what it returns true for
  /// is erased.
  Result<void> deliver_events(const std::string& flow_log_id,
                              const std::function<bool(const Events&)>& deliver);
  /// The request that was begun and is not finished, as it was; nothing if there is none.
  Result<std::optional<Request>> request(const std::string& flow_log_id) const;
  /// Begins one with the first rows that wait, at least one; durable. There must be events and no
  /// request.
  Result<Request> begin_request(const std::string& flow_log_id, std::string id, Time now,
                                RequestLimits limits);
  /// It is delivered, or given up.
  Result<void> finish_request(const std::string& flow_log_id, const Request& request);
  /// Forgets the request, not its events: the next one is cut anew.
  Result<void> drop_request(const std::string& flow_log_id);
  /// Everything of a flow log that cannot be delivered any more. Returns how many records that was.
  Result<std::uint64_t> forget(const std::string& flow_log_id);

 private:
  void describe(const SubscriptionPtr& flow_log);
  void forget_if_idle(const std::string& flow_log_id, store::WriteBatch& batch);
  std::uint64_t take_sequence();
  void put_next_sequence(store::WriteBatch& batch) const;
  Result<void> scan_rows(
      const std::string& flow_log_id,
      const std::function<bool(std::uint64_t sequence, std::vector<Line> lines)>& take) const;

  store::KvStore& store_;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t bytes_ = 0;
  std::map<std::string, SubscriptionPtr> flow_logs_;
  std::map<Slot, Waiting> slots_;
  std::map<std::string, WaitingEvents> events_;  // by flow log

  struct Collected {
    store::WriteBatch batch;
    std::vector<SubscriptionPtr> flow_logs;
    std::map<Slot, std::uint64_t> slot_bytes;
    std::map<std::string, WaitingEvents> events;
  };
  Collected collected_;
};

}  // namespace weir::delivery
