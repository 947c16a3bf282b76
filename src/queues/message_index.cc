// SPDX-License-Identifier: Apache-2.0
#include "queues/message_index.h"

#include "base/result.h"

namespace weir::queues {

void MessageIndex::show_or_hide(Entry& entry, Time now) {
  if (!entry.is_stored) return;
  if (entry.visible_at <= now) {
    set_in_flight(entry, false);
    ready_.insert(entry.sequence);
  } else {
    hidden_.emplace(entry.visible_at, entry.sequence);
  }
}

void MessageIndex::remove_from_sets(Entry& entry) {
  ready_.erase(entry.sequence);
  hidden_.erase({entry.visible_at, entry.sequence});
}

void MessageIndex::set_in_flight(Entry& entry, bool is_in_flight) {
  if (entry.is_in_flight == is_in_flight) return;
  entry.is_in_flight = is_in_flight;
  in_flight_ = is_in_flight ? in_flight_ + 1 : in_flight_ - 1;
  if (!is_fifo_) return;
  Group& group = groups_[entry.group];
  group.in_flight = is_in_flight ? group.in_flight + 1 : group.in_flight - 1;
}

void MessageIndex::update_group(const std::string& name) {
  if (!is_fifo_) return;
  const auto found = groups_.find(name);
  if (found == groups_.end()) return;
  Group& group = found->second;
  if (group.head) heads_.erase(*group.head);
  group.head.reset();
  if (group.messages.empty()) {
    groups_.erase(found);
    return;
  }
  const std::uint64_t oldest = *group.messages.begin();
  if (group.in_flight == 0 && ready_.contains(oldest)) {
    group.head = oldest;
    heads_.emplace(oldest, name);
  }
}

void MessageIndex::add(Entry entry, Time now) {
  const auto [place, is_new] = entries_.emplace(entry.sequence, std::move(entry));
  WEIR_ASSERT(is_new);
  Entry& added = place->second;
  if (is_fifo_) groups_[added.group].messages.insert(added.sequence);
  if (std::exchange(added.is_in_flight, false)) set_in_flight(added, true);
  show_or_hide(added, now);
  update_group(added.group);
}

void MessageIndex::set_stored(std::uint64_t sequence, Time now) {
  const auto found = entries_.find(sequence);
  if (found == entries_.end()) return;  // purged meanwhile
  found->second.is_stored = true;
  show_or_hide(found->second, now);
  update_group(found->second.group);
}

void MessageIndex::erase(std::uint64_t sequence, Time) {
  const auto found = entries_.find(sequence);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  remove_from_sets(entry);
  set_in_flight(entry, false);
  const std::string group = entry.group;
  if (is_fifo_) groups_[group].messages.erase(sequence);
  entries_.erase(found);
  update_group(group);
}

const MessageIndex::Entry* MessageIndex::find(std::uint64_t sequence) const {
  const auto found = entries_.find(sequence);
  return found == entries_.end() ? nullptr : &found->second;
}

void MessageIndex::refresh(Time now) {
  while (!hidden_.empty() && hidden_.begin()->first <= now) {
    Entry& entry = entries_.at(hidden_.begin()->second);
    hidden_.erase(hidden_.begin());
    show_or_hide(entry, now);
    update_group(entry.group);
  }
}

std::vector<MessageIndex::Entry> MessageIndex::take(std::size_t count, Time now, Time until) {
  std::vector<Entry> taken;
  const auto hand_out = [&](Entry& entry) {
    ++entry.receives;
    ++entry.receipt;
    if (entry.receives == 1) entry.first_received = now;
    remove_from_sets(entry);
    entry.visible_at = until;
    if (until > now) set_in_flight(entry, true);
    show_or_hide(entry, now);
    taken.push_back(entry);
  };
  if (!is_fifo_) {
    std::vector<std::uint64_t> chosen;
    for (const std::uint64_t sequence : ready_) {
      if (chosen.size() == count) break;
      chosen.push_back(sequence);
    }
    for (const std::uint64_t sequence : chosen) hand_out(entries_.at(sequence));
    return taken;
  }
  std::vector<std::string> chosen;
  for (const auto& [head, name] : heads_) {
    if (chosen.size() == count) break;
    chosen.push_back(name);
  }
  // As many of the oldest group as there are, then of the next.
  for (const std::string& name : chosen) {
    const std::set<std::uint64_t> messages = [&] {
      std::set<std::uint64_t> first;
      for (const std::uint64_t sequence : groups_.at(name).messages) {
        if (taken.size() + first.size() == count || !ready_.contains(sequence)) break;
        first.insert(sequence);
      }
      return first;
    }();
    for (const std::uint64_t sequence : messages) hand_out(entries_.at(sequence));
    update_group(name);
  }
  return taken;
}

void MessageIndex::put_back(const Entry& taken, Time now) {
  const auto found = entries_.find(taken.sequence);
  if (found == entries_.end() || found->second.receipt != taken.receipt) return;
  Entry& entry = found->second;
  remove_from_sets(entry);
  --entry.receives;
  entry.visible_at = now;
  show_or_hide(entry, now);
  update_group(entry.group);
}

void MessageIndex::hide_until(std::uint64_t sequence, Time until, Time now) {
  const auto found = entries_.find(sequence);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  remove_from_sets(entry);
  entry.visible_at = until;
  show_or_hide(entry, now);
  update_group(entry.group);
}

MessageIndex::Counts MessageIndex::counts() const {
  return {ready_.size(), in_flight_, hidden_.size() - in_flight_};
}

std::optional<Time> MessageIndex::next_due() const {
  if (hidden_.empty()) return std::nullopt;
  return hidden_.begin()->first;
}

std::vector<std::uint64_t> MessageIndex::older_than(Time sent, std::size_t count) const {
  std::vector<std::uint64_t> found;
  for (const auto& [sequence, entry] : entries_) {
    if (found.size() == count) break;
    if (entry.is_stored && entry.sent <= sent) found.push_back(sequence);
  }
  return found;
}

}  // namespace weir::queues
