// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/runtime.h"

/// Numbers, times and regions as alarm texts show them. Private to this module.
namespace weir::alarms {

/// As Java prints a double: `21.5`, `1.0`, `8.3714617344E10`.
std::string java_double(double number);
/// `26/02/26 10:13:00`.
std::string short_time(Time time);
/// `Friday 26 March, 2021 22:49:42 UTC`.
std::string long_time(Time time);
/// `US East (N. Virginia)`; the code itself for a region without a name.
std::string_view region_name(std::string_view region);
/// `AVERAGE`, `SAMPLE_COUNT`, as notifications and history name the basic statistics.
std::string upper_statistic(std::string_view statistic);

}  // namespace weir::alarms
