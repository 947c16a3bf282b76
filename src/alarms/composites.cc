// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "alarms/draft.h"
#include "alarms/reason.h"

/// The part of a draft that is about composite alarms: their evaluation and what holds their
/// actions back.
namespace weir::alarms {

namespace {

constexpr int kNestingMax = 500;

// Values of ActionsSuppressedBy (service model).
constexpr std::string_view kByAlarm = "Alarm";
constexpr std::string_view kByWaitPeriod = "WaitPeriod";
constexpr std::string_view kByExtensionPeriod = "ExtensionPeriod";

void suppress(Composite& composite, std::string_view by, std::optional<Time> until) {
  composite.suppressed_by = by;
  composite.suppressed_reason = "Actions suppressed by " + std::string(by);
  composite.suppressed_until = until;
}

void stop_suppressing(Composite& composite) {
  composite.suppressed_by.reset();
  composite.suppressed_reason.reset();
  composite.suppressed_until.reset();
  composite.held_from.reset();
}

}  // namespace

std::set<AlarmKey> Draft::watchers(const AlarmKey& key) const {
  std::set<AlarmKey> candidates;
  {
    auto held = impl_.state.lock();
    const auto found = held->watchers.find(key);
    if (found != held->watchers.end()) candidates = found->second;
  }
  if (const auto found = new_watchers_.find(key); found != new_watchers_.end()) {
    candidates.insert(found->second.begin(), found->second.end());
  }
  std::erase_if(candidates, [&](const AlarmKey& candidate) {
    const DefinitionPtr definition = find(candidate);
    return !definition || !definition->watches(key.name);
  });
  return candidates;
}

/// 0 for a metric alarm, more than that of any child for a composite; nothing if its rule leads to
/// a circle.
std::optional<int> Draft::depth(const AlarmKey& key, Depths& depths, int nesting) const {
  const DefinitionPtr definition = find(key);
  if (!definition || !definition->rule) return 0;
  const auto known = depths.find(key);
  if (known != depths.end()) return known->second;
  if (nesting == kNestingMax) return std::nullopt;
  depths[key] = std::nullopt;  // so that a circle finds nothing
  int deepest = 0;
  for (const std::string& child : definition->rule->children()) {
    const auto its = depth({key.scope, child}, depths, nesting + 1);
    if (!its) return std::nullopt;
    deepest = std::max(deepest, *its);
  }
  return depths[key] = deepest + 1;
}

std::optional<StateValue> Draft::state_of(const AlarmKey& key) const {
  const DefinitionPtr definition = find(key);
  if (!definition) return std::nullopt;
  return definition->state();
}

void Draft::put_composite(const AlarmKey& key, StoredAlarm alarm,
                          const std::optional<std::string>& held_from) {
  if (held_from && may_act(key, alarm, *held_from)) add_actions(key, alarm, *held_from);
  put(key, std::move(alarm), Next::as_before);
}

void Draft::evaluate_new(const AlarmKey& key, std::string_view what_was_done) {
  Depths depths;
  const DefinitionPtr definition = find(key);
  moved_.insert(key);  // a circle that its old rule closed may be open now
  if (!depth(key, depths, 0)) return;
  std::vector<const Alarm*> children;
  std::vector<DefinitionPtr> alive;
  for (const std::string& child : definition->rule->children()) {
    alive.push_back(find({key.scope, child}));
    if (alive.back()) children.push_back(&alive.back()->stored.alarm);
  }
  const bool is_true = definition->rule->evaluate([&](const std::string& name) {
    return state_of({key.scope, name}).value_or(StateValue::insufficient_data);
  });
  const StateValue to = is_true ? StateValue::alarm : StateValue::ok;
  if (to == definition->state()) return;
  transition(key, *definition, to,
             definition->stored.alarm.alarm_arn + ' ' + std::string(what_was_done) +
                 " alarm rule evaluates to " + std::string(to_text(to)),
             triggers_data(children));
}

void Draft::evaluate(const AlarmKey& key, const std::set<AlarmKey>& triggers) {
  const DefinitionPtr definition = find(key);
  if (!definition || !definition->rule) return;
  const bool is_true = definition->rule->evaluate([&](const std::string& name) {
    return state_of({key.scope, name}).value_or(StateValue::insufficient_data);
  });
  const StateValue to = is_true ? StateValue::alarm : StateValue::ok;
  if (to == definition->state()) return;
  std::vector<DefinitionPtr> alive;
  std::vector<const Alarm*> children;
  for (const AlarmKey& trigger : triggers) {
    alive.push_back(find(trigger));
    if (alive.back()) children.push_back(&alive.back()->stored.alarm);
  }
  if (children.empty()) return;
  transition(key, *definition, to, trigger_reason(*children.front()), triggers_data(children));
}

void Draft::settle() {
  std::map<AlarmKey, std::set<AlarmKey>> triggers;
  std::set<std::pair<int, AlarmKey>> queue;  // the deepest last, so that each comes once
  std::set<AlarmKey> followers;
  Depths depths;
  const auto take_moved = [&] {
    for (const AlarmKey& moved : std::exchange(moved_, {})) {
      for (const AlarmKey& watcher : watchers(moved)) {
        const DefinitionPtr definition = find(watcher);
        if (definition->suppressor == moved.name) followers.insert(watcher);
        if (!definition->rule->names(moved.name)) continue;
        const auto level = depth(watcher, depths, 0);
        if (!level) continue;
        triggers[watcher].insert(moved);
        queue.emplace(*level, watcher);
      }
    }
  };
  take_moved();
  while (!queue.empty()) {
    const AlarmKey key = queue.extract(queue.begin()).value().second;
    evaluate(key, triggers[key]);
    take_moved();
  }
  for (const AlarmKey& follower : followers) follow_suppressor(follower);
}

// User Guide, "Composite alarm actions suppression": WaitPeriod after the composite's own change,
// Alarm while the suppressor is in ALARM, ExtensionPeriod after it left.
bool Draft::may_act(const AlarmKey& key, StoredAlarm& after, const std::string& old_state) const {
  if (after.composite && (!after.alarm.actions_enabled || !after.composite->actions_suppressor)) {
    stop_suppressing(*after.composite);
  }
  if (!after.alarm.actions_enabled) return false;
  if (!after.composite || !after.composite->actions_suppressor) return true;
  Composite& composite = *after.composite;
  const auto suppressor = alarm_name_of(key.scope, *composite.actions_suppressor);
  if (suppressor && state_of({key.scope, *suppressor}) == StateValue::alarm) {
    suppress(composite, kByAlarm, std::nullopt);
  } else if (composite.wait_period_s.value_or(0) > 0) {
    const auto until = impl_.runtime.now() + std::chrono::seconds(*composite.wait_period_s);
    suppress(composite, kByWaitPeriod, until);
  } else {
    stop_suppressing(composite);
    return true;
  }
  composite.held_from = old_state;
  return false;
}

void Draft::follow_suppressor(const AlarmKey& key) {
  const DefinitionPtr definition = find(key);
  if (!definition || !definition->rule) return;
  StoredAlarm after = definition->stored;
  Composite& composite = *after.composite;
  if (!composite.suppressed_by) return;  // no actions are held
  const bool was_by_alarm = composite.suppressed_by == kByAlarm;
  const bool is_by_alarm = state_of({key.scope, definition->suppressor}) == StateValue::alarm;
  if (was_by_alarm == is_by_alarm) return;
  if (is_by_alarm) {
    suppress(composite, kByAlarm, std::nullopt);
  } else if (composite.extension_period_s.value_or(0) > 0) {
    const auto until = impl_.runtime.now() + std::chrono::seconds(*composite.extension_period_s);
    suppress(composite, kByExtensionPeriod, until);
  } else {
    release(key, std::move(after));
    return;
  }
  put(key, std::move(after), Next::as_before, definition.get());
}

void Draft::end_period(const AlarmKey& key) {
  const DefinitionPtr definition = find(key);
  if (!definition || !definition->rule) return;
  const auto& until = definition->stored.composite->suppressed_until;
  if (!until) return;
  if (*until > impl_.runtime.now()) {  // began anew meanwhile
    put(key, definition->stored, Next::as_before, definition.get());
  } else {
    release(key, definition->stored);
  }
}

void Draft::release(const AlarmKey& key, StoredAlarm after) {
  const DefinitionPtr definition = find(key);
  const std::string old_state = after.composite->held_from.value_or("");
  stop_suppressing(*after.composite);
  if (after.alarm.actions_enabled) add_actions(key, after, old_state);
  put(key, std::move(after), Next::as_before, definition.get());
}

}  // namespace weir::alarms
