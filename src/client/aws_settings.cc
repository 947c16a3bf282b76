// SPDX-License-Identifier: Apache-2.0
#include "client/aws_settings.h"

#include <initializer_list>

namespace weir::client {
namespace {

std::string first_of(std::initializer_list<std::string> values) {
  for (const std::string& value : values) {
    if (!value.empty()) return value;
  }
  return {};
}

}  // namespace

Result<AwsSettings> aws_settings(const AwsChoice& choice, const Environment& environment) {
  const auto variable = [&](const char* name) { return environment(name).value_or(""); };
  const std::string wanted = first_of({choice.profile, variable("AWS_PROFILE")});
  const AwsProfile profile = AwsProfile::read(wanted.empty() ? "default" : wanted, environment);
  if (!wanted.empty() && !profile.is_found) {
    return Error{
        ErrorKind::not_found, "NoSuchProfile",
        "the AWS profile '" + wanted + "' is in neither the credentials nor the config file"};
  }
  AwsSettings settings;
  settings.region = first_of({choice.region, variable("AWS_REGION"), variable("AWS_DEFAULT_REGION"),
                              profile.get("region")});
  settings.endpoint_url = first_of({choice.endpoint_url, variable("AWS_ENDPOINT_URL_S3"),
                                    variable("AWS_ENDPOINT_URL"), profile.get("endpoint_url")});
  settings.ca_file = first_of({variable("AWS_CA_BUNDLE"), profile.get("ca_bundle")});
  return settings;
}

}  // namespace weir::client
