// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "logs/filter_pattern.h"

namespace weir::logs {

class Logs;

/// Live tail sessions (API reference, StartLiveTail): what comes into some log groups from now on,
/// as one update every second.
///
/// An update has at most kUpdateEventsMax events and kUpdateBytesMax bytes of messages; beyond that
/// it is a random sample. Who takes updates slower than they are made finds the last kUpdatesMax
/// of them, or fewer if these have more than kWaitingEventsMax events or kWaitingBytesMax bytes.
/// Where more comes in than a session can look at (kLookedAtMax events between two updates) the
/// rest is passed over and the update counts as a sample.
///
/// Threads: every function may be called from any thread. Time: that of the runtime.
/// Lifetime: logs and runtime outlive it; sessions may outlive it and then fail.
class LiveTail {
 public:
  static constexpr std::size_t kSessionsMax = 15;  // AWS's quota
  static constexpr std::size_t kUpdateEventsMax = 500;
  static constexpr std::size_t kUpdateBytesMax = 2u << 20;
  static constexpr std::size_t kUpdatesMax = 10;
  static constexpr std::size_t kWaitingEventsMax = 5'000;
  static constexpr std::size_t kWaitingBytesMax = 8u << 20;
  static constexpr std::size_t kLookedAtMax = 1'000'000;
  static constexpr Duration kPeriod{1'000};
  static constexpr Duration kSessionTimeMax = std::chrono::hours(3);

  struct Query {
    std::vector<std::string> log_group_names;
    // None: all streams. Of one group only; names or prefixes.
    std::vector<std::string> stream_names = {};
    std::vector<std::string> stream_prefixes = {};
    FilterPattern pattern = {};
  };
  struct Event {
    std::string log_group_name;
    std::string log_stream_name;
    std::string message;
    Time timestamp;
    Time ingestion;
  };
  struct Update {
    std::vector<Event> events;  // in order of time
    bool is_sampled = false;
  };

  /// One reader's end of a session. The session ends with it.
  class Session {
   public:
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    enum class State : std::uint8_t { open, timed_out, failed };
    struct Next {
      std::optional<Update> update;  // none: nothing yet, or the end
      State state = State::open;     // other than open only once the updates are taken
    };
    Next take();
    /// `ready` is called on any thread when there is something to take; it must not block. Set it
    /// once, before the first take().
    void on_ready(std::function<void()> ready);
    /// A UUID.
    const std::string& id() const;

   private:
    friend class LiveTail;
    struct Shared;
    explicit Session(std::shared_ptr<Shared> shared);
    std::shared_ptr<Shared> shared_;  // shared with the LiveTail that fills it
  };

  /// `sessions_max`: of one account and region at a time.
  LiveTail(Runtime& runtime, Logs& logs, std::size_t sessions_max = kSessionsMax);
  /// Sessions that are open fail.
  ~LiveTail();
  LiveTail(const LiveTail&) = delete;
  LiveTail& operator=(const LiveTail&) = delete;

  /// Errors: ResourceNotFoundException, LimitExceededException, InvalidOperationException (groups
  /// of another class than STANDARD).
  Result<std::unique_ptr<Session>> start(const Scope& scope, Query query);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::logs
