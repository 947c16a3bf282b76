// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/pattern.h"

namespace weir::insights {
namespace {

constexpr Duration kDay = std::chrono::hours(24);

/// 1 for rows of the query's own time and null for others, or the other way round.
class EraStep : public Step {
 public:
  EraStep(Slot timestamp, Slot slot, bool is_now)
      : timestamp_(timestamp), slot_(slot), is_now_(is_now) {}
  Result<void> apply(Batch& batch, const RunContext& run) const override {
    const ColumnPtr times = batch.column(timestamp_);
    Column column;
    column.form = Column::Form::values;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const Value time = times->at(i, batch.arena());
      const bool is_now = time.integer >= run.from_ms;
      column.values.push_back(is_now == is_now_ ? Value::of(std::int64_t{1}) : Value());
    }
    batch.set(slot_, std::make_shared<const Column>(std::move(column)));
    return {};
  }
  std::vector<Slot> reads() const override { return {timestamp_}; }

 private:
  Slot timestamp_;
  Slot slot_;
  bool is_now_;
};

ExpressionPtr difference(Slot count, Slot earlier) {
  auto out = std::make_unique<Expression>();
  out->kind = Expression::Kind::binary;
  out->op = Operator::subtract;
  out->args.push_back(make_slot(count));
  out->args.push_back(make_slot(earlier));
  return out;
}

ExpressionPtr magnitude(Slot slot) {
  auto out = std::make_unique<Expression>();
  out->kind = Expression::Kind::call;
  out->function = find_function("abs");
  out->args.push_back(make_slot(slot));
  return out;
}

Slot era_slot(Compiler& c, bool is_now) {
  const Slot slot = c.new_slot();
  c.add_step(std::make_unique<EraStep>(c.system_slot(SystemField::timestamp), slot, is_now));
  return slot;
}

/// `diff [previousDay | previousWeek | previousMonth]`, behind its name.
Result<void> read_span(Compiler& c) {
  c.plan().compare_with = Duration(0);  // the time span just before
  if (c.at_end_of_command()) return {};
  const Token token = c.peek();
  WEIR_TRY(const std::string name, c.need_name("previousDay, previousWeek or previousMonth"));
  if (equal_ignoring_case(name, "previousDay")) {
    c.plan().compare_with = kDay;
  } else if (equal_ignoring_case(name, "previousWeek")) {
    c.plan().compare_with = 7 * kDay;
  } else if (equal_ignoring_case(name, "previousMonth")) {
    c.plan().compare_with = 30 * kDay;
  } else {
    return malformed(token.begin, token.end,
                     "diff takes previousDay, previousWeek or previousMonth");
  }
  return {};
}

}  // namespace

Slot add_comparison(Compiler& c, std::vector<AggregateCall>& calls) {
  calls.resize(2);
  calls[1].function = calls[0].function;
  calls[1].output = c.new_slot();
  for (std::size_t i = 0; i < 2; ++i) {
    calls[i].argument_slot = era_slot(c, i == 0);
    calls[i].argument = make_slot(calls[i].argument_slot);
  }
  return calls[1].output;
}

Order add_difference(Compiler& c, Slot count, Slot earlier, Slot pattern,
                     std::vector<OutputColumn>& outputs) {
  const Slot change = c.slot_of(difference(count, earlier));
  const Slot size = c.slot_of(magnitude(change));
  outputs.push_back({"@previousSampleCount", earlier});
  outputs.push_back({"@difference", change});
  return {{{size, true}, {pattern, false}}, std::nullopt};
}

Result<bool> take_diff(Compiler& c) {
  if (!c.at_symbol("|")) return false;
  const Token bar = c.peek();
  WEIR_CHECK(c.take());
  if (!c.at_word("diff")) {
    WEIR_CHECK(c.go_to(bar.begin));
    return false;
  }
  WEIR_CHECK(c.take());
  WEIR_CHECK(read_span(c));
  return true;
}

/// Without `pattern` before it: of the messages.
Result<void> compile_diff(Compiler& c) {
  if (!c.rows_are_events()) {
    return c.error_from(c.last_end(), "diff stands behind pattern, or before every stats");
  }
  WEIR_CHECK(read_span(c));
  add_pattern(c, c.field("@message"), true);
  return {};
}

}  // namespace weir::insights
