// SPDX-License-Identifier: Apache-2.0
#include "alarms/alarms.h"

#include <algorithm>

#include "alarms/alarms_impl.h"
#include "alarms/notification.h"
#include "metrics/page_token.h"

namespace weir::alarms {

namespace {

constexpr std::size_t kNamesMax = 100;
constexpr std::size_t kTagsMax = 50;
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

Error too_many_tags() {
  return invalid_value("The number of tags exceeds the limit of 50 for a resource.");
}

/// Replaces the values of known keys, appends the rest.
Result<void> merge_tags(std::vector<Tag>& tags, const std::vector<Tag>& more) {
  for (const Tag& tag : more) {
    const auto same = std::find_if(tags.begin(), tags.end(),
                                   [&](const Tag& present) { return present.key == tag.key; });
    if (same != tags.end()) {
      same->value = tag.value;
    } else {
      tags.push_back(tag);
    }
  }
  if (tags.size() > kTagsMax) return too_many_tags();
  return {};
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

bool has_action(const Alarm& alarm, std::string_view prefix) {
  const auto begins = [&](const std::string& arn) { return arn.starts_with(prefix); };
  return std::any_of(alarm.ok_actions.begin(), alarm.ok_actions.end(), begins) ||
         std::any_of(alarm.alarm_actions.begin(), alarm.alarm_actions.end(), begins) ||
         std::any_of(alarm.insufficient_data_actions.begin(), alarm.insufficient_data_actions.end(),
                     begins);
}

bool matches(const AlarmQuery& query, const Alarm& alarm) {
  if (!query.names.empty() &&
      std::find(query.names.begin(), query.names.end(), alarm.alarm_name) == query.names.end()) {
    return false;
  }
  return (!query.state_value || alarm.state_value == *query.state_value) &&
         (!query.action_prefix || has_action(alarm, *query.action_prefix));
}

std::string purpose_of(const AlarmQuery& query) {
  std::string text = "DescribeAlarms " + query.name_prefix.value_or("") + '\n' +
                     query.state_value.value_or("") + '\n' + query.action_prefix.value_or("");
  for (const std::string& name : query.names) text += '\n' + name;
  return text;
}

}  // namespace

Alarms::Alarms(Runtime& runtime, store::KvStore& store, metrics::Metrics& metrics, ActionSink sink,
               Config config)
    : impl_(std::make_shared<Impl>(runtime, store, metrics, std::move(sink), config)) {
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
  const AlarmKey key{scope, config.alarm_name};
  return impl_->change([&](Draft& draft) -> Result<void> {
    const DefinitionPtr before = draft.find(key);
    const Time now = impl_->runtime.now();
    StoredAlarm after;
    if (before) {
      after = before->stored;
    } else {
      if (draft.alarm_count() >= impl_->config.alarms_max) {
        return Error{ErrorKind::limit, "LimitExceeded",
                     "The maximum number of alarms (setting alarms_max) is reached."};
      }
      WEIR_CHECK(merge_tags(after.tags, tags));
      after.alarm.alarm_arn = arn("cloudwatch", scope, "alarm:" + config.alarm_name);
      after.alarm.state_reason = "Unchecked: Initial alarm creation";
      after.alarm.state_updated = now;
      after.alarm.state_transitioned = now;
    }
    static_cast<AlarmConfig&>(after.alarm) = config;
    after.alarm.configuration_updated = now;
    draft.add_history(scope, after.alarm, "ConfigurationUpdate",
                      "Alarm \"" + config.alarm_name + "\" " + (before ? "updated" : "created"),
                      configuration_update_data(before ? "Update" : "Create", after.alarm,
                                                before ? &before->stored.alarm : nullptr));
    draft.put(key, std::move(after), Draft::Next::now);
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
  auto held = impl_->state.lock();
  for (auto at = held->alarms.lower_bound({scope, from}); at != held->alarms.end(); ++at) {
    const auto& [key, definition] = *at;
    if (key.scope != scope) break;
    if (query.name_prefix && !key.name.starts_with(*query.name_prefix)) break;
    if (!matches(query, definition->stored.alarm)) continue;
    if (page.alarms.size() == wanted) {
      page.next_token = metrics::make_page_token(purpose_of(query), page.alarms.back().alarm_name);
      break;
    }
    page.alarms.push_back(definition->stored.alarm);
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
    for (const std::string& name : names) {
      const AlarmKey key{scope, name};
      const DefinitionPtr present = draft.find(key);
      if (!present) continue;
      const Alarm& alarm = present->stored.alarm;
      draft.add_history(scope, alarm, "ConfigurationUpdate", "Alarm \"" + name + "\" deleted",
                        configuration_update_data("Delete", alarm, nullptr));
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
      draft.add_history(scope, after.alarm, "ConfigurationUpdate", "Alarm \"" + name + "\" updated",
                        configuration_update_data("Update", after.alarm, &present->stored.alarm));
      draft.put(key, std::move(after), Draft::Next::as_before);
    }
    return {};
  });
}

Result<void> Alarms::tag(const Scope& scope, std::string_view alarm_arn,
                         const std::vector<Tag>& tags) {
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
  WEIR_TRY(const AlarmKey key, key_of(scope, alarm_arn));
  return impl_->change([&](Draft& draft) -> Result<void> {
    WEIR_TRY(StoredAlarm after, existing(draft.find(key), alarm_arn));
    std::erase_if(after.tags, [&](const Tag& tag) {
      return std::find(keys.begin(), keys.end(), tag.key) != keys.end();
    });
    draft.put(key, std::move(after), Draft::Next::as_before);
    return {};
  });
}

Result<std::vector<Tag>> Alarms::tags(const Scope& scope, std::string_view alarm_arn) const {
  WEIR_TRY(const AlarmKey key, key_of(scope, alarm_arn));
  WEIR_TRY(const StoredAlarm stored, existing(impl_->find(key), alarm_arn));
  return stored.tags;
}

}  // namespace weir::alarms
