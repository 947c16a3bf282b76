// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/parquet.h"
#include "columnar/parquet_encoder.h"
#include "flow/columns.h"
#include "flow/format.h"

namespace weir::columnar {

/// The columns of a flow log's Parquet files: AWS's names and types, in the order of the format.
std::vector<Column> flow_columns(const flow::Format& format);

/// Moves flow records from a ColumnReader to a ParquetEncoder, column by column.
///
/// Threads: one at a time.
class FlowRows {
 public:
  /// Looks at a batch that has all fields of its format, typed, and stays until the next look().
  void look(const flow::Columns& batch);

  /// Whether some row does not fit().
  bool has_unfit() const { return has_unfit_; }
  /// False if a number column has something else, or a number too large for it.
  bool fits(std::size_t row) const;
  /// The value of a number column; nothing where it is absent or unfit.
  std::optional<std::int64_t> number(std::size_t column, std::size_t row) const;
  /// Whether every row of the column has a value of the usual kind.
  bool is_full(std::size_t column) const { return looks_[column] == Look::full; }

  /// Adds rows, all of which fit; the encoder has flow_columns(). Error: of its sink.
  Result<void> add(ParquetEncoder& encoder, std::size_t first, std::size_t count);

 private:
  /// What is in the cells of a column.
  enum class Look : std::uint8_t { absent, full, gaps, mixed };

  void add_column(ParquetEncoder& encoder, std::size_t index, std::size_t first, std::size_t count);
  void add_cells(ParquetEncoder& encoder, std::size_t index, std::size_t first, std::size_t count);

  const flow::Columns* batch_ = nullptr;
  bool has_unfit_ = false;
  std::vector<Look> looks_;
  std::vector<std::string_view> texts_;
};

}  // namespace weir::columnar
