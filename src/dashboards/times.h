// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/runtime.h"

namespace weir::dashboards {

/// `start` or `end` of a dashboard or widget: a date in ISO 8601, or a duration such as `-PT3H`,
/// `-P1DT12H`, `-P2W`, `P0D`, counted from `now` (a month has 30 days, a year 365). Nothing for
/// other text and for what no date can hold.
std::optional<Time> read_time(std::string_view text, Time now);
/// Whether a text has the form of a duration.
bool is_relative_time(std::string_view text);

}  // namespace weir::dashboards
