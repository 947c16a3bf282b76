// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "alarms/alarms_impl.h"
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

}  // namespace

void Alarms::Impl::run_deliveries() {
  bool is_first = true;
  while (true) {
    std::vector<std::pair<OutboxKey, Pending>> work;
    {
      auto held = state.lock();
      if (is_first) held->delivery.is_posted = false;
      if (is_first && held->delivery.is_running) return;  // it will see what has come in
      is_first = false;
      const Time now = runtime.now();
      std::optional<Time> next;
      for (const auto& [key, pending] : held->outbox) {
        if (pending.next_try > now) {
          next = next ? std::min(*next, pending.next_try) : pending.next_try;
        } else if (work.size() < kActionsPerRound) {
          work.emplace_back(key, pending);
        }
      }
      held->delivery.is_running = !work.empty();
      if (work.empty()) {
        if (next) run_at(held->delivery, *next, &Impl::run_deliveries);
        return;
      }
    }
    deliver(work);
  }
}

void Alarms::Impl::deliver(const std::vector<std::pair<OutboxKey, Pending>>& work) {
  struct Outcome {
    OutboxKey key;
    OutboxRecord record;
    std::string error;
  };
  std::vector<Outcome> final;
  std::vector<OutboxKey> again;
  for (const auto& [key, pending] : work) {
    const OutboxRecord& record = pending.record;
    const Action action{record.id,      record.arn,        record.subject,
                        record.message, record.alarm_name, record.email_text};
    const auto taken = sink(key.first, action);
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
    const auto pending = held->outbox.find(key);
    if (pending == held->outbox.end()) continue;
    ++pending->second.attempts;
    pending->second.next_try = runtime.now() + delay_after(pending->second.attempts, config);
  }
  held->stats.actions_retried += again.size();
  for (const Outcome& one : final) {
    ++(one.error.empty() ? held->stats.actions_done : held->stats.actions_failed);
    if (!one.error.empty()) actions_failed_counter.add();
  }
}

}  // namespace weir::alarms
