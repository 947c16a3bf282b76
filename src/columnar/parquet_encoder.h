// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "columnar/parquet.h"

namespace weir::columnar {

/// Writes a Parquet file (format version 1, specification of apache/parquet-format) as a stream:
/// every column optional; RLE_DICTIONARY pages where values repeat, else DELTA_BINARY_PACKED and
/// DELTA_LENGTH_BYTE_ARRAY; least and greatest value and number of NULLs of each column of a row
/// group. The bytes follow from the rows alone, however they are passed.
///
/// Threads: one at a time. With `workers` row groups are encoded and compressed there while the
/// next rows are added.
/// Memory:  one row group of at most kRowGroupRows rows, or about kRowGroupBytesMax bytes; with
///          `workers` two.
/// Errors:  those of the sink; the encoder is then used up.
class ParquetEncoder {
 public:
  static constexpr std::size_t kRowGroupRows = 122'880;
  static constexpr std::size_t kRowGroupBytesMax = 32u << 20;
  /// Takes the bytes of the file in order, on the thread of the caller.
  using Sink = std::function<Result<void>(std::string_view bytes)>;
  struct Options {
    Compression compression = Compression::zstd;
    Runtime* workers = nullptr;  // must outlive the encoder
  };

  ParquetEncoder(std::vector<Column> columns, Sink sink, Options options);
  ParquetEncoder(std::vector<Column> columns, Sink sink);
  ~ParquetEncoder();
  ParquetEncoder(const ParquetEncoder&) = delete;
  ParquetEncoder& operator=(const ParquetEncoder&) = delete;

  /// How many rows can be added to each column before end_rows(); at least 1.
  std::size_t rows_max() const;

  /// Adds cells to a column. Numbers are for int32 (which they must fit) and int64 columns, texts
  /// and IPv4 addresses (in host order, written as text) for string columns; a column that gets
  /// addresses as numbers gets none as text. `present`: 1 or 0 for each value, 0 for NULL; empty if
  /// none is NULL.
  using Present = std::span<const std::uint8_t>;
  void add(std::size_t column, std::span<const std::int32_t> values, Present present);
  void add(std::size_t column, std::span<const std::int64_t> values, Present present);
  void add(std::size_t column, std::span<const std::string_view> values, Present present);
  void add_v4s(std::size_t column, std::span<const std::uint32_t> values, Present present);
  void add_nulls(std::size_t column, std::size_t count);
  /// After that many cells were added to every column.
  Result<void> end_rows(std::size_t count);

  // One row: each column exactly once, then end_row().
  void add_null(std::size_t column) { add_nulls(column, 1); }
  void add(std::size_t column, std::int64_t value) { add(column, std::span(&value, 1), {}); }
  void add(std::size_t column, std::string_view value) { add(column, std::span(&value, 1), {}); }
  Result<void> end_row() { return end_rows(1); }

  /// Writes what is left and the footer.
  Result<void> finish();

  std::uint64_t rows() const;
  /// Held in memory at present; the same for the same rows.
  std::size_t buffered_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::columnar
