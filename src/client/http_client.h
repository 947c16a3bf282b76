// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "client/address_guard.h"

namespace weir::client {

struct HttpRequest {
  std::string method = "POST";
  std::string url = {};  // http or https; user:password@ becomes Basic authorisation
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  Duration timeout{15'000};  // from the start of the transfer to the end of the answer
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers = {};  // names in lower case
  std::string body = {};  // its beginning only, if longer than Config::response_bytes_max
};

/// Outgoing HTTP(S): TLS certificates are verified, redirects are not followed, no proxy is taken
/// from the environment.
///
/// Threads: one own thread runs all transfers. `done` is called exactly once, on that thread (by
/// send() itself when too many wait), and must not block. send() may be called from any thread. The
/// destructor ends transfers without calling `done`.
/// Errors: kind unavailable (no connection, TLS failure, timeout, queue full) or invalid
/// (the URL); codes are our own.
class HttpClient {
 public:
  struct Config {
    std::size_t transfers_max = 256;  // at a time; more wait
    std::size_t queued_max = 10'000;  // more than these fail at once
    std::size_t response_bytes_max = 65'536;
    Duration connect_timeout{10'000};
    std::string ca_file = {};  // PEM; "" is the system's
    std::string user_agent = "Weir";
    /// Which addresses may be connected to, whatever a name resolves to; unset: all.
    std::optional<AddressGuard> guard = {};
  };
  using Done = std::function<void(Result<HttpResponse>)>;

  explicit HttpClient(Config config);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  void send(HttpRequest request, Done done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::client
