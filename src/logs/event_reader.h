// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "logs/block.h"
#include "logs/event_id.h"
#include "store/kv_store.h"

namespace weir::logs {

/// Walks the events of several streams of a group in one order.
///
/// A stream is looked up when the walk reaches its first event, and a block is unpacked when the
/// walk reaches its time, so memory holds the blocks that overlap there.
class EventReader {
 public:
  struct Source {
    std::int64_t stream_id = 0;
    std::int64_t block_span_ms_max = 0;
    Time first{0};  // no event is before it
    Time last;      // nor after it
  };
  /// Both ends belong to it.
  struct Range {
    EventId from;
    EventId to = EventId::greatest();
  };

  /// `prefix` is that of the group's block keys. The cursor was made before `sources` were looked
  /// up, so that blocks that are merged meanwhile are not longer than these say. An event that the
  /// cursor sees and its source does not know (its put is not acknowledged yet) may be left out.
  EventReader(std::unique_ptr<store::Cursor> cursor, std::string prefix,
              std::vector<Source> sources, Range range, bool ascending);

  /// Removes the rows (they ascend) of a block that the walk is to leave out.
  using Choose = std::function<Result<void>(Block& block, std::vector<std::uint32_t>& rows)>;
  void choose_by(Choose choose) { choose_ = std::move(choose); }
  /// How many events will be asked for at most; no more messages of a block are unpacked.
  void limit(std::size_t events) { events_max_ = events; }
  /// Asked before each block is unpacked, but those at the very start: whether next() is to return.
  void pause_if(std::function<bool()> is_time) { is_time_to_pause_ = std::move(is_time); }

  /// Steps to the next event; false at the end, or if it was to pause.
  Result<bool> next();
  /// After next() gave false: where the walk is, if it is not at its end; never where it started.
  /// All events before it (in the direction of the walk) were passed.
  std::optional<EventId> paused_at() const { return paused_at_; }
  const EventId& id() const { return id_; }
  /// Valid until the next step.
  std::string_view message() const {
    const OpenBlock& open = open_[current_];
    return open.block.message(open.rows[open.next]);
  }
  /// The place of its stream in `sources`.
  std::size_t source() const { return open_[current_].source; }

 private:
  struct OpenBlock {
    Block block;
    std::vector<std::uint32_t> rows;  // of the range, in the order of the walk
    std::size_t next = 0;             // in `rows`
    std::size_t source = 0;
  };
  /// An event of an open block, or a bound for the events of a block that is not open yet.
  struct Head {
    EventId at;
    bool is_bound = false;
    std::size_t slot = 0;  // in open_, or in sources_ for a bound
  };

  bool comes_later(const Head& a, const Head& b) const;
  void push(Head head);
  Head pop();
  void queue_source(std::size_t source);
  void seek_first_block(std::size_t source);
  bool take_block_key(std::size_t source);
  Head bound_of(std::size_t source, EventId at) const;
  Head bound_of_block(std::size_t source) const;
  Result<void> queue_block(std::size_t source);
  Result<void> open_block(std::size_t source);
  Result<void> unpack(std::size_t source);
  std::vector<std::uint32_t> rows_in_range(const Block& block) const;
  void queue_event(std::size_t slot);

  std::unique_ptr<store::Cursor> cursor_;
  std::string prefix_;
  std::vector<Source> sources_;
  std::vector<std::string> keys_;  // of each source: the block of its bound; empty: not sought yet
  Range range_;                    // what is still to come
  bool ascending_;
  EventId start_;
  bool started_ = false;
  std::vector<Head> heads_;  // a heap
  std::vector<OpenBlock> open_;
  std::vector<std::size_t> free_;  // places in open_
  EventId id_;
  std::size_t current_ = 0;
  bool on_event_ = false;
  Choose choose_;
  std::size_t events_max_ = Block::kEventsMax;
  std::function<bool()> is_time_to_pause_;
  std::optional<EventId> paused_at_;
};

}  // namespace weir::logs
