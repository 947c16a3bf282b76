// SPDX-License-Identifier: Apache-2.0
#include "delivery/journal.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/shape.h"

namespace weir::delivery {
namespace {

constexpr std::string_view kNext = "delivery/next";
constexpr std::string_view kLogs = "delivery/log/";
constexpr std::string_view kFiles = "delivery/file/";
constexpr std::string_view kEvents = "delivery/event/";
constexpr std::string_view kRequests = "delivery/request/";
constexpr std::uint64_t kUnknownRecords = 1u << 20;
constexpr std::size_t kNumberBytes = 8;

struct StoredLine {
  std::int64_t start_s = 0;
  std::int64_t end_s = 0;
  std::string text;

  static Shape shape() {
    using S = StoredLine;
    static constexpr Member members[] = {
        required<&S::start_s>("start"),
        required<&S::end_s>("end"),
        required<&S::text>("text"),
    };
    return {"Line", members};
  }
};

struct StoredEvents {
  std::string interface_id;
  std::string stream;
  std::vector<StoredLine> lines;

  static Shape shape() {
    using S = StoredEvents;
    static constexpr Member members[] = {
        required<&S::interface_id>("interfaceId"),
        required<&S::stream>("stream"),
        required<&S::lines>("lines"),
    };
    return {"WaitingEvents", members};
  }
};

struct StoredRequest {
  std::string id;
  Time created;
  std::int64_t last_sequence = 0;

  static Shape shape() {
    using S = StoredRequest;
    static constexpr Member members[] = {
        required<&S::id>("id"),
        required<&S::created>("created"),
        required<&S::last_sequence>("lastSequence"),
    };
    return {"StreamRequest", members};
  }
};

std::string request_key(std::string_view flow_log_id) {
  return std::string(kRequests) + std::string(flow_log_id);
}

std::string log_key(std::string_view flow_log_id) {
  return std::string(kLogs) + std::string(flow_log_id);
}

std::string slot_prefix(const Journal::Slot& slot) {
  std::string key = std::string(kFiles) + slot.flow_log_id + '/';
  store::append_u64(key, static_cast<std::uint64_t>(slot.start.ms));
  return key;
}

std::string chunk_key(const Journal::Slot& slot, std::uint64_t sequence) {
  std::string key = slot_prefix(slot);
  store::append_u64(key, sequence);
  return key;
}

std::string events_prefix(std::string_view flow_log_id) {
  return std::string(kEvents) + std::string(flow_log_id) + '/';
}

std::string events_key(std::string_view flow_log_id, std::uint64_t sequence) {
  std::string key = events_prefix(flow_log_id);
  store::append_u64(key, sequence);
  return key;
}

/// `<flow log>/<numbers>`; the id cannot have a slash. Nothing if it does not read so.
std::optional<std::pair<std::string, std::string_view>> split_key(std::string_view rest,
                                                                  std::size_t numbers) {
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || rest.size() - slash - 1 != numbers * kNumberBytes)
    return std::nullopt;
  return std::pair(std::string(rest.substr(0, slash)), rest.substr(slash + 1));
}

}  // namespace

Result<void> Journal::load(Time now) {
  WEIR_TRY(const auto next, store_.get(kNext));
  if (next && next->size() == kNumberBytes) next_sequence_ = store::read_u64(*next);
  Result<void> outcome;
  WEIR_CHECK(store_.scan(kLogs, [&](std::string_view, std::string_view value) {
    auto stored = from_json_text<StoredFlowLog>(value);
    if (!stored) {
      outcome = stored.error();
      return false;
    }
    auto made = Subscription::make({stored->account, stored->region}, std::move(stored->flow_log));
    if (!made) {
      outcome = made.error();
      return false;
    }
    flow_logs_.insert_or_assign((*made)->id(), *made);
    return true;
  }));
  WEIR_CHECK(outcome);
  WEIR_CHECK(store_.scan(kFiles, [&](std::string_view key, std::string_view value) {
    if (const auto parts = split_key(key.substr(kFiles.size()), 2)) {
      Waiting& waiting =
          slots_[{parts->first, Time{static_cast<std::int64_t>(store::read_u64(parts->second))}}];
      waiting.bytes += value.size();
      waiting.first_taken = now;
      bytes_ += value.size();
    }
    return true;
  }));
  WEIR_CHECK(store_.scan(kEvents, [&](std::string_view key, std::string_view value) {
    if (const auto parts = split_key(key.substr(kEvents.size()), 1)) {
      WaitingEvents& waiting = events_[parts->first];
      waiting.bytes += value.size();
      waiting.records = kUnknownRecords;
      waiting.first_taken = now;
      bytes_ += value.size();
    }
    return true;
  }));
  store::WriteBatch idle;
  const std::map<std::string, SubscriptionPtr> described = flow_logs_;
  for (const auto& [id, flow_log] : described) forget_if_idle(id, idle);
  return idle.empty() ? Result<void>() : store_.write(idle);
}

