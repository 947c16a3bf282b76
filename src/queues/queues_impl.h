// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "queues/message_index.h"
#include "queues/queues.h"

/// What the parts of Queues share; private to the module.
///
/// Keys, all behind `sqs/<account>/<region>/`, with numbers of eight bytes, big-endian:
///
///     q/<name>                  Queue, JSON
///     m/<queue id>/<sequence>   StoredMessage, JSON
///     r/<queue id>/<sequence>   Receipt, JSON: what receiving has changed
///     d/<queue id>/<sequence>   Deduplication, JSON (FIFO)
namespace weir::queues {

inline constexpr std::string_view kStorePrefix = "sqs/";
inline constexpr Duration kDeduplicationLife = std::chrono::minutes(5);

std::string queue_key(const Scope& scope, std::string_view name);
/// Of all records of a kind (`m`, `r`, `d`) of one queue.
std::string record_prefix(const Scope& scope, char kind, std::string_view queue_id);
std::string record_key(const Scope& scope, char kind, std::string_view queue_id,
                       std::uint64_t sequence);
/// 20 digits, as AWS writes it.
std::string sequence_text(std::uint64_t sequence);

struct Receipt {
  Time visible_at;
  Time first_received;
  int receives = 0;
  std::int64_t receipt = 0;
  static Shape shape();
};

struct Deduplication {
  std::string key;  // the id, or group and id
  std::string message_id;
  Time until;
  static Shape shape();
};

/// A receiver that waits.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  /// With the lock held, once it is taken out of the list.
  virtual void wake() = 0;
  /// What to call, without the lock, when the queues are destroyed.
  virtual std::function<void()> end() = 0;
};

/// A queue with its messages. All but the constants is behind the lock.
struct Live {
  struct Known {
    std::uint64_t sequence = 0;
    std::string message_id;
    Time until;
    bool is_stored = false;
  };

  Live(Scope scope_in, Queue queue_in)
      : scope(std::move(scope_in)),
        id(queue_in.id),
        is_fifo(queue_in.is_fifo()),
        queue(std::move(queue_in)),
        index(is_fifo) {}

  const Scope scope;
  const std::string id;
  const bool is_fifo;
  Queue queue;
  MessageIndex index;
  std::map<std::string, Known, std::less<>> deduplications;
  std::deque<std::pair<Time, std::string>> deduplication_order;  // by the end of their life
  std::list<Sleeper*> waiting;                                   // receivers, in their turn
  std::optional<TimerId> timer;                                  // for them: the next hidden one
  Time timer_at;
  std::uint64_t last_sequence = 0;
  std::optional<Time> purged;
  bool is_gone = false;
};
using LiveRef = std::shared_ptr<Live>;  // shared with calls under way when the queue is deleted

struct Queues::Impl {
  class Waiting;
  Runtime& runtime;
  store::KvStore& store;
  const Config config;

  // One lock for all: it is held for work in memory only. What is written meanwhile is marked in
  // the index (not stored yet, in flight).
  mutable std::mutex mutex;
  std::condition_variable stored;  // a message with a deduplication id was written
  std::map<std::pair<Scope, std::string>, LiveRef> queues;
  std::size_t messages = 0;
  std::size_t deduplications = 0;
  std::mutex changes;  // of queues: one after the other
  Timer housekeeping;

  Impl(Runtime& runtime_in, store::KvStore& store_in, Config config_in)
      : runtime(runtime_in), store(store_in), config(config_in) {}

  /// With the lock held.
  Result<LiveRef> find(const Scope& scope, const std::string& name) const;
  Result<void> save(Live& live, Queue changed);
  Result<void> check_dead_letter_target(const Scope& scope, const Queue& queue) const;
  std::uint64_t next_sequence(Live& live) const;
  void forget_message(Live& live, std::uint64_t sequence);
  void forget_deduplication(Live& live, const std::string& key);
  /// Receivers that wait may have something to receive; with the lock held.
  void wake(Live& live);
  void wake_all(Live& live);
  void arm(const LiveRef& live);

  /// A message that is being written, or the earlier one that it repeats.
  struct Planned {
    std::size_t position = 0;  // among the messages of the call
    std::uint64_t sequence = 0;
    std::string deduplication_key;
    bool is_repeated = false;
  };
  Result<Sent> plan(Live& live, const Sending& sending, std::vector<Planned>& planned,
                    store::WriteBatch& batch);
  std::optional<Live::Known> known(Live& live, const std::string& key);

  /// What one receive does: hands out, moves to the dead letters, forgets what is too old.
  struct Taken;
  void take(Live& live, const Receiving& receiving, Taken& taken);
  LiveRef dead_letter_queue(const Live& live) const;
  Result<void> read(const Live& live, Taken& taken);
  void plan_writes(Live& live, Taken& taken, store::WriteBatch& batch);
  void finish(Live& live, Taken& taken, bool is_written);

  void keep_house();
  Result<void> expire(Live& live);
};

/// `Receipt handle` of an entry, and back.
std::string make_handle(const std::string& queue_id, const MessageIndex::Entry& entry);
struct Handle {
  std::string queue_id;
  std::uint64_t sequence = 0;
  std::uint64_t receipt = 0;
};
std::optional<Handle> parse_handle(const std::string& text);

Error no_such_queue();

}  // namespace weir::queues
