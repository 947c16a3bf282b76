// SPDX-License-Identifier: Apache-2.0
#include "collect/receiver.h"

#include <algorithm>
#include <utility>

#include "base/counters.h"
#include "base/document.h"
#include "base/log.h"

namespace weir::collect {
namespace {

using logs::Logs;

constexpr std::size_t kLogGroupNameMax = 512;
constexpr std::string_view kLogGroupCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/#";
constexpr std::int64_t kBatchSpanMsMax = 24 * 3600 * 1000;
constexpr std::size_t kErrorMessageMax = 8192;  // of an answer to Firehose

struct Counters {
  Counter& deliveries =
      counter("weir_receive_deliveries_total", "Deliveries from AWS that were taken.");
  Counter& repeated = counter("weir_receive_deliveries_repeated_total",
                              "Deliveries from AWS that had been taken before.");
  Counter& failed =
      counter("weir_receive_deliveries_failed_total", "Deliveries from AWS that were refused.");
  Counter& events = counter("weir_receive_events_total", "Log events of deliveries from AWS.");
  Counter& refused = counter("weir_receive_events_refused_total",
                             "Events of deliveries that are too old, too new or too large.");
  Counter& unparsed = counter("weir_receive_lines_unparsed_total",
                              "Lines of deliveries that are no flow record; they are kept.");
};
Counters& counters() {
  static Counters all;
  return all;
}

Error come_again(std::string message) {
  return {ErrorKind::unavailable, "ServiceUnavailable", std::move(message)};
}

int status_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::invalid:
      return 400;
    case ErrorKind::too_large:
      return 413;
    case ErrorKind::unavailable:
    case ErrorKind::limit:
      return 503;
    default:
      return 500;
  }
}

/// In the order of time, cut where PutLogEvents has its bounds.
std::vector<std::vector<logs::InputLogEvent>> cut(std::vector<logs::InputLogEvent> events) {
  std::ranges::stable_sort(events, {}, &logs::InputLogEvent::timestamp_ms);
  std::vector<std::vector<logs::InputLogEvent>> batches;
  std::size_t bytes = 0;
  for (logs::InputLogEvent& event : events) {
    const std::size_t size = event.message.size() + Logs::kEventBytesOverhead;
    const bool fits = !batches.empty() && batches.back().size() < Logs::kBatchEventsMax &&
                      bytes + size <= Logs::kBatchBytesMax &&
                      event.timestamp_ms - batches.back().front().timestamp_ms <= kBatchSpanMsMax;
    if (!fits) {
      batches.emplace_back();
      bytes = 0;
    }
    bytes += size;
    batches.back().push_back(std::move(event));
  }
  return batches;
}

/// What `result` says was left out of a batch of `count`: a beginning and an end of it.
std::size_t refused_of(const Logs::PutResult& result, std::size_t count) {
  const auto begin = static_cast<std::size_t>(
      std::max(result.too_old_end_index.value_or(0), result.expired_end_index.value_or(0)));
  const auto end =
      result.too_new_start_index ? static_cast<std::size_t>(*result.too_new_start_index) : count;
  return begin >= end ? count : count - (end - begin);
}

Result<std::optional<flow::Format>> format_of(std::string_view common_attributes) {
  if (common_attributes.empty()) return std::optional<flow::Format>();
  const auto document = parse_json(common_attributes);
  if (!document) {
    return Error{ErrorKind::invalid, "InvalidRequest",
                 "X-Amz-Firehose-Common-Attributes: " + document.error().message};
  }
  const Document* attributes = document->find("commonAttributes");
  const Document* text =
      attributes == nullptr ? nullptr : attributes->find(Receiver::kFormatAttribute);
  if (text == nullptr || text->string() == nullptr) return std::optional<flow::Format>();
  WEIR_TRY(flow::Format format, flow::Format::parse(*text->string()));
  return std::optional<flow::Format>(std::move(format));
}

Result<void> check_group_name(std::string_view name) {
  if (!name.empty() && name.size() <= kLogGroupNameMax &&
      name.find_first_not_of(kLogGroupCharacters) == std::string_view::npos) {
    return {};
  }
  return Error{ErrorKind::invalid, "InvalidRequest",
               "the address ends with the log group: /_weir/receive/<log-group>"};
}

}  // namespace

Receiver::Receiver(Runtime& runtime, logs::Logs& logs, Config config)
    : runtime_(runtime), logs_(logs), config_(config) {}

