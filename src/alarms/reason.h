// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "alarms/alarm.h"
#include "alarms/evaluation.h"

/// Why an alarm changed its state, in AWS's words. Private to this module.
namespace weir::alarms {

/// StateReason. `decision.state` is set.
std::string state_reason(const AlarmConfig& config, const Decision& decision);

/// StateReasonData: JSON text.
std::string state_reason_data(const AlarmConfig& config, const Decision& decision, Time now);

/// StateReason of a composite alarm that follows its child.
std::string trigger_reason(const Alarm& child);

/// StateReasonData of a composite alarm: the children that changed it, as they are now.
std::string triggers_data(const std::vector<const Alarm*>& children);

}  // namespace weir::alarms
