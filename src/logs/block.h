// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logs/event_id.h"
#include "logs/types.h"

namespace weir::logs {

/// The events of one PutLogEvents call as they are stored: in order of time, compressed together.
///
/// Format of the value: version (1 byte), then as numbers: events, bytes of the body before
/// compression (0 if it is not compressed), billed bytes, first timestamp, last minus first
/// timestamp, ingestion time, batch, index of the first event; then the body: for each event the
/// timestamp minus the previous one and the length of the message, then all messages.
struct BlockInfo {
  std::uint64_t count = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t billed_bytes = 0;
  Time first;
  Time last;
  Time ingestion;
  std::uint64_t batch = 0;
  std::uint64_t first_index = 0;

  /// Reads the beginning of a block only.
  static Result<BlockInfo> read(std::string_view block);
};

/// Makes a block in two steps, so that the costly one needs no lock.
class BlockWriter {
 public:
  /// Compresses. `events` is not empty and in order of time.
  explicit BlockWriter(std::span<const InputLogEvent> events);
  std::string finish(Time ingestion, std::uint64_t batch, std::size_t first_index) const;
  std::uint64_t billed_bytes() const { return billed_bytes_; }

 private:
  std::uint64_t count_;
  std::uint64_t billed_bytes_ = 0;
  std::int64_t first_ms_;
  std::int64_t last_ms_;
  std::uint64_t body_bytes_ = 0;
  std::string body_;
};

/// A block that is unpacked for reading.
class Block {
 public:
  static constexpr std::uint64_t kBodyBytesMax = 8u << 20;

  static Result<Block> read(std::string_view bytes);
  const BlockInfo& info() const { return info_; }
  std::size_t size() const { return events_.size(); }
  EventId id(std::size_t index) const;
  std::string_view message(std::size_t index) const;

 private:
  struct Event {
    std::int64_t timestamp_ms;
    std::size_t offset;
    std::size_t size;
  };
  BlockInfo info_;
  std::string body_;
  std::vector<Event> events_;
};

/// The key of a block: `prefix`, then stream, first timestamp and batch as eight bytes each, so
/// that the blocks of a stream stand together in order of time.
std::string block_key(std::string_view prefix, std::int64_t stream_id, Time first,
                      std::uint64_t batch);

}  // namespace weir::logs
