// SPDX-License-Identifier: Apache-2.0
#include "insights/arithmetic.h"
#include "insights/commands/steps.h"

namespace weir::insights {
namespace {

class TotalStep : public Step {
 public:
  TotalStep(std::vector<Slot> from, Slot to) : from_(std::move(from)), to_(to) {}
  Result<void> apply(Batch& batch, const RunContext&) const override {
    Column column;
    column.form = Column::Form::values;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      Number sum = Number::of(std::int64_t{0});
      for (const Slot slot : from_) {
        const Value value = batch.column(slot)->at(i, batch.arena());
        if (value.kind == Value::Kind::time) continue;
        if (const auto number = number_of(value)) {
          sum = arithmetic(Operator::add, sum, *number).value_or(sum);
        }
      }
      column.values.push_back(sum.is_integer ? Value::of(sum.integer) : Value::of(sum.real));
    }
    batch.set(to_, std::make_shared<const Column>(std::move(column)));
    return {};
  }
  std::vector<Slot> reads() const override { return from_; }

 private:
  std::vector<Slot> from_;
  Slot to_;
};

}  // namespace

/// `addtotals [field, ...] [as name]`: the sum of the row's numbers as the field `Total`; without
/// fields of all that are shown so far.
Result<void> compile_addtotals(Compiler& c) {
  std::vector<std::string> names;
  if (!c.at_end_of_command() && !c.at_word("as")) {
    WEIR_TRY(names, name_list(c, "a field"));
  } else {
    for (const OutputColumn& column : c.shown()) names.push_back(column.name);
  }
  WEIR_TRY(const bool has_name, c.take_word("as"));
  std::string total = "Total";
  if (has_name) {
    WEIR_TRY(total, c.need_name("a name"));
  }
  std::vector<Slot> from;
  for (const std::string& name : names) from.push_back(c.slot_of(c.field(name)));
  const Slot to = c.new_slot();
  c.add_step(std::make_unique<TotalStep>(std::move(from), to));
  c.redefine(total, to);
  return {};
}

}  // namespace weir::insights
