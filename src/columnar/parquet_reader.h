// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

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

}  // namespace weir::columnar
