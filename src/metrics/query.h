// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"

/// Rules that queries share, here and in metric_math.
namespace weir::metrics {

/// 1, 5, 10, 20, 30 or a multiple of 60 seconds.
bool is_valid_period(int period_s);

/// Down to the minute, five minutes or hour by age; for periods below a minute down to a multiple
/// of the period (API reference, GetMetricStatistics, StartTime).
Time round_start(Time start, int period_s, Time now);

/// One of the 27.
bool is_unit(std::string_view text);
/// The parameter is none.
Error unknown_unit(std::string_view parameter);

Error invalid_value(std::string message);
Error invalid_combination(std::string message);
Error validation_error(std::string message);

}  // namespace weir::metrics
