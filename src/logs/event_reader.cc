// SPDX-License-Identifier: Apache-2.0
#include "logs/event_reader.h"

#include <algorithm>
#include <utility>

namespace weir::logs {

EventReader::EventReader(std::unique_ptr<store::Cursor> cursor, std::string prefix,
                         std::vector<Source> sources, Range range, bool ascending)
    : cursor_(std::move(cursor)),
      prefix_(std::move(prefix)),
      sources_(std::move(sources)),
      keys_(sources_.size()),
      range_(range),
      ascending_(ascending),
      start_(ascending ? range.from : range.to) {}

bool EventReader::comes_later(const Head& a, const Head& b) const {
  // A bound goes first among equals: the block behind it may hold the event that comes next.
  if (a.at == b.at) return !a.is_bound && b.is_bound;
  return ascending_ ? a.at > b.at : a.at < b.at;
}

void EventReader::push(Head head) {
  heads_.push_back(head);
  std::ranges::push_heap(heads_,
                         [this](const Head& a, const Head& b) { return comes_later(a, b); });
}

EventReader::Head EventReader::pop() {
  std::ranges::pop_heap(heads_, [this](const Head& a, const Head& b) { return comes_later(a, b); });
  const Head head = heads_.back();
  heads_.pop_back();
  return head;
}

Result<bool> EventReader::next() {
  if (!started_) {
    started_ = true;
    for (std::size_t source = 0; source < sources_.size(); ++source) queue_source(source);
  }
  if (on_event_) {
    ++open_[current_].next;
    queue_event(current_);
  }
  on_event_ = false;
  while (!heads_.empty()) {
    const Head head = pop();
    if (head.is_bound) {
      if (head.at != start_ && is_time_to_pause_ && is_time_to_pause_()) {
        paused_at_ = head.at;
        return false;
      }
      WEIR_CHECK(open_block(head.slot));
      continue;
    }
    id_ = head.at;
    if (ascending_) {
      range_.from = id_.successor();
    } else {
      range_.to = id_.predecessor();
    }
    current_ = head.slot;
    on_event_ = true;
    return true;
  }
  return false;
}

/// Queues a bound for all events of a stream that may be in the range.
void EventReader::queue_source(std::size_t source) {
  const Source& stream = sources_[source];
  if (stream.last < range_.from.timestamp || stream.first > range_.to.timestamp) return;
  push(bound_of(source, ascending_ ? EventId::first_of(stream.first)
                                   : EventId::first_of(stream.last + Duration(1)).predecessor()));
}

void EventReader::seek_first_block(std::size_t source) {
  const Source& stream = sources_[source];
  if (ascending_) {
    // A block that begins earlier may reach into the range.
    const Time first{
        std::max<std::int64_t>(0, range_.from.timestamp.ms - stream.block_span_ms_max)};
    cursor_->seek(block_key(prefix_, stream.stream_id, first, 0));
  } else {
    cursor_->seek_back(block_key(prefix_, stream.stream_id, range_.to.timestamp, ~0ULL));
  }
}

/// Takes the block under the cursor as the source's next one, if it is the source's and within the
/// range.
bool EventReader::take_block_key(std::size_t source) {
  if (!cursor_->valid()) return false;
  const Source& stream = sources_[source];
  const std::string_view key = cursor_->key();
  const std::size_t stream_size = prefix_.size() + 8;
  if (key.size() != stream_size + 16 || !key.starts_with(prefix_) ||
      store::read_u64(key.substr(prefix_.size(), 8)) !=
          static_cast<std::uint64_t>(stream.stream_id)) {
    return false;
  }
  const Time first{static_cast<std::int64_t>(store::read_u64(key.substr(stream_size, 8)))};
  if (ascending_ ? first > range_.to.timestamp
                 : first + Duration(stream.block_span_ms_max) < range_.from.timestamp) {
    return false;
  }
  keys_[source] = key;
  return true;
}

/// For the events of a source that are not before `at`; what was passed already does not count.
EventReader::Head EventReader::bound_of(std::size_t source, EventId at) const {
  return {.at = ascending_ ? std::max(at, range_.from) : std::min(at, range_.to),
          .is_bound = true,
          .slot = source};
}

EventReader::Head EventReader::bound_of_block(std::size_t source) const {
  const Time first{static_cast<std::int64_t>(
      store::read_u64(std::string_view(keys_[source]).substr(prefix_.size() + 8, 8)))};
  const Time end{first.ms + sources_[source].block_span_ms_max + 1};
  return bound_of(source,
                  ascending_ ? EventId::first_of(first) : EventId::first_of(end).predecessor());
}

Result<void> EventReader::queue_block(std::size_t source) {
  if (!take_block_key(source)) return cursor_->status();
  push(bound_of_block(source));
  return {};
}

/// Opens the source's next block. Of one that was not sought yet this is the first, if no other
/// event comes before it.
Result<void> EventReader::open_block(std::size_t source) {
  if (keys_[source].empty()) {
    seek_first_block(source);
    if (!take_block_key(source)) return cursor_->status();
    const Head bound = bound_of_block(source);
    if (!heads_.empty() && comes_later(bound, heads_.front())) {
      push(bound);
      return {};
    }
  } else {
    cursor_->seek(keys_[source]);
  }
  if (cursor_->valid() && cursor_->key() == keys_[source]) {
    WEIR_TRY(const BlockInfo info, BlockInfo::read(cursor_->value()));
    if (info.last >= range_.from.timestamp && info.first <= range_.to.timestamp) {
      WEIR_CHECK(unpack(source));
    }
    ascending_ ? cursor_->next() : cursor_->previous();
  } else if (!ascending_) {
    cursor_->seek_back(keys_[source]);  // removed meanwhile; the nearest one on this side
  }
  return queue_block(source);
}

std::vector<std::uint32_t> EventReader::rows_in_range(const Block& block) const {
  std::vector<std::uint32_t> rows;
  rows.reserve(block.size());
  for (std::uint32_t row = 0; row < block.size(); ++row) {
    const Time at{block.timestamps()[row]};
    if (at < range_.from.timestamp || at > range_.to.timestamp) continue;
    if (at == range_.from.timestamp && block.id(row) < range_.from) continue;
    if (at == range_.to.timestamp && block.id(row) > range_.to) continue;
    rows.push_back(row);
  }
  return rows;
}

/// Opens the block under the cursor.
Result<void> EventReader::unpack(std::size_t source) {
  OpenBlock open;
  open.source = source;
  WEIR_TRY(open.block, Block::read(std::string(cursor_->value())));
  open.rows = rows_in_range(open.block);
  if (choose_) WEIR_CHECK(choose_(open.block, open.rows));
  if (open.rows.empty()) return {};
  open.block.sort(open.rows);
  if (!ascending_) std::ranges::reverse(open.rows);
  if (open.rows.size() > events_max_) open.rows.resize(events_max_);
  std::vector<std::uint32_t> stored = open.rows;
  std::ranges::sort(stored);
  WEIR_CHECK(open.block.unpack_messages_of(stored));
  std::size_t slot = open_.size();
  if (free_.empty()) {
    open_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  open_[slot] = std::move(open);
  queue_event(slot);
  return {};
}

/// Queues the next event of an open block, or forgets the block.
void EventReader::queue_event(std::size_t slot) {
  OpenBlock& open = open_[slot];
  if (open.next < open.rows.size()) {
    push({.at = open.block.id(open.rows[open.next]), .slot = slot});
    return;
  }
  open = OpenBlock();
  free_.push_back(slot);
}

}  // namespace weir::logs
