// SPDX-License-Identifier: Apache-2.0
#include "insights/arithmetic.h"
#include "insights/commands/running.h"

namespace weir::insights {

/// `accum field [as name]`: the sum of the field over the rows up to this one.
Result<void> compile_accum(Compiler& c) {
  WEIR_TRY(std::string name, c.need_name("a field"));
  const Slot from = c.slot_of(c.field(name));
  WEIR_TRY(const bool has_name, c.take_word("as"));
  if (has_name) {
    WEIR_TRY(name, c.need_name("a name"));
  }
  const Slot to = c.new_slot();
  add_running(c, from, to,
              [](const Column& column, std::size_t rows, Arena& arena, std::vector<Value>& out) {
                Number sum = Number::of(std::int64_t{0});
                for (std::size_t i = 0; i < rows; ++i) {
                  if (const auto number = number_of(column.at(i, arena))) {
                    sum = arithmetic(Operator::add, sum, *number).value_or(sum);
                  }
                  out.push_back(sum.is_integer ? Value::of(sum.integer) : Value::of(sum.real));
                }
              });
  c.redefine(name, to);
  return {};
}

}  // namespace weir::insights
