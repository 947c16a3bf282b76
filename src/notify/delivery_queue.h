// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "notify/message.h"
#include "notify/retry_policy.h"
#include "notify/transport.h"
#include "store/kv_store.h"

namespace weir::notify {

/// What was published (or the confirmation that is to be sent); kept until its last delivery ended.
struct StoredMessage {
  std::string id;
  std::string type;  // type_name(): Notification ...
  std::string topic_arn;
  std::optional<std::string> subject;
  std::string message;
  std::string email_text;
  bool is_structured = false;
  MessageAttributes attributes;
  Time timestamp;
  std::string token;  // of confirmations
  std::string group_id;
  std::string deduplication_id;  // FIFO topics
  std::string sequence_number;   // FIFO topics
  static Shape shape();
};

/// One delivery that is not finished. What it needs of a subscription that may be gone is copied.
struct StoredDelivery {
  std::string message_id;
  std::string subscription_arn;
  std::string protocol;
  std::string endpoint;
  int attempts = 0;  // made so far
  Time due;          // of the next one
  Time begun;        // when the message was published
  /// Not empty (FIFO topics): deliveries to one endpoint with the same `order` are made one after
  /// the other, by `sequence`; one that is tried again holds up those behind it.
  std::string order;
  std::string sequence;
  static Shape shape();
};

/// The durable queue of deliveries: keeps them in the store until they succeed, are refused for
/// good or run out of retries, and goes on after a restart.
///
/// Deliveries to one endpoint form a lane (to one endpoint and message group, in a FIFO topic).
/// Lanes take turns; a lane has a bounded number of attempts under way, and only one after an
/// attempt failed. So a dead endpoint holds one place of Limits::in_flight_max and delays no other
/// lane.
///
/// What add() writes is on disk when it returns. Ends and retries are written a little later, many
/// at once: after a crash the deliveries of the last moment are made again.
///
/// Threads: all functions may be called from any thread; `prepare` and `ended` are called on a
/// worker without a lock. Lifetime: quiesce the Runtime and destroy the transports' clients before
/// this.
class DeliveryQueue {
 public:
  struct Limits {
    std::size_t in_flight_max = 256;
    std::size_t in_flight_per_endpoint_max = 8;
    std::size_t deliveries_max = 1'000'000;
    std::size_t cache_bytes_max = 64u
                                  << 20;  // of waiting deliveries; others are read from the store
  };
  /// A delivery made ready for an attempt.
  struct Prepared {
    Delivery delivery;
    Transport* transport = nullptr;  // nullptr: nothing carries the protocol; tried again later
    RetryPolicy retry;
    std::optional<int> receives_per_second;
  };
  /// Nothing if the delivery is no longer wanted; an Error is tried again as a failed attempt.
  using Prepare =
      std::function<Result<std::optional<Prepared>>(const StoredMessage&, const StoredDelivery&)>;

  /// How a delivery ended for good: delivered, rejected, or `retry` when it ran out of retries. An
  /// Error keeps the delivery; it is called again later.
  using Ended =
      std::function<Result<void>(const StoredMessage&, const StoredDelivery&, const Outcome&)>;

  DeliveryQueue(Runtime& runtime, store::KvStore& store, Limits limits, Prepare prepare,
                Ended ended);
  ~DeliveryQueue();

  /// Takes up what a former run left.
  Result<void> load();

  struct Addition {
    StoredMessage message;
    std::vector<StoredDelivery> deliveries;
  };
  /// Writes messages with their deliveries and `with` (state that must be stored together with
  /// them) in one batch, then begins to deliver, in their order. Error: Throttled when the queue is
  /// full, or that of the store; nothing is then kept.
  Result<void> add(const Scope& scope, std::vector<Addition> additions, store::WriteBatch with);

  std::size_t waiting() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::notify
