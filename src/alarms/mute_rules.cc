// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "alarms/draft.h"
#include "alarms/inherited.h"
#include "alarms/mute_impl.h"
#include "alarms/notification.h"
#include "base/log.h"
#include "metrics/page_token.h"

/// Alarm mute rules: while a rule's window is open the actions of its alarms are held. When none is
/// open any more, an alarm that is in another state than the one last told runs the actions of
/// that state (User Guide, "How alarm mute rules work").
namespace weir::alarms {

namespace {

constexpr std::size_t kTargetsMax = 100;
constexpr int kRecordsMax = 100;
constexpr Duration kRetryAfter = std::chrono::seconds(10);  // when the store could not be written
constexpr std::string_view kStatuses[] = {"SCHEDULED", "ACTIVE", "EXPIRED"};

Error validation_error(std::string message) {
  return {ErrorKind::invalid, "ValidationError", std::move(message)};
}

Error no_rule(const AlarmKey& key) {
  return {ErrorKind::not_found, "ResourceNotFoundException",
          "Alarm mute rule " + key.name + " does not exist."};
}

Result<void> check(const MuteRuleConfig& config) {
  if (config.mute_targets && config.mute_targets->alarm_names.size() > kTargetsMax) {
    return validation_error(
        "1 validation error detected: Value at 'muteTargets.alarmNames' failed to satisfy "
        "constraint: Member must have length less than or equal to 100");
  }
  if (config.start_date && config.expire_date && *config.expire_date <= *config.start_date) {
    return validation_error("ExpireDate must be after StartDate.");
  }
  return {};
}

std::string purpose_of(const MuteRuleQuery& query) {
  std::string text = "ListAlarmMuteRules " + query.alarm_name.value_or("");
  for (const std::string& status : query.statuses) text += '\n' + status;
  return text;
}

}  // namespace

std::string_view to_text(MuteStatus status) { return kStatuses[static_cast<std::size_t>(status)]; }

Shape Schedule::shape() {
  using S = Schedule;
  static constexpr Member members[] = {
      required<&S::expression>("Expression", length(1, 256)),
      required<&S::duration>("Duration", length(1, 50)),
      optional<&S::timezone>("Timezone", length(1, 50)),
  };
  return {"Schedule", members};
}

Shape MuteRuleTimes::shape() {
  using S = MuteRuleTimes;
  static constexpr Member members[] = {required<&S::schedule>("Schedule")};
  return {"Rule", members};
}

Shape MuteTargets::shape() {
  using S = MuteTargets;
  static constexpr Member members[] = {required<&S::alarm_names>("AlarmNames", items(0, 100))};
  return {"MuteTargets", members};
}

Shape MuteRule::shape() {
  using S = MuteRule;
  static constexpr Member members[] = {
      inherited<S, &S::name>("Name"),
      optional<&S::arn>("AlarmMuteRuleArn"),
      inherited<S, &S::description>("Description"),
      inherited<S, &S::rule>("Rule"),
      inherited<S, &S::mute_targets>("MuteTargets"),
      inherited<S, &S::start_date>("StartDate"),
      inherited<S, &S::expire_date>("ExpireDate"),
      optional<&S::status>("Status"),
      optional<&S::last_updated>("LastUpdatedTimestamp"),
      optional<&S::mute_type>("MuteType"),
  };
  return {"AlarmMuteRule", members};
}

Shape StoredMuteRule::shape() {
  using S = StoredMuteRule;
  static constexpr Member members[] = {
      required<&S::rule>("rule"),
      optional<&S::tags>("tags"),
  };
  return {"StoredMuteRule", members};
}

Shape HeldActions::shape() {
  using S = HeldActions;
  static constexpr Member members[] = {
      required<&S::alarm_name>("alarmName"),
      required<&S::from>("from"),
      required<&S::until>("until"),
  };
  return {"HeldActions", members};
}

Result<MutePtr> MuteDefinition::of(StoredMuteRule stored) {
  const Schedule& times = stored.rule.rule.schedule;
  WEIR_TRY(MuteSchedule schedule,
           MuteSchedule::make(times.expression, times.duration, times.timezone.value_or("UTC")));
  return MutePtr(
      std::make_shared<MuteDefinition>(MuteDefinition{std::move(stored), std::move(schedule)}));
}

std::optional<Time> MuteDefinition::muted_until(Time now) const {
  const MuteRule& rule = stored.rule;
  if (rule.start_date && now < *rule.start_date) return {};
  if (rule.expire_date && now >= *rule.expire_date) return {};
  const auto window = schedule.window_at(now);
  if (!window) return {};
  return rule.expire_date ? std::min(window->end, *rule.expire_date) : window->end;
}

MuteStatus MuteDefinition::status(Time now) const {
  if (muted_until(now)) return MuteStatus::active;
  const bool is_past = stored.rule.expire_date && now >= *stored.rule.expire_date;
  const bool is_over = !schedule.is_recurring() && !schedule.next_start(now);
  return is_past || is_over ? MuteStatus::expired : MuteStatus::scheduled;
}

bool MuteDefinition::mutes(const std::string& alarm_name) const {
  if (!stored.rule.mute_targets) return false;
  const auto& names = stored.rule.mute_targets->alarm_names;
  return std::find(names.begin(), names.end(), alarm_name) != names.end();
}

MuteRule MuteDefinition::shown(Time now) const {
  MuteRule rule = stored.rule;
  rule.status = to_text(status(now));
  rule.mute_type = schedule.is_recurring() ? "RECURRING" : "ONE_TIME";
  return rule;
}

void MuteState::put(const AlarmKey& key, MutePtr rule) {
  erase(key);
  if (rule->stored.rule.mute_targets) {
    for (const std::string& name : rule->stored.rule.mute_targets->alarm_names) {
      of_alarm[{key.scope, name}].insert(key);
    }
  }
  rules.emplace(key, std::move(rule));
}

void MuteState::erase(const AlarmKey& key) {
  const auto rule = rules.find(key);
  if (rule == rules.end()) return;
  if (rule->second->stored.rule.mute_targets) {
    for (const std::string& name : rule->second->stored.rule.mute_targets->alarm_names) {
      const auto found = of_alarm.find({key.scope, name});
      if (found == of_alarm.end()) continue;  // named twice
      found->second.erase(key);
      if (found->second.empty()) of_alarm.erase(found);
    }
  }
  rules.erase(rule);
}

std::string mute_store_key(const AlarmKey& key) {
  return "alarms/" + key.scope.key() + "mute/" + key.name;
}

std::string held_store_key(const AlarmKey& key) {
  return "alarms/" + key.scope.key() + "held/" + key.name;
}

// ---- Draft

MutePtr Draft::find_mute_rule(const AlarmKey& key) const {
  const auto changed = changed_rules_.find(key);
  if (changed != changed_rules_.end()) return changed->second;
  auto held = impl_.state.lock();
  const auto found = held->mutes.rules.find(key);
  return found == held->mutes.rules.end() ? nullptr : found->second;
}

void Draft::put_mute_rule(const AlarmKey& key, MutePtr rule) {
  if (rule) {
    batch_.put(mute_store_key(key), to_json_text(rule->stored));
  } else {
    batch_.erase(mute_store_key(key));
  }
  changed_rules_.insert_or_assign(key, std::move(rule));
}

std::optional<Time> Draft::muted_until(const AlarmKey& key) const {
  std::set<AlarmKey> candidates;
  {
    auto held = impl_.state.lock();
    const auto found = held->mutes.of_alarm.find(key);
    if (found != held->mutes.of_alarm.end()) candidates = found->second;
  }
  for (const auto& [name, rule] : changed_rules_) {
    if (rule && name.scope == key.scope && rule->mutes(key.name)) candidates.insert(name);
  }
  std::optional<Time> until;
  for (const AlarmKey& candidate : candidates) {
    const MutePtr rule = find_mute_rule(candidate);
    if (!rule || !rule->mutes(key.name)) continue;
    const auto end = rule->muted_until(impl_.runtime.now());
    if (end) until = until ? std::max(*until, *end) : *end;
  }
  return until;
}

std::optional<HeldActions> Draft::held_actions(const AlarmKey& key) const {
  const auto changed = changed_held_.find(key);
  if (changed != changed_held_.end()) return changed->second;
  auto held = impl_.state.lock();
  const auto found = held->mutes.held.find(key);
  if (found == held->mutes.held.end()) return {};
  return found->second;
}

void Draft::hold_actions(const AlarmKey& key, std::optional<HeldActions> actions) {
  if (actions) {
    batch_.put(held_store_key(key), to_json_text(*actions));
  } else {
    batch_.erase(held_store_key(key));
  }
  changed_held_.insert_or_assign(key, std::move(actions));
}

bool Draft::mute(const AlarmKey& key, const StoredAlarm& alarm, std::string_view old_state) {
  const auto until = muted_until(key);
  const auto before = held_actions(key);
  if (!until) {
    if (before) hold_actions(key, std::nullopt);  // what is told now covers it
    return false;
  }
  hold_actions(key, HeldActions{key.name, before ? before->from : std::string(old_state), *until});
  for (const std::string& action : actions_of(alarm.alarm)) {
    add_history(key.scope, {key.name,
                            std::string(alarm.type()),
                            {},
                            "Action",
                            "Muted action " + action,
                            muted_action_data(action, alarm.alarm.state_updated, *until)});
  }
  return true;
}

void Draft::release_held() {
  std::map<AlarmKey, HeldActions> all;
  {
    auto held = impl_.state.lock();
    all = held->mutes.held;
  }
  for (const auto& [key, actions] : all) {
    if (const auto until = muted_until(key)) {
      if (*until != actions.until) hold_actions(key, HeldActions{key.name, actions.from, *until});
      continue;
    }
    hold_actions(key, std::nullopt);
    const DefinitionPtr definition = find(key);
    if (!definition) continue;
    const Alarm& alarm = definition->stored.alarm;
    const auto& composite = definition->stored.composite;
    const bool is_suppressed = composite && composite->suppressed_by;  // they come later
    if (!alarm.actions_enabled || is_suppressed || alarm.state_value == actions.from) continue;
    execute_actions(key, definition->stored, actions.from, true);
  }
}

void Draft::publish_mutes(Alarms::Impl::State& held) {
  for (auto& [key, rule] : changed_rules_) {
    if (rule) {
      held.mutes.put(key, std::move(rule));
    } else {
      held.mutes.erase(key);
    }
  }
  for (auto& [key, actions] : changed_held_) {
    if (actions) {
      held.mutes.held.insert_or_assign(key, *std::move(actions));
    } else {
      held.mutes.held.erase(key);
    }
  }
  if (held.mutes.held.empty()) return;
  if (!changed_rules_.empty()) {
    impl_.post(held.muting, &Alarms::Impl::run_mutes);
  } else if (!changed_held_.empty()) {
    impl_.watch_mutes(held);
  }
}

// ---- Impl

void Alarms::Impl::watch_mutes(State& held) {
  std::optional<Time> next;
  for (const auto& [key, actions] : held.mutes.held) {
    next = next ? std::min(*next, actions.until) : actions.until;
  }
  if (next) run_at(held.muting, *next, &Impl::run_mutes);
}

void Alarms::Impl::run_mutes() {
  {
    auto held = state.lock();
    held->muting.is_posted = false;
    if (held->mutes.held.empty()) return;
  }
  const auto done = change([](Draft& draft) -> Result<void> {
    draft.release_held();
    return {};
  });
  auto held = state.lock();
  if (done) {
    watch_mutes(*held);
    return;
  }
  log::error("muted alarm actions cannot be released, will retry",
             {{"error", done.error().message}});
  run_at(held->muting, runtime.now() + kRetryAfter, &Impl::run_mutes);
}

Result<void> Alarms::Impl::load_mute_rule(State& held, const Scope& scope, std::string_view value) {
  WEIR_TRY(StoredMuteRule stored, from_json_text<StoredMuteRule>(value));
  const AlarmKey key{scope, stored.rule.name};
  WEIR_TRY(MutePtr rule, MuteDefinition::of(std::move(stored)));
  held.mutes.put(key, std::move(rule));
  return {};
}

Result<void> Alarms::Impl::load_held_actions(State& held, const Scope& scope,
                                             std::string_view value) {
  WEIR_TRY(HeldActions actions, from_json_text<HeldActions>(value));
  const AlarmKey key{scope, actions.alarm_name};
  held.mutes.held.insert_or_assign(key, std::move(actions));
  return {};
}

Result<void> Alarms::Impl::change_mute_tags(
    const AlarmKey& key, std::string_view arn,
    const std::function<Result<void>(std::vector<Tag>&)>& apply) {
  return change([&](Draft& draft) -> Result<void> {
    const MutePtr before = draft.find_mute_rule(key);
    if (!before) {
      return Error{ErrorKind::not_found, "ResourceNotFoundException",
                   "The resource " + std::string(arn) + " does not exist."};
    }
    StoredMuteRule after = before->stored;
    WEIR_CHECK(apply(after.tags));
    WEIR_TRY(MutePtr rule, MuteDefinition::of(std::move(after)));
    draft.put_mute_rule(key, std::move(rule));
    return {};
  });
}

// ---- Alarms

Result<void> Alarms::put_mute_rule(const Scope& scope, const MuteRuleConfig& config,
                                   const std::vector<Tag>& tags) {
  WEIR_CHECK(check(config));
  const AlarmKey key{scope, config.name};
  return impl_->change([&](Draft& draft) -> Result<void> {
    const MutePtr before = draft.find_mute_rule(key);
    StoredMuteRule after;
    if (before) {
      after.tags = before->stored.tags;
    } else {
      WEIR_CHECK(merge_tags(after.tags, tags));
      if (impl_->state.lock()->mutes.rules.size() >= impl_->config.mute_rules_max) {
        return Error{ErrorKind::limit, "LimitExceeded",
                     "The maximum number of alarm mute rules is reached."};
      }
    }
    static_cast<MuteRuleConfig&>(after.rule) = config;
    after.rule.arn = arn("cloudwatch", scope, "alarm-mute-rule:" + config.name);
    after.rule.last_updated = impl_->runtime.now();
    WEIR_TRY(MutePtr rule, MuteDefinition::of(std::move(after)));
    draft.put_mute_rule(key, std::move(rule));
    return {};
  });
}

Result<MuteRule> Alarms::mute_rule(const Scope& scope, std::string_view name) const {
  const AlarmKey key{scope, std::string(name)};
  auto held = impl_->state.lock();
  const auto found = held->mutes.rules.find(key);
  if (found == held->mutes.rules.end()) return no_rule(key);
  return found->second->shown(impl_->runtime.now());
}

Result<MuteRulePage> Alarms::mute_rules(const Scope& scope, const MuteRuleQuery& query) const {
  for (const std::string& status : query.statuses) {
    if (std::find(std::begin(kStatuses), std::end(kStatuses), status) != std::end(kStatuses)) {
      continue;
    }
    return validation_error("1 validation error detected: Value '[" + status +
                            "]' at 'statuses' failed to satisfy constraint: Member must satisfy "
                            "constraint: [Member must satisfy enum value set: [SCHEDULED, ACTIVE, "
                            "EXPIRED]]");
  }
  std::string from;
  if (!query.next_token.empty()) {
    const auto last = metrics::read_page_token(purpose_of(query), query.next_token);
    if (!last) return Error{ErrorKind::invalid, "InvalidNextToken", "The next token is invalid."};
    from = *last + '\0';
  }
  const auto wanted = static_cast<std::size_t>(std::clamp(query.records_max, 1, kRecordsMax));
  const Time now = impl_->runtime.now();
  MuteRulePage page;
  auto held = impl_->state.lock();
  const auto& rules = held->mutes.rules;
  for (auto at = rules.lower_bound({scope, from}); at != rules.end(); ++at) {
    if (at->first.scope != scope) break;
    if (query.alarm_name && !at->second->mutes(*query.alarm_name)) continue;
    MuteRule rule = at->second->shown(now);
    const auto& statuses = query.statuses;
    if (!statuses.empty() &&
        std::find(statuses.begin(), statuses.end(), rule.status) == statuses.end()) {
      continue;
    }
    if (page.rules.size() == wanted) {
      page.next_token = metrics::make_page_token(purpose_of(query), page.rules.back().name);
      break;
    }
    page.rules.push_back(std::move(rule));
  }
  return page;
}

Result<void> Alarms::remove_mute_rule(const Scope& scope, std::string_view name) {
  const AlarmKey key{scope, std::string(name)};
  return impl_->change([&](Draft& draft) -> Result<void> {
    if (draft.find_mute_rule(key)) draft.put_mute_rule(key, nullptr);
    return {};
  });
}

}  // namespace weir::alarms
