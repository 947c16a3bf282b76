// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "client/http_client.h"
#include "daemon/config.h"
#include "delivery/stream_transport.h"

namespace weir::daemon {

/// The delivery streams of the configuration: each is an HTTP endpoint that takes requests as those
/// of Data Firehose (Developer Guide, "HTTP endpoint delivery request and response
/// specifications").
///
/// Threads: any.
class HttpStreams final : public delivery::StreamTransport {
 public:
  HttpStreams(client::HttpClient& client, const Config& config);

  bool knows(std::string_view stream) const { return endpoints_.contains(stream); }
  void send(delivery::StreamRequest request, Done done) override;

 private:
  struct Endpoint {
    std::string url;
    std::string access_key;  // "" for none
  };

  client::HttpClient& client_;
  std::map<std::string, Endpoint, std::less<>> endpoints_;
};

}  // namespace weir::daemon
