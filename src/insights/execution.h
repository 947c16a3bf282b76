// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/shape.h"
#include "insights/engine.h"

namespace weir::insights {

/// One StartQuery call and what became of it, as the store keeps it (without its rows). Times are
/// UTC milliseconds.
struct Execution {
  std::string id;
  std::string text;    // as it was given
  std::string shown;   // with its SOURCE, as DescribeQueries shows it
  std::string status;  // Scheduled, Running, Complete, Failed, Cancelled or Timeout
  std::string reason;  // of Failed and Timeout
  std::vector<std::string> log_groups;
  std::int64_t created_ms = 0;
  std::int64_t duration_ms = 0;  // of the run
  std::string user_identity;
  std::string encryption_key;
  std::int64_t records_matched = 0;
  std::int64_t records_scanned = 0;
  std::int64_t bytes_scanned = 0;
  std::int64_t records_skipped = 0;
  std::int64_t bytes_skipped = 0;
  std::int64_t row_count = 0;
  std::int64_t row_bytes = 0;  // in the store

  bool is_final() const { return status != "Scheduled" && status != "Running"; }
  void take(const Statistics& statistics);
  static Shape shape();
};

/// Rows in the store, in chunks of bounded size.
std::string pack_rows(std::span<const Row> rows);
/// Error: kind internal for bytes that pack_rows() did not write.
Result<std::vector<Row>> unpack_rows(std::string_view bytes);
/// What a row takes in memory and, about, on the wire.
std::size_t bytes_of(const Row& row);

}  // namespace weir::insights
