// SPDX-License-Identifier: Apache-2.0
#include "insights/batch.h"

#include "base/result.h"

namespace weir::insights {

Batch::Batch(std::size_t slots, std::size_t rows, Loader* loader)
    : rows_(rows), loader_(loader), columns_(slots) {}

const ColumnPtr& Batch::column(Slot slot) {
  if (!columns_[slot] && loader_ != nullptr) loader_->load(slot, *this);
  if (!columns_[slot]) columns_[slot] = Column::of(Value());
  return columns_[slot];
}

void Batch::keep(std::span<const std::uint32_t> rows) {
  for (ColumnPtr& column : columns_) {
    if (column && column->form != Column::Form::constant) {
      column = std::make_shared<const Column>(column->keep(rows));
    }
  }
  std::vector<std::uint32_t> origins(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    origins[i] = origins_.empty() ? rows[i] : origins_[rows[i]];
  }
  origins_ = std::move(origins);
  rows_ = rows.size();
}

void Batch::append_rows(std::size_t count) {
  WEIR_ASSERT(loader_ == nullptr);
  for (ColumnPtr& column : columns_) {
    if (!column || (column->form == Column::Form::constant && column->constant.is_null())) continue;
    Column longer;
    longer.form = Column::Form::values;
    longer.values.reserve(rows_ + count);
    for (std::size_t i = 0; i < rows_; ++i) longer.values.push_back(column->at(i, *arena_));
    longer.values.resize(rows_ + count);
    column = std::make_shared<const Column>(std::move(longer));
  }
  origins_.clear();
  rows_ += count;
}

void Batch::keep_marked(std::span<const std::uint8_t> marks) {
  std::vector<std::uint32_t> rows(rows_);
  std::size_t count = 0;
  for (std::size_t i = 0; i < rows_; ++i) {
    rows[count] = static_cast<std::uint32_t>(i);
    count += marks[i] != 0 ? 1 : 0;
  }
  if (count == rows_) return;
  rows.resize(count);
  keep(rows);
}

}  // namespace weir::insights
