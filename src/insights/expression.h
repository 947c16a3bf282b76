// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "insights/batch.h"
#include "insights/functions.h"
#include "insights/lookup_index.h"
#include "insights/regex.h"
#include "insights/value.h"

namespace weir::insights {

enum class Operator : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
};
inline bool is_comparison(Operator op) { return op >= Operator::equal; }

/// A set of values for `in`: equal as numbers or as texts.
class ValueSet {
 public:
  ValueSet();
  ~ValueSet();
  ValueSet(ValueSet&&) noexcept;
  ValueSet& operator=(ValueSet&&) noexcept;
  /// Copies the text of the value.
  void add(const Value& value);
  bool contains(const Value& value) const;
  std::size_t size() const;
  /// Numbers that are integers, other numbers, and texts that are no numbers, as values.
  std::vector<Value> values() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What is known of a field of some events without reading it.
class FieldFacts {
 public:
  virtual ~FieldFacts() = default;
  /// False: the field equals the value in none of them.
  virtual bool may_equal(Slot slot, const Value& value) const = 0;
};

/// An expression whose names are slots.
struct Expression {
  enum class Kind : std::uint8_t {
    constant,
    slot,
    path,    // args[0] is a tree; text is the path within it
    negate,  // -x
    binary,  // op
    logic_and,
    logic_or,
    logic_not,
    like,      // text: substring, or regex
    in_list,   // set
    in_query,  // the values of the sub-query number `index`
    call,
  };
  Kind kind = Kind::constant;
  Operator op = Operator::add;
  Slot slot = 0;
  std::size_t index = 0;
  Value constant;  // its text lives in `text`
  std::string text;
  std::shared_ptr<const Regex> regex;
  std::shared_ptr<const ValueSet> set;
  const Function* function = nullptr;
  std::vector<std::unique_ptr<Expression>> args;
  std::size_t begin = 0;  // place in the query's text
  std::size_t end = 0;

  bool is_constant() const { return kind == Kind::constant; }
};
using ExpressionPtr = std::unique_ptr<Expression>;

ExpressionPtr make_constant(Value value);
ExpressionPtr make_slot(Slot slot);
/// The slots that an expression reads.
void collect_slots(const Expression& expression, std::vector<Slot>& out);

struct LookupTable;

/// The rows of a sub-query, for `join`; the first worker that needs the index makes it.
struct JoinTable {
  struct Index {
    std::once_flag made;
    std::unordered_multimap<std::string, std::uint32_t> rows;
  };
  std::vector<std::string> names;
  std::vector<ColumnPtr> columns;
  std::size_t row_count = 0;
  std::shared_ptr<Batch> rows;  // keeps the texts of the columns
  std::shared_ptr<Index> index;
};

/// What is the same for all rows of a run.
struct RunContext {
  std::int64_t now_ms = 0;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  // Bounds of one worker's state.
  std::size_t groups_max = 0;
  std::size_t rows_max = 0;
  std::size_t memory_bytes_max = 0;
  std::size_t slots = 0;
  std::vector<ValueSet> subqueries;  // of `in`, by the number of the sub-query
  std::vector<JoinTable> joins;      // by the number of the sub-query
  std::vector<LookupIndex> lookups;  // by the number of the lookup
};

/// The expression for all rows of the batch.
ColumnPtr evaluate(const Expression& expression, Batch& batch, const RunContext& run);
/// False: the expression is true for none of the events.
bool may_be_true(const Expression& expression, const FieldFacts& facts);
/// Marks the rows for which the expression is true.
std::vector<std::uint8_t> evaluate_marks(const Expression& expression, Batch& batch,
                                         const RunContext& run);

}  // namespace weir::insights
