// SPDX-License-Identifier: Apache-2.0
#include "client/aws_settings.h"

#include <cstdlib>
#include <fstream>
#include <map>

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

struct Profile {
  Section members;
  bool is_found = false;

  std::string get(std::string_view name) const {
    const auto found = members.find(name);
    return found == members.end() ? std::string() : found->second;
  }
};

Profile read_profile(const std::string& name, const Environment& environment) {
  const std::filesystem::path home = environment("HOME").value_or("/nonexistent");
  const auto file = [&](const char* variable, const char* otherwise) {
    const auto set = environment(variable);
    return set ? std::filesystem::path(*set) : home / ".aws" / otherwise;
  };
  Profile profile;
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

std::string first_of(std::initializer_list<std::string> values) {
  for (const std::string& value : values) {
    if (!value.empty()) return value;
  }
  return {};
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == 0) return std::nullopt;
    return std::string(value);
  };
}

Result<AwsSettings> aws_settings(const AwsChoice& choice, const Environment& environment) {
  const auto variable = [&](const char* name) { return environment(name).value_or(""); };
  const std::string wanted = first_of({choice.profile, variable("AWS_PROFILE")});
  const Profile profile = read_profile(wanted.empty() ? "default" : wanted, environment);
  if (!wanted.empty() && !profile.is_found) {
    return Error{
        ErrorKind::not_found, "NoSuchProfile",
        "the AWS profile '" + wanted + "' is in neither the credentials nor the config file"};
  }
  AwsSettings settings;
  const bool takes_variables = choice.profile.empty() && !variable("AWS_ACCESS_KEY_ID").empty();
  if (takes_variables) {
    settings.access_key = variable("AWS_ACCESS_KEY_ID");
    settings.secret_key = variable("AWS_SECRET_ACCESS_KEY");
    settings.session_token = variable("AWS_SESSION_TOKEN");
  } else {
    settings.access_key = profile.get("aws_access_key_id");
    settings.secret_key = profile.get("aws_secret_access_key");
    settings.session_token = profile.get("aws_session_token");
    for (const char* other : {"sso_session", "sso_start_url", "role_arn", "credential_process"}) {
      if (settings.has_keys() || profile.get(other).empty()) continue;
      return Error{ErrorKind::invalid, "UnsupportedCredentials",
                   "the AWS profile '" + (wanted.empty() ? "default" : wanted) + "' uses " + other +
                       ", which weir does not look up (eval \"$(aws configure export-credentials "
                       "--format env)\" gives it the keys)"};
    }
  }
  settings.region = first_of({choice.region, variable("AWS_REGION"), variable("AWS_DEFAULT_REGION"),
                              profile.get("region")});
  settings.endpoint_url = first_of({choice.endpoint_url, variable("AWS_ENDPOINT_URL_S3"),
                                    variable("AWS_ENDPOINT_URL"), profile.get("endpoint_url")});
  settings.ca_file = first_of({variable("AWS_CA_BUNDLE"), profile.get("ca_bundle")});
  return settings;
}

}  // namespace weir::client
