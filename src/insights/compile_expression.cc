// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "insights/compiler.h"
#include "insights/date_format.h"
#include "net/address.h"

namespace weir::insights {

/// The recursive descent through expressions. Loosest first: or, and, not, comparison, sum,
/// product, power, sign.
class ExpressionCompiler {
 public:
  explicit ExpressionCompiler(Compiler& compiler) : c_(compiler) {}

  Result<ExpressionPtr> expression();

 private:
  using Kind = Expression::Kind;
  /// Counts nesting for as long as it lives.
  class Nesting {
   public:
    explicit Nesting(int& depth) : depth_(++depth) {}
    ~Nesting() { --depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    bool is_too_deep() const { return depth_ > Limits::kDepthMax; }

   private:
    int& depth_;
  };

  Result<ExpressionPtr> conjunction();
  Result<ExpressionPtr> negation();
  Result<ExpressionPtr> comparison();
  Result<ExpressionPtr> like(ExpressionPtr left);
  Result<ExpressionPtr> in(ExpressionPtr left);
  Result<ExpressionPtr> sum();
  Result<ExpressionPtr> product();
  Result<ExpressionPtr> power();
  Result<ExpressionPtr> sign();
  Result<ExpressionPtr> primary();
  Result<ExpressionPtr> literal();
  Result<ExpressionPtr> call(const Token& name);
  Result<ExpressionPtr> scalar_call(const Function& function, const Token& name);
  Result<void> argument(Argument kind, Expression& call);
  Result<void> check_literal(Argument kind, const Expression& value, std::size_t begin);
  Result<ExpressionPtr> aggregate_call(const AggregateFunction& function, const Token& name);
  Result<void> aggregate_arguments(const AggregateFunction& function, AggregateCall& out);
  Error unknown_function(const Token& name) const;
  Error wrong_count(const Token& name, std::size_t least, std::size_t most) const;

  static ExpressionPtr node(Kind kind, ExpressionPtr a, ExpressionPtr b = nullptr) {
    auto out = std::make_unique<Expression>();
    out->kind = kind;
    out->args.push_back(std::move(a));
    if (b) out->args.push_back(std::move(b));
    return out;
  }
  static ExpressionPtr binary(Operator op, ExpressionPtr a, ExpressionPtr b) {
    ExpressionPtr out = node(Kind::binary, std::move(a), std::move(b));
    out->op = op;
    return out;
  }

