// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/pattern.h"

namespace weir::insights {
namespace {

constexpr Duration kDay = std::chrono::hours(24);

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

/// `logcompare timeshift 7d`, behind its name (User Guide).
Result<void> read_shift(Compiler& c) {
  WEIR_CHECK(c.need_word("timeshift"));
  WEIR_TRY(const std::int64_t period, c.need_period("a period such as 7d"));
  // A month counts as it does for `diff previousMonth`.
  c.plan().compare_with = period > 0 ? Duration(period) : -period * 30 * kDay;
  return {};
}

}  // namespace

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
  const bool is_diff = c.at_word("diff");
  if (!is_diff && !c.at_word("logcompare")) {
    WEIR_CHECK(c.go_to(bar.begin));
    return false;
  }
  WEIR_CHECK(c.take());
  WEIR_CHECK(is_diff ? read_span(c) : read_shift(c));
  return true;
}

Result<void> compile_logcompare(Compiler& c) {
  if (!c.rows_are_events()) {
    return c.error_from(c.last_end(), "logcompare stands behind pattern, or before every stats");
  }
  WEIR_CHECK(read_shift(c));
  add_pattern(c, c.field("@message"), true);
  return {};
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
