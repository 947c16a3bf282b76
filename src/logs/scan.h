// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "logs/columns.h"
#include "logs/event_id.h"

namespace weir::logs {

/// Which events a scan reads: those of the groups' streams between two times.
struct ScanQuery {
  std::vector<std::string> groups = {};
  std::vector<std::string> stream_names = {};  // none: all; a group need not have each of them
  std::string stream_prefix = {};
  Time from = {0};                          // inclusive
  Time to = EventId::greatest().timestamp;  // inclusive
  bool newest_first = false;
};

/// Events of one stream that are stored together, unpacked as far as they are asked for. Rows are
/// counted from 0. They are in order of time only where `is_in_order()`.
///
/// Threads: one at a time; different blocks may be used by different threads, also after their scan
/// is gone. Memory: at most about 24 MiB.
class ScannedBlock {
 public:
  ScannedBlock(ScannedBlock&&) noexcept;
  ScannedBlock& operator=(ScannedBlock&&) noexcept;
  ~ScannedBlock();

  const std::string& group() const;
  const std::string& stream() const;
  /// Events. Never 0.
  std::size_t size() const;
  bool is_in_order() const;
  EventId id(std::size_t row) const;
  /// Valid while the block lives. The first call unpacks the text of the whole block; should that
  /// be damaged, messages are empty and status() says why.
  std::string_view message(std::size_t row) const;
  /// nullptr: the block is stored as text only.
  const BlockColumns* columns() const;
  /// Of all messages, in UTF-8 (of a block that is in the time range in part only, the same part).
  std::uint64_t message_bytes() const;
  /// An error met while unpacking messages; look here at the end.
  Result<void> status() const;

 private:
  friend class Scan;
  struct Impl;
  explicit ScannedBlock(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A walk through the blocks of many streams; made by Logs::scan(). It sees exactly the events that
/// were acknowledged before it was made, without those that are beyond their group's retention,
/// each of them once.
///
/// Order: stream after stream; the blocks of a stream by their first event, ascending or (newest
/// first) descending. With newest_first the streams with the newest events come first.
///
/// Threads: next() and progress() may be called by many threads at a time; reading from the store
/// is done by one after the other, unpacking by each caller for itself. Memory: nothing beyond the
/// blocks that were handed out. Not to outlive its Logs.
class Scan {
 public:
  /// Of what was handed out so far.
  struct Progress {
    std::uint64_t blocks = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;  // of messages, in UTF-8
    /// Of all streams that are read, whatever their time: messages and 26 bytes for each; bounds
    /// what is still to come.
    std::uint64_t stored_bytes = 0;
  };

  Scan(Scan&&) noexcept;
  Scan& operator=(Scan&&) noexcept;
  ~Scan();

  /// The next block that has events of the query, or nothing at the end. Error: the store fails or
  /// a block is damaged.
  Result<std::optional<ScannedBlock>> next();
  Progress progress() const;

 private:
  friend class Logs;
  struct Impl;
  explicit Scan(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::logs
