// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logs/column_reader.h"
#include "logs/event_id.h"
#include "logs/packing.h"
#include "logs/types.h"

namespace weir::logs {

/// The beginning of a stored block: what is known without unpacking it.
struct BlockInfo {
  std::uint64_t count = 0;
  std::uint64_t message_bytes = 0;
  Time first;  // the smallest and the greatest timestamp
  Time last;
  Time ingestion;  // the latest

  /// Messages and 26 bytes for each.
  std::uint64_t billed_bytes() const;
  static Result<BlockInfo> read(std::string_view block);
};

/// Events of a block that came with one PutLogEvents call. Their ids follow from it: the index
/// counts on from `first_index`.
struct BlockRun {
  Time ingestion;
  std::uint64_t batch = 0;
  std::uint64_t first_index = 0;
  std::uint64_t count = 0;

  bool operator==(const BlockRun&) const = default;
};

/// Makes a block: the events of one PutLogEvents call, or of several blocks that become one. It
/// works in two steps, so that the costly one needs no lock.
///
/// Format of the value: version (1 byte, 2); as numbers: events, bytes of their messages, first
/// timestamp, last minus first timestamp, latest ingestion time; the runs, packed: their number and
/// for each the distance of ingestion time and batch to those of the run before, first index,
/// events; the timestamps as packed numbers, each as the distance to the one before; then 0, the
/// lengths of the messages as packed numbers and all messages, packed; or 1 and the messages by
/// columns (column_writer.h). Events are in order of time within a run; runs stand one after the
/// other in the order of their ingestion times and batches, so that a stable sort by timestamp
/// gives the order of ids.
class BlockWriter {
 public:
  /// `events` is not empty and in order of time.
  explicit BlockWriter(std::span<const InputLogEvent> events);
  std::string finish(Time ingestion, std::uint64_t batch, std::size_t first_index) const;
  std::uint64_t billed_bytes() const { return info_.billed_bytes(); }
  const BlockInfo& info() const { return info_; }

  /// The events of `blocks`, whose text is unpacked, as one block. Their ids stay what they are.
  static std::string merge(std::span<const class Block> blocks);

 private:
  BlockWriter() = default;
  void pack(std::string& text, std::span<const std::uint32_t> ends,
            std::span<const std::uint64_t> steps, Effort effort);
  std::string finish(std::span<const BlockRun> runs) const;

  BlockInfo info_;
  std::string body_;
};

/// A block that is unpacked for reading, as far as it is asked for. Rows are its events in the
/// order of storage.
///
/// Threads: one at a time.
class Block {
 public:
  static constexpr std::uint64_t kMessageBytesMax = kPackedBytesMax;
  static constexpr std::uint64_t kEventsMax = 65'536;

  /// Unpacks all but the messages. Errors, here and below: the block is damaged.
  static Result<Block> read(std::string bytes);
  const BlockInfo& info() const { return info_; }
  std::size_t size() const { return info_.count; }
  std::span<const BlockRun> runs() const { return runs_; }
  std::span<const std::int64_t> timestamps() const { return timestamps_; }
  EventId id(std::size_t row) const;
  /// Whether the rows are in order of ids.
  bool is_in_order() const;
  /// Puts rows, which ascend, in order of ids.
  void sort(std::vector<std::uint32_t>& rows) const;

  Result<void> unpack_messages();
  /// After unpack_messages(): leaves the rows (which ascend) whose messages contain `literal`.
  void keep_with(std::string_view literal, std::vector<std::uint32_t>& rows) const;
  /// Unpacks at least the messages of these rows, which ascend; those of others may be forgotten.
  Result<void> unpack_messages_of(std::span<const std::uint32_t> rows);
  /// After unpack_messages() or, for its rows, unpack_messages_of().
  std::string_view message(std::size_t row) const;

  /// nullptr: not stored by columns.
  const ColumnReader* columns() const { return columns_ ? &*columns_ : nullptr; }
  Result<Column> column(std::size_t index) const;
  /// See BlockColumns::may_have(); only where there are columns.
  bool may_have(std::size_t column, std::string_view token) const;
  /// What columns() reads.
  std::string_view column_bytes() const { return std::string_view(bytes_).substr(messages_at_); }
  static Error damaged_columns();

 private:
  Result<void> read_version_1(std::string_view bytes);
  Result<void> read_version_2(std::string_view bytes);
  Result<void> read_runs(std::string_view bytes);

  std::string bytes_;
  BlockInfo info_;
  std::vector<BlockRun> runs_;
  std::vector<std::size_t> run_ends_;  // rows
  std::vector<std::int64_t> timestamps_;
  std::size_t messages_at_ = 0;  // where in bytes_ what holds the messages begins
  std::optional<ColumnReader> columns_;
  bool are_unpacked_ = false;
  std::string text_;
  std::vector<std::uint32_t> ends_;
};

/// The key of a block: `prefix`, then stream, first timestamp and batch as eight bytes each, so
/// that the blocks of a stream stand together in order of time.
std::string block_key(std::string_view prefix, std::int64_t stream_id, Time first,
                      std::uint64_t batch);

}  // namespace weir::logs
