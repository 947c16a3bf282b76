// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/runtime.h"
#include "wire/http.h"

namespace weir::wire::sigv4 {

/// With what a request is signed.
struct Identity {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // "" for long-lived keys
  std::string region;
  std::string service;  // "s3", "logs" ...
};

/// Signs a request that is to be sent (IAM User Guide, "Create a signed AWS API request"): adds
/// X-Amz-Date, X-Amz-Security-Token if there is one, for S3 also x-amz-content-sha256, and
/// Authorization. Signed are Host, which must be there, Content-Type, Range and every x-amz-*
/// header. `payload_hash` is the SHA-256 of the body in hexadecimal digits, or kUnsigned (S3).
void sign(HttpRequest& request, const Identity& identity, Time now, std::string_view payload_hash);

/// The address of a GET on `/` that carries its signature in the query (IAM User Guide, "Create a
/// signed AWS API request", query parameters), for people to follow. `endpoint` is scheme, host and
/// port; `query` is percent-encoded and without a `?`. `life` is at most a week.
std::string presigned_url(std::string_view endpoint, std::string_view query,
                          const Identity& identity, Time now, Duration life);

}  // namespace weir::wire::sigv4
