// SPDX-License-Identifier: Apache-2.0
#include "insights/execution.h"

#include "logs/bytes.h"

namespace weir::insights {
namespace {

constexpr std::size_t kCellOverhead = 24;  // of a cell as JSON

std::int64_t as_signed(std::uint64_t number) { return static_cast<std::int64_t>(number); }

}  // namespace

void Execution::take(const Statistics& statistics) {
  records_matched = as_signed(statistics.records_matched);
  records_scanned = as_signed(statistics.records_scanned);
  bytes_scanned = as_signed(statistics.bytes_scanned);
  records_skipped = as_signed(statistics.records_skipped);
  bytes_skipped = as_signed(statistics.bytes_skipped);
}

Shape Execution::shape() {
  using S = Execution;
  static constexpr Member members[] = {
      required<&S::id>("id"),
      required<&S::text>("text"),
      required<&S::shown>("shown"),
      required<&S::status>("status"),
      optional<&S::reason>("reason"),
      required<&S::log_groups>("logGroups"),
      required<&S::created_ms>("created"),
      optional<&S::duration_ms>("duration"),
      optional<&S::user_identity>("userIdentity"),
      optional<&S::encryption_key>("encryptionKey"),
      optional<&S::records_matched>("recordsMatched"),
      optional<&S::records_scanned>("recordsScanned"),
      optional<&S::bytes_scanned>("bytesScanned"),
      optional<&S::records_skipped>("recordsSkipped"),
      optional<&S::bytes_skipped>("bytesSkipped"),
      optional<&S::row_count>("rows"),
      optional<&S::row_bytes>("rowBytes"),
  };
  return {"Execution", members};
}

std::string pack_rows(std::span<const Row> rows) {
  std::string bytes;
  logs::put_number(bytes, rows.size());
  for (const Row& row : rows) {
    logs::put_number(bytes, row.size());
    for (const Cell& cell : row) {
      logs::put_text(bytes, cell.field);
      logs::put_text(bytes, cell.value);
    }
  }
  return bytes;
}

Result<std::vector<Row>> unpack_rows(std::string_view bytes) {
  logs::ByteReader reader(bytes);
  std::vector<Row> rows;
  for (std::uint64_t left = reader.number(); left > 0 && !reader.failed(); --left) {
    Row& row = rows.emplace_back();
    for (std::uint64_t cells = reader.number(); cells > 0 && !reader.failed(); --cells) {
      std::string field(reader.text());
      row.push_back({.field = std::move(field), .value = std::string(reader.text())});
    }
  }
  if (reader.failed() || !reader.done()) {
    return Error{ErrorKind::internal, "InternalFailure", "stored query results are damaged"};
  }
  return rows;
}

std::size_t bytes_of(const Row& row) {
  std::size_t bytes = 0;
  for (const Cell& cell : row) bytes += cell.field.size() + cell.value.size() + kCellOverhead;
  return bytes;
}

}  // namespace weir::insights
