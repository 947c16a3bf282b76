// SPDX-License-Identifier: Apache-2.0
#include "alarms/outbox.h"

#include <algorithm>

#include "alarms/draft.h"
#include "alarms/notification.h"
#include "base/log.h"

namespace weir::alarms {

namespace {

constexpr std::size_t kActionsPerRound = 100;

bool may_pass(const Error& error) {
  return error.kind == ErrorKind::unavailable || error.kind == ErrorKind::internal;
}

Duration delay_after(int attempts, const Config& config) {
  constexpr int kDoublingsMax = 30;
  const auto factor = std::int64_t{1} << std::min(attempts - 1, kDoublingsMax);
  return std::min(config.retry_delay_min * factor, config.retry_delay_max);
}

/// Which of `work` go into one message: all of a topic, as far as its bytes allow.
std::vector<std::vector<std::size_t>> groups_of(
    const std::vector<std::pair<OutboxKey, Pending>>& work, bool is_grouping) {
  std::vector<std::vector<std::size_t>> groups;
  std::vector<std::size_t> bytes;
  std::map<std::pair<Scope, std::string>, std::size_t> open;  // the last group of a topic
  for (std::size_t i = 0; i < work.size(); ++i) {
    const auto& [key, pending] = work[i];
    const std::size_t size = pending.record.message.size() + pending.record.email_text.size();
    const auto [found, is_new] = open.try_emplace({key.first, pending.record.arn}, groups.size());
    if (!is_grouping || is_new || bytes[found->second] + size > kGroupBytesMax) {
      found->second = groups.size();
      groups.emplace_back();
      bytes.push_back(0);
    }
    groups[found->second].push_back(i);
    bytes[found->second] += size;
  }
  return groups;
}

}  // namespace

Shape OutboxRecord::shape() {
  using S = OutboxRecord;
  static constexpr Member members[] = {
      required<&S::id>("id"),
      required<&S::arn>("arn"),
      required<&S::subject>("subject"),
      required<&S::message>("message"),
      required<&S::email_text>("emailText"),
      required<&S::alarm_name>("alarmName"),
      required<&S::state_updated>("stateUpdated"),
      optional<&S::alarm_type>("alarmType"),
  };
  return {"OutboxRecord", members};
}

void Outbox::put(const OutboxKey& key, Pending pending) {
  erase(key);
  order_.emplace(pending.next_try, key);
  pending_.emplace(key, std::move(pending));
}

void Outbox::put_grouped(const OutboxKey& key, Pending pending, Time now, Duration wait) {
  if (wait > Duration(0)) {
    std::erase_if(group_end_, [&](const auto& group) { return group.second <= now; });
    const std::pair topic(key.first, pending.record.arn);
    pending.next_try = group_end_.try_emplace(topic, now + wait).first->second;
  }
  put(key, std::move(pending));
}

void Outbox::erase(const OutboxKey& key) {
  const auto found = pending_.find(key);
  if (found == pending_.end()) return;
  order_.erase({found->second.next_try, key});
  pending_.erase(found);
}

const Pending* Outbox::find(const OutboxKey& key) const {
  const auto found = pending_.find(key);
  return found == pending_.end() ? nullptr : &found->second;
}

void Outbox::postpone(const OutboxKey& key, Time when) {
  const auto found = pending_.find(key);
  if (found == pending_.end()) return;
  order_.erase({found->second.next_try, key});
  ++found->second.attempts;
  found->second.next_try = when;
  order_.emplace(when, key);
}

std::vector<std::pair<OutboxKey, Pending>> Outbox::due(Time now, std::size_t count_max) const {
  std::vector<std::pair<OutboxKey, Pending>> out;
  for (const auto& [when, key] : order_) {
    if (when > now || out.size() == count_max) break;
    out.emplace_back(key, pending_.at(key));
  }
  return out;
}

std::optional<Time> Outbox::next() const {
  if (order_.empty()) return {};
  return order_.begin()->first;
}

void Alarms::Impl::run_deliveries() {
  bool is_first = true;
  while (true) {
    std::vector<std::pair<OutboxKey, Pending>> work;
    {
      auto held = state.lock();
      if (is_first) held->delivery.is_posted = false;
      if (is_first && held->delivery.is_running) return;  // it will see what has come in
      is_first = false;
      work = held->outbox.due(runtime.now(), kActionsPerRound);
      held->delivery.is_running = !work.empty();
      if (work.empty()) {
        if (const auto next = held->outbox.next()) {
          run_at(held->delivery, *next, &Impl::run_deliveries);
        }
        return;
      }
    }
    deliver(work);
  }
}

Result<void> Alarms::Impl::hand_on(const Scope& scope, std::span<const OutboxRecord> records) {
  if (records.size() > 1) return sink(scope, grouped(records));
  const OutboxRecord& record = records.front();
  return sink(scope, {record.id, record.arn, record.subject, record.message, record.alarm_name,
                      record.email_text});
}

void Alarms::Impl::deliver(const std::vector<std::pair<OutboxKey, Pending>>& work) {
  struct Outcome {
    OutboxKey key;
    OutboxRecord record;
    std::string error;
  };
  std::vector<Outcome> final;
  std::vector<OutboxKey> again;
  const auto settle = [&](const std::vector<std::size_t>& group) {
    std::vector<OutboxRecord> records;
    for (const std::size_t i : group) records.push_back(work[i].second.record);
    const auto taken = hand_on(work[group.front()].first.first, records);
    for (const std::size_t i : group) {
      const auto& [key, pending] = work[i];
      const OutboxRecord& record = pending.record;
      if (taken) {
        final.push_back({key, record, ""});
      } else if (may_pass(taken.error()) && pending.attempts + 1 < config.attempts_max) {
        again.push_back(key);
        log::warn("alarm action failed, will retry", {{"alarm", record.alarm_name},
                                                      {"action", record.arn},
                                                      {"attempt", pending.attempts + 1},
                                                      {"error", taken.error().message}});
      } else {
        final.push_back({key, record, taken.error().message});
      }
    }
  };
  for (const auto& group : groups_of(work, config.group_within > Duration(0))) settle(group);
  const auto stored = change([&](Draft& draft) -> Result<void> {
    for (const Outcome& one : final) {
      const Notification texts{one.record.subject, one.record.message, one.record.email_text};
      const bool is_done = one.error.empty();
      draft.add_history(one.key.first,
                        {one.record.alarm_name,
                         one.record.alarm_type,
                         {},
                         "Action",
                         is_done ? "Successfully executed action " + one.record.arn
                                 : failed_action_summary(one.record.arn, one.error),
                         action_data(one.record.arn, one.record.state_updated, texts, one.error)});
      draft.erase_action(one.key);
    }
    return {};
  });
  if (!stored) {
    // The sink knows the ids, so handing on once more does no harm.
    log::error("executed alarm actions cannot be recorded, will retry",
               {{"error", stored.error().message}});
    for (const Outcome& one : final) again.push_back(one.key);
    final.clear();
  }
  auto held = state.lock();
  for (const OutboxKey& key : again) {
    const Pending* const pending = held->outbox.find(key);
    if (pending == nullptr) continue;
    held->outbox.postpone(key, runtime.now() + delay_after(pending->attempts + 1, config));
  }
  held->stats.actions_retried += again.size();
  for (const Outcome& one : final) {
    ++(one.error.empty() ? held->stats.actions_done : held->stats.actions_failed);
    if (!one.error.empty()) actions_failed_counter.add();
  }
}

}  // namespace weir::alarms
