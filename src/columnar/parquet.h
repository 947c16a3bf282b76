// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::columnar {

/// Parquet types of flow-log files (VPC User Guide, "Flow log records"): INT_32, INT_64, STRING.
enum class ColumnType : std::uint8_t { int32, int64, string };

struct Column {
  std::string name;
  ColumnType type = ColumnType::string;
  bool operator==(const Column&) const = default;
};

/// Writes records that are given as text into a Parquet file: columns compressed with gzip, row
/// groups of `kRowGroupRows`, every column optional.
///
/// Threads: one at a time.
/// Memory:  all rows until finish(), in DuckDB's compressed form.
/// Errors:  kind invalid for a line that does not fit the columns (it is then not in the file);
///          kind internal for everything that DuckDB says.
class ParquetWriter {
 public:
  static constexpr std::size_t kRowGroupRows = 122'880;

  static Result<std::unique_ptr<ParquetWriter>> make(std::vector<Column> columns);
  virtual ~ParquetWriter() = default;

  /// One record: values separated by one blank, in the order of the columns. `-` is NULL.
  virtual Result<void> add(std::string_view line) = 0;
  /// Writes `file`, replacing what is there; the writer is then used up. It is not synced to disk.
  virtual Result<void> finish(const std::filesystem::path& file) = 0;
};

/// Writes the rows of `from`, files with the same columns, as one file in the form that
/// ParquetWriter gives, sorted by the column `order_by` ("" keeps the order). `work_folder` takes
/// what does not fit `memory_bytes_max` (at least 64 MiB). Error: the files do not go together,
/// cannot be read, or the disk is full; `to` may then be there in part.
Result<void> merge_parquet(std::span<const std::filesystem::path> from,
                           const std::filesystem::path& to, std::string_view order_by,
                           const std::filesystem::path& work_folder,
                           std::uint64_t memory_bytes_max = 256u << 20);

}  // namespace weir::columnar
