// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"

namespace weir::enforce {

struct ProcessResult {
  int exit_status = 0;
  std::string output;  // standard output and error together
};

inline constexpr std::size_t kOutputMax = 64 * 1024;

/// Runs a program (found in PATH) with `input` as its standard input, a file that it may open
/// again. Blocks; a program that runs longer than `timeout` is killed. Of the output the first
/// `output_max` bytes are kept. Error: kind unavailable, why
/// it could not be run or did not end.
Result<ProcessResult> run_process(Runtime& runtime, const std::vector<std::string>& command,
                                  const std::string& input, Duration timeout,
                                  std::size_t output_max = kOutputMax);

}  // namespace weir::enforce
