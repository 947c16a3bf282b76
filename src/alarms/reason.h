// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "alarms/alarm.h"
#include "alarms/evaluation.h"

/// Why an alarm changed its state, in AWS's words. Private to this module.
namespace weir::alarms {

/// StateReason. `decision.state` is set.
std::string state_reason(const AlarmConfig& config, const Decision& decision);

/// StateReasonData: JSON text.
std::string state_reason_data(const AlarmConfig& config, const Decision& decision, Time now);

}  // namespace weir::alarms
