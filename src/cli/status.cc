// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>

#include "base/document.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/daemon_client.h"

namespace weir::cli {
namespace {

std::string span_text(std::int64_t seconds) {
  const std::int64_t days = seconds / 86'400;
  const std::int64_t hours = seconds / 3600 % 24;
  const std::int64_t minutes = seconds / 60 % 60;
  if (days > 0) return std::to_string(days) + "d " + std::to_string(hours) + "h";
  if (hours > 0) return std::to_string(hours) + "h " + std::to_string(minutes) + "m";
  if (minutes > 0) return std::to_string(minutes) + "m " + std::to_string(seconds % 60) + "s";
  return std::to_string(seconds) + "s";
}

std::string scalar(const Document& value) {
  if (value.boolean() != nullptr) return *value.boolean() ? "yes" : "no";
  return value.string() != nullptr ? *value.string() : to_json(value);
}

struct Line {
  std::string name;
  std::string value;
};

/// For people: `uptime_seconds` 3725 is `uptime`, `1h 2m`.
Line line_of(const std::string& name, const Document& value) {
  constexpr std::string_view kSeconds = "_seconds";
  Line line{.name = name, .value = scalar(value)};
  if (name.ends_with(kSeconds) && value.integer() != nullptr) {
    line.name.resize(name.size() - kSeconds.size());
    line.value = span_text(*value.integer());
  }
  std::ranges::replace(line.name, '_', ' ');
  return line;
}

void print_item(const Document& item, const std::string& indent) {
  std::cout << indent << "-";
  if (item.map() == nullptr) std::cout << ' ' << scalar(item);
  if (item.map() != nullptr) {
    for (const auto& [name, value] : *item.map()) {
      const Line line = line_of(name, value);
      std::cout << (name == item.map()->front().first ? " " : ", ") << line.name << ' '
                << line.value;
    }
  }
  std::cout << '\n';
}

/// One line for each member, values below each other; lists of maps as one indented line for each
/// item.
void print(const Document::Map& members, const std::string& indent) {
  std::size_t width = 0;
  for (const auto& [name, value] : members) {
    if (value.list() == nullptr && value.map() == nullptr) {
      width = std::max(width, line_of(name, value).name.size());
    }
  }
  for (const auto& [name, value] : members) {
    if (value.list() != nullptr || value.map() != nullptr) {
      std::cout << indent << coloured(line_of(name, Document()).name, "1") << '\n';
    }
    if (const auto* list = value.list()) {
      for (const Document& item : *list) print_item(item, indent + "  ");
    } else if (value.map() != nullptr) {
      print(*value.map(), indent + "  ");
    } else {
      const Line line = line_of(name, value);
      const std::string space(width - line.name.size(), ' ');
      std::cout << indent << coloured(line.name, "1") << space << "  " << line.value << '\n';
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
