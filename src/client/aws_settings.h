// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "client/aws_profile.h"

namespace weir::client {

/// How AWS, or what stands for it, is reached: what every AWS tool takes from its surroundings.
/// Keys are a matter of aws_credentials().
struct AwsSettings {
  std::string region = {};        // "" if nothing says it
  std::string endpoint_url = {};  // of S3; "" is AWS itself
  std::string ca_file = {};       // "" is the system's
};

/// What decides before everything else; "" for what is not given.
struct AwsChoice {
  std::string profile = {};
  std::string region = {};
  std::string endpoint_url = {};
};

/// As AWS tools take them (AWS SDKs and Tools Reference Guide): the choice; AWS_REGION,
/// AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_CA_BUNDLE; the profile
/// (AWS_PROFILE, else `default`). Error: kind not_found for a profile that was asked for and does
/// not exist.
Result<AwsSettings> aws_settings(const AwsChoice& choice, const Environment& environment);

}  // namespace weir::client
