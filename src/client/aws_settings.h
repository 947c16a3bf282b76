// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::client {

/// How AWS, or what stands for it, is reached: what every AWS tool takes from its surroundings.
struct AwsSettings {
  std::string access_key = {};
  std::string secret_key = {};
  std::string session_token = {};
  std::string region = {};        // "" if nothing says it
  std::string endpoint_url = {};  // of S3; "" is AWS itself
  std::string ca_file = {};       // "" is the system's

  bool has_keys() const { return !access_key.empty(); }
};

/// What decides before everything else; "" for what is not given.
struct AwsChoice {
  std::string profile = {};
  std::string region = {};
  std::string endpoint_url = {};
};

/// Reads a variable of the environment.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

/// The chain that AWS tools share (AWS SDKs and Tools Reference Guide): the choice;
/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_DEFAULT_REGION,
/// AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_CA_BUNDLE; the profile (AWS_PROFILE, else `default`)
/// of the files AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE (else those in ~/.aws). A chosen
/// profile goes before keys of the environment. Instance roles, SSO and assumed roles are not
/// looked up: export their keys first (`aws configure export-credentials --format env`). Error: a
/// profile that was asked for is missing, or holds no keys but something else of these.
Result<AwsSettings> aws_settings(const AwsChoice& choice, const Environment& environment);

}  // namespace weir::client
