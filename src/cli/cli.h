// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace weir::cli {

/// Exit codes of the `weir` command.
inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;  // the command could not do its work; standard error says why
inline constexpr int kUsage = 2;    // the command line is wrong

/// Runs the command line; `arguments` without the program's name.
int run(const std::vector<std::string>& arguments);

}  // namespace weir::cli
