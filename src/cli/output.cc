// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/cli.h"
#include "cli/commands.h"

namespace weir::cli {

int fail(const Error& error) {
  std::cerr << "weir: " << error.message << '\n';
  return kFailure;
}

bool has_colours() {
  static const bool wanted = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return wanted;
}

std::string coloured(std::string_view text, std::string_view sgr) {
  if (!has_colours()) return std::string(text);
  return "\x1b[" + std::string(sgr) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace weir::cli
