// SPDX-License-Identifier: Apache-2.0
#include "alarms/alarms.h"

#include <algorithm>
#include <set>

#include "alarms/draft.h"
#include "alarms/notification.h"
#include "metrics/page_token.h"

namespace weir::alarms {

namespace {

constexpr std::size_t kNamesMax = 100;
constexpr int kRecordsMax = 100;

Error invalid_value(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterValue", std::move(message)};
}

Result<void> check_names(const std::vector<std::string>& names) {
  if (names.size() <= kNamesMax) return {};
  return Error{ErrorKind::invalid, "ValidationError",
               "1 validation error detected: Value at 'alarmNames' failed to satisfy constraint: "
               "Member must have length less than or equal to 100"};
}

Error no_such_resource(std::string_view alarm_arn) {
  return {ErrorKind::not_found, "ResourceNotFoundException",
          "The resource " + std::string(alarm_arn) + " does not exist."};
}

Result<StoredAlarm> existing(const DefinitionPtr& definition, std::string_view alarm_arn) {
  if (!definition) return no_such_resource(alarm_arn);
  return definition->stored;
}

/// The alarm that an ARN names, if it can be one of this scope.
Result<AlarmKey> key_of(const Scope& scope, std::string_view alarm_arn) {
  constexpr std::string_view kKind = "alarm:";
  const auto parsed = Arn::parse(alarm_arn);
  if (!parsed || parsed->service != "cloudwatch") {
    return invalid_value("Invalid ARN: " + std::string(alarm_arn));
  }
  if (!parsed->resource.starts_with(kKind) || parsed->scope != scope) {
    return no_such_resource(alarm_arn);
  }
  return AlarmKey{scope, parsed->resource.substr(kKind.size())};
}

/// The mute rule that an ARN names, if it names one of this scope.
std::optional<AlarmKey> mute_rule_of(const Scope& scope, std::string_view arn) {
  constexpr std::string_view kKind = "alarm-mute-rule:";
  const auto parsed = Arn::parse(arn);
  const bool is_one = parsed && parsed->service == "cloudwatch" && parsed->scope == scope &&
                      parsed->resource.starts_with(kKind);
  if (!is_one) return {};
  return AlarmKey{scope, parsed->resource.substr(kKind.size())};
}

void erase_tags(std::vector<Tag>& tags, const std::vector<std::string>& keys) {
  std::erase_if(tags, [&](const Tag& tag) {
    return std::find(keys.begin(), keys.end(), tag.key) != keys.end();
  });
}

bool has_action(const Alarm& alarm, std::string_view prefix) {
  const auto begins = [&](const std::string& arn) { return arn.starts_with(prefix); };
  return std::any_of(alarm.ok_actions.begin(), alarm.ok_actions.end(), begins) ||
         std::any_of(alarm.alarm_actions.begin(), alarm.alarm_actions.end(), begins) ||
         std::any_of(alarm.insufficient_data_actions.begin(), alarm.insufficient_data_actions.end(),
                     begins);
}

bool matches(const AlarmQuery& query, const StoredAlarm& stored) {
  const Alarm& alarm = stored.alarm;
  if (stored.composite ? !query.with_composite : !query.with_metric) return false;
  return (!query.state_value || alarm.state_value == *query.state_value) &&
         (!query.action_prefix || has_action(alarm, *query.action_prefix));
}

std::string purpose_of(const AlarmQuery& query) {
  std::string text = "DescribeAlarms " + query.name_prefix.value_or("") + '\n' +
                     query.state_value.value_or("") + '\n' + query.action_prefix.value_or("") +
                     (query.with_metric ? " metric" : "") +
                     (query.with_composite ? " composite" : "");
  for (const std::string& name : query.names) text += '\n' + name;
  return text;
}

Error other_type(const std::string& name) {
  return {ErrorKind::invalid, "ValidationError",
          "An alarm of another type with the name " + name + " exists already."};
}

}  // namespace

Alarms::Alarms(Runtime& runtime, store::KvStore& store, metrics::Metrics& metrics, ActionSink sink,
               Config config, metric_math::Sources sources)
    : impl_(std::make_shared<Impl>(runtime, store, metrics, std::move(sink), config, sources)) {
  metrics.on_arrival(
      [weak = impl_->weak_from_this()](const Scope& scope, const metrics::MetricId& metric, Time) {
        if (const auto impl = weak.lock()) impl->on_arrival(scope, metric);
      });
}

Alarms::~Alarms() = default;

Result<void> Alarms::load() { return impl_->load(); }

Alarms::Stats Alarms::stats() const { return impl_->state.lock()->stats; }

Result<void> Alarms::put_metric_alarm(const Scope& scope, const AlarmConfig& config,
                                      const std::vector<Tag>& tags) {
  WEIR_CHECK(check(scope, config));
  if (config.is_math()) WEIR_CHECK(impl_->try_program(config, scope));
  const AlarmKey key{scope, config.alarm_name};
  return impl_->change([&](Draft& draft) -> Result<void> {
    const DefinitionPtr before = draft.find(key);
    WEIR_TRY(StoredAlarm after, draft.configured(key, config, tags));
    if (after.composite) return other_type(config.alarm_name);
    draft.add_history(scope, configuration_item(before ? "Update" : "Create", after,
                                                before ? &before->stored : nullptr));
    draft.put(key, std::move(after), Draft::Next::now);
    return {};
  });
}

Result<void> Alarms::put_composite_alarm(const Scope& scope, const AlarmConfig& config,
                                         const CompositeConfig& composite,
                                         const std::vector<Tag>& tags) {
  WEIR_CHECK(check(scope, config, composite));
  WEIR_TRY(const AlarmRule rule, AlarmRule::parse(scope, composite.alarm_rule));
  const AlarmKey key{scope, config.alarm_name};
  return impl_->change([&](Draft& draft) -> Result<void> {
    const DefinitionPtr before = draft.find(key);
    if (before && !before->rule) return other_type(config.alarm_name);
    WEIR_CHECK(draft.check_relatives(key, rule, composite));
    WEIR_TRY(StoredAlarm after, draft.configured(key, config, tags));
    std::optional<std::string> held_from;
    after.composite.emplace();
    if (before) {
      const Composite& old = *before->stored.composite;
      // Another suppressor drops what goes on; then the held actions are decided anew.
      if (old.actions_suppressor == composite.actions_suppressor) {
        *after.composite = old;
      } else {
        held_from = old.held_from;
      }
    }
    static_cast<CompositeConfig&>(*after.composite) = composite;
    draft.add_history(scope, configuration_item(before ? "Update" : "Create", after,
                                                before ? &before->stored : nullptr));
    draft.put_composite(key, std::move(after), held_from);
    draft.evaluate_new(key, before ? "was updated and its new" : "was created and its");
    return {};
  });
}

Result<AlarmPage> Alarms::describe(const Scope& scope, const AlarmQuery& query) const {
  WEIR_CHECK(check_names(query.names));
  if (!query.names.empty() && query.name_prefix) {
    return Error{ErrorKind::invalid, "InvalidParameterCombination",
                 "AlarmNamePrefix and AlarmNames.member are mutually exclusive"};
  }
  std::string from = query.name_prefix.value_or("");
  if (!query.next_token.empty()) {
    const auto last = metrics::read_page_token(purpose_of(query), query.next_token);
    if (!last) return Error{ErrorKind::invalid, "InvalidNextToken", "The next token is invalid."};
    from = *last + '\0';
  }
  const auto wanted = static_cast<std::size_t>(std::clamp(query.records_max, 1, kRecordsMax));
  AlarmPage page;
  std::string last;
  // Whether the page has room: else it ends before this one.
  const auto take = [&](const std::string& name, const StoredAlarm& stored) {
    if (!matches(query, stored)) return true;
    if (page.alarms.size() + page.composites.size() == wanted) {
      page.next_token = metrics::make_page_token(purpose_of(query), last);
      return false;
    }
    last = name;
    if (stored.composite) {
      page.composites.push_back({stored.alarm, *stored.composite});
    } else {
      page.alarms.push_back(stored.alarm);
    }
    return true;
  };
  auto held = impl_->state.lock();
  if (!query.names.empty()) {
    const std::set<std::string> names(query.names.begin(), query.names.end());
    for (auto name = names.lower_bound(from); name != names.end(); ++name) {
      const auto found = held->alarms.find({scope, *name});
      if (found != held->alarms.end() && !take(*name, found->second->stored)) break;
    }
    return page;
  }
  for (auto at = held->alarms.lower_bound({scope, from}); at != held->alarms.end(); ++at) {
    const auto& [key, definition] = *at;
    if (key.scope != scope) break;
    if (query.name_prefix && !key.name.starts_with(*query.name_prefix)) break;
    if (!take(key.name, definition->stored)) break;
  }
  return page;
}

Result<RelativesPage> Alarms::relatives(const Scope& scope, const RelativesQuery& query) const {
  const bool is_children = query.which == RelativesQuery::Which::children;
  const std::string purpose =
      std::string("DescribeAlarms ") + (is_children ? "children " : "parents ") + query.alarm_name;
  std::string from;
  if (!query.next_token.empty()) {
    const auto last = metrics::read_page_token(purpose, query.next_token);
    if (!last) return Error{ErrorKind::invalid, "InvalidNextToken", "The next token is invalid."};
    from = *last + '\0';
  }
  std::set<std::string> names;
  auto held = impl_->state.lock();
  if (is_children) {
    const auto found = held->alarms.find({scope, query.alarm_name});
    if (found != held->alarms.end() && found->second->rule) {
      const auto& children = found->second->rule->children();
      names.insert(children.begin(), children.end());
    }
  } else if (const auto found = held->watchers.find({scope, query.alarm_name});
             found != held->watchers.end()) {
    for (const AlarmKey& parent : found->second) {
      if (held->alarms.at(parent)->rule->names(query.alarm_name)) names.insert(parent.name);
    }
  }
  const auto wanted = static_cast<std::size_t>(std::clamp(query.records_max, 1, kRecordsMax));
  RelativesPage page;
  std::string last;
  for (auto name = names.lower_bound(from); name != names.end(); ++name) {
    const auto found = held->alarms.find({scope, *name});
    if (found == held->alarms.end()) continue;
    if (page.alarms.size() + page.composites.size() == wanted) {
      page.next_token = metrics::make_page_token(purpose, last);
      break;
    }
    last = *name;
    const Alarm& alarm = found->second->stored.alarm;
    RelatedAlarm one{alarm.alarm_name, alarm.alarm_arn, {}, {}};
    if (is_children) {
      one.state_value = alarm.state_value;
      one.state_updated = alarm.state_updated;
    }
    (found->second->rule ? page.composites : page.alarms).push_back(std::move(one));
  }
  return page;
}

std::vector<Alarm> Alarms::describe_for_metric(const Scope& scope,
                                               const MetricAlarmQuery& query) const {
  const auto metric = metrics::MetricId::make(query.metric.namespace_name, query.metric.metric_name,
                                              query.metric.dimensions);
  std::vector<Alarm> out;
  auto held = impl_->state.lock();
  const auto found = held->by_metric.find({scope, metric});
  if (found == held->by_metric.end()) return out;
  for (const AlarmKey& key : found->second) {
    const Alarm& alarm = held->alarms.at(key)->stored.alarm;
    if (alarm.is_math()) continue;
    if (query.statistic && alarm.statistic != query.statistic) continue;
    if (query.extended_statistic && alarm.extended_statistic != query.extended_statistic) continue;
    if (query.period_s && alarm.period_s != query.period_s) continue;
    if (query.unit && alarm.unit != query.unit) continue;
    out.push_back(alarm);
  }
  return out;
}

Result<HistoryPage> Alarms::history(const Scope& scope, const HistoryQuery& query) const {
  return impl_->history(scope, query);
}

Result<void> Alarms::set_state(const Scope& scope, std::string_view name, StateValue state,
                               std::string_view reason, std::optional<std::string> reason_data) {
  if (reason_data && !parse_json(*reason_data)) {
    return Error{ErrorKind::invalid, "InvalidFormat", "StateReasonData is not valid JSON."};
  }
  const AlarmKey key{scope, std::string(name)};
  return impl_->change([&](Draft& draft) -> Result<void> {
    const DefinitionPtr before = draft.find(key);
    // Recorded from the service: no message.
    if (!before) return Error{ErrorKind::not_found, "ResourceNotFound", ""};
    draft.transition(key, *before, state, std::string(reason), reason_data);
    return {};
  });
}

Result<void> Alarms::remove(const Scope& scope, const std::vector<std::string>& names) {
  WEIR_CHECK(check_names(names));
  return impl_->change([&](Draft& draft) -> Result<void> {
    WEIR_CHECK(draft.check_removal(scope, names));
    for (const std::string& name : names) {
      const AlarmKey key{scope, name};
      const DefinitionPtr present = draft.find(key);
      if (!present) continue;
      draft.add_history(scope, configuration_item("Delete", present->stored, nullptr));
      draft.erase(key);
    }
    return {};
  });
}

Result<void> Alarms::enable_actions(const Scope& scope, const std::vector<std::string>& names,
                                    bool enabled) {
  WEIR_CHECK(check_names(names));
  return impl_->change([&](Draft& draft) -> Result<void> {
    for (const std::string& name : names) {
      const AlarmKey key{scope, name};
      const DefinitionPtr present = draft.find(key);
      if (!present || present->stored.alarm.actions_enabled == enabled) continue;
      StoredAlarm after = present->stored;
      after.alarm.actions_enabled = enabled;
      after.alarm.configuration_updated = impl_->runtime.now();
      draft.add_history(scope, configuration_item("Update", after, &present->stored));
      draft.put(key, std::move(after), Draft::Next::as_before, present.get());
    }
    return {};
  });
}

Result<void> Alarms::tag(const Scope& scope, std::string_view alarm_arn,
                         const std::vector<Tag>& tags) {
  if (const auto rule = mute_rule_of(scope, alarm_arn)) {
    return impl_->change_mute_tags(*rule, alarm_arn,
                                   [&](std::vector<Tag>& of) { return merge_tags(of, tags); });
  }
  WEIR_TRY(const AlarmKey key, key_of(scope, alarm_arn));
  return impl_->change([&](Draft& draft) -> Result<void> {
    WEIR_TRY(StoredAlarm after, existing(draft.find(key), alarm_arn));
    WEIR_CHECK(merge_tags(after.tags, tags));
    draft.put(key, std::move(after), Draft::Next::as_before);
    return {};
  });
}

Result<void> Alarms::untag(const Scope& scope, std::string_view alarm_arn,
                           const std::vector<std::string>& keys) {
  if (const auto rule = mute_rule_of(scope, alarm_arn)) {
    return impl_->change_mute_tags(*rule, alarm_arn, [&](std::vector<Tag>& of) -> Result<void> {
      erase_tags(of, keys);
      return {};
    });
  }
  WEIR_TRY(const AlarmKey key, key_of(scope, alarm_arn));
  return impl_->change([&](Draft& draft) -> Result<void> {
    WEIR_TRY(StoredAlarm after, existing(draft.find(key), alarm_arn));
    erase_tags(after.tags, keys);
    draft.put(key, std::move(after), Draft::Next::as_before);
    return {};
  });
}

Result<std::vector<Tag>> Alarms::tags(const Scope& scope, std::string_view alarm_arn) const {
  if (const auto rule = mute_rule_of(scope, alarm_arn)) {
    auto held = impl_->state.lock();
    const auto found = held->mutes.rules.find(*rule);
    if (found == held->mutes.rules.end()) return no_such_resource(alarm_arn);
    return found->second->stored.tags;
  }
  WEIR_TRY(const AlarmKey key, key_of(scope, alarm_arn));
  WEIR_TRY(const StoredAlarm stored, existing(impl_->find(key), alarm_arn));
  return stored.tags;
}

}  // namespace weir::alarms
