// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::insights {

/// Minutes east of UTC of `UTC`, `GMT`, `Z`, `+02:00`, `-0530`, `+2`, also behind `UTC` or `GMT`.
/// Nothing for other names: places with summer time are not known.
std::optional<int> zone_minutes(std::string_view zone);

/// Formats by Java's pattern letters (y M d D H h k K m s S a E Z X, `'text'`), or by strftime's if
/// there is a `%` in `format`.
std::string format_date(std::int64_t ms, std::string_view format, int zone);

/// Reads what the whole format describes; what it lacks is that of 1970-01-01 00:00:00. Letters y M
/// d H h m s S a Z X, names of months in English. Nothing if the text does not fit.
std::optional<std::int64_t> parse_date(std::string_view text, std::string_view format, int zone);

}  // namespace weir::insights
