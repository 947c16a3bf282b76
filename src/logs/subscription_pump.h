// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/runtime.h"
#include "logs/arrivals.h"
#include "logs/logs.h"
#include "logs/subscription_filter.h"
#include "logs/subscription_payload.h"
#include "store/kv_store.h"

namespace weir::logs {

/// Where a filter's payloads go: to a transport, or into a log group.
struct SubscriptionTarget {
  std::string arn;
  SubscriptionTransport* transport = nullptr;  // nullptr: a log group
  Scope scope;                                 // of the log group
  std::string log_group_name;
  std::string kind;  // metric dimension DestinationType
};

/// How far a filter has come, as it is kept.
struct SubscriptionPosition {
  std::int64_t next = 0;               // Arrivals::Number
  std::int64_t retrying_since_ms = 0;  // 0: nothing fails
  static Shape shape();
};

/// The work of one subscription filter: reads arrivals, sends payloads, moves the position.
///
/// Threads: every function from any thread; work runs on workers of the Runtime. Memory: the
/// events of kBlocksMax blocks, compressed but for log groups.
class SubscriptionPump : public std::enable_shared_from_this<SubscriptionPump> {
 public:
  static constexpr std::size_t kBlocksMax = 16;   // of one step
  static constexpr std::size_t kInFlightMax = 8;  // streams of one filter at a time
  /// Messages in a payload, in bytes: below it payloads do not become smaller for good.
  static constexpr std::size_t kPayloadMin = 64u << 10;
  static constexpr Duration kPauseMin{1'000};  // after the first failure; doubled by each
  static constexpr Duration kPauseMax{60'000};

  /// What all pumps share. Outlives them.
  struct Surroundings {
    Runtime& runtime;
    store::KvStore& store;
    Logs& logs;
    Duration retry_time_max;
    /// For a filter; called without a lock.
    std::function<Result<SubscriptionTarget>(const CompiledSubscription&)> find_target;
  };
  /// Since the last look.
  struct Counts {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t errors = 0;
    std::uint64_t throttled = 0;
    std::string target_kind;
  };
  using Compiled = std::shared_ptr<const CompiledSubscription>;  // swapped under running work

  SubscriptionPump(const Surroundings& around, std::string position_key, Compiled compiled);

  /// Begins, now or at a stored position; returns it.
  SubscriptionPosition start(std::optional<SubscriptionPosition> position);
  /// Nothing is sent afterwards; waits for what runs. Not from inside a transport.
  void stop();
  /// Goes on if it is idle.
  void step();

  Compiled compiled() const;
  void replace(Compiled compiled);
  /// The position if it is not stored yet; it counts as stored then.
  std::optional<SubscriptionPosition> unsaved_position();
  const std::string& position_key() const { return position_key_; }
  Counts take_counts();

 private:
  struct Parcel {
    std::string id = {};
    std::string data = {};                   // to a transport
    std::vector<InputLogEvent> events = {};  // to a log group
    std::uint64_t event_count = 0;
    std::size_t message_bytes = 0;  // of `data`, before compression
    Time arrived = {};              // the latest of its events
  };
  /// Parcels that have to go one after the other.
  struct Lane {
    std::string log_stream_name;
    std::deque<Parcel> parcels = {};
    int failures = 0;  // of the first parcel
    Time failing_since = {};
    bool is_paused = false;
    std::uint64_t turn = 0;  // a pause whose turn is over wakes nothing
  };
  struct Round {
    Arrivals::Number next = 0;
    Compiled compiled;
    SubscriptionTarget target;
    std::vector<Lane> lanes;
    std::size_t started = 0;  // lanes
    std::size_t ended = 0;
    bool is_abandoned = false;  // the filter was replaced: to be read and sent anew
  };
  enum class Found : std::uint8_t { nothing, more, round, failure };

  Found make_round();
  Found without_target(const Error& error, const Arrivals::Follower::Part& part);
  void pack(Round& round, const std::vector<Arrivals::Arrival>& arrivals) const;
  void start_lanes();
  void send(std::size_t lane, std::uint64_t turn);
  Result<void> put_events(const SubscriptionTarget& target, const std::string& stream,
                          const std::vector<InputLogEvent>& events);
  void completed(std::size_t lane, const Result<void>& result);
  bool try_again(std::size_t lane, const Error& error);
  bool make_smaller(Lane& lane);
  bool is_hopeless(const Error& error, Time failing_since, Time arrived) const;
  void remember_failure(Time since);
  void end_lane();
  void end_round();
  void move_to(Arrivals::Number next);
  void pause_step();
  void post_step();
  void post_send(std::size_t lane);
  Duration pause(int failures) const;
  void drop(std::uint64_t events, const Error& error) const;

  const Surroundings& around_;
  const std::string position_key_;
  const std::string label_;  // for the log
  Guarded<Compiled> compiled_;
  mutable std::mutex mutex_;  // of what follows
  std::unique_ptr<Arrivals::Follower> follower_;
  std::optional<Round> round_;
  bool is_paused_ = false;  // between two attempts to begin a round
  bool is_stopped_ = false;
  int failed_steps_ = 0;
  SubscriptionPosition saved_;
  Time failing_since_;  // since when nothing could be delivered; 0: nothing fails
  Counts counts_;
  /// Messages in a payload: less than a payload may hold once the target found one too large.
  std::size_t message_bytes_max_ = SubscriptionPayload::kMessageBytesMax;
};

}  // namespace weir::logs
