// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "base/document.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/daemon_client.h"

namespace weir::cli {
namespace {

std::string scalar(const Document& value) {
  return value.string() != nullptr ? *value.string() : to_json(value);
}

/// One line for each member; lists of maps as one indented line for each item.
void print(const Document::Map& members, const std::string& indent) {
  for (const auto& [name, value] : members) {
    if (const auto* list = value.list()) {
      std::cout << indent << coloured(name, "1") << '\n';
      for (const Document& item : *list) {
        std::cout << indent << "  -";
        if (item.map() == nullptr) std::cout << ' ' << scalar(item);
        if (item.map() != nullptr) {
          for (const auto& [key, part] : *item.map())
            std::cout << ' ' << key << '=' << scalar(part);
        }
        std::cout << '\n';
      }
    } else if (value.map() != nullptr) {
      std::cout << indent << coloured(name, "1") << '\n';
      print(*value.map(), indent + "  ");
    } else {
      std::cout << indent << coloured(name, "1") << ": " << scalar(value) << '\n';
    }
  }
}

}  // namespace

bool daemon_answers(const daemon::Config& config) {
  return static_cast<bool>(DaemonClient(config).page("/_weir/health"));
}

int status(const daemon::Config& config, const StatusOptions& options) {
  const auto document = DaemonClient(config).page("/_weir/health");
  if (!document) return fail(document.error());
  if (options.json || document->map() == nullptr) {
    std::cout << to_pretty_json(*document) << '\n';
  } else {
    print(*document->map(), "");
  }
  return kSuccess;
}

}  // namespace weir::cli
