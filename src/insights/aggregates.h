// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "insights/column.h"
#include "insights/functions.h"
#include "insights/value.h"

namespace weir::insights {

/// Some rows, each with the group that it belongs to.
struct GroupedRows {
  std::span<const std::uint32_t> groups;
  std::size_t group_count = 0;        // groups there are now
  const Column* argument = nullptr;   // of the aggregate; nullptr: none
  const Column* timestamp = nullptr;  // where the aggregate needs it
  Arena& arena;                       // of the batch
  std::size_t rows() const { return groups.size(); }
};

/// What a result may depend on beside the rows.
struct ResultContext {
  Arena& arena;
  std::int64_t span_ms = 0;  // of the group's time bin, or of the query
};

/// One aggregate function of all groups.
///
/// Threads: one.
class Aggregate {
 public:
  virtual ~Aggregate() = default;
  virtual void add(const GroupedRows& rows) = 0;
  /// `other` is of the same function and constants; `map` says which group is which.
  virtual void merge(const Aggregate& other, std::span<const std::uint32_t> map,
                     std::size_t group_count) = 0;
  virtual Value result(std::size_t group, const ResultContext& context) const = 0;
  virtual std::size_t bytes() const = 0;
};

/// A row of the table of aggregate functions. `constants` are the arguments that are literals.
struct AggregateFunction {
  std::string_view name;
  std::size_t arguments_min = 1;
  std::size_t arguments_max = 1;
  std::unique_ptr<Aggregate> (*make)(std::span<const Value> constants) = nullptr;
  /// What the arguments must be; beyond the list they are `any`. One of them at most is a field.
  std::vector<Argument> arguments = {};
  bool needs_timestamp = false;
};

// One list for each file aggregates_*.cc.
std::span<const AggregateFunction> numeric_aggregates();
std::span<const AggregateFunction> value_aggregates();
std::span<const AggregateFunction> sketch_aggregates();

/// By its name in any case; nullptr if there is none.
const AggregateFunction* find_aggregate(std::string_view name);
std::vector<std::string_view> aggregate_names();

/// Passes each row with a number: `each(row, number)`.
template <class Each>
void each_number(const Column& column, std::size_t rows, Arena& arena, Each each) {
  using Form = Column::Form;
  if (column.form == Form::integers) {
    for (std::size_t i = 0; i < rows; ++i) {
      if (!column.is_missing(i)) each(i, Number::of(column.integers[i]));
    }
    return;
  }
  if (column.form == Form::addresses) return;
  for (std::size_t i = 0; i < rows; ++i) {
    if (const auto number = number_of(column.at(i, arena))) each(i, *number);
  }
}

}  // namespace weir::insights
