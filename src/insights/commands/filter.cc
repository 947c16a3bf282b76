// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/steps.h"

namespace weir::insights {
namespace {

class FilterStep : public Step {
 public:
  explicit FilterStep(ExpressionPtr condition) : condition_(std::move(condition)) {}
  Result<void> apply(Batch& batch, const RunContext& run) const override {
    batch.keep_marked(evaluate_marks(*condition_, batch, run));
    return {};
  }
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots;
    collect_slots(*condition_, slots);
    return slots;
  }
  bool keeps_rows() const override { return false; }
  bool is_filter() const override { return true; }
  bool may_keep(const FieldFacts& facts) const override { return may_be_true(*condition_, facts); }

 private:
  ExpressionPtr condition_;
};

/// Conditions joined by `and` one after the other, so that later fields are read only of the rows
/// that are left.
void add_filters(Compiler& c, ExpressionPtr condition) {
  if (condition->kind == Expression::Kind::logic_and) {
    add_filters(c, std::move(condition->args[0]));
    add_filters(c, std::move(condition->args[1]));
    return;
  }
  c.add_step(std::make_unique<FilterStep>(std::move(condition)));
}

}  // namespace

Result<void> compile_filter(Compiler& c) {
  WEIR_TRY(ExpressionPtr condition, c.expression());
  add_filters(c, std::move(condition));
  return {};
}

/// `filterIndex field = value` or `field in [...]`. There are no separate indexes: the bounds and
/// dictionaries that blocks have of every column do what they are for.
Result<void> compile_filter_index(Compiler& c) {
  const std::size_t begin = c.peek().begin;
  WEIR_TRY(ExpressionPtr condition, c.expression());
  const bool is_equality =
      condition->kind == Expression::Kind::binary && condition->op == Operator::equal;
  if (!is_equality && condition->kind != Expression::Kind::in_list) {
    return c.error_from(begin, "filterIndex takes field = value or field in [value, ...]");
  }
  add_filters(c, std::move(condition));
  return {};
}

}  // namespace weir::insights
