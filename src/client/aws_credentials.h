// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/runtime.h"
#include "client/aws_profile.h"
#include "client/http_client.h"

namespace weir::client {

/// What requests to AWS are signed with.
struct AwsKeys {
  std::string access_key = {};
  std::string secret_key = {};
  std::string session_token = {};
  std::optional<Time> expires = {};
};

/// Where keys come from. Those that expire are fetched anew kRefreshAhead before they do; if that
/// fails they are used until the end.
///
/// Threads: any; keys() may block for a request or a program.
class AwsCredentials {
 public:
  static constexpr Duration kRefreshAhead = std::chrono::minutes(5);
  virtual ~AwsCredentials() = default;
  /// Error: kind unauthorized, says what was asked and what it answered.
  virtual Result<AwsKeys> keys() = 0;
};
std::shared_ptr<AwsCredentials> fixed_credentials(AwsKeys keys);

/// The chain of sources that AWS tools share (AWS SDKs and Tools Reference Guide, "Standardized
/// credential providers"), in the order of aws-cli. The first that is configured is the one; its
/// failure is an Error of keys():
///
/// - keys of the environment, unless `profile` is given; AWS_SESSION_TOKEN with them
/// - a role of the profile: `role_arn` with `source_profile` or `credential_source`
/// - a role for a web identity: AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or those of the
///   profile
/// - keys of the profile, then its `credential_process`
/// - a container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
/// - the instance's metadata, version 2, unless AWS_EC2_METADATA_DISABLED is `true`
///
/// The profile is `profile`, else AWS_PROFILE, else `default`. Sign-in (SSO) and roles that want a
/// device (`mfa_serial`) are not looked up. Error: kind not_found for a profile that was asked for
/// and does not exist; kind invalid for a setting that contradicts itself or is not supported.
///
/// `runtime` and `http` must outlive the result.
Result<std::shared_ptr<AwsCredentials>> aws_credentials(Runtime& runtime, HttpClient& http,
                                                        const std::string& profile,
                                                        const Environment& environment);

}  // namespace weir::client
