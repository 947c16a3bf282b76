// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/running.h"

namespace weir::insights {
namespace {

class RunningStep : public Step {
 public:
  RunningStep(Slot from, Slot to, RunningColumn make)
      : from_(from), to_(to), make_(std::move(make)) {}
  Result<void> apply(Batch& batch, const RunContext&) const override {
    Column column;
    column.form = Column::Form::values;
    column.values.reserve(batch.rows());
    make_(*batch.column(from_), batch.rows(), batch.arena(), column.values);
    batch.set(to_, std::make_shared<const Column>(std::move(column)));
    return {};
  }
  std::vector<Slot> reads() const override { return {from_}; }

 private:
  Slot from_;
  Slot to_;
  RunningColumn make_;
};

}  // namespace

void add_running(Compiler& c, Slot from, Slot to, RunningColumn make) {
  c.put_in_order(std::nullopt);
  c.add_step(std::make_unique<RunningStep>(from, to, std::move(make)));
}

/// `filldown field, ...`: where a field is absent, the value of the row above.
Result<void> compile_filldown(Compiler& c) {
  WEIR_TRY(const std::vector<std::string> names, name_list(c, "a field"));
  for (const std::string& name : names) {
    const Slot from = c.slot_of(c.field(name));
    const Slot to = c.new_slot();
    add_running(c, from, to,
                [](const Column& column, std::size_t rows, Arena& arena, std::vector<Value>& out) {
                  Value last;
                  for (std::size_t i = 0; i < rows; ++i) {
                    const Value value = column.at(i, arena);
                    if (!value.is_null()) last = value;
                    out.push_back(last);
                  }
                });
    c.redefine(name, to);
  }
  return {};
}

}  // namespace weir::insights