  Compiler& c_;
};

Result<ExpressionPtr> Compiler::expression() { return ExpressionCompiler(*this).expression(); }

Result<Compiler::Item> Compiler::item() {
  const std::size_t begin = token_.begin;
  Item out;
  WEIR_TRY(out.expression, expression());
  WEIR_TRY(const bool has_name, take_word("as"));
  if (has_name) {
    WEIR_TRY(out.name, need_name("a name behind 'as'"));
  } else {
    const bool is_field = out.expression->kind == Expression::Kind::slot;
    out.name = is_field ? out.expression->text : source(begin, last_end_);
  }
  return out;
}

Result<ExpressionPtr> ExpressionCompiler::expression() {
  const Nesting nesting(c_.depth_);
  if (nesting.is_too_deep()) {
    return malformed(c_.peek().begin, c_.peek().end, "expressions are nested too deeply");
  }
  WEIR_TRY(ExpressionPtr left, conjunction());
  while (c_.at_word("or") || c_.at_symbol("||")) {
    WEIR_CHECK(c_.take());
    WEIR_TRY(ExpressionPtr right, conjunction());
    left = node(Kind::logic_or, std::move(left), std::move(right));
  }
  return left;
}

Result<ExpressionPtr> ExpressionCompiler::conjunction() {
  WEIR_TRY(ExpressionPtr left, negation());
  while (c_.at_word("and")) {
    WEIR_CHECK(c_.take());
    WEIR_TRY(ExpressionPtr right, negation());
    left = node(Kind::logic_and, std::move(left), std::move(right));
  }
  return left;
}

Result<ExpressionPtr> ExpressionCompiler::negation() {
  bool is_negated = false;
  while (c_.at_word("not") || c_.at_symbol("!")) {
    WEIR_CHECK(c_.take());
    is_negated = !is_negated;
  }
  WEIR_TRY(ExpressionPtr value, comparison());
  return is_negated ? node(Kind::logic_not, std::move(value)) : std::move(value);
}

Result<ExpressionPtr> ExpressionCompiler::comparison() {
  WEIR_TRY(ExpressionPtr left, sum());
  constexpr std::pair<std::string_view, Operator> kOperators[] = {
      {"=", Operator::equal},      {"==", Operator::equal},      {"!=", Operator::not_equal},
      {"<>", Operator::not_equal}, {"<=", Operator::less_equal}, {">=", Operator::greater_equal},
      {"<", Operator::less},       {">", Operator::greater},
  };
  for (const auto& [symbol, op] : kOperators) {
    if (!c_.at_symbol(symbol)) continue;
    WEIR_CHECK(c_.take());
    WEIR_TRY(ExpressionPtr right, sum());
    return binary(op, std::move(left), std::move(right));
  }
  const bool is_negated = c_.at_word("not");
  if (is_negated) {
    WEIR_CHECK(c_.take());
    if (!c_.at_word("like") && !c_.at_word("in")) return c_.unexpected("'like' or 'in'");
  }
  ExpressionPtr out;
  if (c_.at_word("like") || c_.at_symbol("=~")) {
    WEIR_TRY(out, like(std::move(left)));
  } else if (c_.at_word("in")) {
    WEIR_TRY(out, in(std::move(left)));
  } else {
    return left;
  }
  return is_negated ? node(Kind::logic_not, std::move(out)) : std::move(out);
}

Result<ExpressionPtr> ExpressionCompiler::like(ExpressionPtr left) {
  const bool is_regex = c_.at_symbol("=~");
  WEIR_CHECK(c_.take());
  ExpressionPtr out = node(Kind::like, std::move(left));
  if (!is_regex && c_.peek().kind == Token::Kind::string) {
    WEIR_TRY(out->text, c_.need_string("a string"));
    return out;
  }
  if (!is_regex && !c_.at_symbol("/")) return c_.unexpected("a string or /regex/ behind 'like'");
  WEIR_TRY(out->regex, c_.need_regex());
  return out;
}

Result<ExpressionPtr> ExpressionCompiler::in(ExpressionPtr left) {
  WEIR_CHECK(c_.take());
  if (c_.at_symbol("(")) {
    ExpressionPtr out = node(Kind::in_query, std::move(left));
    WEIR_TRY(out->index, c_.subquery(SubQuery::Use::values));
    return out;
  }
  WEIR_CHECK(c_.need_symbol("["));
  auto set = std::make_shared<ValueSet>();
  std::vector<ExpressionPtr> varying;
  while (!c_.at_symbol("]")) {
    WEIR_TRY(ExpressionPtr value, expression());
    if (value->is_constant()) {
      set->add(value->constant);
    } else {
      varying.push_back(std::move(value));
    }
    if (set->size() + varying.size() > Limits::kTextMax) return c_.unexpected("fewer items");
    WEIR_TRY(const bool more, c_.take_symbol(","));
    if (!more) break;
  }
  WEIR_CHECK(c_.need_symbol("]"));
  if (varying.size() > 1 || (!varying.empty() && left->kind != Kind::slot)) {
    return c_.unexpected("a list of literals, or of one other expression, behind a field");
  }
  ExpressionPtr other;
  if (!varying.empty()) {
    other = binary(Operator::equal, make_slot(left->slot), std::move(varying[0]));
  }
  ExpressionPtr out = node(Kind::in_list, std::move(left));
  out->set = std::move(set);
  return other ? node(Kind::logic_or, std::move(out), std::move(other)) : std::move(out);
}

Result<ExpressionPtr> ExpressionCompiler::sum() {
  const Token first = c_.peek();
  WEIR_TRY(ExpressionPtr left, product());
  while (c_.at_symbol("+") || c_.at_symbol("-")) {
    WEIR_TRY(const Token sign_token, c_.take());
    const bool is_minus = sign_token.text == "-";
    const Token second = c_.peek();
    WEIR_TRY(ExpressionPtr right, product());
    if (is_minus && first.kind == Token::Kind::name && second.kind == Token::Kind::name &&
        first.end == sign_token.begin && sign_token.end == second.begin &&
        left->kind == Kind::slot && right->kind == Kind::slot) {
      c_.warn_of_hyphen(first, first.begin, second.end);
    }
    left = binary(is_minus ? Operator::subtract : Operator::add, std::move(left), std::move(right));
  }
  return left;
}

Result<ExpressionPtr> ExpressionCompiler::product() {
  WEIR_TRY(ExpressionPtr left, power());
  for (;;) {
    const Operator op = c_.at_symbol("*")   ? Operator::multiply
                        : c_.at_symbol("/") ? Operator::divide
                        : c_.at_symbol("%") ? Operator::modulo
                                            : Operator::equal;
    if (op == Operator::equal) return left;
    WEIR_CHECK(c_.take());
    WEIR_TRY(ExpressionPtr right, power());
    left = binary(op, std::move(left), std::move(right));
  }
}

Result<ExpressionPtr> ExpressionCompiler::power() {
  WEIR_TRY(ExpressionPtr left, sign());
  if (!c_.at_symbol("^")) return left;
  WEIR_CHECK(c_.take());
  const Nesting nesting(c_.depth_);
  if (nesting.is_too_deep()) return c_.unexpected("fewer powers");
  WEIR_TRY(ExpressionPtr right, power());
  return binary(Operator::power, std::move(left), std::move(right));
}

Result<ExpressionPtr> ExpressionCompiler::sign() {
  bool is_negative = false;
  while (c_.at_symbol("-") || c_.at_symbol("+")) {
    if (c_.at_symbol("-")) is_negative = !is_negative;
    WEIR_CHECK(c_.take());
  }
  WEIR_TRY(ExpressionPtr value, primary());
  if (!is_negative) return value;
  if (value->is_constant()) {
    if (value->constant.kind == Value::Kind::integer) {
      return make_constant(Value::of(-value->constant.integer));
    }
    if (value->constant.kind == Value::Kind::real) {
      return make_constant(Value::of(-value->constant.real));
    }
  }
  return node(Kind::negate, std::move(value));
}

Result<ExpressionPtr> ExpressionCompiler::literal() {
  WEIR_TRY(const Token token, c_.take());
  switch (token.kind) {
    case Token::Kind::number:
      return make_constant(token.number.is_integer ? Value::of(token.number.integer)
                                                   : Value::of(token.number.real));
    case Token::Kind::string:
      return make_constant(Value::of(token.text));
    default:
      return malformed(token.begin, token.end,
                       "the period '" + token.text +
                           "' is no value; periods stand in functions "
                           "such as bin(5m)");
  }
}

Result<ExpressionPtr> ExpressionCompiler::primary() {
  const Token& token = c_.peek();
  if (token.kind == Token::Kind::number || token.kind == Token::Kind::string ||
      token.kind == Token::Kind::period) {
    return literal();
  }
  if (c_.at_symbol("(")) {
    WEIR_CHECK(c_.take());
    WEIR_TRY(ExpressionPtr inner, expression());
    WEIR_CHECK(c_.need_symbol(")"));
    return inner;
  }
  if (token.kind != Token::Kind::name) {
    return c_.unexpected("a field, a number, a string or a function");
  }
  WEIR_TRY(const Token name, c_.take());
  if (c_.at_symbol("(") && !name.is_quoted) return call(name);
  if (!name.is_quoted &&
      (equal_ignoring_case(name.text, "true") || equal_ignoring_case(name.text, "false"))) {
    return make_constant(Value::of(equal_ignoring_case(name.text, "true") ? "true" : "false"));
  }
  ExpressionPtr out = c_.field(name.text);
  if (out->kind == Kind::slot) out->text = name.text;
  return out;
}

Error ExpressionCompiler::unknown_function(const Token& name) const {
  std::vector<std::string_view> names = function_names();
  for (const std::string_view one : aggregate_names()) names.push_back(one);
  const std::string_view near = nearest(name.text, names);
  std::string message = "unknown function '" + name.text + "'";
  if (!near.empty()) message += "; did you mean '" + std::string(near) + "'?";
  return malformed(name.begin, name.end, std::move(message));
}

Error ExpressionCompiler::wrong_count(const Token& name, std::size_t least,
                                      std::size_t most) const {
  std::string message = "'" + name.text + "' takes " + std::to_string(least);
  if (most == kArgumentsMany) {
    message += " or more";
  } else if (most != least) {
    message += " to " + std::to_string(most);
  }
  return malformed(name.begin, c_.last_end(), message + " arguments");
}

Result<ExpressionPtr> ExpressionCompiler::call(const Token& name) {
  const AggregateFunction* const aggregate = find_aggregate(name.text);
  if (aggregate != nullptr && c_.aggregates_ != nullptr) return aggregate_call(*aggregate, name);
  const Function* const function = find_function(name.text);
  if (function != nullptr) return scalar_call(*function, name);
  if (aggregate != nullptr) {
    return malformed(name.begin, name.end,
                     "'" + name.text + "' is an aggregate function and stands in stats only");
  }
  return unknown_function(name);
}

Result<void> ExpressionCompiler::check_literal(Argument kind, const Expression& value,
                                               std::size_t begin) {
  if (kind == Argument::any) return {};
  if (kind == Argument::subnet) {
    if (value.is_constant() && !net::Prefix::parse(text_of(value.constant))) {
      return c_.error_from(begin,
                           "'" + text_of(value.constant) + "' is no subnet such as 10.0.0.0/8");
    }
    return {};
  }
  if (!value.is_constant()) return c_.error_from(begin, "a literal is needed here");
  if (kind == Argument::zone && !zone_minutes(text_of(value.constant))) {
    return c_.error_from(begin, "the time zone '" + text_of(value.constant) +
                                    "' is not known; use UTC or an offset such as +02:00");
  }
  return {};
}

Result<void> ExpressionCompiler::argument(Argument kind, Expression& call) {
  const std::size_t begin = c_.peek().begin;
  if (kind == Argument::regex) {
    WEIR_TRY(call.regex, c_.need_regex());
    return {};
  }
  if (kind == Argument::period) {
    if (c_.peek().kind != Token::Kind::period) return c_.unexpected("a period such as 5m or 1h");
    WEIR_TRY(const Token token, c_.take());
    call.args.push_back(make_constant(Value::of(token.period)));
    return {};
  }
  WEIR_TRY(ExpressionPtr value, expression());
  WEIR_CHECK(check_literal(kind, *value, begin));
  call.args.push_back(std::move(value));
  return {};
}

Result<ExpressionPtr> ExpressionCompiler::scalar_call(const Function& function, const Token& name) {
  auto out = std::make_unique<Expression>();
  out->kind = Kind::call;
  out->function = &function;
  out->begin = name.begin;
  if (!function.implied_field.empty()) {
    out->args.push_back(c_.field(std::string(function.implied_field)));
  }
  WEIR_CHECK(c_.need_symbol("("));
  std::size_t count = 0;
  while (!c_.at_symbol(")")) {
    if (count >= function.arguments_max)
      return wrong_count(name, function.arguments_min, function.arguments_max);
    WEIR_CHECK(argument(
        count < function.arguments.size() ? function.arguments[count] : Argument::any, *out));
    ++count;
    WEIR_TRY(const bool more, c_.take_symbol(","));
    if (!more) break;
  }
  WEIR_CHECK(c_.need_symbol(")"));
  if (count < function.arguments_min)
    return wrong_count(name, function.arguments_min, function.arguments_max);
  if (function.name == "bin" && count == 1 && c_.at_word("offset")) {
    WEIR_CHECK(c_.take());
    WEIR_CHECK(argument(Argument::period, *out));
  }
  return out;
}

Result<void> ExpressionCompiler::aggregate_arguments(const AggregateFunction& function,
                                                     AggregateCall& out) {
  for (std::size_t place = 0; !c_.at_symbol(")"); ++place) {
    const Argument kind =
        place < function.arguments.size() ? function.arguments[place] : Argument::any;
    Expression holder;
    WEIR_CHECK(argument(kind, holder));
    if (kind == Argument::any) {
      out.argument = std::move(holder.args[0]);
    } else {
      out.constants.push_back(holder.args[0]->constant);
    }
    WEIR_TRY(const bool more, c_.take_symbol(","));
    if (!more) break;
    if (place + 1 >= function.arguments_max) return c_.unexpected("')'");
  }
  return {};
}

Result<ExpressionPtr> ExpressionCompiler::aggregate_call(const AggregateFunction& function,
                                                         const Token& name) {
  AggregateCall call;
  call.function = &function;
  std::vector<AggregateCall>* const calls = std::exchange(c_.aggregates_, nullptr);
  WEIR_CHECK(c_.need_symbol("("));
  std::size_t count = 0;
  if (c_.at_symbol("*")) {
    WEIR_CHECK(c_.take());
    if (function.arguments_min != 0) {
      return malformed(name.begin, c_.last_end(), "'" + name.text + "' needs a field, not '*'");
    }
  } else {
    WEIR_CHECK(aggregate_arguments(function, call));
    count = call.constants.size() + (call.argument ? 1 : 0);
    if (count < function.arguments_min)
      return wrong_count(name, function.arguments_min, function.arguments_max);
  }
  WEIR_CHECK(c_.need_symbol(")"));
  c_.aggregates_ = calls;
  if (calls->size() >= Limits::kItemsMax) return c_.unexpected("at most 256 aggregates");
  call.output = c_.new_slot();
  ExpressionPtr out = make_slot(call.output);
  out->text = c_.source(name.begin, c_.last_end());
  calls->push_back(std::move(call));
  return out;
}

}  // namespace weir::insights
