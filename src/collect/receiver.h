// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "collect/payload.h"
#include "logs/logs.h"

namespace weir::collect {

/// Takes what AWS delivers over HTTP (see Payload) into a log group, so that metric filters and
/// alarms work on flow logs of real VPCs. An answer of 200 means that every event is in the store.
///
/// A delivery that is repeated (Firehose does until it gets a 200, always with the same request id)
/// goes on where the last attempt failed, and is only acknowledged where that had been complete.
/// This is remembered for the last `requests_remembered_max` deliveries and not over a restart: a
/// delivery that was interrupted by one may be stored twice, as Firehose itself may deliver twice.
///
/// Threads: receive() from any thread; at most `at_once_max` run, further ones are asked to come
/// again (503), as each may hold Payload::kTextBytesMax.
class Receiver {
 public:
  struct Config {
    std::size_t requests_remembered_max = 4096;
    std::size_t at_once_max = 4;
  };
  /// What of an HTTP request matters. Content-Encoding is already undone.
  struct Request {
    std::string_view request_id;         // X-Amz-Firehose-Request-Id, "" if absent
    std::string_view common_attributes;  // X-Amz-Firehose-Common-Attributes, "" if absent
    std::string_view body;
  };
  /// The answer, a JSON text. To Firehose: requestId, timestamp and, if it failed, errorMessage.
  struct Answer {
    int status = 200;
    std::string body;
  };
  /// The common attribute that names the format of flow records: `${version} ${account-id} ...`.
  static constexpr std::string_view kFormatAttribute = "log-format";

  Receiver(Runtime& runtime, logs::Logs& logs, Config config);

  /// Puts the events of a delivery into `log_group`, which is made if it is missing. Events that
  /// CloudWatch Logs refuses (older than 14 days or the group's retention, more than two hours
  /// ahead) are counted and left out. Statuses: 400 for what does not read (nothing was taken),
  /// 413, 500 and 503 to come again.
  Answer receive(const Scope& scope, std::string_view log_group, const Request& request);

 private:
  struct Progress {
    bool is_running = false;
    bool is_complete = false;
    std::size_t batches_done = 0;
  };
  struct State {
    std::map<std::string, Progress> deliveries;
    std::deque<std::string> order;  // oldest first
    std::size_t running = 0;
  };
  struct Batch {
    std::string stream;
    std::vector<logs::InputLogEvent> events;
  };
  struct Outcome {
    std::size_t stored = 0;
    std::size_t refused = 0;
  };

  Result<Payload> parse(const Request& request) const;
  Result<Outcome> store(const Scope& scope, std::string_view log_group, Payload payload);
  Result<Outcome> put(const Scope& scope, std::string_view log_group, std::vector<Batch> batches,
                      std::size_t& done);
  /// `request_id` is that of Firehose, "" for others.
  Answer answer(const std::string& request_id, const Result<Outcome>& outcome) const;
  void remember(State& state, const std::string& key);

  Runtime& runtime_;
  logs::Logs& logs_;
  const Config config_;
  Guarded<State> state_;
};

}  // namespace weir::collect
