// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weir::client {

/// Reads a variable of the environment.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

/// A profile of the files that AWS tools share (AWS SDKs and Tools Reference Guide, "Shared config
/// and credentials files"): AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, else those in ~/.aws.
/// What stands in the credentials file goes first.
struct AwsProfile {
  std::string name;
  std::map<std::string, std::string, std::less<>> members;
  bool is_found = false;  // in one of the files

  static AwsProfile read(const std::string& name, const Environment& environment);
  /// "" if it is missing.
  std::string get(std::string_view member) const;
};

}  // namespace weir::client
