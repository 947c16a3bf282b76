// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "base/runtime.h"
#include "client/http_client.h"
#include "wire/http.h"
#include "wire/sigv4_signer.h"

namespace weir::client {

/// Sends signed requests to an AWS service and waits for the answer: retries what may succeed later
/// (no connection, throttling, 5xx) with exponential delays and full jitter.
///
/// Threads: every function may be called from any thread but the HttpClient's own; it blocks.
/// Lifetime: runtime and http outlive it.
class SignedClient {
 public:
  struct Config {
    std::string url;  // scheme://host[:port], without a path
    /// No access key: requests are sent unsigned.
    wire::sigv4::Identity identity;
    int attempts_max = 6;
    Duration delay_first{200};
    Duration delay_max{20'000};
    Duration timeout{60'000};  // of one attempt
  };
  SignedClient(Runtime& runtime, HttpClient& http, Config config)
      : runtime_(runtime), http_(http), config_(std::move(config)) {}

  struct Call {
    std::string method = "POST";
    std::string host = {};     // "": of Config::url; else that host under the same scheme and port
    std::string target = "/";  // path and query, percent-encoded
    wire::Headers headers = {};
    std::string body = {};
  };
  /// The answer, whatever its status, except those that were retried in vain. Error: kind
  /// unavailable.
  Result<HttpResponse> send(const Call& call) const;

  const Config& config() const { return config_; }

 private:
  Result<HttpResponse> attempt(const Call& call) const;

  Runtime& runtime_;
  HttpClient& http_;
  const Config config_;
};

/// Blocks for that long.
void wait_for(Runtime& runtime, Duration delay);

}  // namespace weir::client
