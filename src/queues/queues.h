// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "queues/message.h"
#include "queues/queue.h"
#include "store/kv_store.h"

namespace weir::queues {

struct Page {
  std::vector<std::string> names;  // of queues
  std::string next_token;          // "" at the end
};

/// What ReceiveMessage asks for, already within AWS's bounds.
struct Receiving {
  int count = 1;
  std::optional<int> visibility_timeout_s = {};  // of the queue if unset
  std::string attempt_id = {};                   // ReceiveRequestAttemptId of FIFO queues
};

/// The interest of one receiver that waits for messages; gives it up when destroyed.
class Wait {
 public:
  virtual ~Wait() = default;
};

/// SQS: standard and FIFO queues with visibility timeout, delay, retention, deduplication and dead
/// letters. Names are as clients use them in the queue URL.
///
/// Durability: a message is acknowledged when it is on disk, a delete when the message is gone from
/// disk, a receive when its count is on disk. So nothing is lost by kill -9, and receipt handles
/// outlive a restart.
///
/// Memory: an index of about 200 bytes for each message, at most Config::messages_max messages; a
/// send beyond it is refused with OverLimit. Bodies are on disk only.
///
/// Threads: every function from any thread. Those that write wait for the disk. Errors: SQS's
/// codes and texts (AWS.SimpleQueueService.NonExistentQueue, InvalidParameterValue ...), or that of
/// the store. Lifetime: quiesce the Runtime before this is destroyed; waits may outlive it.
class Queues {
 public:
  struct Config {
    std::size_t queues_max = 100'000;            // of all accounts and regions
    std::size_t messages_max = 1'000'000;        // of all queues
    std::size_t in_flight_max = 120'000;         // of one queue, as on AWS
    std::size_t deduplications_max = 1'000'000;  // ids remembered, of all FIFO queues
  };

  Queues(Runtime& runtime, store::KvStore& store, Config config);
  ~Queues();
  Queues(const Queues&) = delete;
  Queues& operator=(const Queues&) = delete;

  /// Reads the stored state. Call once, before anything else.
  Result<void> load();

  // Queues.
  /// Succeeds too if the queue exists with these attributes.
  Result<void> create(const Scope& scope, const std::string& name, const Attributes& attributes,
                      const Tags& tags);
  Result<void> remove(const Scope& scope, const std::string& name);
  Result<Queue> queue(const Scope& scope, const std::string& name) const;
  /// All attributes, with the counts of messages.
  Result<Attributes> attributes(const Scope& scope, const std::string& name) const;
  Result<void> set_attributes(const Scope& scope, const std::string& name,
                              const Attributes& attributes);
  /// Up to `count` queues whose name begins with `prefix`, in name order.
  Result<Page> list(const Scope& scope, const std::string& prefix, std::size_t count,
                    const std::string& next_token) const;
  /// Queues whose dead letters go to `name`.
  Result<Page> dead_letter_sources(const Scope& scope, const std::string& name, std::size_t count,
                                   const std::string& next_token) const;
  Result<void> purge(const Scope& scope, const std::string& name);
  Result<void> tag(const Scope& scope, const std::string& name, const Tags& tags);
  Result<void> untag(const Scope& scope, const std::string& name,
                     const std::vector<std::string>& keys);

  // Messages.
  /// One outcome for each message, in their order; all that are accepted are written at once. In a
  /// FIFO queue their order is kept. Error: what concerns all of them.
  Result<std::vector<Result<Sent>>> send(const Scope& scope, const std::string& name,
                                         std::vector<Sending> messages);
  Result<std::vector<Received>> receive(const Scope& scope, const std::string& name,
                                        const Receiving& receiving);
  Result<std::vector<Result<void>>> remove_messages(const Scope& scope, const std::string& name,
                                                    const std::vector<std::string>& handles);
  struct Visibility {
    std::string handle;
    int timeout_s = 0;
  };
  Result<std::vector<Result<void>>> change_visibility(const Scope& scope, const std::string& name,
                                                      const std::vector<Visibility>& changes);

  /// Why a wait ended: there may be messages (or the queue has gone, or it is `until`), or this is
  /// being destroyed and must not be called any more.
  enum class WaitEnd { ready, destroyed };
  /// Calls `ended` once: on a worker, or in the destructor of this. Receivers of one queue take
  /// turns.
  Result<std::unique_ptr<Wait>> wait(const Scope& scope, const std::string& name, Time until,
                                     std::function<void(WaitEnd)> ended);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with waits, weakly
};

}  // namespace weir::queues
