// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "insights/batch.h"
#include "insights/expression.h"

namespace weir::insights {

/// One key of an order.
struct OrderKey {
  Slot slot = 0;
  bool descending = false;
};
/// An order of rows: by the keys, nulls last in both directions, then (of events) by the event ids,
/// the newest first, or (of other rows) as they came.
struct Order {
  std::vector<OrderKey> keys;
  std::optional<Slot> event_id;

  std::vector<Slot> slots() const;
};

/// Rows that are kept beyond their batch: some slots of each, with their texts.
///
/// Threads: one.
class RowStore {
 public:
  /// The slots of the order are kept too.
  RowStore(Order order, std::vector<Slot> slots);

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return values_.size() * sizeof(Value) + arena_->bytes(); }
  std::span<const Slot> slots() const { return slots_; }
  /// The columns of the batch that rows are made of, loaded.
  std::vector<ColumnPtr> columns(Batch& batch) const;
  void append(std::span<const ColumnPtr> columns, std::size_t row);
  void append(const RowStore& other, std::size_t row);
  /// Puts the last row in the place of `row`.
  void replace_by_last(std::size_t row);
  /// Whether row `a` comes before row `b`.
  bool is_before(std::size_t a, std::size_t b) const;
  const Value& value(std::size_t row, std::size_t place) const {
    return values_[row * slots_.size() + place];
  }
  /// Of the order, which has one at least.
  const Value& first_key(std::size_t row) const { return value(row, key_places_[0]); }
  /// All rows in order, at most `count`.
  std::vector<std::uint32_t> sorted(std::size_t count) const;
  /// Keeps the first `count` rows of the order only; for each row that is left what it was before,
  /// or nothing if all are.
  std::vector<std::uint32_t> trim(std::size_t count);
  /// Memory of rows that were replaced is given back where it is worth while.
  void collect_garbage();
  Batch to_batch(std::span<const std::uint32_t> rows, std::size_t slot_count) const;

 private:
  void keep_rows(std::span<const std::uint32_t> rows);

  Order order_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> key_places_;
  std::optional<std::size_t> id_place_;
  std::size_t size_ = 0;
  std::size_t replaced_ = 0;
  std::vector<Value> values_;
  std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
};

/// The first key of the last row of an order that is still wanted: what comes behind it is not.
class Cutoff {
 public:
  /// The last of all rows of the store, which has some and an order with a key.
  void set(const RowStore& rows, const OrderKey& key);
  /// Drops rows that come behind, by the first key alone.
  void apply(Batch& batch) const;

 private:
  OrderKey key_;
  std::optional<Value> last_;
  Arena text_;
};

/// `value` before `other` in an order of one key: less than 0.
std::weak_ordering order_of(const Value& value, const Value& other, bool descending);

/// The error of a run that would keep more than a bound; `what` is the command, `bound` is named.
Error bound_reached(std::string_view what, std::string_view bound, std::size_t limit);

}  // namespace weir::insights
