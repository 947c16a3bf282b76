// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/runtime.h"
#include "base/shape.h"

namespace weir::alarms {

/// When a mute rule mutes; see MuteSchedule.
struct Schedule {
  std::string expression;
  std::string duration;
  std::optional<std::string> timezone;  // UTC
  static Shape shape();
};
/// API type Rule of alarm mute rules.
struct MuteRuleTimes {
  Schedule schedule;
  static Shape shape();
};
struct MuteTargets {
  std::vector<std::string> alarm_names;
  static Shape shape();
};

/// What PutAlarmMuteRule sets. The alarms need not exist yet.
struct MuteRuleConfig {
  std::string name;
  std::optional<std::string> description;
  MuteRuleTimes rule;
  std::optional<MuteTargets> mute_targets;
  std::optional<Time> start_date;   // nothing is muted before
  std::optional<Time> expire_date;  // nor from here on
};

enum class MuteStatus : std::uint8_t { scheduled, active, expired };
/// `SCHEDULED`, `ACTIVE`, `EXPIRED`.
std::string_view to_text(MuteStatus status);

/// A mute rule as GetAlarmMuteRule shows it.
struct MuteRule : MuteRuleConfig {
  std::string arn;
  Time last_updated;
  std::string status;
  std::string mute_type;  // ONE_TIME, RECURRING
  static Shape shape();
};

struct MuteRuleQuery {
  std::optional<std::string> alarm_name = {};  // that the rules mute
  std::vector<std::string> statuses = {};      // none: all
  int records_max = 50;
  std::string next_token = {};
};
struct MuteRulePage {
  std::vector<MuteRule> rules;  // in name order
  std::string next_token;       // "" at the end
};

}  // namespace weir::alarms