std::uint64_t Journal::take_sequence() { return next_sequence_++; }

std::uint64_t Journal::take_sequence(store::WriteBatch& batch) {
  const std::uint64_t taken = take_sequence();
  put_next_sequence(batch);
  return taken;
}

void Journal::put_next_sequence(store::WriteBatch& batch) const {
  std::string next;
  store::append_u64(next, next_sequence_);
  batch.put(std::string(kNext), std::move(next));
}

Journal::WaitingEvents Journal::events(const std::string& flow_log_id) const {
  const auto found = events_.find(flow_log_id);
  return found == events_.end() ? WaitingEvents{} : found->second;
}

std::uint64_t Journal::bytes_of(const std::string& flow_log_id) const {
  std::uint64_t bytes = events(flow_log_id).bytes;
  for (auto slot = slots_.lower_bound({flow_log_id, Time{INT64_MIN}});
       slot != slots_.end() && slot->first.flow_log_id == flow_log_id; ++slot) {
    bytes += slot->second.bytes;
  }
  return bytes;
}

void Journal::describe(const SubscriptionPtr& flow_log) {
  if (flow_logs_.contains(flow_log->id())) return;
  const StoredFlowLog stored{flow_log->scope().account, flow_log->scope().region, flow_log->log()};
  collected_.batch.put(log_key(flow_log->id()), to_json_text(stored));
  collected_.flow_logs.push_back(flow_log);
}

void Journal::add_lines(const SubscriptionPtr& to, Time slot, std::span<const Line> lines) {
  std::string text;
  for (const Line& line : lines) {
    text += line.text;
    text += '\n';
  }
  const Slot where{to->id(), slot};
  describe(to);
  collected_.slot_bytes[where] += text.size();
  collected_.batch.put(chunk_key(where, take_sequence()), std::move(text));
}

void Journal::add_events(const SubscriptionPtr& to, std::string_view interface_id,
                         std::span<const Line> lines) {
  describe(to);
  WaitingEvents& added = collected_.events[to->id()];
  const std::size_t row_max = to->is_to_stream() ? kStreamRowMax : lines.size();
  while (!lines.empty()) {
    const auto row = lines.first(std::min(row_max, lines.size()));
    lines = lines.subspan(row.size());
    StoredEvents stored{std::string(interface_id), to->stream(interface_id), {}};
    for (const Line& line : row) stored.lines.push_back({line.start_s, line.end_s, line.text});
    std::string text = to_json_text(stored);
    added.bytes += text.size();
    added.records += row.size();
    collected_.batch.put(events_key(to->id(), take_sequence()), std::move(text));
  }
}

Result<void> Journal::commit(Time now) {
  Collected collected = std::exchange(collected_, {});
  if (collected.batch.empty()) return {};
  put_next_sequence(collected.batch);
  WEIR_CHECK(store_.write(collected.batch));
  for (const SubscriptionPtr& flow_log : collected.flow_logs)
    flow_logs_.insert_or_assign(flow_log->id(), flow_log);
  for (const auto& [slot, bytes] : collected.slot_bytes) {
    const auto [waiting, is_new] = slots_.try_emplace(slot);
    if (is_new) waiting->second.first_taken = now;
    waiting->second.bytes += bytes;
    bytes_ += bytes;
  }
  for (const auto& [id, added] : collected.events) {
    const auto [waiting, is_new] = events_.try_emplace(id);
    if (is_new) waiting->second.first_taken = now;
    waiting->second.bytes += added.bytes;
    waiting->second.records += added.records;
    bytes_ += added.bytes;
  }
  return {};
}

