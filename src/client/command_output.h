// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/runtime.h"

namespace weir::client {

/// What a command of the shell prints. It is killed, with everything it started that stays in its
/// process group, when it prints more than `bytes_max` or nothing for `silence_max`.
///
/// Error: kind unavailable; it cannot be run, ended with another status than 0, or was killed.
Result<std::string> command_output(const std::string& command, std::size_t bytes_max,
                                   Duration silence_max);

}  // namespace weir::client
