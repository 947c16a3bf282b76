// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "objects/events.h"
#include "store/kv_store.h"

namespace weir::objects {

/// Where events go: topics and queues of this daemon.
class NotificationSink {
 public:
  virtual ~NotificationSink() = default;
  /// Error if the account of the bucket has no such destination.
  virtual Result<void> check(const Scope& bucket_owner, const std::string& arn) = 0;
  struct Message {
    std::string id;  // the same when it is sent again
    std::string subject;
    std::string body;
  };
  /// Kind unavailable, limit or internal: try again later; another Error: never.
  virtual Result<void> send(const Scope& bucket_owner, const std::string& arn,
                            const Message& message) = 0;
};

/// Event notifications of buckets. An event is in the outbox (key `objects/outbox/<number>`) before
/// the write that caused it is answered, and leaves it when the sink has it: each goes out at least
/// once, also over a restart, in the order of the writes to one destination unless it has to be
/// tried again. S3 User Guide, "Event message structure".
///
/// At most kOutboxMax events wait; then writes that cause some are refused with SlowDown. Events
/// whose destination is gone are counted in `weir_s3_events_dropped_total`.
///
/// Threads: any. Lifetime: quiesce the Runtime before this is destroyed.
class Notifications {
 public:
  static constexpr std::size_t kOutboxMax = 100'000;
  static constexpr std::size_t kBatch = 100;

  Notifications(Runtime& runtime, store::KvStore& store, NotificationSink& sink)
      : runtime_(runtime), store_(store), sink_(sink) {}
  /// Goes on with what is left. Call once, before anything else.
  Result<void> load();

  /// For Objects::on_event().
  Result<void> accept(const Event& event);
  /// The destinations of a configuration that is being put. Error InvalidArgument.
  Result<void> check(const Scope& bucket_owner, const Notification& wanted);
  /// What AWS sends to each destination of a new configuration.
  Result<void> send_test(const Bucket& bucket, const Requester& requester);
  std::size_t waiting() const { return waiting_; }

 private:
  Result<void> add(const Bucket& bucket, const std::string& arn, std::string message);
  void drain_soon();
  void drain();

  Runtime& runtime_;
  store::KvStore& store_;
  NotificationSink& sink_;
  std::atomic<std::uint64_t> next_{1};
  std::atomic<std::size_t> waiting_{0};
  std::atomic<bool> is_draining_{false};
  std::atomic<int> failures_{0};
};

/// The message of an event for one configuration.
std::string event_message(const Event& event, std::string_view configuration_id,
                          std::string_view sequencer);

}  // namespace weir::objects
