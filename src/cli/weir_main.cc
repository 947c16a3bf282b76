// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "cli/cli.h"

int main(int argc, char** argv) {
  return weir::cli::run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
