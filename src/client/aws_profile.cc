// SPDX-License-Identifier: Apache-2.0
#include "client/aws_profile.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace weir::client {
namespace {

constexpr std::size_t kLinesMax = 10'000;

using Section = std::map<std::string, std::string, std::less<>>;

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

/// The section of an INI file of AWS; nothing if file or section are missing. Indented lines belong
/// to a nested setting and are passed over.
std::optional<Section> read_section(const std::filesystem::path& file, std::string_view name) {
  std::ifstream in(file);
  std::optional<Section> section;
  bool is_inside = false;
  std::string line;
  for (std::size_t lines = 0; lines < kLinesMax && std::getline(in, line); ++lines) {
    const bool is_nested = line.starts_with(' ') || line.starts_with('\t');
    const std::string_view text = trimmed(line);
    if (text.empty() || text[0] == '#' || text[0] == ';') continue;
    if (text[0] == '[') {
      is_inside = text.ends_with(']') && trimmed(text.substr(1, text.size() - 2)) == name;
      if (is_inside && !section) section.emplace();
      continue;
    }
    const std::size_t equals = text.find('=');
    if (!is_inside || is_nested || equals == std::string_view::npos) continue;
    (*section)[std::string(trimmed(text.substr(0, equals)))] = trimmed(text.substr(equals + 1));
  }
  return section;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == 0) return std::nullopt;
    return std::string(value);
  };
}

AwsProfile AwsProfile::read(const std::string& name, const Environment& environment) {
  const std::filesystem::path home = environment("HOME").value_or("/nonexistent");
  const auto file = [&](const char* variable, const char* otherwise) {
    const auto set = environment(variable);
    return set ? std::filesystem::path(*set) : home / ".aws" / otherwise;
  };
  AwsProfile profile;
  profile.name = name;
  const std::string in_config = name == "default" ? name : "profile " + name;
  const auto config = read_section(file("AWS_CONFIG_FILE", "config"), in_config);
  const auto keys = read_section(file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), name);
  profile.is_found = config || keys;
  if (config) profile.members = *config;
  if (keys) {
    for (const auto& [key, value] : *keys) profile.members[key] = value;
  }
  return profile;
}

std::string AwsProfile::get(std::string_view member) const {
  const auto found = members.find(member);
  return found == members.end() ? std::string() : found->second;
}

}  // namespace weir::client
