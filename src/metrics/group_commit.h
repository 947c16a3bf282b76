// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace weir::metrics {

/// Runs `work` on the items of concurrent callers, one group at a time: while a group is being
/// worked on, the items that come in form the next one. So what they build on is read and written
/// in one order, and they share one store write.
///
/// The number of waiting items is bounded by the number of threads, since submit() blocks.
template <class Item>
class GroupCommit {
 public:
  using Work = std::function<void(std::span<Item* const>)>;
  explicit GroupCommit(Work work) : work_(std::move(work)) {}

  /// Returns when `work` has seen `item`.
  void submit(Item& item) {
    Ticket ticket{&item, false};
    std::unique_lock lock(mutex_);
    waiting_.push_back(&ticket);
    turn_.wait(lock, [&] { return ticket.done || !busy_; });
    if (ticket.done) return;
    busy_ = true;
    const std::vector<Ticket*> group = std::exchange(waiting_, {});
    lock.unlock();

    std::vector<Item*> items;
    for (const Ticket* member : group) items.push_back(member->item);
    work_(items);

    lock.lock();
    for (Ticket* member : group) member->done = true;
    busy_ = false;
    turn_.notify_all();
  }

  /// Runs `task` while no group is being worked on.
  void alone(const std::function<void()>& task) {
    std::unique_lock lock(mutex_);
    turn_.wait(lock, [&] { return !busy_; });
    busy_ = true;
    lock.unlock();
    task();
    lock.lock();
    busy_ = false;
    turn_.notify_all();
  }

 private:
  struct Ticket {
    Item* item;
    bool done;
  };
  Work work_;
  std::mutex mutex_;
  std::condition_variable turn_;
  std::vector<Ticket*> waiting_;
  bool busy_ = false;
};

}  // namespace weir::metrics
