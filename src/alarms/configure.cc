// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "alarms/draft.h"
#include "alarms/notification.h"

/// What a request to create, replace or delete an alarm must satisfy beside the alarms there are.
namespace weir::alarms {

namespace {

constexpr std::size_t kTagsMax = 50;
constexpr std::size_t kParentsMax = 150;  // composite alarms that name one alarm

Error validation_error(std::string message) {
  return {ErrorKind::invalid, "ValidationError", std::move(message)};
}

Error too_many_tags() {
  return {ErrorKind::invalid, "InvalidParameterValue",
          "The number of tags exceeds the limit of 50 for a resource."};
}

}  // namespace

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

HistoryItem configuration_item(std::string_view type, const StoredAlarm& alarm,
                               const StoredAlarm* before) {
  const std::string_view done =
      type == "Create" ? "created" : (type == "Update" ? "updated" : "deleted");
  return {alarm.alarm.alarm_name,
          std::string(alarm.type()),
          {},
          "ConfigurationUpdate",
          "Alarm \"" + alarm.alarm.alarm_name + "\" " + std::string(done),
          configuration_update_data(type, alarm, before)};
}

Result<StoredAlarm> Draft::configured(const AlarmKey& key, const AlarmConfig& config,
                                      const std::vector<Tag>& tags) const {
  const Time now = impl_.runtime.now();
  StoredAlarm after;
  if (const DefinitionPtr before = find(key)) {
    after = before->stored;
  } else {
    if (alarm_count() >= impl_.config.alarms_max) {
      return Error{ErrorKind::limit, "LimitExceeded",
                   "The maximum number of alarms (setting alarms_max) is reached."};
    }
    WEIR_CHECK(merge_tags(after.tags, tags));
    after.alarm.alarm_arn = arn("cloudwatch", key.scope, "alarm:" + config.alarm_name);
    after.alarm.state_reason = "Unchecked: Initial alarm creation";
    after.alarm.state_updated = now;
    after.alarm.state_transitioned = now;
  }
  static_cast<AlarmConfig&>(after.alarm) = config;
  if (!config.is_math()) after.alarm.queries.reset();
  after.alarm.configuration_updated = now;
  return after;
}

Result<void> Draft::check_relatives(const AlarmKey& key, const AlarmRule& rule,
                                    const CompositeConfig& composite) const {
  std::string missing;
  for (const std::string& child : rule.children()) {
    if (child == key.name || find({key.scope, child})) continue;
    missing += (missing.empty() ? "" : ", ") + child;
  }
  if (!missing.empty()) {
    return validation_error("Could not save the composite alarm as alarms [" + missing +
                            "] in the alarm rule do not exist");
  }
  for (const std::string& child : rule.children()) {
    std::set<AlarmKey> parents = watchers({key.scope, child});
    std::erase_if(parents, [&](const AlarmKey& parent) {
      return parent == key || !find(parent)->rule->names(child);
    });
    if (parents.size() < kParentsMax) continue;
    return validation_error("The alarm " + child +
                            " is in the rules of 150 composite alarms already, which is the most.");
  }
  if (!composite.actions_suppressor) return {};
  WEIR_TRY(const std::string suppressor, alarm_name_of(key.scope, *composite.actions_suppressor));
  if (suppressor == key.name) {
    return validation_error("A composite alarm cannot be its own ActionsSuppressor.");
  }
  if (find({key.scope, suppressor})) return {};
  return validation_error("Could not save the composite alarm as its ActionsSuppressor " +
                          suppressor + " does not exist");
}

Result<void> Draft::check_removal(const Scope& scope, const std::vector<std::string>& names) const {
  const std::set<std::string> going(names.begin(), names.end());
  const auto is_composite = [&](const std::string& name) {
    const DefinitionPtr definition = find({scope, name});
    return definition && definition->rule;
  };
  if (std::count_if(going.begin(), going.end(), is_composite) > 1) {
    return validation_error("Only one composite alarm can be deleted per request.");
  }
  for (const std::string& name : going) {
    for (const AlarmKey& parent : watchers({scope, name})) {
      // One that names itself must first get another rule, like a circle of several.
      if (going.contains(parent.name) && parent.name != name) continue;
      return validation_error("Cannot delete " + name +
                              " as there are composite alarm(s) depending on it.");
    }
  }
  return {};
}

}  // namespace weir::alarms
