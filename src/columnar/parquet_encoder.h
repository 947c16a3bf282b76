// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columnar/parquet.h"

namespace weir::columnar {

/// Writes a Parquet file (format version 1, specification of apache/parquet-format) as a stream:
/// every column optional; RLE_DICTIONARY pages where values repeat, PLAIN otherwise; pages
/// compressed with zstd; least and greatest value and number of NULLs of each column of a row
/// group.
///
/// It exists beside DuckDB's writer because it takes columns as they come and keeps one row group
/// in memory, not the whole file.
///
/// Threads: one at a time.
/// Memory:  one row group of at most kRowGroupRows rows, or about kRowGroupBytesMax bytes.
/// Errors:  those of the sink; the encoder is then used up.
class ParquetEncoder {
 public:
  static constexpr std::size_t kRowGroupRows = 122'880;
  static constexpr std::size_t kRowGroupBytesMax = 32u << 20;
  /// Takes the bytes of the file in order.
  using Sink = std::function<Result<void>(std::string_view bytes)>;

  ParquetEncoder(std::vector<Column> columns, Sink sink);
  ~ParquetEncoder();
  ParquetEncoder(const ParquetEncoder&) = delete;
  ParquetEncoder& operator=(const ParquetEncoder&) = delete;

  /// The cells of one row: each column exactly once, then end_row(). Numbers are for int32 (which
  /// they must fit) and int64 columns, text for string columns.
  void add_null(std::size_t column);
  void add(std::size_t column, std::int64_t value);
  void add(std::size_t column, std::string_view value);
  Result<void> end_row();
  /// Writes what is left and the footer.
  Result<void> finish();

  std::uint64_t rows() const;
  /// Held in memory at present.
  std::size_t buffered_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::columnar
