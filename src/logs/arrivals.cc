// SPDX-License-Identifier: Apache-2.0
#include "logs/arrivals.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <utility>

#include "base/counters.h"
#include "base/log.h"
#include "logs/bytes.h"
#include "logs/store_keys.h"

namespace weir::logs {
namespace {

constexpr Time kNever{std::numeric_limits<std::int64_t>::max()};
constexpr std::size_t kPointersMax = 100'000;              // looked at in one read()
constexpr Duration kTimeMargin = std::chrono::minutes(1);  // numbers and times of parallel writes

std::string pointer_key(const Scope& scope, Arrivals::Number number) {
  std::string key = store_key(scope, Arrivals::kKind);
  store::append_u64(key, number);
  return key;
}

struct Pointer {
  Time ingestion;
  std::string_view group;
  std::string_view stream;
  std::string_view block_key;

  std::string pack() const {
    std::string bytes;
    put_number(bytes, static_cast<std::uint64_t>(ingestion.ms));
    put_text(bytes, group);
    put_text(bytes, stream);
    put_text(bytes, block_key);
    return bytes;
  }
  static Result<Pointer> unpack(std::string_view bytes) {
    ByteReader reader(bytes);
    Pointer pointer;
    pointer.ingestion.ms = static_cast<std::int64_t>(reader.number());
    pointer.group = reader.text();
    pointer.stream = reader.text();
    pointer.block_key = reader.text();
    if (reader.failed()) {
      return Error{ErrorKind::internal, "InternalServerException",
                   "a stored pointer to arrived log events is damaged"};
    }
    return pointer;
  }
};

Result<Block> read_messages(std::string bytes) {
  WEIR_TRY(Block block, Block::read(std::move(bytes)));
  WEIR_CHECK(block.unpack_messages());
  return block;
}

void report_damaged(std::string_view group, std::string_view stream, const Error& error) {
  static Counter& damaged =
      counter("weir_logs_arrivals_damaged_total",
              "Blocks of log events that subscriptions, insight rules and live tails left out "
              "because they cannot be read.");
  damaged.add();
  log::error("arrived log events cannot be read and are left out",
             {{"group", group}, {"stream", stream}, {"error", error.message}});
}

}  // namespace

struct Arrivals::Follower::State {
  Scope scope;
  Wanted wanted;
  Runtime::Task wake;
  std::atomic<Number> position{0};
  std::atomic<bool> is_woken{false};  // until it reads the next time

  std::mutex mutex;  // of what follows
  std::condition_variable ended;
  bool is_running = false;
  bool runs_again = false;
  bool is_gone = false;

