// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "insights/column.h"
#include "insights/value.h"

namespace weir::insights {

/// The number of a field of a plan: one for each name, a new one where a name is defined anew.
using Slot = std::uint32_t;

class Batch;

/// Where the columns of a batch come from that no command has set.
class Loader {
 public:
  virtual ~Loader() = default;
  /// Sets the column of that slot (and others if they come with it). `rows` of the batch are the
  /// places in the source.
  virtual void load(Slot slot, Batch& batch) = 0;
};

/// Some rows: the events of one block, or what a command made. Columns are loaded when they are
/// asked for, and only for the rows that are left.
///
/// Threads: one.
class Batch {
 public:
  Batch(std::size_t slots, std::size_t rows, Loader* loader);

  std::size_t rows() const { return rows_; }
  const ColumnPtr& column(Slot slot);
  bool has(Slot slot) const { return columns_[slot] != nullptr; }
  void set(Slot slot, ColumnPtr column) { columns_[slot] = std::move(column); }
  /// Keeps these rows, in that order; a row may come more than once.
  void keep(std::span<const std::uint32_t> rows);
  /// Keeps the rows that are marked.
  void keep_marked(std::span<const std::uint8_t> marks);
  /// Adds rows without values behind the others. Only of a batch that loads nothing any more.
  void append_rows(std::size_t count);
  /// For each row its place in the source; empty: the same place.
  std::span<const std::uint32_t> origins() const { return origins_; }
  std::size_t origin(std::size_t row) const { return origins_.empty() ? row : origins_[row]; }
  /// Lives as long as any batch that was made from this one.
  Arena& arena() { return *arena_; }
  /// Keeps texts alive that columns of this batch point to.
  void hold(std::shared_ptr<const void> memory) { held_.push_back(std::move(memory)); }

 private:
  std::size_t rows_;
  Loader* loader_;
  std::vector<ColumnPtr> columns_;
  std::vector<std::uint32_t> origins_;
  std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
  std::vector<std::shared_ptr<const void>> held_;
};

}  // namespace weir::insights
