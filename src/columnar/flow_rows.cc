// SPDX-License-Identifier: Apache-2.0
#include "columnar/flow_rows.h"

#include <algorithm>
#include <limits>
#include <span>

namespace weir::columnar {
namespace {

using flow::Cell;
using Form = flow::Column::Form;

ColumnType type_of(flow::FieldKind kind) {
  switch (kind) {
    case flow::FieldKind::int32:
      return ColumnType::int32;
    case flow::FieldKind::int64:
      return ColumnType::int64;
    case flow::FieldKind::address:
    case flow::FieldKind::text:
      break;
  }
  return ColumnType::string;
}

bool is_number(const flow::Column& column) {
  return column.form() == Form::int32 || column.form() == Form::int64;
}

/// What stands in the cell of a number column that a reader calls odd: digits with zeros in front.
std::optional<std::int64_t> read_odd(std::string_view text, const flow::Column& column) {
  const std::int64_t max = column.form() == Form::int32 ? std::numeric_limits<std::int32_t>::max()
                                                        : std::numeric_limits<std::int64_t>::max();
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const std::int64_t digit = c - '0';
    if (number > (max - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
  }
  return text.empty() ? std::nullopt : std::optional(number);
}

/// 1 or 0 for each row; only where the cells are values and absent ones.
ParquetEncoder::Present present(std::span<const Cell> cells) {
  static_assert(static_cast<int>(Cell::absent) == 0 && static_cast<int>(Cell::value) == 1);
  return {reinterpret_cast<const std::uint8_t*>(cells.data()), cells.size()};
}

}  // namespace

std::vector<Column> flow_columns(const flow::Format& format) {
  std::vector<Column> columns;
  for (const flow::Field field : format.fields()) {
    const flow::FieldInfo& about = flow::info(field);
    columns.push_back({std::string(about.column_name), type_of(about.kind)});
  }
  return columns;
}

void FlowRows::look(const flow::Columns& batch) {
  batch_ = &batch;
  has_unfit_ = false;
  looks_.clear();
  for (const flow::Column& column : batch.columns()) {
    std::uint8_t least = 0xff;
    std::uint8_t greatest = 0;
    for (const Cell cell : column.cells()) {
      least = std::min(least, static_cast<std::uint8_t>(cell));
      greatest = std::max(greatest, static_cast<std::uint8_t>(cell));
    }
    const Look look = greatest > static_cast<std::uint8_t>(Cell::value) ? Look::mixed
                      : greatest == 0                                   ? Look::absent
                      : least == 0                                      ? Look::gaps
                                                                        : Look::full;
    looks_.push_back(look);
    has_unfit_ |= look == Look::mixed && is_number(column);
  }
}

std::optional<std::int64_t> FlowRows::number(std::size_t column, std::size_t row) const {
  const flow::Column& from = batch_->columns()[column];
  if (from.cells()[row] == Cell::odd) return read_odd(batch_->odd(column, row), from);
  return from.number(row);
}

bool FlowRows::fits(std::size_t row) const {
  if (!has_unfit_) return true;
  const auto columns = batch_->columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool is_odd = is_number(columns[i]) && columns[i].cells()[row] == Cell::odd;
    if (is_odd && !number(i, row)) return false;
  }
  return true;
}

Result<void> FlowRows::add(ParquetEncoder& encoder, std::size_t first, std::size_t count) {
  while (count > 0) {
    const std::size_t part = std::min(count, encoder.rows_max());
    for (std::size_t i = 0; i < looks_.size(); ++i) add_column(encoder, i, first, part);
    WEIR_CHECK(encoder.end_rows(part));
    first += part;
    count -= part;
  }
  return {};
}

void FlowRows::add_column(ParquetEncoder& encoder, std::size_t index, std::size_t first,
                          std::size_t count) {
  const flow::Column& column = batch_->columns()[index];
  const Look look = looks_[index];
  if (look == Look::absent) return encoder.add_nulls(index, count);
  if (look == Look::mixed) return add_cells(encoder, index, first, count);
  const auto is_there = look == Look::full ? ParquetEncoder::Present()
                                           : present(column.cells().subspan(first, count));
  switch (column.form()) {
    case Form::int32:
      return encoder.add(index, column.int32s().subspan(first, count), is_there);
    case Form::int64:
      return encoder.add(index, column.int64s().subspan(first, count), is_there);
    case Form::address:
      return encoder.add_v4s(index, column.v4s().subspan(first, count), is_there);
    case Form::text:
      break;
  }
  texts_.clear();
  for (const flow::Slice slice : column.slices().subspan(first, count)) {
    texts_.push_back(batch_->text(slice));
  }
  encoder.add(index, std::span<const std::string_view>(texts_), is_there);
}

/// One by one: some cells are IPv6 addresses or odd.
void FlowRows::add_cells(ParquetEncoder& encoder, std::size_t index, std::size_t first,
                         std::size_t count) {
  const flow::Column& column = batch_->columns()[index];
  std::string address;
  for (std::size_t row = first; row < first + count; ++row) {
    const Cell cell = column.cells()[row];
    if (cell == Cell::absent) {
      encoder.add_null(index);
    } else if (is_number(column)) {
      encoder.add(index, *number(index, row));
    } else if (cell == Cell::odd) {
      encoder.add(index, batch_->odd(index, row));
    } else if (cell == Cell::value) {
      encoder.add_v4s(index, column.v4s().subspan(row, 1), {});
    } else {
      address.clear();
      column.address(row).append_to(address);
      encoder.add(index, std::string_view(address));
    }
  }
}

}  // namespace weir::columnar
