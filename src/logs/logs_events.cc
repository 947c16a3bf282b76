// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/counters.h"
#include "logs/block.h"
#include "logs/embedded_metrics.h"
#include "logs/block_search.h"
#include "logs/errors.h"
#include "logs/logs_impl.h"

namespace weir::logs {
namespace {

using std::chrono::hours;

constexpr Duration kFutureMax = hours(2);
constexpr Duration kPastMax = hours(24 * 14);
constexpr Duration kDay = hours(24);
constexpr Time kNewestFirstSince = Time{1704067200000};  // 2024-01-01T00:00Z

Result<void> check_order(std::span<const InputLogEvent> events) {
  if (std::ranges::is_sorted(events, {}, &InputLogEvent::timestamp_ms)) return {};
  return invalid_parameter(
      "Log events in a single PutLogEvents request must be in chronological order.");
}

/// The events that are kept: as they are sorted, what is refused is a beginning and an end.
struct Kept {
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::size_t first_not_before(std::span<const InputLogEvent> events, Time time) {
  const auto found = std::ranges::lower_bound(events, time.ms, {}, &InputLogEvent::timestamp_ms);
  return static_cast<std::size_t>(found - events.begin());
}

Result<Kept> keep(std::span<const InputLogEvent> events, Time now,
                  const std::optional<int>& retention_in_days, Logs::PutResult& result) {
  const std::size_t too_old = first_not_before(events, oldest_accepted(now));
  const std::size_t expired = first_not_before(events, oldest_kept(now, retention_in_days));
  const std::size_t too_new = first_not_before(events, newest_accepted(now) + Duration(1));
  if (too_old > 0) result.too_old_end_index = static_cast<int>(too_old);
  if (expired > too_old) result.expired_end_index = static_cast<int>(expired);
  if (too_new < events.size()) result.too_new_start_index = static_cast<int>(too_new);
  const Kept kept{std::max(too_old, expired), too_new};
  if (kept.begin < kept.end &&
      events[kept.end - 1].timestamp_ms - events[kept.begin].timestamp_ms > kBlockSpanMax.count()) {
    return invalid_parameter(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  return kept;
}

LogEvent event_of(const EventReader& reader, const std::string& stream_name) {
  return {
      .id = reader.id(), .log_stream_name = stream_name, .message = std::string(reader.message())};
}

/// Counts a page against both of its limits.
class PageBudget {
 public:
  explicit PageBudget(std::size_t events)
      : events_(std::clamp<std::size_t>(events, 1, Logs::kPageEventsMax)) {}
  bool take(std::size_t message_bytes) {
    const std::size_t size = message_bytes + Logs::kEventBytesOverhead;
    if (taken_ == events_ || (taken_ > 0 && bytes_ + size > Logs::kPageBytesMax)) return false;
    ++taken_;
    bytes_ += size;
    return true;
  }
  std::size_t events() const { return events_; }
  bool is_full() const { return taken_ == events_; }

 private:
  std::size_t events_;
  std::size_t taken_ = 0;
  std::size_t bytes_ = 0;
};

/// `f/<id>`: the events behind it; `b/<id>`: those before it.
struct Token {
  bool is_forward = true;
  EventId id;

  static Result<Token> parse(std::string_view text) {
    const auto id = EventId::parse(text.substr(std::min<std::size_t>(2, text.size())));
    if (!id || !(text.starts_with("f/") || text.starts_with("b/"))) return bad_token();
    return Token{text[0] == 'f', *id};
  }
  std::string text() const { return (is_forward ? "f/" : "b/") + id.text(); }
  EventReader::Range narrow(EventReader::Range range) const {
    if (is_forward) {
      range.from = std::max(range.from, id.successor());
    } else {
      range.to = std::min(range.to, id.predecessor());
    }
    return range;
  }
};

}  // namespace

Result<void> check_sizes(std::span<const InputLogEvent> events) {
  if (events.empty() || events.size() > Logs::kBatchEventsMax) {
    return invalid_parameter("a PutLogEvents request holds 1 to 10000 events");
  }
  std::size_t total = 0;
  for (const InputLogEvent& event : events) {
    const std::size_t size = event.message.size() + Logs::kEventBytesOverhead;
    if (size > Logs::kBatchBytesMax) {
      return invalid_parameter("Log event too large: " + std::to_string(size) +
                               " bytes exceeds limit of " + std::to_string(Logs::kBatchBytesMax));
    }
    total += size;
  }
  if (total > Logs::kBatchBytesMax) {
    return invalid_parameter("Upload too large: " + std::to_string(total) +
                             " bytes exceeds limit of " + std::to_string(Logs::kBatchBytesMax));
  }
  return {};
}

Time oldest_accepted(Time now) { return now - kPastMax; }
Time newest_accepted(Time now) { return now + kFutureMax; }

Time oldest_kept(Time now, const std::optional<int>& retention_in_days) {
  return retention_in_days ? now - *retention_in_days * kDay : Time{0};
}

// ---- Putting ------------------------------------------------------------------------------------

Result<Logs::Impl::PutTarget> Logs::Impl::put_target(const Scope& scope, std::string_view group,
                                                     std::string_view stream) {
  auto locked = state.lock();
  GroupState* found = find_group(*locked, scope, group);
  if (found == nullptr) return group_missing();
  const auto found_stream = found->streams.find(stream);
  if (found_stream == found->streams.end()) return stream_missing();
  return PutTarget{.stream = found_stream->second,
                   .filters = found->filter_set,
                   .retention_in_days = found->data.retention_in_days,
                   .group_id = found->data.id,
                   .is_standard = found->data.log_group_class == "STANDARD"};
}

Result<Logs::PutResult> Logs::put_log_events(const Scope& scope, std::string_view group,
                                             std::string_view stream,
                                             std::span<const InputLogEvent> events) {
  WEIR_TRY(Impl::PutTarget target, impl_->put_target(scope, group, stream));
  WEIR_CHECK(check_order(events));
  WEIR_CHECK(check_sizes(events));
  PutResult result;
  const Time now = impl_->runtime.now();
  WEIR_TRY(const Kept kept, keep(events, now, target.retention_in_days, result));
  if (kept.begin < kept.end) {
    WEIR_TRY(const HandOver::Record record,
             impl_->store_events(scope, group, target,
                                 events.subspan(kept.begin, kept.end - kept.begin), kept.begin));
    impl_->hand_over.hand_on(record);
  }
  const EventId token{.timestamp = now, .ingestion = now, .batch = impl_->next_batch++};
  result.next_sequence_token = "49" + token.text().substr(2);
  return result;
}

Evaluation Logs::Impl::evaluate_all(const PutTarget& target, std::span<const InputLogEvent> events,
                                    Time now) {
  Evaluation evaluation = evaluate(*target.filters, events);
  if (!target.is_standard) return evaluation;
  EmbeddedMetrics embedded = read_embedded_metrics(events, now);
  std::ranges::move(embedded.values, std::back_inserter(evaluation.values));
  evaluation.embedded_parsing_errors = embedded.parsing_errors;
  evaluation.embedded_validation_errors = embedded.validation_errors;
  return evaluation;
}

void Logs::Impl::count_embedded_errors(const Scope& scope, std::string_view group,
                                       const Evaluation& evaluation) {
  const ServiceMetrics::Dimensions dimensions = {{"LogGroupName", std::string(group)}};
  service_metrics.add(scope, "EMFParsingErrors", dimensions,
                      static_cast<double>(evaluation.embedded_parsing_errors), "None");
  service_metrics.add(scope, "EMFValidationErrors", dimensions,
                      static_cast<double>(evaluation.embedded_validation_errors), "None");
}

/// For the group and, without dimensions, for the account.
void Logs::Impl::count_incoming(const Scope& scope, std::string_view group, std::size_t events,
                                std::size_t bytes) {
  const ServiceMetrics::Dimensions of_group = {{"LogGroupName", std::string(group)}};
  for (const auto& dimensions : {of_group, ServiceMetrics::Dimensions()}) {
    service_metrics.add(scope, "IncomingLogEvents", dimensions, static_cast<double>(events),
                        "None");
    service_metrics.add(scope, "IncomingBytes", dimensions, static_cast<double>(bytes), "Bytes");
  }
}

Result<HandOver::Record> Logs::Impl::store_events(const Scope& scope, std::string_view group,
                                                  PutTarget& target,
                                                  std::span<const InputLogEvent> events,
                                                  std::size_t first_index) {
  static Counter& stored = counter("weir_logs_events_total", "Log events stored.");
  const BlockWriter block(events);
  Evaluation evaluation = evaluate_all(target, events, runtime.now());
  StreamState& stream = *target.stream;
  const Time first{events.front().timestamp_ms};
  const Time last{events.back().timestamp_ms};

  const std::lock_guard writing(stream.writing);
  if (stream.is_deleted) return stream_missing();
  const Time ingestion = runtime.now();
  const std::uint64_t batch_number = next_batch++;
  LogStream updated = stream.data;
  updated.first_event_ms = std::min(updated.first_event_ms.value_or(first.ms), first.ms);
  updated.last_event_ms = std::max(updated.last_event_ms.value_or(last.ms), last.ms);
  updated.last_ingestion_ms = ingestion.ms;
  updated.stored_bytes += static_cast<std::int64_t>(block.billed_bytes());
  updated.block_span_ms_max = std::max(updated.block_span_ms_max, last.ms - first.ms);
  note_small_block(updated, block.info());

  store::WriteBatch batch;
  const std::string key =
      block_key(events_key(scope, target.group_id), updated.id, first, batch_number);
  batch.put(key, block.finish(ingestion, batch_number, first_index));
  const Arrivals::Ticket ticket = arrivals.add(scope, group, updated.name, key, ingestion, batch);
  batch.put(stream_key(scope, group, updated.name), pack_stream(updated));
  DefaultValues::mark(scope, group, *target.filters, evaluation, ingestion, batch);
  HandOver::Record record =
      HandOver::prepare(scope, unique_id(ingestion), std::move(evaluation.values), batch);
  WEIR_CHECK(store.write(batch));

  stored.add(events.size());
  count_incoming(scope, group, events.size(), block.billed_bytes());
  count_embedded_errors(scope, group, evaluation);
  defaults.remember(scope, group, *target.filters, evaluation, ingestion);
  change_stream(scope, group, target.stream, std::move(updated));
  return record;
}

// ---- Reading ------------------------------------------------------------------------------------

void Logs::Impl::ReadTarget::add(const LogStream& stream) {
  if (!stream.first_event_ms || !stream.last_event_ms) return;
  sources.push_back({.stream_id = stream.id,
                     .block_span_ms_max = stream.block_span_ms_max,
                     .first = Time{*stream.first_event_ms},
                     .last = Time{*stream.last_event_ms}});
  names.push_back(stream.name);
}

/// `choose(group, target)` adds the streams to read.
template <class Choose>
Result<Logs::Impl::ReadTarget> Logs::Impl::read_target(const Scope& scope, std::string_view group,
                                                       std::string_view operation,
                                                       Choose choose) const {
  auto locked = state.lock();
  GroupState* found = find_group(*locked, scope, group);
  if (found == nullptr) return group_missing();
  if (found->data.log_group_class != "STANDARD") {
    return invalid_parameter(std::string(operation) + " is not supported for log groups of class " +
                             found->data.log_group_class);
  }
  ReadTarget target;
  target.prefix = events_key(scope, found->data.id);
  target.oldest = oldest_kept(runtime.now(), found->data.retention_in_days);
  WEIR_CHECK(choose(*found, target));
  return target;
}

Result<Logs::GetResult> Logs::get_events(const Scope& scope, std::string_view group,
                                         std::string_view stream, const GetQuery& query) const {
  auto cursor = impl_->store.cursor();
  const auto choose = [stream](GroupState& found, Impl::ReadTarget& target) -> Result<void> {
    const StreamState* only = Impl::find_stream(found, stream);
    if (only == nullptr) return stream_missing();
    target.add(only->data);
    return {};
  };
  WEIR_TRY(const Impl::ReadTarget target, impl_->read_target(scope, group, "GetLogEvents", choose));

  EventReader::Range range{
      .from = EventId::first_of(std::max(query.start.value_or(Time{0}), target.oldest))};
  if (query.end) range.to = EventId::first_of(*query.end).predecessor();
  Token position{.is_forward = query.start_from_head, .id = range.from};
  if (!query.token.empty()) {
    WEIR_TRY(position, Token::parse(query.token));
    range = position.narrow(range);
  }
  EventReader reader(std::move(cursor), target.prefix, target.sources, range, position.is_forward);
  GetResult result;
  PageBudget budget(query.limit);
  reader.limit(budget.events());
  while (!budget.is_full()) {
    WEIR_TRY(const bool found, reader.next());
    if (!found || !budget.take(reader.message().size())) break;
    result.events.push_back(event_of(reader, target.names[0]));
  }
  if (!position.is_forward) std::ranges::reverse(result.events);

  // At an end the token that came in goes out again; that of the other direction leads back over
  // it.
  Token forward{true, position.is_forward ? position.id : position.id.predecessor()};
  Token backward{false, position.is_forward ? position.id.successor() : position.id};
  if (!result.events.empty()) {
    forward.id = result.events.back().id;
    backward.id = result.events.front().id;
  }
  result.next_forward_token = forward.text();
  result.next_backward_token = backward.text();
  return result;
}

namespace {

/// The streams that a FilterLogEvents call searches; those without events in its time are left out.
Result<void> choose_streams(const GroupState& group, const Logs::FilterQuery& query,
                            const std::function<void(const LogStream&)>& add) {
  const auto add_if_in_time = [&](const LogStream& stream) {
    if (stream.last_event_ms && (!query.start || *stream.last_event_ms >= query.start->ms) &&
        (!query.end || *stream.first_event_ms <= query.end->ms)) {
      add(stream);
    }
  };
  const std::set<std::string_view> names(query.stream_names.begin(), query.stream_names.end());
  for (const std::string_view name : names) {
    const auto stream = group.streams.find(name);
    if (stream == group.streams.end()) return stream_missing();
    add_if_in_time(stream->second->data);
  }
  if (!names.empty()) return {};
  for (auto stream = group.streams.lower_bound(query.stream_prefix);
       stream != group.streams.end() && stream->first.starts_with(query.stream_prefix); ++stream) {
    add_if_in_time(stream->second->data);
  }
  return {};
}

}  // namespace

Result<Logs::FilterResult> Logs::filter_events(const Scope& scope, std::string_view group,
                                               const FilterQuery& query) const {
  Token position{.is_forward = query.start_from_head, .id = {}};
  if (!query.token.empty()) {
    WEIR_TRY(position, Token::parse(query.token));
  } else if (!query.start_from_head && query.start.value_or(Time{0}) < kNewestFirstSince) {
    return invalid_parameter(
        "startFromHead=false needs a startTime of 2024-01-01T00:00:00Z or later");
  }
  auto cursor = impl_->store.cursor();
  const auto choose = [&query](const GroupState& found, Impl::ReadTarget& target) {
    return choose_streams(found, query, [&](const LogStream& stream) { target.add(stream); });
  };
  WEIR_TRY(const Impl::ReadTarget target,
           impl_->read_target(scope, group, "FilterLogEvents", choose));

  EventReader::Range range{
      .from = EventId::first_of(std::max(query.start.value_or(Time{0}), target.oldest))};
  if (query.end && *query.end < EventId::greatest().timestamp) {
    range.to = EventId::first_of(*query.end + Duration(1)).predecessor();
  }
  if (!query.token.empty()) range = position.narrow(range);
  EventReader reader(std::move(cursor), target.prefix, target.sources, range, position.is_forward);
  return impl_->search(reader, target, query, position.is_forward);
}

/// Fills a page. It has a token only if another event matches, or time is up.
Result<Logs::FilterResult> Logs::Impl::search(EventReader& reader, const ReadTarget& target,
                                              const FilterQuery& query, bool is_forward) const {
  const auto deadline = runtime.monotonic() + config.search_time_max;
  BlockSearch search(query.pattern);
  reader.choose_by([&search](Block& block, std::vector<std::uint32_t>& rows) {
    return search.keep_matching(block, rows);
  });
  PageBudget budget(query.limit);
  reader.limit(budget.events() + 1);  // one more tells whether there is another page
  reader.pause_if([&] { return runtime.monotonic() > deadline; });
  FilterResult result;
  while (true) {
    WEIR_TRY(const bool found, reader.next());
    if (!found) break;
    if (!budget.take(reader.message().size())) {
      result.next_token = Token{is_forward, result.events.back().id}.text();
      return result;
    }
    result.events.push_back(event_of(reader, target.names[reader.source()]));
  }
  if (const auto at = reader.paused_at()) {
    const EventId passed = is_forward ? at->predecessor() : at->successor();
    result.next_token = Token{is_forward, passed}.text();
  }
  return result;
}

}  // namespace weir::logs