Result<std::vector<Journal::Chunk>> Journal::chunks(const Slot& slot,
                                                    std::uint64_t bytes_max) const {
  std::vector<Chunk> found;
  std::uint64_t bytes = 0;
  const std::string prefix = slot_prefix(slot);
  WEIR_CHECK(store_.scan(prefix, [&](std::string_view key, std::string_view value) {
    if (!found.empty() && bytes + value.size() > bytes_max) return false;
    bytes += value.size();
    found.push_back({store::read_u64(key.substr(prefix.size())), std::string(value)});
    return true;
  }));
  return found;
}

void Journal::forget_if_idle(const std::string& flow_log_id, store::WriteBatch& batch) {
  const auto slot = slots_.lower_bound({flow_log_id, Time{INT64_MIN}});
  const bool has_slots = slot != slots_.end() && slot->first.flow_log_id == flow_log_id;
  if (has_slots || events_.contains(flow_log_id)) return;
  batch.erase(log_key(flow_log_id));
  flow_logs_.erase(flow_log_id);
}

Result<void> Journal::erase(const Slot& slot, std::span<const Chunk> chunks,
                            store::WriteBatch also) {
  store::WriteBatch batch = std::move(also);
  std::uint64_t bytes = 0;
  for (const Chunk& chunk : chunks) {
    batch.erase(chunk_key(slot, chunk.sequence));
    bytes += chunk.lines.size();
  }
  // Only the lines go with this batch: if it fails, the counts below still hold.
  WEIR_CHECK(store_.write(batch));
  const auto waiting = slots_.find(slot);
  if (waiting == slots_.end()) return {};  // given up meanwhile
  bytes_ -= std::min(bytes, bytes_);
  waiting->second.bytes -= std::min(bytes, waiting->second.bytes);
  if (waiting->second.bytes > 0) return {};
  slots_.erase(waiting);
  store::WriteBatch rest;
  forget_if_idle(slot.flow_log_id, rest);
  return rest.empty() ? Result<void>() : store_.write(rest);
}

Result<void> Journal::deliver_events(const std::string& flow_log_id,
                                     const std::function<bool(const Events&)>& deliver) {
  const std::string prefix = events_prefix(flow_log_id);
  while (events_.contains(flow_log_id)) {
    // One at a time: between the destination's answer and the erasure a crash delivers it again.
    std::optional<std::pair<std::string, std::string>> first;
    WEIR_CHECK(store_.scan(prefix, [&](std::string_view key, std::string_view value) {
      first.emplace(key, value);
      return false;
    }));
    if (first) {
      WEIR_TRY(StoredEvents stored, from_json_text<StoredEvents>(first->second));
      Events events;
      events.sequence = store::read_u64(std::string_view(first->first).substr(prefix.size()));
      events.interface_id = std::move(stored.interface_id);
      events.stream = std::move(stored.stream);
      for (StoredLine& line : stored.lines)
        events.lines.push_back({line.start_s, line.end_s, std::move(line.text)});
      if (!deliver(events)) return {};
      WEIR_CHECK(store_.erase(first->first));
      const std::uint64_t bytes = first->second.size();
      bytes_ -= std::min(bytes_, bytes);
      WaitingEvents& waiting = events_[flow_log_id];
      waiting.bytes -= std::min(waiting.bytes, bytes);
      continue;
    }
    events_.erase(flow_log_id);
    store::WriteBatch rest;
    forget_if_idle(flow_log_id, rest);
    if (!rest.empty()) WEIR_CHECK(store_.write(rest));
  }
  return {};
}

/// Rows of events from the first on, until `take` returns false.
Result<void> Journal::scan_rows(
    const std::string& flow_log_id,
    const std::function<bool(std::uint64_t sequence, std::vector<Line> lines)>& take) const {
  const std::string prefix = events_prefix(flow_log_id);
  Result<void> outcome;
  WEIR_CHECK(store_.scan(prefix, [&](std::string_view key, std::string_view value) {
    auto stored = from_json_text<StoredEvents>(value);
    if (!stored) {
      outcome = stored.error();
      return false;
    }
    std::vector<Line> lines;
    for (StoredLine& line : stored->lines)
      lines.push_back({line.start_s, line.end_s, std::move(line.text)});
    return take(store::read_u64(key.substr(prefix.size())), std::move(lines));
  }));
  return outcome;
}

