// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace weir::cli {

/// A completion script for `shell` ("bash" or "zsh") with all commands and options of `app`.
std::string completion_script(const CLI::App& app, std::string_view shell);

}  // namespace weir::cli
