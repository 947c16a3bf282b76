// SPDX-License-Identifier: Apache-2.0
#include "alarms/draft.h"
#include "alarms/notification.h"

namespace weir::alarms {

namespace {

std::string alarm_store_key(const AlarmKey& key) {
  return "alarms/" + key.scope.key() + "alarm/" + key.name;
}

std::string outbox_store_key(const OutboxKey& key) {
  std::string text = "alarms/" + key.first.key() + "outbox/";
  store::append_u64(text, key.second);
  return text;
}

}  // namespace

const std::vector<std::string>& actions_of(const Alarm& alarm) {
  switch (*parse_state(alarm.state_value)) {
    case StateValue::ok:
      return alarm.ok_actions;
    case StateValue::alarm:
      return alarm.alarm_actions;
    case StateValue::insufficient_data:
      break;
  }
  return alarm.insufficient_data_actions;
}

DefinitionPtr Draft::find(const AlarmKey& key) const {
  const auto changed = changed_.find(key);
  return changed != changed_.end() ? changed->second.definition : impl_.find(key);
}

std::size_t Draft::alarm_count() const {
  auto held = impl_.state.lock();
  std::size_t count = held->alarms.size();
  for (const auto& [key, entry] : changed_) {
    const bool was_there = held->alarms.contains(key);
    const bool is_there = entry.definition != nullptr;
    if (is_there && !was_there) ++count;
    if (!is_there && was_there) --count;
  }
  return count;
}

std::shared_ptr<const Definition> Definition::of(const Scope& scope, StoredAlarm stored,
                                                 const Definition* before) {
  auto out = std::make_shared<Definition>();
  out->stored = std::move(stored);
  if (before != nullptr) {
    out->plan = before->plan;
    out->rule = before->rule;
    out->suppressor = before->suppressor;
  } else if (const auto& composite = out->stored.composite) {
    auto rule = AlarmRule::parse(scope, composite->alarm_rule);
    WEIR_ASSERT(rule);  // it was checked before it was stored
    out->rule = std::make_shared<const AlarmRule>(*std::move(rule));
    if (composite->actions_suppressor) {
      const auto suppressor = alarm_name_of(scope, *composite->actions_suppressor);
      WEIR_ASSERT(suppressor);
      out->suppressor = *suppressor;
    }
  } else {
    out->plan = std::make_shared<const Plan>(Plan::of(out->stored.alarm));
  }
  return out;
}

void Draft::put(const AlarmKey& key, StoredAlarm alarm, Next next, const Definition* before) {
  batch_.put(alarm_store_key(key), to_json_text(alarm));
  DefinitionPtr definition = Definition::of(key.scope, std::move(alarm), before);
  if (definition->rule && before == nullptr) {
    for (const std::string& child : definition->rule->children()) {
      new_watchers_[{key.scope, child}].insert(key);
    }
    if (!definition->suppressor.empty()) {
      new_watchers_[{key.scope, definition->suppressor}].insert(key);
    }
  }
  Entry& entry = changed_[key];
  entry.definition = std::move(definition);
  if (next != Next::as_before) entry.next = next;
}

void Draft::erase(const AlarmKey& key) {
  batch_.erase(alarm_store_key(key));
  changed_[key] = {nullptr, Next::as_before};
  if (held_actions(key)) hold_actions(key, std::nullopt);
}

std::uint64_t Draft::next_number(std::uint64_t Alarms::Impl::State::*counter) {
  auto held = impl_.state.lock();
  return ((*held).*counter)++;  // a number that a failed write leaves unused does no harm
}

void Draft::add_history(const Scope& scope, HistoryItem item) {
  item.timestamp = impl_.runtime.now();
  const std::uint64_t number = next_number(&Alarms::Impl::State::next_history);
  batch_.put(history_key(scope, item.timestamp, number), to_json_text(item));
  ++new_history_[scope];
}

void Draft::add_action(const Scope& scope, OutboxRecord record) {
  if (impl_.state.lock()->outbox.size() + new_actions_.size() >= impl_.config.outbox_max) {
    const Notification texts{record.subject, record.message, record.email_text};
    const std::string why = "too many actions are waiting (setting outbox_max)";
    add_history(scope, {record.alarm_name,
                        record.alarm_type,
                        {},
                        "Action",
                        failed_action_summary(record.arn, why),
                        action_data(record.arn, record.state_updated, texts, why)});
    impl_.actions_failed_counter.add();
    return;
  }
  const OutboxKey key{scope, next_number(&Alarms::Impl::State::next_outbox)};
  batch_.put(outbox_store_key(key), to_json_text(record));
  Pending& pending = new_actions_[key];
  pending.record = std::move(record);
  pending.next_try = impl_.runtime.now();
}

void Draft::add_actions(const AlarmKey& key, const StoredAlarm& stored,
                        std::string_view old_state) {
  if (!mute(key, stored, old_state)) execute_actions(key, stored, old_state, false);
}

void Draft::execute_actions(const AlarmKey& key, const StoredAlarm& stored,
                            std::string_view old_state, bool is_after_mute) {
  const Alarm& alarm = stored.alarm;
  const auto& actions = actions_of(alarm);
  if (actions.empty()) return;
  const Notification texts = notification(key.scope, stored, old_state, is_after_mute);
  for (const std::string& arn : actions) {
    add_action(key.scope,
               {impl_.runtime.uuid(), arn, texts.subject, texts.message, texts.email_text, key.name,
                alarm.state_updated, std::string(stored.type())});
  }
}

void Draft::erase_action(const OutboxKey& key) {
  batch_.erase(outbox_store_key(key));
  done_actions_.push_back(key);
}

void Draft::transition(const AlarmKey& key, const Definition& before, StateValue to,
                       std::string reason, std::optional<std::string> reason_data) {
  StoredAlarm after = before.stored;
  const std::string old_state = after.alarm.state_value;
  after.alarm.state_value = to_text(to);
  after.alarm.state_reason = std::move(reason);
  after.alarm.state_reason_data = std::move(reason_data);
  after.alarm.state_updated = impl_.runtime.now();
  if (old_state != after.alarm.state_value) {
    after.alarm.state_transitioned = after.alarm.state_updated;
    impl_.transitions_counter.add();
    const bool acts = may_act(key, after, old_state);
    add_history(key.scope, {key.name,
                            std::string(after.type()),
                            {},
                            "StateUpdate",
                            "Alarm updated from " + old_state + " to " + after.alarm.state_value,
                            state_update_data(before.stored, after)});
    if (acts) add_actions(key, after, old_state);
    moved_.insert(key);
  }
  put(key, std::move(after), Next::next_tick, &before);
}

Result<void> Draft::store() {
  if (batch_.empty()) return {};
  return impl_.store.write(batch_);
}

void Draft::publish() {
  const Time now = impl_.runtime.now();
  auto held = impl_.state.lock();
  for (auto& [key, entry] : changed_) {
    const auto present = held->alarms.find(key);
    const Definition* const before =
        present == held->alarms.end() ? nullptr : present->second.get();
    const Definition* const after = entry.definition.get();
    const bool is_same = before != nullptr && after != nullptr && before->plan == after->plan &&
                         before->rule == after->rule;
    if (before != nullptr && !is_same) Alarms::Impl::unindex(*held, key, *before);
    if (after == nullptr) {
      held->alarms.erase(key);
      held->arrived.erase(key);
      impl_.set_due(*held, key, std::nullopt);
      held->repeats.put(key, std::nullopt);
      continue;
    }
    if (!is_same) Alarms::Impl::index(*held, key, *after);
    if (after->rule) {
      impl_.set_due(*held, key, after->stored.composite->suppressed_until);
    } else if (entry.next == Next::now) {
      held->arrived.insert(key);
    } else if (entry.next == Next::next_tick) {
      impl_.set_due(*held, key, after->plan->next_tick(now, impl_.config.evaluation_delay));
    }
    impl_.follow_repeats(*held, key, *after);
    held->alarms.insert_or_assign(key, std::move(entry.definition));
  }
  for (auto& [key, pending] : new_actions_) {
    held->outbox.put_grouped(key, std::move(pending), now, impl_.config.group_within);
  }
  for (const OutboxKey& key : done_actions_) held->outbox.erase(key);
  publish_mutes(*held);
  for (const auto& [scope, count] : new_history_) held->history_count[scope] += count;

  if (!held->arrived.empty()) {
    impl_.post(held->evaluation, &Alarms::Impl::run_evaluations);
  } else if (!held->due.empty()) {
    impl_.run_at(held->evaluation, held->due.begin()->first, &Alarms::Impl::run_evaluations);
  }
  if (!new_actions_.empty()) impl_.post(held->delivery, &Alarms::Impl::run_deliveries);
}

}  // namespace weir::alarms
