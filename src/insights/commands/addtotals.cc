// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "insights/arithmetic.h"
#include "insights/commands/steps.h"

namespace weir::insights {
namespace {

/// Times are no numbers to add up.
std::optional<Number> addend(const Value& value) {
  return value.kind == Value::Kind::time ? std::nullopt : number_of(value);
}

Number plus(const Number& a, const Number& b) {
  return arithmetic(Operator::add, a, b).value_or(a);
}

Value value_of(const Number& number) {
  return number.is_integer ? Value::of(number.integer) : Value::of(number.real);
}

/// The sum of each row.
class RowTotals : public Step {
 public:
  RowTotals(std::vector<Slot> from, Slot to) : from_(std::move(from)), to_(to) {}
  Result<void> apply(Batch& batch, const RunContext&) const override {
    std::vector<Number> sums(batch.rows(), Number::of(std::int64_t{0}));
    for (const Slot slot : from_) {
      const ColumnPtr column = batch.column(slot);
      for (std::size_t i = 0; i < batch.rows(); ++i) {
        if (const auto number = addend(column->at(i, batch.arena()))) {
          sums[i] = plus(sums[i], *number);
        }
      }
    }
    std::vector<Value> values;
    for (const Number& sum : sums) values.push_back(value_of(sum));
    batch.set(to_, std::make_shared<const Column>(Column::of(std::move(values))));
    return {};
  }
  std::vector<Slot> reads() const override { return from_; }

 private:
  std::vector<Slot> from_;
  Slot to_;
};

/// One more row with the sum of each field that has a number at all.
class ColumnTotals : public Step {
 public:
  ColumnTotals(std::vector<Slot> from, std::vector<Slot> to)
      : from_(std::move(from)), to_(std::move(to)) {}
  Result<void> apply(Batch& batch, const RunContext&) const override {
    const std::size_t rows = batch.rows();
    for (const Slot slot : from_) batch.column(slot);
    batch.append_rows(1);
    for (std::size_t k = 0; k < from_.size(); ++k) {
      const ColumnPtr column = batch.column(from_[k]);
      std::vector<Value> values;
      std::optional<Number> sum;
      for (std::size_t i = 0; i < rows; ++i) {
        values.push_back(column->at(i, batch.arena()));
        if (const auto number = addend(values.back())) {
          sum = sum ? plus(*sum, *number) : *number;
        }
      }
      values.push_back(sum ? value_of(*sum) : Value());
      batch.set(to_[k], std::make_shared<const Column>(Column::of(std::move(values))));
    }
    return {};
  }
  std::vector<Slot> reads() const override { return from_; }
  bool keeps_rows() const override { return false; }

 private:
  std::vector<Slot> from_;
  std::vector<Slot> to_;
};

struct Options {
  std::string name = "Total";
  bool rows = true;
  bool columns = false;
};

Result<Options> read_options(Compiler& c) {
  Options out;
  for (;;) {
    WEIR_TRY(const bool is_name, c.take_option("fieldname"));
    if (is_name) {
      WEIR_TRY(out.name, c.need_name("a name"));
      continue;
    }
    WEIR_TRY(const bool is_rows, c.take_option("row"));
    if (is_rows) {
      WEIR_TRY(out.rows, c.need_truth());
      continue;
    }
    WEIR_TRY(const bool is_columns, c.take_option("col"));
    if (!is_columns) return out;
    WEIR_TRY(out.columns, c.need_truth());
  }
}

void add_column_totals(Compiler& c, const std::vector<std::string>& names) {
  std::vector<Slot> from;
  std::vector<Slot> to;
  for (const std::string& name : names) from.push_back(c.slot_of(c.field(name)));
  c.put_in_order(std::nullopt);
  for (const std::string& name : names) {
    to.push_back(c.new_slot());
    c.redefine(name, to.back());
  }
  c.add_step(std::make_unique<ColumnTotals>(std::move(from), std::move(to)));
}

}  // namespace

/// `addtotals [fieldname=name] [row=true|false] [col=true|false] [field, ...]` (User Guide): the
/// sum of the row's numbers as the field `Total`, and a last row with the sum of each field.
/// Without fields of all that are shown so far.
Result<void> compile_addtotals(Compiler& c) {
  WEIR_TRY(const Options options, read_options(c));
  std::vector<std::string> names;
  if (!c.at_end_of_command()) {
    WEIR_TRY(names, name_list(c, "fieldname=, row=, col= or a field"));
  } else {
    for (const OutputColumn& column : c.shown()) names.push_back(column.name);
  }
  if (options.columns) add_column_totals(c, names);
  if (!options.rows) return {};
  std::vector<Slot> from;
  for (const std::string& name : names) from.push_back(c.slot_of(c.field(name)));
  const Slot to = c.new_slot();
  c.add_step(std::make_unique<RowTotals>(std::move(from), to));
  c.redefine(options.name, to);
  return {};
}

}  // namespace weir::insights