Result<std::optional<Journal::Request>> Journal::request(const std::string& flow_log_id) const {
  WEIR_TRY(const auto text, store_.get(request_key(flow_log_id)));
  if (!text) return std::optional<Request>{};
  WEIR_TRY(StoredRequest stored, from_json_text<StoredRequest>(*text));
  Request request{
      std::move(stored.id), stored.created, static_cast<std::uint64_t>(stored.last_sequence), {}};
  WEIR_CHECK(scan_rows(flow_log_id, [&](std::uint64_t sequence, std::vector<Line> lines) {
    if (sequence > request.last_sequence) return false;
    std::move(lines.begin(), lines.end(), std::back_inserter(request.lines));
    return true;
  }));
  return std::optional(std::move(request));
}

Result<Journal::Request> Journal::begin_request(const std::string& flow_log_id, std::string id,
                                                Time now, RequestLimits limits) {
  Request request{std::move(id), now, 0, {}};
  std::size_t bytes = 0;
  WEIR_CHECK(scan_rows(flow_log_id, [&](std::uint64_t sequence, std::vector<Line> lines) {
    for (const Line& line : lines) bytes += line.text.size();
    const bool is_full =
        request.lines.size() + lines.size() > limits.records_max || bytes > limits.bytes_max;
    if (is_full && !request.lines.empty()) return false;
    request.last_sequence = sequence;
    std::move(lines.begin(), lines.end(), std::back_inserter(request.lines));
    return true;
  }));
  if (request.lines.empty()) {
    return Error{ErrorKind::internal, "InternalError",
                 "events of a delivery stream are missing in the store"};
  }
  const StoredRequest stored{request.id, now, static_cast<std::int64_t>(request.last_sequence)};
  WEIR_CHECK(store_.put(request_key(flow_log_id), to_json_text(stored)));
  return request;
}

Result<void> Journal::finish_request(const std::string& flow_log_id, const Request& request) {
  store::WriteBatch batch;
  std::uint64_t bytes = 0;
  bool is_anything_left = false;
  const std::string prefix = events_prefix(flow_log_id);
  WEIR_CHECK(store_.scan(prefix, [&](std::string_view key, std::string_view value) {
    is_anything_left = store::read_u64(key.substr(prefix.size())) > request.last_sequence;
    if (is_anything_left) return false;
    bytes += value.size();
    batch.erase(std::string(key));
    return true;
  }));
  batch.erase(request_key(flow_log_id));
  WEIR_CHECK(store_.write(batch));
  const auto waiting = events_.find(flow_log_id);
  if (waiting == events_.end()) return {};  // given up meanwhile
  bytes_ -= std::min(bytes, bytes_);
  waiting->second.bytes -= std::min(bytes, waiting->second.bytes);
  waiting->second.records -= std::min<std::uint64_t>(request.lines.size(), waiting->second.records);
  if (is_anything_left) return {};
  events_.erase(waiting);
  store::WriteBatch rest;
  forget_if_idle(flow_log_id, rest);
  return rest.empty() ? Result<void>() : store_.write(rest);
}

Result<void> Journal::drop_request(const std::string& flow_log_id) {
  return store_.erase(request_key(flow_log_id));
}

Result<std::uint64_t> Journal::forget(const std::string& flow_log_id) {
  std::uint64_t records = 0;
  WEIR_CHECK(store_.scan(
      std::string(kFiles) + flow_log_id + '/', [&](std::string_view, std::string_view lines) {
        records += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
        return true;
      }));
  WEIR_CHECK(scan_rows(flow_log_id, [&](std::uint64_t, const std::vector<Line>& lines) {
    records += lines.size();
    return true;
  }));
  store::WriteBatch batch;
  batch.erase_prefix(std::string(kFiles) + flow_log_id + '/');
  batch.erase_prefix(events_prefix(flow_log_id));
  batch.erase(request_key(flow_log_id));
  batch.erase(log_key(flow_log_id));
  WEIR_CHECK(store_.write(batch));
  for (auto slot = slots_.begin(); slot != slots_.end();) {
    if (slot->first.flow_log_id != flow_log_id) {
      ++slot;
      continue;
    }
    bytes_ -= std::min(bytes_, slot->second.bytes);
    slot = slots_.erase(slot);
  }
  if (const auto events = events_.find(flow_log_id); events != events_.end()) {
    bytes_ -= std::min(bytes_, events->second.bytes);
    events_.erase(events);
  }
  flow_logs_.erase(flow_log_id);
  return records;
}

}  // namespace weir::delivery
