// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "base/counters.h"
#include "logs/block.h"
#include "logs/errors.h"
#include "logs/logs_impl.h"

namespace weir::logs {
namespace {

constexpr std::size_t kSourceBytesMax = 4096;
constexpr std::size_t kVersionBytesMax = 512;
constexpr std::size_t kPageMax = 1000;

Result<void> check_batch(const Logs::ImportBatch& batch) {
  const ImportPosition& reached = batch.reached;
  const bool is_named = !reached.source.empty() && reached.source.size() <= kSourceBytesMax &&
                        reached.source.find('\0') == std::string::npos &&
                        reached.version.size() <= kVersionBytesMax &&
                        batch.grown_from.size() <= kVersionBytesMax;
  if (!is_named) return invalid_parameter("the name of an import source is empty or too long");
  if (batch.from < 0 || reached.position < batch.from) {
    return invalid_parameter("the position of an import goes forward from 0");
  }
  if (batch.streams.size() > Logs::kImportStreamsMax) {
    return invalid_parameter("a batch of an import is for at most 10000 streams");
  }
  std::size_t events = 0;
  for (const ImportStream& stream : batch.streams) {
    WEIR_CHECK(check_sizes(stream.log_events));
    events += stream.log_events.size();
  }
  if (events > Logs::kBatchEventsMax) {
    return invalid_parameter("a batch of an import holds at most 10000 events");
  }
  return {};
}

Error out_of_step(std::int64_t position) {
  return {ErrorKind::conflict,
          "OperationAbortedException",
          "the import of this source is at position " + std::to_string(position),
          {{"position", std::to_string(position)}}};
}

/// The part of `events` (in order of time) that PutLogEvents would accept.
std::span<const InputLogEvent> recent(const std::vector<InputLogEvent>& events, Time now) {
  const auto from =
      std::ranges::lower_bound(events, oldest_accepted(now).ms, {}, &InputLogEvent::timestamp_ms);
  const auto to = std::ranges::upper_bound(from, events.end(), newest_accepted(now).ms, {},
                                           &InputLogEvent::timestamp_ms);
  return {from, to};
}

}  // namespace

std::string import_key(const Scope& scope, std::string_view group, std::string_view source) {
  return member_key(scope, "i/", group).append(source);
}

Result<std::optional<ImportPosition>> Logs::Impl::import_position(const Scope& scope,
                                                                  std::string_view group,
                                                                  std::string_view source) const {
  WEIR_TRY(const auto stored, store.get(import_key(scope, group, source)));
  if (!stored) return std::optional<ImportPosition>();
  WEIR_TRY(ImportPosition position, from_json_text<ImportPosition>(*stored));
  return std::optional(std::move(position));
}

Result<Logs::ImportResult> Logs::import_events(const Scope& scope, std::string_view group,
                                               const ImportBatch& batch) {
  WEIR_CHECK(check_batch(batch));
  const ImportPosition& reached = batch.reached;
  const std::size_t lock = std::hash<std::string>()(reached.source) % impl_->importing.size();
  const std::lock_guard one_at_a_time(impl_->importing[lock]);
  WEIR_TRY(const auto before, impl_->import_position(scope, group, reached.source));
  ImportResult result;
  const bool is_same = before && before->version == reached.version;
  const bool is_known =
      is_same || (before && !before->version.empty() && before->version == batch.grown_from);
  result.position = is_known ? before->position : 0;
  const bool is_taken =
      is_known && ((is_same && before->is_complete) || reached.position < before->position ||
                   (reached.position == before->position && !reached.is_complete));
  if (is_taken && batch.from <= result.position) return result;
  if (batch.from != result.position) return out_of_step(result.position);

  WEIR_CHECK(ensure_group(scope, group));
  for (const ImportStream& stream : batch.streams) {
    WEIR_CHECK(ensure_stream(scope, group, stream.log_stream_name));
  }
  WEIR_TRY(auto targets, impl_->import_targets(scope, group, batch, result));
  WEIR_CHECK(impl_->store_import(scope, group, batch, targets));
  result.position = reached.position;
  return result;
}

/// Where the events go, in the order in which streams are locked.
Result<std::vector<Logs::Impl::ImportTarget>> Logs::Impl::import_targets(const Scope& scope,
                                                                         std::string_view group,
                                                                         const ImportBatch& batch,
                                                                         ImportResult& result) {
  std::vector<ImportTarget> targets;
  const Time now = runtime.now();
  for (const ImportStream& stream : batch.streams) {
    ImportTarget target;
    WEIR_TRY(target.put, put_target(scope, group, stream.log_stream_name));
    const Time oldest = oldest_kept(now, target.put.retention_in_days);
    for (const InputLogEvent& event : stream.log_events) {
      if (event.timestamp_ms < 0 || event.timestamp_ms > EventId::greatest().timestamp.ms) {
        return invalid_parameter("the timestamp of an event is before 1970 or beyond 2109");
      }
      if (event.timestamp_ms >= oldest.ms) {
        target.events.push_back(event);
      } else {
        ++result.expired;
      }
    }
    result.stored += static_cast<std::int64_t>(target.events.size());
    std::ranges::stable_sort(target.events, {}, &InputLogEvent::timestamp_ms);
    if (!target.events.empty()) targets.push_back(std::move(target));
  }
  const auto address = [](const ImportTarget& target) { return target.put.stream.get(); };
  std::ranges::sort(targets, std::less<>(), address);
  if (std::ranges::adjacent_find(targets, {}, address) != targets.end()) {
    return invalid_parameter("a batch of an import names each stream once");
  }
  return targets;
}

/// Adds the events as blocks, and brings `updated` up to date. The stream is locked. Blocks that
/// PutLogEvents would accept arrive for the followers, too.
std::vector<Arrivals::Ticket> Logs::Impl::add_blocks(const Scope& scope, std::string_view group,
                                                     ImportTarget& target, Time ingestion,
                                                     store::WriteBatch& batch) {
  std::vector<Arrivals::Ticket> tickets;
  const std::span<const InputLogEvent> events = target.events;
  LogStream& updated = target.updated;
  updated = target.put.stream->data;
  updated.last_ingestion_ms = ingestion.ms;
  for (std::size_t from = 0; from < events.size();) {
    const Time first{events[from].timestamp_ms};
    const auto end = std::ranges::upper_bound(events.subspan(from), (first + kBlockSpanMax).ms, {},
                                              &InputLogEvent::timestamp_ms);
    const auto to = static_cast<std::size_t>(end - events.begin());
    const Time last{events[to - 1].timestamp_ms};
    const BlockWriter block(events.subspan(from, to - from));
    const std::uint64_t batch_number = next_batch++;
    const std::string key =
        block_key(events_key(scope, target.put.group_id), updated.id, first, batch_number);
    batch.put(key, block.finish(ingestion, batch_number, 0));
    if (first >= oldest_accepted(ingestion) && last <= newest_accepted(ingestion)) {
      tickets.push_back(arrivals.add(scope, group, updated.name, key, ingestion, batch));
    }
    updated.first_event_ms = std::min(updated.first_event_ms.value_or(first.ms), first.ms);
    updated.last_event_ms = std::max(updated.last_event_ms.value_or(last.ms), last.ms);
    updated.stored_bytes += static_cast<std::int64_t>(block.billed_bytes());
    updated.block_span_ms_max = std::max(updated.block_span_ms_max, last.ms - first.ms);
    note_small_block(updated, block.info());
    from = to;
  }
  return tickets;
}

Result<void> Logs::Impl::store_import(const Scope& scope, std::string_view group,
                                      const ImportBatch& batch,
                                      std::vector<ImportTarget>& targets) {
  static Counter& stored = counter("weir_logs_events_imported_total", "Old log events stored.");
  std::vector<std::unique_lock<std::mutex>> writing;
  for (const ImportTarget& target : targets) {
    writing.emplace_back(target.put.stream->writing);
    if (target.put.stream->is_deleted) return stream_missing();
  }
  const Time ingestion = runtime.now();
  store::WriteBatch writes;
  std::vector<MetricValue> values;
  std::vector<Evaluation> evaluations;
  std::vector<Arrivals::Ticket> tickets;
  std::int64_t events = 0;
  for (ImportTarget& target : targets) {
    std::ranges::move(add_blocks(scope, group, target, ingestion, writes),
                      std::back_inserter(tickets));
    writes.put(stream_key(scope, group, target.updated.name), pack_stream(target.updated));
    Evaluation& evaluation = evaluations.emplace_back();
    if (const auto fresh = recent(target.events, ingestion); !fresh.empty()) {
      evaluation = evaluate_all(target.put, fresh, ingestion);
    }
    DefaultValues::mark(scope, group, *target.put.filters, evaluation, ingestion, writes);
    values.insert(values.end(), evaluation.values.begin(), evaluation.values.end());
    events += static_cast<std::int64_t>(target.events.size());
  }
  writes.put(import_key(scope, group, batch.reached.source), to_json_text(batch.reached));
  const HandOver::Record record =
      HandOver::prepare(scope, unique_id(ingestion), std::move(values), writes);
  WEIR_CHECK(store.write(writes));

  stored.add(static_cast<std::uint64_t>(events));
  for (std::size_t i = 0; i < targets.size(); ++i) {
    defaults.remember(scope, group, *targets[i].put.filters, evaluations[i], ingestion);
    count_embedded_errors(scope, group, evaluations[i]);
  }
  for (ImportTarget& target : targets) {
    change_stream(scope, group, target.put.stream, std::move(target.updated));
  }
  writing.clear();
  hand_over.hand_on(record);
  return {};
}

Result<Page<ImportPosition>> Logs::imports(const Scope& scope, std::string_view group,
                                           std::string_view prefix, std::string_view after,
                                           std::size_t limit) const {
  WEIR_CHECK(log_group(scope, group));
  limit = std::clamp<std::size_t>(limit, 1, kPageMax);
  const std::string first = import_key(scope, group, prefix);
  Page<ImportPosition> page;
  const auto cursor = impl_->store.cursor();
  for (cursor->seek(std::max(first, import_key(scope, group, after)));
       cursor->valid() && cursor->key().starts_with(first); cursor->next()) {
    WEIR_TRY(ImportPosition position, from_json_text<ImportPosition>(cursor->value()));
    if (position.source == after) continue;
    if (page.items.size() == limit) {
      page.next = page.items.back().source;
      break;
    }
    page.items.push_back(std::move(position));
  }
  WEIR_CHECK(cursor->status());
  return page;
}

}  // namespace weir::logs
