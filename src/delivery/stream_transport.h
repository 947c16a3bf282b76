// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"

namespace weir::delivery {

/// One request to the endpoint behind a delivery stream (Data Firehose Developer Guide, "HTTP
/// endpoint delivery request and response specifications").
struct StreamRequest {
  std::string stream;                // its name
  std::string stream_arn;            // as in the flow log
  std::string id;                    // X-Amz-Firehose-Request-Id: the same at every attempt
  Time created;                      // `timestamp`
  std::vector<std::string> records;  // what `data` holds, not encoded yet
};

/// Carries requests to delivery streams.
///
/// Threads: any.
class StreamTransport {
 public:
  /// Called exactly once, unless the transport is destroyed before, from any thread.
  using Done = std::function<void(Result<void>)>;
  virtual ~StreamTransport() = default;

  /// Must not block. Success: the endpoint has taken all records. Error: kind not_found (no stream
  /// of that name), forbidden (the endpoint refuses the key), invalid (or the request), too_large
  /// (it takes no request of that size), limit (it wants less at a time), else anything. Flow logs
  /// are tried again whatever it is, subscriptions of log groups are not where a repetition would
  /// be refused, too.
  virtual void send(StreamRequest request, Done done) = 0;
};

/// The body of the request: `{"requestId":..,"timestamp":..,"records":[{"data":..}]}`.
std::string stream_request_body(const StreamRequest& request);
/// Judges an answer to it: 200 with the same request id is success.
Result<void> check_stream_answer(const StreamRequest& request, int status, std::string_view body);

}  // namespace weir::delivery
