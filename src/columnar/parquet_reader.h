// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columnar/parquet_encoder.h"

namespace weir::columnar {

/// Reads the rows of a Parquet file as text, whatever the types of its columns, through DuckDB.
/// Memory: a few row groups, at most kMemoryMax of DuckDB's.
class ParquetRows {
 public:
  static constexpr std::size_t kMemoryMiB = 128;
  /// NULL is `std::string_view()` with a null pointer. False ends the reading.
  using Visit = std::function<Result<void>(std::span<const std::string_view> cells)>;

  /// The names of the columns. Error: kind invalid, what DuckDB says of the file.
  static Result<std::vector<std::string>> columns(const std::filesystem::path& file);
  /// Calls `visit` for each row, in order, with the cells of those columns. Error: as columns(), or
  /// that of `visit`, which ends the reading.
  static Result<void> read(const std::filesystem::path& file, std::span<const std::string> columns,
                           const Visit& visit);
};

/// Adds the rows of `from`, files with exactly these columns, to the encoder, sorted by the column
/// `order_by` ("" keeps the order). `work_folder` takes what does not fit `memory_bytes_max` (at
/// least 64 MiB). Error: the files do not go together or cannot be read, the disk is full, or that
/// of the encoder; some rows may have been added then.
Result<void> merge_parquet(std::span<const std::filesystem::path> from,
                           const std::vector<Column>& columns, std::string_view order_by,
                           const std::filesystem::path& work_folder, ParquetEncoder& encoder,
                           std::uint64_t memory_bytes_max = 256u << 20);

}  // namespace weir::columnar