Receiver::Answer Receiver::receive(const Scope& scope, std::string_view log_group,
                                   const Request& request) {
  {
    auto state = state_.lock();
    if (state->running >= config_.at_once_max) {
      counters().failed.add();
      return answer(std::string(request.request_id), come_again("too many deliveries at once"));
    }
    ++state->running;
  }
  std::string request_id(request.request_id);
  const auto outcome = [&]() -> Result<Outcome> {
    WEIR_CHECK(check_group_name(log_group));
    WEIR_TRY(Payload payload, parse(request));
    if (payload.is_firehose) request_id = payload.id;
    return store(scope, log_group, std::move(payload));
  }();
  --state_.lock()->running;
  if (!outcome) {
    counters().failed.add();
    log::warn("delivery refused", {{"group", log_group},
                                   {"request", request.request_id},
                                   {"reason", outcome.error().message}});
  }
  return answer(request_id, outcome);
}

Result<Payload> Receiver::parse(const Request& request) const {
  WEIR_TRY(const auto format, format_of(request.common_attributes));
  WEIR_TRY(Payload payload, parse_payload(request.body, format, runtime_.now()));
  if (payload.is_firehose && !request.request_id.empty() && request.request_id != payload.id) {
    return Error{ErrorKind::invalid, "InvalidRequest",
                 "requestId is not that of X-Amz-Firehose-Request-Id"};
  }
  return payload;
}

void Receiver::remember(State& state, const std::string& key) {
  state.order.push_back(key);
  // Those under way stay: they are few, and their turn comes again at the end.
  for (std::size_t left = state.order.size();
       left > 0 && state.deliveries.size() > config_.requests_remembered_max; --left) {
    const std::string oldest = std::move(state.order.front());
    state.order.pop_front();
    if (state.deliveries[oldest].is_running) {
      state.order.push_back(oldest);
    } else {
      state.deliveries.erase(oldest);
    }
  }
}

Result<Receiver::Outcome> Receiver::store(const Scope& scope, std::string_view log_group,
                                          Payload payload) {
  const std::string key =
      payload.id.empty() ? "" : scope.key() + std::string(log_group) + '\n' + payload.id;
  std::size_t done = 0;
  if (!key.empty()) {
    auto state = state_.lock();
    const auto [found, is_new] = state->deliveries.try_emplace(key);
    Progress& progress = found->second;
    if (progress.is_running) return come_again("this delivery is just being stored");
    if (progress.is_complete) {
      counters().repeated.add();
      return Outcome{};
    }
    progress.is_running = true;
    done = progress.batches_done;
    if (is_new) remember(*state, key);
  }
  std::vector<Batch> batches;
  for (auto& [stream, events] : payload.events) {
    for (auto& part : cut(std::move(events))) batches.push_back({stream, std::move(part)});
  }
  auto outcome = put(scope, log_group, std::move(batches), done);
  if (!key.empty()) {
    auto state = state_.lock();
    state->deliveries[key] = {
        .is_running = false, .is_complete = static_cast<bool>(outcome), .batches_done = done};
  }
  if (!outcome) return outcome;
  outcome->refused += payload.events_too_large;
  counters().deliveries.add();
  counters().events.add(outcome->stored);
  counters().refused.add(outcome->refused);
  counters().unparsed.add(payload.lines_unparsed);
  if (outcome->refused != 0 || payload.lines_unparsed != 0) {
    log::warn("delivery with events that are no flow records or too old",
              {{"group", log_group},
               {"refused", outcome->refused},
               {"unparsed", payload.lines_unparsed}});
  }
  return outcome;
}

/// Leaves out the first `done` batches and counts on.
Result<Receiver::Outcome> Receiver::put(const Scope& scope, std::string_view log_group,
                                        std::vector<Batch> batches, std::size_t& done) {
  Outcome outcome;
  for (std::size_t i = done; i < batches.size(); ++i) {
    const Batch& batch = batches[i];
    WEIR_CHECK(logs_.ensure_stream(scope, log_group, batch.stream));
    WEIR_TRY(const Logs::PutResult result,
             logs_.put_log_events(scope, log_group, batch.stream, batch.events));
    const std::size_t refused = refused_of(result, batch.events.size());
    outcome.refused += refused;
    outcome.stored += batch.events.size() - refused;
    ++done;
  }
  return outcome;
}

Receiver::Answer Receiver::answer(const std::string& request_id,
                                  const Result<Outcome>& outcome) const {
  Answer out;
  Document body;
  if (!outcome) out.status = status_of(outcome.error());
  const std::string problem = outcome ? "" : outcome.error().message.substr(0, kErrorMessageMax);
  if (!request_id.empty()) {
    body["requestId"] = request_id;
    body["timestamp"] = runtime_.now().ms;
    if (!outcome) body["errorMessage"] = problem;
  } else if (outcome) {
    body["stored"] = static_cast<std::int64_t>(outcome->stored);
    body["refused"] = static_cast<std::int64_t>(outcome->refused);
  } else {
    body["message"] = problem;
  }
  out.body = to_json(body);
  return out;
}

}  // namespace weir::collect
