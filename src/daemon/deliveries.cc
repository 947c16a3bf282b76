// SPDX-License-Identifier: Apache-2.0
#include "daemon/deliveries.h"

#include <utility>

#include "base/log.h"
#include "vpc/flow_logs.h"

namespace weir::daemon {
namespace {

constexpr std::string_view kStatusStream = "delivery-status";

queues::MessageAttributes to_queue(const std::map<std::string, notify::MessageAttribute>& from) {
  queues::MessageAttributes attributes;
  for (const auto& [name, attribute] : from) {
    // String.Array is a custom type of String for a queue.
    attributes.emplace(name, queues::MessageAttribute{attribute.type, attribute.value});
  }
  return attributes;
}

// A queue that is not there may come (Terraform creates in any order); a message that it refuses
// stays refused.
notify::Outcome outcome_of(const Result<void>& put, std::string delivered) {
  using Kind = notify::Outcome::Kind;
  if (put) return {Kind::delivered, 200, std::move(delivered)};
  const Error& error = put.error();
  const bool is_final = error.code == "InvalidParameterValue" || error.code == "MissingParameter" ||
                        error.code == "InvalidMessageContents";
  return {is_final ? Kind::rejected : Kind::retry, error.kind == ErrorKind::unavailable ? 503 : 400,
          error.message};
}

}  // namespace

Result<void> QueueTransport::put(const std::string& queue_arn, queues::Sending sending) {
  WEIR_TRY(const Arn target, Arn::parse(queue_arn));
  if (!target.resource.ends_with(".fifo")) sending.deduplication_id.clear();
  std::vector<queues::Sending> messages;
  messages.push_back(std::move(sending));
  WEIR_TRY(auto outcomes, queues_.send(target.scope, target.resource, std::move(messages)));
  if (!outcomes.front()) return outcomes.front().error();
  return {};
}

void QueueTransport::send(const notify::Delivery& delivery, Done done) {
  queues::Sending sending;
  sending.body = delivery.body;
  if (delivery.is_raw) sending.attributes = to_queue(delivery.attributes);
  sending.group_id = delivery.group_id;
  sending.deduplication_id = delivery.deduplication_id;
  runtime_.post([this, queue_arn = delivery.endpoint, sending = std::move(sending),
                 done = std::move(done)]() mutable {
    done(outcome_of(put(queue_arn, std::move(sending)), "the queue has taken the message"));
  });
}

Result<void> QueueTransport::put(const notify::DeadLetter& letter) {
  queues::Sending sending;
  sending.body = letter.body;
  sending.attributes = to_queue(letter.attributes);
  sending.group_id = letter.group_id;
  sending.deduplication_id = letter.deduplication_id;
  return put(letter.queue_arn, std::move(sending));
}

void FunctionTransport::send(const notify::Delivery& delivery, Done done) {
  const auto arn = Arn::parse(delivery.endpoint);
  const auto name = arn ? functions::function_name(*arn) : Result<std::string>(arn.error());
  if (!name) return done({notify::Outcome::Kind::rejected, 400, name.error().message});
  functions_.invoke(*name, delivery.body,
                    [done = std::move(done)](const Result<functions::Functions::Answer>& answer) {
                      using Kind = notify::Outcome::Kind;
                      if (answer) return done({Kind::delivered, 202, "the function has ended"});
                      const bool is_final = answer.error().kind == ErrorKind::too_large;
                      done({is_final ? Kind::rejected : Kind::retry, 500, answer.error().message});
                    });
}

void StreamTransport::send(const notify::Delivery& delivery, Done done) {
  using Kind = notify::Outcome::Kind;
  auto name = vpc::stream_of(delivery.endpoint);
  if (!name) return done({Kind::rejected, 400, name.error().message});
  delivery::StreamRequest request;
  request.stream = *std::move(name);
  request.stream_arn = delivery.endpoint;
  request.id = delivery.message_id;
  request.created = delivery.timestamp;
  request.records.push_back(delivery.body);
  streams_.send(std::move(request), [done = std::move(done)](const Result<void>& sent) {
    if (sent) return done({Kind::delivered, 200, "the stream has taken the record"});
    const ErrorKind kind = sent.error().kind;
    const bool is_final = kind == ErrorKind::too_large || kind == ErrorKind::invalid;
    done({is_final ? Kind::rejected : Kind::retry, 500, sent.error().message});
  });
}

void LogStatus::write(const Scope& scope, const std::string& log_group, Time time,
                      const std::string& line) {
  runtime_.post([this, scope, log_group, time, line] {
    if (const auto done = put(scope, log_group, time, line); !done) {
      log::warn("a delivery status was not logged",
                {{"log_group", log_group}, {"error", done.error().message}});
    }
  });
}

Result<void> LogStatus::put(const Scope& scope, const std::string& log_group, Time time,
                            const std::string& line) {
  const std::vector<logs::InputLogEvent> events = {{time.ms, line}};
  auto done = logs_.put_log_events(scope, log_group, kStatusStream, events);
  if (!done && done.error().kind == ErrorKind::not_found) {
    WEIR_CHECK(logs_.ensure_stream(scope, log_group, std::string(kStatusStream)));
    done = logs_.put_log_events(scope, log_group, kStatusStream, events);
  }
  return done ? Result<void>() : Result<void>(done.error());
}

}  // namespace weir::daemon
