// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/steps.h"

namespace weir::insights {

/// `fillmissing [with value] [for field, ...]`: the value (0) where a field is absent; without
/// fields in all that are shown so far.
Result<void> compile_fillmissing(Compiler& c) {
  ExpressionPtr value = make_constant(Value::of(std::int64_t{0}));
  WEIR_TRY(const bool has_value, c.take_word("with"));
  if (has_value) {
    const std::size_t begin = c.peek().begin;
    WEIR_TRY(value, c.expression());
    if (!value->is_constant()) return c.error_from(begin, "fillmissing takes a literal");
  }
  WEIR_TRY(const bool has_names, c.take_word("for"));
  std::vector<std::string> names;
  if (has_names) {
    WEIR_TRY(names, name_list(c, "a field"));
  } else {
    for (const OutputColumn& column : c.shown()) names.push_back(column.name);
  }
  for (const std::string& name : names) {
    auto filled = std::make_unique<Expression>();
    filled->kind = Expression::Kind::call;
    filled->function = find_function("coalesce");
    filled->args.push_back(c.field(name));
    filled->args.push_back(make_constant(value->constant));
    c.redefine(name, c.slot_of(std::move(filled)));
  }
  return {};
}

}  // namespace weir::insights
