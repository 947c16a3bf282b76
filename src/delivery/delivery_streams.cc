// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/document.h"
#include "base/log.h"
#include "delivery/delivery_impl.h"

namespace weir::delivery {
namespace {

/// A record as it comes out of a delivery stream: a JSON object with the line (unverified: seen in
/// consumers' samples only).
std::string stream_record(const Line& line) {
  std::string record = "{\"message\":";
  append_json_string(record, line.text);
  return record + '}';
}

StreamRequest stream_request(const Subscription& flow_log, const Journal::Request& from) {
  StreamRequest request;
  request.stream = flow_log.delivery_stream();
  request.stream_arn = flow_log.log().destination.value_or("");
  request.id = from.id;
  request.created = from.created;
  for (const Line& line : from.lines) request.records.push_back(stream_record(line));
  return request;
}

}  // namespace

/// The request that was begun, or a new one if enough waits; nothing if not.
Result<std::optional<Journal::Request>> Delivery::Impl::next_request(
    const SubscriptionPtr& flow_log, bool is_forced) {
  const std::string& id = flow_log->id();
  WEIR_TRY(auto begun, journal.request(id));
  if (begun) return begun;
  const auto known = request_max.find(id);
  const std::size_t records_max =
      known == request_max.end() ? config.stream_records_max : known->second;
  const Journal::WaitingEvents waiting = journal.events(id);
  const bool is_due = is_forced || deleted.contains(id) || waiting.records >= records_max ||
                      waiting.bytes >= config.stream_bytes_max ||
                      runtime.now() >= waiting.first_taken + config.stream_delay;
  if (!is_due) return std::optional<Journal::Request>{};
  WEIR_TRY(auto request, journal.begin_request(id, runtime.uuid(), runtime.now(),
                                               {records_max, config.stream_bytes_max}));
  return std::optional(std::move(request));
}

void Delivery::Impl::pump_stream(const SubscriptionPtr& flow_log, bool is_forced) {
  const std::string& id = flow_log->id();
  if (!journal.has_events(id) || in_flight.contains(id)) return;
  if (!is_forced && !may_try(flow_log)) return;
  auto request = next_request(flow_log, is_forced);
  if (!request) return failed(flow_log, request.error());
  if (*request) send_request(flow_log, **std::move(request));
}

void Delivery::Impl::send_request(const SubscriptionPtr& flow_log, Journal::Request request) {
  if (transport == nullptr) {
    return failed(flow_log, {ErrorKind::not_found, "ResourceNotFoundException",
                             "there is no delivery stream " + flow_log->delivery_stream()});
  }
  in_flight.insert(flow_log->id());
  StreamRequest message = stream_request(*flow_log, request);
  // The answer may come on any thread, even before send() returns: it waits for its own turn.
  auto ended = [this, flow_log, request = std::move(request)](Result<void> outcome) {
    runtime.post([this, flow_log, request, outcome = std::move(outcome)] {
      request_ended(flow_log, request, outcome);
    });
  };
  transport->send(std::move(message), std::move(ended));
}

void Delivery::Impl::request_ended(const SubscriptionPtr& flow_log, const Journal::Request& request,
                                   const Result<void>& outcome) {
  {
    const std::lock_guard has_turn(turn);
    in_flight.erase(flow_log->id());
    Result<void> result = outcome;
    if (result) {
      result = journal.finish_request(flow_log->id(), request);
    } else if (result.error().kind == ErrorKind::too_large) {
      const auto smaller = make_smaller(flow_log, request);
      if (!smaller) result = smaller.error();
    }
    if (result) {
      succeeded(flow_log);
      pump_stream(flow_log, false);
    } else {
      failed(flow_log, result.error());
    }
    backlog.set(static_cast<std::int64_t>(journal.bytes()));
  }
  tell_losses();
}

/// The endpoint takes no request of that size (a proxy's limit, say): the next has half the
/// records. What is too large although it is the least that is sent can never be delivered.
Result<void> Delivery::Impl::make_smaller(const SubscriptionPtr& flow_log,
                                          const Journal::Request& request) {
  const std::size_t records = request.lines.size();
  if (records > Journal::kStreamRowMax) {
    request_max[flow_log->id()] = std::max(records / 2, Journal::kStreamRowMax);
    return journal.drop_request(flow_log->id());
  }
  log::error("delivery stream refuses the smallest request, its records are lost",
             {{"flow_log", flow_log->id()}, {"records", records}});
  intake.lose(flow_log, "", records);
  return journal.finish_request(flow_log->id(), request);
}

}  // namespace weir::delivery
