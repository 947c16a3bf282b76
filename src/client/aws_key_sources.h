// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/runtime.h"
#include "client/aws_credentials.h"
#include "client/http_client.h"

/// The sources of keys that expire (aws_credentials.h). `runtime` and `http` must outlive them.
namespace weir::client {

/// `credential_process`: a command of the shell that prints the keys as JSON, version 1.
std::shared_ptr<AwsCredentials> process_credentials(Runtime& runtime, std::string command);

/// The endpoint that a container's agent offers. `environment` is asked at each fetch, since the
/// token may change.
std::shared_ptr<AwsCredentials> container_credentials(Runtime& runtime, HttpClient& http,
                                                      Environment environment);

/// IMDSv2. `endpoint` without a slash at its end.
std::shared_ptr<AwsCredentials> instance_credentials(Runtime& runtime, HttpClient& http,
                                                     std::string endpoint);

/// A role that the security token service is asked for.
struct Role {
  std::string arn;
  std::string session_name;
  std::string external_id;     // "" is none
  int duration_s = 3600;       // how long the keys are to hold
  std::string endpoint;        // of the service, without a slash at its end
  std::string region;          // for the signature
  std::string web_token_file;  // AssumeRoleWithWebIdentity; else AssumeRole, signed with
  std::shared_ptr<AwsCredentials> source;
};
std::shared_ptr<AwsCredentials> role_credentials(Runtime& runtime, HttpClient& http, Role role);

}  // namespace weir::client
