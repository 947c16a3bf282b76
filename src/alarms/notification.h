// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "alarms/alarm.h"
#include "base/document.h"
#include "base/scope.h"

/// What an alarm tells the world and writes into its history. Private to this module.
namespace weir::alarms {

struct StoredAlarm;

/// The texts of one change of state; `alarm` is as it is after the change.
struct Notification {
  std::string subject;     // at most 100 ASCII characters
  std::string message;     // JSON, the `default` text
  std::string email_text;  // the `email` text
};
/// `is_after_mute`: the change was muted when it happened.
Notification notification(const Scope& scope, const StoredAlarm& alarm, std::string_view old_state,
                          bool is_after_mute = false);

/// HistoryData of a StateUpdate.
std::string state_update_data(const StoredAlarm& before, const StoredAlarm& after);
/// HistoryData of a ConfigurationUpdate. `type` is Create, Update or Delete; `before` is nullptr
/// unless Update.
std::string configuration_update_data(std::string_view type, const StoredAlarm& alarm,
                                      const StoredAlarm* before);
/// HistorySummary of an action that failed.
std::string failed_action_summary(std::string_view arn, std::string_view error);
/// HistoryData of an Action. `error` is empty if it succeeded.
std::string action_data(std::string_view arn, Time state_updated, const Notification& published,
                        std::string_view error);
/// The same of an action that was held until the end of a mute window.
std::string muted_action_data(std::string_view arn, Time state_updated, Time until);

}  // namespace weir::alarms
