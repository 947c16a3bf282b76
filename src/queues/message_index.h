// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/runtime.h"

namespace weir::queues {

/// Which messages of one queue can be received, and when; no bodies, about 200 bytes a message.
///
/// A FIFO queue keeps the order within each message group: of a group only the oldest messages are
/// handed out, and none while one of the group is in flight (SQS Developer Guide, "FIFO queue
/// delivery logic"). Other queues hand out the oldest message that is visible.
/// Threads: none, the owner locks.
class MessageIndex {
 public:
  struct Entry {
    std::uint64_t sequence = 0;
    Time sent;        // retention counts from here
    Time visible_at;  // hidden until then
    Time first_received;
    int receives = 0;
    std::uint64_t receipt = 0;  // of the latest receive; part of its handle
    bool is_stored = false;     // false: its write is under way, nobody gets it yet
    bool is_in_flight = false;
    std::string group;
  };
  struct Counts {
    std::size_t visible = 0;
    std::size_t in_flight = 0;
    std::size_t delayed = 0;
  };

  explicit MessageIndex(bool is_fifo) : is_fifo_(is_fifo) {}

  /// Takes a place in the queue. An entry that is not stored yet holds up its group.
  void add(Entry entry, Time now);
  /// The write of `sequence` has ended.
  void set_stored(std::uint64_t sequence, Time now);
  void erase(std::uint64_t sequence, Time now);
  const Entry* find(std::uint64_t sequence) const;

  /// Messages whose time has come become visible.
  void refresh(Time now);
  /// Hands out up to `count` visible messages: they are in flight and hidden until `until`, and
  /// count one receive more.
  std::vector<Entry> take(std::size_t count, Time now, Time until);
  /// As a receive that never happened: undoes take().
  void put_back(const Entry& taken, Time now);
  /// Sets when a message in flight becomes visible again.
  void hide_until(std::uint64_t sequence, Time until, Time now);

  Counts counts() const;
  std::size_t size() const { return entries_.size(); }
  bool has_visible() const { return is_fifo_ ? !heads_.empty() : !ready_.empty(); }
  /// When the next hidden message becomes visible.
  std::optional<Time> next_due() const;
  /// Messages sent before `sent`, at most `count`.
  std::vector<std::uint64_t> older_than(Time sent, std::size_t count) const;

 private:
  struct Group {
    std::set<std::uint64_t> messages;
    std::size_t in_flight = 0;
    std::optional<std::uint64_t> head;  // in heads_: the group has something to hand out
  };
  void show_or_hide(Entry& entry, Time now);
  void remove_from_sets(Entry& entry);
  void update_group(const std::string& name);
  void set_in_flight(Entry& entry, bool is_in_flight);

  const bool is_fifo_;
  std::map<std::uint64_t, Entry> entries_;
  std::set<std::uint64_t> ready_;                    // visible (also in FIFO queues)
  std::set<std::pair<Time, std::uint64_t>> hidden_;  // by the time they become visible
  std::map<std::string, Group> groups_;              // FIFO
  std::map<std::uint64_t, std::string> heads_;       // FIFO: oldest message -> its group
  std::size_t in_flight_ = 0;
};

}  // namespace weir::queues
