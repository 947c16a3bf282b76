// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "logs/scan.h"
#include "store/kv_store.h"

namespace weir::logs {

struct Scan::Impl {
  struct Source {
    std::size_t group = 0;  // its place in `groups`
    std::int64_t stream_id = 0;
    std::int64_t block_span_ms_max = 0;
    std::string stream;
    std::int64_t last_event_ms = 0;
  };
  struct Group {
    std::string name;
    std::string prefix;  // of its block keys
    Time from;           // what is older is not asked for, or expired
  };

  std::vector<Group> groups;
  std::vector<Source> sources;
  Time to;
  bool newest_first = false;
  std::uint64_t stored_bytes = 0;

  std::mutex reading;  // guards what follows
  std::unique_ptr<store::Cursor> cursor;
  std::size_t source = 0;
  bool is_placed = false;  // the cursor is at the source's next block

  std::atomic<std::uint64_t> blocks{0};
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::uint64_t> bytes{0};

  /// The bytes of the next block that may have events of the query.
  struct Found {
    std::size_t source = 0;
    std::string bytes;
  };
  Result<std::optional<Found>> find_next();
  void place();
  bool is_at_block() const;
  bool is_behind() const;
};

}  // namespace weir::logs
