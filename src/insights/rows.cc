// SPDX-License-Identifier: Apache-2.0
#include "insights/rows.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace weir::insights {

std::vector<Slot> Order::slots() const {
  std::vector<Slot> out;
  for (const OrderKey& key : keys) out.push_back(key.slot);
  if (event_id) out.push_back(*event_id);
  return out;
}

std::weak_ordering order_of(const Value& value, const Value& other, bool descending) {
  const auto order = natural_compare(value, other);
  return descending && !value.is_null() && !other.is_null() ? 0 <=> order : order;
}

Error bound_reached(std::string_view what, std::string_view bound, std::size_t limit) {
  return {ErrorKind::limit, "LimitExceededException",
          "The query was stopped: its " + std::string(what) + " needs more than " +
              std::to_string(limit) + " " + std::string(bound) +
              ". Filter the events, group them more coarsely or add a limit."};
}

RowStore::RowStore(Order order, std::vector<Slot> slots)
    : order_(std::move(order)), slots_(std::move(slots)) {
  for (const Slot slot : order_.slots()) slots_.push_back(slot);
  std::sort(slots_.begin(), slots_.end());
  slots_.erase(std::unique(slots_.begin(), slots_.end()), slots_.end());
  const auto place = [this](Slot slot) {
    return static_cast<std::size_t>(std::lower_bound(slots_.begin(), slots_.end(), slot) -
                                    slots_.begin());
  };
  for (const OrderKey& key : order_.keys) key_places_.push_back(place(key.slot));
  if (order_.event_id) id_place_ = place(*order_.event_id);
}

std::vector<ColumnPtr> RowStore::columns(Batch& batch) const {
  std::vector<ColumnPtr> out;
  for (const Slot slot : slots_) out.push_back(batch.column(slot));
  return out;
}

void RowStore::append(std::span<const ColumnPtr> columns, std::size_t row) {
  for (const ColumnPtr& column : columns) {
    const bool makes_text = column->form == Column::Form::addresses;
    Value value = column->at(row, *arena_);
    if (!makes_text && !value.text.empty()) value.text = arena_->copy(value.text);
    values_.push_back(value);
  }
  ++size_;
}

void RowStore::append(const RowStore& other, std::size_t row) {
  for (std::size_t place = 0; place < slots_.size(); ++place) {
    Value value = other.value(row, place);
    value.text = arena_->copy(value.text);
    values_.push_back(value);
  }
  ++size_;
}

void RowStore::replace_by_last(std::size_t row) {
  const std::size_t stride = slots_.size();
  --size_;
  std::copy_n(values_.begin() + static_cast<std::ptrdiff_t>(size_ * stride), stride,
              values_.begin() + static_cast<std::ptrdiff_t>(row * stride));
  values_.resize(size_ * stride);
  ++replaced_;
}

bool RowStore::is_before(std::size_t a, std::size_t b) const {
  for (std::size_t k = 0; k < key_places_.size(); ++k) {
    const auto order =
        order_of(value(a, key_places_[k]), value(b, key_places_[k]), order_.keys[k].descending);
    if (order != 0) return order < 0;
  }
  if (!id_place_) return a < b;
  const int order = value(a, *id_place_).text.compare(value(b, *id_place_).text);
  return order == 0 ? a < b : order > 0;
}

std::vector<std::uint32_t> RowStore::sorted(std::size_t count) const {
  std::vector<std::uint32_t> rows(size_);
  std::iota(rows.begin(), rows.end(), 0U);
  const auto before = [this](std::uint32_t a, std::uint32_t b) { return is_before(a, b); };
  count = std::min(count, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(),
                    before);
  rows.resize(count);
  return rows;
}

void RowStore::keep_rows(std::span<const std::uint32_t> rows) {
  const auto arena = std::make_shared<Arena>();
  std::vector<Value> values;
  values.reserve(rows.size() * slots_.size());
  for (const std::uint32_t row : rows) {
    for (std::size_t place = 0; place < slots_.size(); ++place) {
      values.push_back(value(row, place));
      values.back().text = arena->copy(values.back().text);
    }
  }
  values_ = std::move(values);
  arena_ = arena;
  size_ = rows.size();
  replaced_ = 0;
}

std::vector<std::uint32_t> RowStore::trim(std::size_t count) {
  if (size_ <= count || count == 0) return {};
  std::vector<std::uint32_t> rows(size_);
  std::iota(rows.begin(), rows.end(), 0U);
  const auto last = rows.begin() + static_cast<std::ptrdiff_t>(count - 1);
  std::nth_element(rows.begin(), last, rows.end(),
                   [this](std::uint32_t a, std::uint32_t b) { return is_before(a, b); });
  rows.resize(count);
  if (!id_place_) std::sort(rows.begin(), rows.end());  // as they came, for ties
  keep_rows(rows);
  return rows;
}

void RowStore::collect_garbage() {
  if (replaced_ < 1024 || replaced_ < size_) return;
  std::vector<std::uint32_t> rows(size_);
  std::iota(rows.begin(), rows.end(), 0U);
  keep_rows(rows);
}

Batch RowStore::to_batch(std::span<const std::uint32_t> rows, std::size_t slot_count) const {
  Batch batch(slot_count, rows.size(), nullptr);
  batch.hold(arena_);
  for (std::size_t place = 0; place < slots_.size(); ++place) {
    Column column;
    column.form = Column::Form::values;
    column.values.reserve(rows.size());
    for (const std::uint32_t row : rows) column.values.push_back(value(row, place));
    batch.set(slots_[place], std::make_shared<const Column>(std::move(column)));
  }
  return batch;
}

void Cutoff::set(const RowStore& rows, const OrderKey& key) {
  std::size_t last = 0;
  for (std::size_t row = 1; row < rows.size(); ++row) {
    if (rows.is_before(last, row)) last = row;
  }
  Value value = rows.first_key(last);
  text_ = Arena();
  value.text = text_.copy(value.text);
  key_ = key;
  last_ = value;
}

void Cutoff::apply(Batch& batch) const {
  if (!last_) return;
  const Column& column = *batch.column(key_.slot);
  std::vector<std::uint8_t> marks(batch.rows());
  const bool is_fast = column.form == Column::Form::integers && column.nulls.empty() &&
                       (last_->kind == Value::Kind::integer || last_->kind == Value::Kind::time);
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (is_fast) {
      marks[i] = key_.descending ? column.integers[i] >= last_->integer
                                 : column.integers[i] <= last_->integer;
    } else {
      marks[i] = order_of(column.at(i, batch.arena()), *last_, key_.descending) <= 0 ? 1 : 0;
    }
  }
  batch.keep_marked(marks);
}

}  // namespace weir::insights
