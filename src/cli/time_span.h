// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/runtime.h"

namespace weir::cli {

/// `90s`, `30m`, `1h`, `2d`, `1w`: what `--since` of every command takes. Error: no such text, or a
/// span that is 0 or longer than `longest`.
Result<Duration> parse_span(std::string_view text,
                            Duration longest = std::chrono::hours(24 * 3650));

}  // namespace weir::cli
