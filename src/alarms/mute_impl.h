// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alarms/alarm.h"
#include "alarms/mute_rule.h"
#include "alarms/mute_schedule.h"

/// What the inside of Alarms knows of mute rules. Private to this module.
///
///   alarms/<scope>mute/<name>               StoredMuteRule as JSON
///   alarms/<scope>held/<alarm name>         HeldActions as JSON
namespace weir::alarms {

struct AlarmKey {
  Scope scope;
  std::string name;
  auto operator<=>(const AlarmKey&) const = default;
};

struct StoredMuteRule {
  MuteRule rule;  // without status and type: they follow from the time
  std::vector<Tag> tags;
  static Shape shape();
};

struct MuteDefinition {
  StoredMuteRule stored;
  MuteSchedule schedule;

  /// Error (ValidationError): of the schedule.
  static Result<std::shared_ptr<const MuteDefinition>> of(StoredMuteRule stored);
  /// The end of the window in which `now` is, if it is in one.
  std::optional<Time> muted_until(Time now) const;
  MuteStatus status(Time now) const;
  bool mutes(const std::string& alarm_name) const;
  MuteRule shown(Time now) const;
};
/// Shared: readers go on with the rule that they began with while the API replaces it.
using MutePtr = std::shared_ptr<const MuteDefinition>;

/// An alarm whose actions are held because a rule mutes it.
struct HeldActions {
  std::string alarm_name;
  std::string from;  // its state before the first change that was not told
  Time until;        // the end of the window, as known now
  static Shape shape();
};

struct MuteState {
  std::map<AlarmKey, MutePtr> rules;
  std::map<AlarmKey, std::set<AlarmKey>> of_alarm;  // rules by the alarms that they mute
  std::map<AlarmKey, HeldActions> held;             // by alarm

  void put(const AlarmKey& key, MutePtr rule);
  void erase(const AlarmKey& key);
};

std::string mute_store_key(const AlarmKey& key);
std::string held_store_key(const AlarmKey& key);

}  // namespace weir::alarms
