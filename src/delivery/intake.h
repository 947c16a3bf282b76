// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/guarded.h"
#include "base/result.h"
#include "delivery/subscription.h"
#include "flow/context.h"
#include "flow/record.h"
#include "vpc/network.h"

namespace weir::delivery {

/// Records that no destination will get.
struct Loss {
  Scope scope;
  std::string flow_log_id;
  std::string interface_id;  // "" where it is not known
  std::uint64_t records = 0;
};

/// Where the records of one interface go for one flow log.
struct Target {
  SubscriptionPtr to;
  std::shared_ptr<const flow::Context> interface;  // shared by cache and batches
  TagValues tags;
};

/// Records of one interface for one flow log.
struct Batch {
  Target target;
  std::vector<Line> lines;
  bool is_skip = false;  // the SKIPDATA line of records that are counted already
};

/// The side of delivery that capture threads meet: formats records for the flow logs that cover
/// their interface and keeps them in a bounded queue.
///
/// Threads: any.
class Intake {
 public:
  /// `wake` is called, under the queue's lock, when take() has something to do.
  Intake(vpc::Network& network, std::size_t queue_bytes_max, std::function<void()> wake);

  void accept(const Scope& scope, const flow::Context& interface,
              std::span<const flow::Record> records);
  /// Everything that waits, SKIPDATA lines included.
  std::vector<Batch> take();
  /// Back to the head of the queue.
  void put_back(std::vector<Batch> batches);
  /// Its records are lost: a SKIPDATA line follows.
  void skip(const Batch& batch);
  /// Lost without a line: nothing is left to write it to.
  void lose(const SubscriptionPtr& flow_log, const std::string& interface_id,
            std::uint64_t records);
  std::vector<Loss> take_losses();
  bool is_empty();
  void stop();
  /// Grows with every change of the network.
  std::uint64_t changes() const { return changes_->load(); }

 private:
  struct Skipped {
    Target target;
    std::int64_t start_s = 0;
    std::int64_t end_s = 0;
  };
  struct Queue {
    std::deque<Batch> batches;
    std::size_t bytes = 0;
    std::map<std::string, Skipped> skipped;  // by flow log and interface
    std::map<std::string, Loss> losses;      // the same
    bool is_woken = false;
    bool is_stopped = false;
  };
  /// As of one state of the network.
  struct Cache {
    struct Entry {
      std::shared_ptr<const flow::Context> interface;
      std::vector<Target> targets;
    };
    std::uint64_t changes = 0;
    std::map<std::string, Entry, std::less<>> by_interface;
  };

  std::vector<Target> targets_of(const Scope& scope, const flow::Context& interface);
  std::vector<Target> find_targets(const Scope& scope,
                                   const std::shared_ptr<const flow::Context>& interface);
  void enqueue(Batch batch);
  void count_loss(Queue& in, const SubscriptionPtr& flow_log, const std::string& interface_id,
                  std::uint64_t records);
  void mark_skipped(Queue& in, const Batch& batch);
  void wake(Queue& in);

  vpc::Network& network_;
  const std::size_t queue_bytes_max_;
  const std::function<void()> wake_;
  // Shared with the network's callback, which outlives this.
  std::shared_ptr<std::atomic<std::uint64_t>> changes_ =
      std::make_shared<std::atomic<std::uint64_t>>(1);
  Guarded<Cache> cache_;
  Guarded<Queue> queue_;
  Counter& records_ =
      counter("weir_delivery_records_total", "Flow records taken over for delivery.");
  Counter& skipped_ =
      counter("weir_delivery_records_skipped_total",
              "Flow records that were taken over or should have been, and are lost.");
};

}  // namespace weir::delivery
