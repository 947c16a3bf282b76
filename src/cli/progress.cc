// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <unistd.h>

#include <iostream>

namespace weir::cli {
namespace {

constexpr std::string_view kClearLine = "\r\x1b[K";

}  // namespace

ProgressText::~ProgressText() {
  if (is_shown_) std::cerr << kClearLine << std::flush;
}

void ProgressText::show(std::string_view text) {
  if (::isatty(STDERR_FILENO) != 1) return;
  is_shown_ = true;
  std::cerr << kClearLine << text << std::flush;
}

}  // namespace weir::cli
