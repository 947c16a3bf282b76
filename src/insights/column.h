// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "insights/value.h"

namespace weir::insights {

/// One field of all rows of a batch. Which of the arrays is filled says `form`.
struct Column {
  enum class Form : std::uint8_t {
    constant,   // the same value in all rows
    integers,   // int64; `is_time` if they are times
    reals,      // double
    addresses,  // IPv4 in `codes`
    words,      // `codes` are places in `words`
    values,     // anything
  };
  Form form = Form::constant;
  bool is_time = false;
  Value constant;
  Value missing;                    // what a row stands for that is marked in `nulls`
  std::vector<std::uint8_t> nulls;  // integers, reals, addresses; empty: none
  std::vector<std::int64_t> integers;
  std::vector<double> reals;
  std::vector<std::uint32_t> codes;
  std::shared_ptr<const std::vector<Value>> words;
  std::vector<Value> values;

  static std::shared_ptr<const Column> of(Value value);
  /// In the densest form that has all of them.
  static Column of(std::vector<Value> all);

  bool is_missing(std::size_t row) const { return !nulls.empty() && nulls[row] != 0; }
  /// The value of a row; texts that have to be made are written into `arena`.
  Value at(std::size_t row, Arena& arena) const;
  /// The chosen rows in that order.
  Column keep(std::span<const std::uint32_t> rows) const;
};

using ColumnPtr = std::shared_ptr<const Column>;

}  // namespace weir::insights
