// SPDX-License-Identifier: Apache-2.0
#include "alarms/repeats.h"

#include "alarms/draft.h"
#include "base/log.h"

namespace weir::alarms {

namespace {

constexpr std::size_t kRepeatsPerRound = 100;

}  // namespace

void Repeats::put(const AlarmKey& key, std::optional<Time> when) {
  const auto found = when_.find(key);
  if (found != when_.end()) {
    order_.erase({found->second, key});
    when_.erase(found);
  }
  if (!when) return;
  when_.emplace(key, *when);
  order_.emplace(*when, key);
}

std::vector<AlarmKey> Repeats::take_due(Time now, std::size_t count_max) {
  std::vector<AlarmKey> out;
  while (!order_.empty() && order_.begin()->first <= now && out.size() < count_max) {
    out.push_back(order_.begin()->second);
    put(out.back(), std::nullopt);
  }
  return out;
}

std::optional<Time> Repeats::next() const {
  if (order_.empty()) return {};
  return order_.begin()->first;
}

void Alarms::Impl::follow_repeats(State& held, const AlarmKey& key, const Definition& definition) {
  if (config.repeat_after <= Duration(0)) return;
  const Alarm& alarm = definition.stored.alarm;
  if (definition.state() != StateValue::alarm || !alarm.actions_enabled) {
    held.repeats.put(key, std::nullopt);
    return;
  }
  // Whole intervals since the change, so that a restart neither adds nor leaves out one.
  const Duration passed = runtime.now() - alarm.state_transitioned;
  const std::int64_t done = passed < Duration(0) ? 0 : passed / config.repeat_after;
  held.repeats.put(key, alarm.state_transitioned + config.repeat_after * (done + 1));
  if (const auto next = held.repeats.next()) run_at(held.repetition, *next, &Impl::run_repeats);
}

void Alarms::Impl::run_repeats() {
  std::vector<AlarmKey> work;
  {
    auto held = state.lock();
    held->repetition.is_posted = false;
    work = held->repeats.take_due(runtime.now(), kRepeatsPerRound);
    for (const AlarmKey& key : work) {
      const auto found = held->alarms.find(key);
      if (found != held->alarms.end()) follow_repeats(*held, key, *found->second);
    }
    const auto next = held->repeats.next();
    if (next) run_at(held->repetition, *next, &Impl::run_repeats);
  }
  if (work.empty()) return;
  const auto done = change([&](Draft& draft) -> Result<void> {
    for (const AlarmKey& key : work) draft.repeat_actions(key);
    return {};
  });
  if (!done) {
    log::error("alarm actions cannot be repeated, the next time is due as planned",
               {{"error", done.error().message}});
  }
}

void Draft::repeat_actions(const AlarmKey& key) {
  const DefinitionPtr definition = find(key);
  if (!definition || definition->state() != StateValue::alarm) return;
  const StoredAlarm& stored = definition->stored;
  const bool is_suppressed = stored.composite && stored.composite->suppressed_by;
  if (!stored.alarm.actions_enabled || is_suppressed || muted_until(key)) return;
  execute_actions(key, stored, stored.alarm.state_value, false);
}

}  // namespace weir::alarms
