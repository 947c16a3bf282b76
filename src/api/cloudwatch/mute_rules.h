// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alarms/inherited.h"
#include "alarms/mute_rule.h"
#include "alarms/alarm.h"
#include "base/shape.h"

namespace weir::api::cloudwatch {

/// Creates or replaces a rule that holds the actions of alarms in windows of time.
struct PutAlarmMuteRule {
  static constexpr std::string_view name = "PutAlarmMuteRule";
  struct Input : alarms::MuteRuleConfig {
    std::vector<alarms::Tag> tags;
    static Shape shape();
  };
  using Output = Empty;
};

/// The input of operations on one rule by name.
struct MuteRuleName {
  std::string alarm_mute_rule_name;
  static Shape shape() {
    using S = MuteRuleName;
    static constexpr Member members[] = {
        required<&S::alarm_mute_rule_name>("AlarmMuteRuleName", length(1, 255)),
    };
    return {"AlarmMuteRuleName", members};
  }
};

struct GetAlarmMuteRule {
  static constexpr std::string_view name = "GetAlarmMuteRule";
  using Input = MuteRuleName;
  using Output = alarms::MuteRule;
};

/// Succeeds for a rule that does not exist, too.
struct DeleteAlarmMuteRule {
  static constexpr std::string_view name = "DeleteAlarmMuteRule";
  using Input = MuteRuleName;
  using Output = Empty;
};

/// API type AlarmMuteRuleSummary.
struct MuteRuleSummary {
  std::string arn;
  std::optional<Time> expire_date;
  std::string status;
  std::string mute_type;
  Time last_updated;
  static Shape shape() {
    using S = MuteRuleSummary;
    static constexpr Member members[] = {
        optional<&S::arn>("AlarmMuteRuleArn"),
        optional<&S::expire_date>("ExpireDate"),
        optional<&S::status>("Status"),
        optional<&S::mute_type>("MuteType"),
        optional<&S::last_updated>("LastUpdatedTimestamp"),
    };
    return {"AlarmMuteRuleSummary", members};
  }
};

struct ListAlarmMuteRules {
  static constexpr std::string_view name = "ListAlarmMuteRules";
  struct Input {
    std::optional<std::string> alarm_name;
    std::vector<std::string> statuses;
    std::optional<int> max_records;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::alarm_name>("AlarmName", length(1, 255)),
          optional<&S::statuses>("Statuses"),
          optional<&S::max_records>("MaxRecords", range(1, 100)),
          optional<&S::next_token>("NextToken"),
      };
      return {"ListAlarmMuteRulesInput", members};
    }
  };
  struct Output {
    std::vector<MuteRuleSummary> alarm_mute_rule_summaries;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::alarm_mute_rule_summaries>("AlarmMuteRuleSummaries"),
          optional<&S::next_token>("NextToken"),
      };
      return {"ListAlarmMuteRulesOutput", members};
    }
  };
};

}  // namespace weir::api::cloudwatch
