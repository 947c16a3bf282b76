// SPDX-License-Identifier: Apache-2.0
#include "daemon/streams.h"

#include <utility>

namespace weir::daemon {
namespace {

/// From the start of the transfer to the end of the answer; AWS allows three minutes.
constexpr Duration kTimeout{60'000};

}  // namespace

HttpStreams::HttpStreams(client::HttpClient& client, const Config& config) : client_(client) {
  for (const auto& [name, url] : named_values(config.firehose_streams)) endpoints_[name].url = url;
  for (const auto& [name, key] : named_values(config.firehose_access_keys))
    endpoints_[name].access_key = key;
}

void HttpStreams::send(delivery::StreamRequest request, Done done) {
  const auto found = endpoints_.find(request.stream);
  if (found == endpoints_.end()) {
    return done(
        Error{ErrorKind::not_found, "ResourceNotFoundException",
              "there is no delivery stream " + request.stream + " (setting firehose_streams)"});
  }
  client::HttpRequest message;
  message.url = found->second.url;
  message.timeout = kTimeout;
  message.headers = {{"Content-Type", "application/json"},
                     {"X-Amz-Firehose-Protocol-Version", "1.0"},
                     {"X-Amz-Firehose-Request-Id", request.id},
                     {"X-Amz-Firehose-Source-Arn", request.stream_arn},
                     {"User-Agent", "Amazon Kinesis Data Firehose Agent/1.0"}};
  if (!found->second.access_key.empty())
    message.headers.emplace_back("X-Amz-Firehose-Access-Key", found->second.access_key);
  message.body = delivery::stream_request_body(request);
  request.records.clear();  // the answer is judged by the id alone
  client_.send(std::move(message), [request = std::move(request), done = std::move(done)](
                                       const Result<client::HttpResponse>& response) {
    done(response ? delivery::check_stream_answer(request, response->status, response->body)
                  : Result<void>(response.error()));
  });
}

}  // namespace weir::daemon
