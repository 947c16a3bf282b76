// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "logs/block.h"
#include "store/kv_store.h"

namespace weir::logs {

/// The stored blocks of events in the order of their arrival, for those who work on events after
/// they were acknowledged: subscriptions, insight rules, live tail.
///
/// A put to a followed group writes, in the same atomic batch as its block, a pointer to the block
/// under the next number of its scope. A follower reads on from its position and says how far it
/// is done; what all followers have passed is erased by `trim()`. Who keeps its position in the
/// store (together with what it did, if it must not do it twice) loses nothing over a restart.
///
/// How far a follower is behind costs no memory and no time at start: pointers and blocks are read
/// from the store when it gets there, and until then the blocks of its groups are not merged.
/// Pointers are bounded by their number: a follower that more than Config::waiting_max pointers
/// wait for loses the oldest, which is logged and counted (the events stay in their group).
///
/// Threads: every function may be called from any thread; a Follower by one at a time.
/// Memory: numbers of writes under way, positions of followers.
class Arrivals {
 public:
  /// Numbers begin at 1 and grow; some may be missing.
  using Number = std::uint64_t;

  struct Arrival {
    Number number = 0;
    std::string log_group_name;
    std::string log_stream_name;
    Block block;
  };

  /// A reader of the arrivals of one scope. Must go before the Arrivals.
  class Follower {
   public:
    /// Waits for a `wake` that runs; none runs afterwards. Not from inside `wake`.
    ~Follower();
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    struct Part {
      std::vector<Arrival> arrivals;
      Number next = 0;      // go on there
      bool at_end = false;  // wait for `wake`
    };
    /// At most `blocks_max` blocks from `position()` on, of the groups that it follows. Blocks that
    /// are gone (deleted, expired) are left out. Does not move the position.
    Result<Part> read(std::size_t blocks_max);
    /// What is before `next` is done: never read again by this follower.
    void advance(Number next);
    /// Passes over all that has arrived.
    void skip();
    Number position() const;

   private:
    friend class Arrivals;
    struct State;
    Follower(Arrivals& arrivals, std::shared_ptr<State> state);
    Arrivals& arrivals_;
    std::shared_ptr<State> state_;  // shared with the puts that wake it
  };

  /// What a write has to carry: made before it, destroyed after it (whether it succeeded or not).
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket();

   private:
    friend class Arrivals;
    Arrivals* arrivals_ = nullptr;
    Scope scope_;
    Number number_ = 0;
    std::string group_;
  };

  struct Config {
    /// Pointers of one account and region that are kept for followers, checked with each trim().
    /// One stands for one PutLogEvents call and takes less than its block does. At least 1.
    Number waiting_max = 100'000'000;
  };

  Arrivals(Runtime& runtime, store::KvStore& store, Config config)
      : runtime_(runtime), store_(store), config_(config) {}
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  /// Whose groups: by name. Called under a lock and often: quick, calls nothing.
  using Wanted = std::function<bool(std::string_view log_group_name)>;

  /// Follows from `position` on, or from now on. `wake` runs on a worker of the runtime, one run at
  /// a time: after something came that was not read yet, and at the beginning if something waits.
  /// Durable followers come back (with their stored position) before the first put and trim().
  std::unique_ptr<Follower> follow(const Scope& scope, std::optional<Number> position,
                                   Wanted wanted, Runtime::Task wake);

  /// Adds the pointer to a block that `batch` stores under `block_key`, if somebody follows the
  /// group. `ingestion` is that of the block.
  Ticket add(const Scope& scope, std::string_view log_group_name, std::string_view log_stream_name,
             std::string_view block_key, Time ingestion, store::WriteBatch& batch);

  /// Erases what all followers have passed, and what is more than may wait. Nothing before the
  /// first call of `start()`, so that durable followers find what they left.
  void trim();
  void start() { state_.lock()->is_started = true; }

  /// Blocks of a group that were ingested at that time or later may be waited for: they must stay
  /// under their key. The greatest time if nothing is. It tells of the blocks that a cursor sees
  /// which was made before the call; those that come later are not among them.
  Result<Time> oldest_awaited(const Scope& scope, std::string_view log_group_name) const;

  /// Takes note of the pointers that an earlier run left in a scope.
  Result<void> load(const Scope& scope);
  void clear() { *state_.lock() = State(); }

  /// The part of a key behind the scope's prefix, before the number.
  static constexpr std::string_view kKind = "a/";

 private:
  struct InScope {
    Number next = 1;
    std::set<Number> under_way;
    Number trimmed = 0;  // erased up to there
    std::vector<std::shared_ptr<Follower::State>> followers;
  };
  struct State {
    std::map<Scope, InScope> scopes;
    bool is_started = false;
  };

  void finish(const Scope& scope, Number number, std::string_view group);
  void forget(const std::shared_ptr<Follower::State>& follower);
  static Number end_of(const InScope& in_scope);
  static Number oldest_position(const InScope& in_scope);
  void give_up_before(InScope& in_scope, Number number) const;

  Runtime& runtime_;
  store::KvStore& store_;
  Config config_;
  mutable Guarded<State> state_;
};

}  // namespace weir::logs