  void advance(Number next) {
    Number before = position;
    while (before < next && !position.compare_exchange_weak(before, next)) {
    }
  }
  void run() {
    std::unique_lock lock(mutex);
    runs_again = true;
    if (is_running) return;
    is_running = true;
    while (runs_again && !is_gone) {
      runs_again = false;
      lock.unlock();
      wake();
      lock.lock();
    }
    is_running = false;
    ended.notify_all();
  }
  void end() {
    std::unique_lock lock(mutex);
    is_gone = true;
    ended.wait(lock, [this] { return !is_running; });
  }
};

// ---- Writing ------------------------------------------------------------------------------------

Arrivals::Ticket::Ticket(Ticket&& other) noexcept
    : arrivals_(std::exchange(other.arrivals_, nullptr)),
      scope_(std::move(other.scope_)),
      number_(other.number_),
      group_(std::move(other.group_)) {}

Arrivals::Ticket::~Ticket() {
  if (arrivals_ != nullptr) arrivals_->finish(scope_, number_, group_);
}

Arrivals::Ticket Arrivals::add(const Scope& scope, std::string_view log_group_name,
                               std::string_view log_stream_name, std::string_view block_key,
                               Time ingestion, store::WriteBatch& batch) {
  Ticket ticket;
  {
    auto state = state_.lock();
    const auto found = state->scopes.find(scope);
    if (found == state->scopes.end()) return ticket;
    InScope& in_scope = found->second;
    const auto is_wanted = [&](const auto& follower) { return follower->wanted(log_group_name); };
    if (std::ranges::none_of(in_scope.followers, is_wanted)) return ticket;
    ticket.number_ = in_scope.next++;
    in_scope.under_way.insert(ticket.number_);
  }
  ticket.arrivals_ = this;
  ticket.scope_ = scope;
  ticket.group_ = log_group_name;
  const Pointer pointer{.ingestion = ingestion,
                        .group = log_group_name,
                        .stream = log_stream_name,
                        .block_key = block_key};
  batch.put(pointer_key(scope, ticket.number_), pointer.pack());
  return ticket;
}

void Arrivals::finish(const Scope& scope, Number number, std::string_view group) {
  std::vector<std::shared_ptr<Follower::State>> to_wake;
  {
    auto state = state_.lock();
    InScope& in_scope = state->scopes[scope];
    in_scope.under_way.erase(number);
    for (const auto& follower : in_scope.followers) {
      if (follower->wanted(group) && !follower->is_woken.exchange(true)) {
        to_wake.push_back(follower);
      }
    }
  }
  for (const auto& follower : to_wake) runtime_.post([follower] { follower->run(); });
}

// ---- Following ----------------------------------------------------------------------------------

Arrivals::Follower::Follower(Arrivals& arrivals, std::shared_ptr<State> state)
    : arrivals_(arrivals), state_(std::move(state)) {}

Arrivals::Follower::~Follower() {
  arrivals_.forget(state_);
  state_->end();
}

std::unique_ptr<Arrivals::Follower> Arrivals::follow(const Scope& scope,
                                                     std::optional<Number> position, Wanted wanted,
                                                     Runtime::Task wake) {
  auto follower = std::make_shared<Follower::State>();
  follower->scope = scope;
  follower->wanted = std::move(wanted);
  follower->wake = std::move(wake);
  bool has_waiting = false;
  {
    auto state = state_.lock();
    InScope& in_scope = state->scopes[scope];
    in_scope.next = std::max(in_scope.next, position.value_or(0));
    follower->position = position.value_or(in_scope.next);
    has_waiting = follower->position < in_scope.next;
    follower->is_woken = has_waiting;
    in_scope.followers.push_back(follower);
  }
  if (has_waiting) runtime_.post([follower] { follower->run(); });
  return std::unique_ptr<Follower>(new Follower(*this, std::move(follower)));
}

void Arrivals::forget(const std::shared_ptr<Follower::State>& follower) {
  auto state = state_.lock();
  std::erase(state->scopes[follower->scope].followers, follower);
}

Arrivals::Number Arrivals::end_of(const InScope& in_scope) {
  return in_scope.under_way.empty() ? in_scope.next : *in_scope.under_way.begin();
}

Result<Arrivals::Follower::Part> Arrivals::Follower::read(std::size_t blocks_max) {
  Part part;
  state_->is_woken = false;  // what comes from now on wakes again
  const Scope& scope = state_->scope;
  Number end = 0;
  {
    auto state = arrivals_.state_.lock();
    end = end_of(state->scopes[scope]);
  }
  part.next = state_->position;
  const std::string prefix = store_key(scope, kKind);
  std::size_t looked_at = 0;
  const auto cursor = arrivals_.store_.cursor();
  for (cursor->seek(pointer_key(scope, part.next));
       cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    const Number number = store::read_u64(cursor->key().substr(prefix.size()));
    if (number >= end) break;
    if (part.arrivals.size() == blocks_max || ++looked_at > kPointersMax) return part;
    part.next = number + 1;
    WEIR_TRY(const Pointer pointer, Pointer::unpack(cursor->value()));
    if (!state_->wanted(pointer.group)) continue;
    WEIR_TRY(auto bytes, arrivals_.store_.get(pointer.block_key));
    if (!bytes) continue;
    Result<Block> block = read_messages(*std::move(bytes));
    if (!block) {  // it will not become better: those behind it must not wait for it
      report_damaged(pointer.group, pointer.stream, block.error());
      continue;
    }
    part.arrivals.push_back({.number = number,
                             .log_group_name = std::string(pointer.group),
                             .log_stream_name = std::string(pointer.stream),
                             .block = *std::move(block)});
  }
  WEIR_CHECK(cursor->status());
  part.next = std::max(part.next, end);
  part.at_end = true;
  return part;
}

void Arrivals::Follower::advance(Number next) { state_->advance(next); }

void Arrivals::Follower::skip() {
  state_->is_woken = false;  // as in read()
  advance(end_of(arrivals_.state_.lock()->scopes[state_->scope]));
}

Arrivals::Number Arrivals::Follower::position() const { return state_->position; }

// ---- What is kept -------------------------------------------------------------------------------

Arrivals::Number Arrivals::oldest_position(const InScope& in_scope) {
  Number oldest = end_of(in_scope);
  for (const auto& follower : in_scope.followers) {
    oldest = std::min(oldest, follower->position.load());
  }
  return oldest;
}

/// Followers that are further behind go on there.
void Arrivals::give_up_before(InScope& in_scope, Number number) const {
  static Counter& given_up = counter(
      "weir_logs_arrivals_given_up_total",
      "PutLogEvents calls that a subscription, insight rule or live tail was too far behind "
      "to see.");
  for (const auto& follower : in_scope.followers) {
    const Number position = follower->position;
    if (position >= number) continue;
    given_up.add(number - position);
    log::error("a reader of arriving log events is too far behind and misses the oldest",
               {{"missed_calls", number - position}, {"may_wait", config_.waiting_max}});
    follower->advance(number);
  }
}

void Arrivals::trim() {
  store::WriteBatch batch;
  {
    auto state = state_.lock();
    if (!state->is_started) return;
    for (auto& [scope, in_scope] : state->scopes) {
      const Number end = end_of(in_scope);
      if (end > config_.waiting_max) give_up_before(in_scope, end - config_.waiting_max);
      const Number oldest = oldest_position(in_scope);
      if (oldest <= in_scope.trimmed) continue;
      in_scope.trimmed = oldest;
      batch.erase_range(pointer_key(scope, 0), pointer_key(scope, oldest));
    }
  }
  if (batch.empty()) return;
  if (const auto erased = store_.write(batch); !erased) {
    log::warn("cannot erase pointers to arrived log events, they go with the next",
              {{"error", erased.error().message}});
  }
}

Result<Time> Arrivals::oldest_awaited(const Scope& scope, std::string_view log_group_name) const {
  Number oldest = 0;
  {
    auto state = state_.lock();
    const auto found = state->scopes.find(scope);
    if (found == state->scopes.end()) return kNever;
    if (!state->is_started) return Time{0};  // not all followers are back
    const InScope& in_scope = found->second;
    oldest = in_scope.next;
    for (const auto& follower : in_scope.followers) {
      if (follower->wanted(log_group_name)) {
        oldest = std::min(oldest, follower->position.load());
      }
    }
    if (oldest == in_scope.next) return kNever;
  }
  const std::string prefix = store_key(scope, kKind);
  const auto cursor = store_.cursor();
  cursor->seek(pointer_key(scope, oldest));
  WEIR_CHECK(cursor->status());
  if (!cursor->valid() || !cursor->key().starts_with(prefix)) {
    return runtime_.now() - kTimeMargin;  // its write is under way
  }
  WEIR_TRY(const Pointer pointer, Pointer::unpack(cursor->value()));
  return pointer.ingestion - kTimeMargin;
}

Result<void> Arrivals::load(const Scope& scope) {
  const std::string prefix = store_key(scope, kKind);
  const auto cursor = store_.cursor();
  cursor->seek_back(store::prefix_end(prefix));
  WEIR_CHECK(cursor->status());
  if (!cursor->valid() || !cursor->key().starts_with(prefix)) return {};
  if (cursor->key().size() != prefix.size() + 8) {
    return Error{ErrorKind::internal, "InternalServerException",
                 "the key of a stored pointer to arrived log events is damaged"};
  }
  const Number last = store::read_u64(cursor->key().substr(prefix.size()));
  auto state = state_.lock();
  InScope& in_scope = state->scopes[scope];
  in_scope.next = std::max(in_scope.next, last + 1);
  return {};
}

}  // namespace weir::logs
