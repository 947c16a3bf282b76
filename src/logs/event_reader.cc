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
      ascending_(ascending) {}

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
    for (std::size_t source = 0; source < sources_.size(); ++source) {
      WEIR_CHECK(find_first_block(source));
    }
  }
  if (on_event_) {
    ++open_[current_].next;
    queue_event(current_);
  }
  on_event_ = false;
  while (!heads_.empty()) {
    const Head head = pop();
    if (head.is_bound) {
      if (is_time_to_pause_ && is_time_to_pause_()) {
        paused_at_ = head.at;
        return false;
      }
      WEIR_CHECK(open_block(head.slot));
      continue;
    }
    id_ = head.at;
    current_ = head.slot;
    on_event_ = true;
    return true;
  }
  return false;
}

Result<void> EventReader::find_first_block(std::size_t source) {
  const Source& stream = sources_[source];
  if (ascending_) {
    // A block that begins earlier may reach into the range.
    const Time first{
        std::max<std::int64_t>(0, range_.from.timestamp.ms - stream.block_span_ms_max)};
    cursor_->seek(block_key(prefix_, stream.stream_id, first, 0));
  } else {
    cursor_->seek_back(block_key(prefix_, stream.stream_id, range_.to.timestamp, ~0ULL));
  }
  return queue_block(source);
}

/// Takes the block under the cursor as the source's next one, if it is the source's and within the
/// range.
Result<void> EventReader::queue_block(std::size_t source) {
  if (!cursor_->valid()) return cursor_->status();
  const Source& stream = sources_[source];
  const std::string_view key = cursor_->key();
  const std::size_t stream_size = prefix_.size() + 8;
  if (key.size() != stream_size + 16 || !key.starts_with(prefix_) ||
      store::read_u64(key.substr(prefix_.size(), 8)) !=
          static_cast<std::uint64_t>(stream.stream_id)) {
    return {};
  }
  const Time first{static_cast<std::int64_t>(store::read_u64(key.substr(stream_size, 8)))};
  const Time last{first.ms + stream.block_span_ms_max};
  if (ascending_ ? first > range_.to.timestamp : last < range_.from.timestamp) return {};
  keys_[source] = key;
  EventId bound = EventId::first_of(ascending_ ? first : Time{last.ms + 1});
  if (!ascending_) bound = bound.predecessor();
  push({.at = bound, .is_bound = true, .slot = source});
  return {};
}

Result<void> EventReader::open_block(std::size_t source) {
  cursor_->seek(keys_[source]);
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
