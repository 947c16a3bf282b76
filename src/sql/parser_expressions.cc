// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>

#include "sql/parser_impl.h"

// Trino's expressions, loosest binding first: OR, AND, NOT, one predicate, ||, + -, * / %, sign, AT
// TIME ZONE, subscript and field, primary.
namespace weir::sql {

using ast::Expression;
using ast::ExpressionPtr;
using EK = Expression::Kind;
using TK = SqlType::Kind;

ExpressionPtr Parser::make(EK kind, Position at) const {
  auto out = std::make_unique<Expression>();
  out->kind = kind;
  out->at = at;
  return out;
}

ExpressionPtr Parser::make(EK kind, Position at, ExpressionPtr a, ExpressionPtr b) const {
  auto out = make(kind, at);
  out->arguments.push_back(std::move(a));
  if (b) out->arguments.push_back(std::move(b));
  return out;
}

Result<ExpressionPtr> Parser::lone_expression() {
  WEIR_TRY(ExpressionPtr out, expression());
  if (peek().kind != Kind::end) return mismatch("<EOF>");
  return out;
}

Result<std::vector<ExpressionPtr>> Parser::expressions() {
  std::vector<ExpressionPtr> out;
  do {
    WEIR_TRY(ExpressionPtr one, expression());
    out.push_back(std::move(one));
  } while (take_symbol(","));
  return out;
}

Result<ExpressionPtr> Parser::expression() {
  const Nesting nesting(depth_);
  if (nesting.too_deep()) return too_deep();
  if (at_lambda()) return lambda();
  WEIR_TRY(ExpressionPtr left, conjunction());
  if (!at_word("OR")) return left;
  auto out = make(EK::binary_op, peek().at, std::move(left));  // one node, however many terms
  out->op = "OR";
  while (take_word("OR")) {
    WEIR_TRY(ExpressionPtr right, conjunction());
    out->arguments.push_back(std::move(right));
  }
  return out;
}

Result<ExpressionPtr> Parser::conjunction() {
  WEIR_TRY(ExpressionPtr left, negation());
  if (!at_word("AND")) return left;
  auto out = make(EK::binary_op, peek().at, std::move(left));  // one node, however many terms
  out->op = "AND";
  while (take_word("AND")) {
    WEIR_TRY(ExpressionPtr right, negation());
    out->arguments.push_back(std::move(right));
  }
  return out;
}

Result<ExpressionPtr> Parser::negation() {
  if (!at_word("NOT")) return predicate();
  const Nesting nesting(depth_);
  if (nesting.too_deep()) return too_deep();
  const Position at = take().at;
  WEIR_TRY(ExpressionPtr inner, negation());
  auto out = make(EK::unary, at, std::move(inner));
  out->op = "NOT";
  return out;
}

Result<ExpressionPtr> Parser::predicate() {
  WEIR_TRY(ExpressionPtr left, concatenation());
  for (int predicates = 0;;) {
    const std::size_t before = next_;
    WEIR_TRY(left, predicate_of(std::move(left)));
    if (next_ == before) return left;
    if (++predicates > SqlLimits::kDepthMax) return too_deep();
  }
}

Result<ExpressionPtr> Parser::predicate_of(ExpressionPtr left) {
  static constexpr std::string_view kComparisons[] = {"=", "<>", "<", "<=", ">", ">="};
  const Position at = peek().at;
  for (const std::string_view op : kComparisons) {
    if (!take_symbol(op)) continue;
    for (const std::string_view quantifier : {"ANY", "SOME", "ALL"}) {
      if (!at_word(quantifier) || !at_symbol("(", 1)) continue;
      take();
      take();
      auto out = make(EK::quantified, at, std::move(left));
      out->op = op;
      out->unit = quantifier == "ALL" ? "ALL" : "ANY";
      WEIR_TRY(out->query, query());
      WEIR_CHECK(need_symbol(")"));
      return out;
    }
    WEIR_TRY(ExpressionPtr right, concatenation());
    auto out = make(EK::binary_op, at, std::move(left), std::move(right));
    out->op = op;
    return out;
  }
  if (take_word("IS")) {
    const bool negated = take_word("NOT");
    ExpressionPtr out;
    if (take_word("NULL")) {
      out = make(EK::is_null, at, std::move(left));
    } else {
      if (!at_word("DISTINCT"))
        return mismatch(negated ? "'DISTINCT', 'NULL'" : "'DISTINCT', 'NOT', 'NULL'");
      take();
      WEIR_CHECK(need_word("FROM"));
      WEIR_TRY(ExpressionPtr right, concatenation());
      out = make(EK::distinct_from, at, std::move(left), std::move(right));
    }
    out->negated = negated;
    return out;
  }
  const bool negated =
      at_word("NOT") && (at_word("BETWEEN", 1) || at_word("IN", 1) || at_word("LIKE", 1));
  if (negated) take();
  if (take_word("BETWEEN")) {
    WEIR_TRY(ExpressionPtr low, concatenation());
    WEIR_CHECK(need_word("AND"));
    WEIR_TRY(ExpressionPtr high, concatenation());
    auto out = make(EK::between, at, std::move(left), std::move(low));
    out->arguments.push_back(std::move(high));
    out->negated = negated;
    return out;
  }
  if (take_word("IN")) return in_predicate(std::move(left), negated, at);
  if (take_word("LIKE")) {
    WEIR_TRY(ExpressionPtr like_pattern, concatenation());
    auto out = make(EK::like, at, std::move(left), std::move(like_pattern));
    out->negated = negated;
    if (take_word("ESCAPE")) {
      WEIR_TRY(ExpressionPtr escape, concatenation());
      out->arguments.push_back(std::move(escape));
    }
    return out;
  }
  return left;
}

Result<ExpressionPtr> Parser::in_predicate(ExpressionPtr left, bool negated, Position at) {
  WEIR_CHECK(need_symbol("("));
  auto out = make(at_query() ? EK::in_query : EK::in_list, at, std::move(left));
  out->negated = negated;
  if (out->kind == EK::in_query) {
    WEIR_TRY(out->query, query());
  } else {
    WEIR_TRY(auto list, expressions());
    std::move(list.begin(), list.end(), std::back_inserter(out->arguments));
  }
  WEIR_CHECK(need_symbol(")"));
  return out;
}

Result<ExpressionPtr> Parser::concatenation() {
  WEIR_TRY(ExpressionPtr left, sum());
  while (at_symbol("||")) {
    if (++links_ > SqlLimits::kLinksMax) return too_deep();
    const Position at = take().at;
    WEIR_TRY(ExpressionPtr right, sum());
    left = make(EK::binary_op, at, std::move(left), std::move(right));
    left->op = "||";
  }
  return left;
}

Result<ExpressionPtr> Parser::sum() {
  WEIR_TRY(ExpressionPtr left, product());
  while (at_symbol("+") || at_symbol("-")) {
    if (++links_ > SqlLimits::kLinksMax) return too_deep();
    const Token& op = take();
    WEIR_TRY(ExpressionPtr right, product());
    left = make(EK::binary_op, op.at, std::move(left), std::move(right));
    left->op = op.text;
  }
  return left;
}

Result<ExpressionPtr> Parser::product() {
  WEIR_TRY(ExpressionPtr left, unary());
  while (at_symbol("*") || at_symbol("/") || at_symbol("%")) {
    if (++links_ > SqlLimits::kLinksMax) return too_deep();
    const Token& op = take();
    WEIR_TRY(ExpressionPtr right, unary());
    left = make(EK::binary_op, op.at, std::move(left), std::move(right));
    left->op = op.text;
  }
  return left;
}

Result<ExpressionPtr> Parser::unary() {
  if (!at_symbol("-") && !at_symbol("+")) return postfix();
  const Nesting nesting(depth_);
  if (nesting.too_deep()) return too_deep();
  const Token& op = take();
  WEIR_TRY(ExpressionPtr inner, unary());
  auto out = make(EK::unary, op.at, std::move(inner));
  out->op = op.text;
  return out;
}

Result<ExpressionPtr> Parser::postfix() {
  WEIR_TRY(ExpressionPtr out, primary());
  while (true) {
    const Position at = peek().at;
    if (take_symbol("[")) {
      WEIR_TRY(ExpressionPtr index, expression());
      WEIR_CHECK(need_symbol("]"));
      if (++links_ > SqlLimits::kLinksMax) return too_deep();
      out = make(EK::subscript, at, std::move(out), std::move(index));
    } else if (at_symbol(".") && at_identifier(1)) {
      take();
      WEIR_TRY(ast::Identifier field, identifier());
      if (out->kind == EK::column) {
        out->name.push_back(std::move(field));
      } else {
        if (++links_ > SqlLimits::kLinksMax) return too_deep();
        out = make(EK::dereference, at, std::move(out));
        out->name.push_back(std::move(field));
      }
    } else if (at_word("AT") && at_word("TIME", 1) && at_word("ZONE", 2)) {
      next_ += 3;
      if (++links_ > SqlLimits::kLinksMax) return too_deep();
      WEIR_TRY(ExpressionPtr zone, primary());
      out = make(EK::at_time_zone, at, std::move(out), std::move(zone));
    } else {
      return out;
    }
  }
}

Result<ExpressionPtr> Parser::primary() {
  const Token& token = peek();
  ExpressionPtr out;
  switch (token.kind) {
    case Kind::string:
      out = make(EK::string, token.at);
      break;
    case Kind::binary:
      out = make(EK::binary, token.at);
      break;
    case Kind::integer:
      out = make(EK::integer, token.at);
      break;
    case Kind::decimal:
      out = make(EK::decimal, token.at);
      break;
    case Kind::real:
      out = make(EK::real, token.at);
      break;
    case Kind::symbol:
      if (token.text == "(") return parenthesised();
      if (token.text != "?") return mismatch("<expression>");
      take();
      out = make(EK::parameter, token.at);
      out->index = parameters_++;
      return out;
    case Kind::backquoted:
      return syntax_error(token.at,
                          "backquoted identifiers are not supported; use double quotes to "
                          "quote identifiers");
    case Kind::word:
    case Kind::quoted:
      return word_primary();
    case Kind::end:
      return mismatch("<expression>");
  }
  out->text = token.text;
  take();
  return out;
}

Result<ExpressionPtr> Parser::parenthesised() {
  const Position at = take().at;
  if (at_query()) {
    auto out = make(EK::subquery, at);
    WEIR_TRY(out->query, query());
    WEIR_CHECK(need_symbol(")"));
    return out;
  }
  WEIR_TRY(auto list, expressions());
  WEIR_CHECK(need_symbol(")"));
  if (list.size() == 1) return std::move(list[0]);
  auto out = make(EK::row, at);
  out->arguments = std::move(list);
  return out;
}

bool Parser::at_lambda() const {
  if (at_identifier() && at_symbol("->", 1)) return true;
  if (!at_symbol("(")) return false;
  std::size_t ahead = 1;
  while (at_identifier(ahead)) {
    ++ahead;
    if (!at_symbol(",", ahead)) break;
    ++ahead;
  }
  return at_symbol(")", ahead) && at_symbol("->", ahead + 1);
}

Result<ExpressionPtr> Parser::lambda() {
  auto out = make(EK::lambda, peek().at);
  if (at_symbol("(")) {
    if (at_symbol(")", 1)) {
      next_ += 2;
    } else {
      WEIR_TRY(out->name, identifiers_in_parentheses());
    }
  } else {
    WEIR_TRY(ast::Identifier one, identifier());
    out->name.push_back(std::move(one));
  }
  WEIR_CHECK(need_symbol("->"));
  WEIR_TRY(ExpressionPtr body, expression());
  out->arguments.push_back(std::move(body));
  return out;
}

Result<ExpressionPtr> Parser::word_primary() {
  const Token& token = peek();
  if (token.kind == Kind::word) {
    if (token.upper == "NULL" || token.upper == "TRUE" || token.upper == "FALSE") {
      take();
      auto out = make(token.upper == "NULL" ? EK::null : EK::boolean, token.at);
      out->text = token.upper;
      return out;
    }
    static constexpr std::string_view kCurrent[] = {
        "CURRENT_DATE",   "CURRENT_TIMESTAMP", "CURRENT_TIME",    "LOCALTIME",
        "LOCALTIMESTAMP", "CURRENT_USER",      "CURRENT_CATALOG", "CURRENT_SCHEMA"};
    if (std::find(std::begin(kCurrent), std::end(kCurrent), token.upper) != std::end(kCurrent)) {
      take();
      auto out = make(EK::current, token.at);
      out->text = token.upper;
      if (take_symbol("(")) {
        WEIR_TRY(out->index, type_number());
        WEIR_CHECK(need_symbol(")"));
      }
      return out;
    }
    const bool opens = at_symbol("(", 1);
    if (token.upper == "CASE") return case_expression();
    if (token.upper == "ARRAY" && at_symbol("[", 1)) return special_form("ARRAY");
    if (token.upper == "INTERVAL" &&
        (peek(1).kind == Kind::string ||
         ((at_symbol("-", 1) || at_symbol("+", 1)) && peek(2).kind == Kind::string))) {
      return interval();
    }
    if (opens && (token.upper == "CAST" || token.upper == "TRY_CAST")) {
      return cast(token.upper == "TRY_CAST");
    }
    if (opens && token.upper == "TRIM") return trim();
    if (opens && token.upper == "SUBSTRING") return substring();
    if (opens && token.upper == "LISTAGG") return listagg();
    static constexpr std::string_view kForms[] = {"EXISTS",   "TRY", "EXTRACT",
                                                  "GROUPING", "ROW", "POSITION"};
    if (opens && std::find(std::begin(kForms), std::end(kForms), token.upper) != std::end(kForms)) {
      return special_form(token.upper);
    }
    // `DATE '...'`, `TIMESTAMP '...'`, `IPADDRESS '...'`, `DECIMAL '...'`, `JSON '...'` and the
    // like.
    if (peek(1).kind == Kind::string && !is_reserved_word(token.upper)) {
      auto out = make(EK::typed, token.at);
      std::string spelling;
      WEIR_TRY(out->type, type_primary(spelling));
      out->unit = spelling;
      out->text = take().text;
      return out;
    }
  }
  if (!at_identifier()) return mismatch("<expression>");
  // A name followed by `(` is a call; a qualified one has its dots before.
  std::size_t ahead = 1;
  while (at_symbol(".", ahead) && at_identifier(ahead + 1)) ahead += 2;
  if (at_symbol("(", ahead)) return call();
  auto out = make(EK::column, token.at);
  WEIR_TRY(ast::Identifier one, identifier());
  out->name.push_back(std::move(one));
  return out;
}

Result<ExpressionPtr> Parser::special_form(std::string_view word) {
  const Position at = take().at;
  if (word == "ARRAY") {
    auto out = make(EK::array, at);
    take();
    if (!at_symbol("]")) {
      WEIR_TRY(out->arguments, expressions());
    }
    WEIR_CHECK(need_symbol("]"));
    return out;
  }
  WEIR_CHECK(need_symbol("("));
  ExpressionPtr out;
  if (word == "EXISTS") {
    out = make(EK::exists, at);
    WEIR_TRY(out->query, query());
  } else if (word == "TRY") {
    WEIR_TRY(ExpressionPtr inner, expression());
    out = make(EK::try_, at, std::move(inner));
  } else if (word == "EXTRACT") {
    if (peek().kind != Kind::word) return mismatch("<identifier>");
    const std::string unit = take().upper;
    WEIR_CHECK(need_word("FROM"));
    WEIR_TRY(ExpressionPtr of, expression());
    out = make(EK::extract, at, std::move(of));
    out->unit = unit;
  } else if (word == "POSITION") {
    WEIR_TRY(ExpressionPtr needle, concatenation());
    WEIR_CHECK(need_word("IN"));
    WEIR_TRY(ExpressionPtr hay, expression());
    out = make(EK::call, at, std::move(hay), std::move(needle));
    out->name.push_back({"strpos", at, false});
  } else {
    out = make(word == "ROW" ? EK::row : EK::grouping, at);
    if (!at_symbol(")")) {
      WEIR_TRY(out->arguments, expressions());
    }
  }
  WEIR_CHECK(need_symbol(")"));
  return out;
}

Result<ExpressionPtr> Parser::case_expression() {
  auto out = make(EK::case_, take().at);
  out->has_operand = !at_word("WHEN");
  if (out->has_operand) {
    WEIR_TRY(ExpressionPtr operand, expression());
    out->arguments.push_back(std::move(operand));
  }
  if (!at_word("WHEN")) return mismatch("'WHEN'");
  while (take_word("WHEN")) {
    WEIR_TRY(ExpressionPtr when, expression());
    WEIR_CHECK(need_word("THEN"));
    WEIR_TRY(ExpressionPtr then, expression());
    out->arguments.push_back(std::move(when));
    out->arguments.push_back(std::move(then));
  }
  if (take_word("ELSE")) {
    out->has_else = true;
    WEIR_TRY(ExpressionPtr other, expression());
    out->arguments.push_back(std::move(other));
  }
  WEIR_CHECK(need_word("END"));
  return out;
}

Result<ExpressionPtr> Parser::cast(bool is_try) {
  const Position at = take().at;
  take();
  WEIR_TRY(ExpressionPtr value, expression());
  WEIR_CHECK(need_word("AS"));
  auto out = make(EK::cast, at, std::move(value));
  out->is_try = is_try;
  std::string spelling;
  WEIR_TRY(out->type, type(spelling));
  out->text = spelling;
  WEIR_CHECK(need_symbol(")"));
  return out;
}

Result<ExpressionPtr> Parser::interval() {
  static constexpr std::string_view kUnits[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
  const auto unit = [&](std::string& out) -> Result<void> {
    if (peek().kind != Kind::word ||
        std::find(std::begin(kUnits), std::end(kUnits), peek().upper) == std::end(kUnits)) {
      return mismatch("'DAY', 'HOUR', 'MINUTE', 'MONTH', 'SECOND', 'YEAR'");
    }
    out = take().upper;
    return {};
  };
  auto out = make(EK::interval, take().at);
  if (take_symbol("-")) {
    out->negated = true;
  } else {
    take_symbol("+");
  }
  out->text = take().text;
  WEIR_CHECK(unit(out->unit));
  if (take_word("TO")) WEIR_CHECK(unit(out->to_unit));
  return out;
}

Result<ExpressionPtr> Parser::trim() {
  const Position at = take().at;
  take();
  std::string side;
  for (const std::string_view word : {"LEADING", "TRAILING", "BOTH"}) {
    if (at_word(word) && !at_symbol(")", 1) && !at_symbol(",", 1) && take_word(word)) side = word;
  }
  auto out = make(EK::call, at);
  std::vector<ExpressionPtr> list;
  if (side.empty() || !at_word("FROM")) {
    WEIR_TRY(ExpressionPtr first, expression());
    list.push_back(std::move(first));
  }
  if (take_word("FROM")) {
    WEIR_TRY(ExpressionPtr of, expression());
    list.insert(list.begin(), std::move(of));
  } else if (take_symbol(",")) {
    WEIR_TRY(ExpressionPtr characters, expression());
    list.push_back(std::move(characters));
  }
  WEIR_CHECK(need_symbol(")"));
  out->name.push_back({side == "LEADING"    ? "ltrim"
                       : side == "TRAILING" ? "rtrim"
                                            : "trim",
                       at, false});
  out->arguments = std::move(list);
  return out;
}

Result<ExpressionPtr> Parser::substring() {
  const Position at = take().at;
  take();
  auto out = make(EK::call, at);
  out->name.push_back({"substring", at, false});
  do {
    WEIR_TRY(ExpressionPtr one, expression());
    out->arguments.push_back(std::move(one));
  } while (take_symbol(",") || take_word("FROM") || take_word("FOR"));
  WEIR_CHECK(need_symbol(")"));
  return out;
}

Result<ExpressionPtr> Parser::listagg() {
  const Position at = take().at;
  take();
  auto out = make(EK::call, at);
  out->name.push_back({"listagg", at, false});
  out->distinct = take_word("DISTINCT");
  WEIR_TRY(out->arguments, expressions());
  if (take_words({"ON", "OVERFLOW"})) WEIR_CHECK(need_word("ERROR"));
  WEIR_CHECK(need_symbol(")"));
  WEIR_CHECK(need_word("WITHIN"));
  WEIR_CHECK(need_word("GROUP"));
  WEIR_CHECK(need_symbol("("));
  WEIR_CHECK(need_word("ORDER"));
  WEIR_CHECK(need_word("BY"));
  WEIR_TRY(out->order_by, sort_items());
  WEIR_CHECK(need_symbol(")"));
  if (take_word("FILTER")) {
    WEIR_CHECK(need_symbol("("));
    WEIR_CHECK(need_word("WHERE"));
    WEIR_TRY(out->filter, expression());
    WEIR_CHECK(need_symbol(")"));
  }
  return out;
}

Result<ExpressionPtr> Parser::call() {
  auto out = make(EK::call, peek().at);
  WEIR_TRY(out->name, name());
  WEIR_CHECK(need_symbol("("));
  if (take_symbol("*")) {
    out->star = true;
  } else if (!at_symbol(")")) {
    out->distinct = take_word("DISTINCT");
    if (!out->distinct) take_word("ALL");
    WEIR_TRY(out->arguments, expressions());
    if (take_words({"ORDER", "BY"})) {
      WEIR_TRY(out->order_by, sort_items());
    }
  }
  WEIR_CHECK(need_symbol(")"));
  WEIR_CHECK(call_tail(*out));
  return out;
}

Result<void> Parser::call_tail(Expression& out) {
  if (at_word("FILTER") && at_symbol("(", 1)) {
    next_ += 2;
    WEIR_CHECK(need_word("WHERE"));
    WEIR_TRY(out.filter, expression());
    WEIR_CHECK(need_symbol(")"));
  }
  if (take_words({"IGNORE", "NULLS"})) {
    out.ignore_nulls = true;
  } else {
    take_words({"RESPECT", "NULLS"});
  }
  if (at_word("OVER") && (at_symbol("(", 1) || at_identifier(1))) {
    take();
    if (take_symbol("(")) {
      WEIR_TRY(out.over, window());
      WEIR_CHECK(need_symbol(")"));
    } else {
      ast::Window named;
      WEIR_TRY(named.name, identifier());
      out.over = std::move(named);
    }
  }
  return {};
}

Result<ast::Window> Parser::window() {
  ast::Window out;
  const bool is_clause = at_word("PARTITION") || at_word("ORDER") || at_word("ROWS") ||
                         at_word("RANGE") || at_word("GROUPS");
  if (!is_clause && at_identifier()) {
    WEIR_TRY(out.name, identifier());
  }
  if (take_words({"PARTITION", "BY"})) {
    WEIR_TRY(out.partition_by, expressions());
  }
  if (take_words({"ORDER", "BY"})) {
    WEIR_TRY(out.order_by, sort_items());
  }
  for (const std::string_view frame : {"ROWS", "RANGE", "GROUPS"}) {
    if (!take_word(frame)) continue;
    out.frame = frame;
    WEIR_CHECK(window_frame(out));
    break;
  }
  return out;
}

Result<void> Parser::window_frame(ast::Window& out) {
  if (!take_word("BETWEEN")) {
    WEIR_TRY(out.start, frame_bound());
    return {};
  }
  WEIR_TRY(out.start, frame_bound());
  WEIR_CHECK(need_word("AND"));
  WEIR_TRY(out.end, frame_bound());
  return {};
}

Result<ast::FrameBound> Parser::frame_bound() {
  using Bound = ast::FrameBound::Kind;
  ast::FrameBound out;
  if (take_words({"UNBOUNDED", "PRECEDING"})) return out;
  if (take_words({"UNBOUNDED", "FOLLOWING"})) {
    out.kind = Bound::unbounded_following;
    return out;
  }
  if (take_words({"CURRENT", "ROW"})) {
    out.kind = Bound::current_row;
    return out;
  }
  WEIR_TRY(out.value, expression());
  if (take_word("PRECEDING")) {
    out.kind = Bound::preceding;
  } else if (take_word("FOLLOWING")) {
    out.kind = Bound::following;
  } else {
    return mismatch("'FOLLOWING', 'PRECEDING'");
  }
  return out;
}

Result<int> Parser::type_number() {
  if (peek().kind != Kind::integer) return mismatch("<integer>");
  const std::string& digits = peek().text;
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return mismatch("<integer>");
  take();
  return value;
}

Result<SqlType> Parser::type(std::string& spelling) {
  const Nesting nesting(depth_);
  if (nesting.too_deep()) return too_deep();
  WEIR_TRY(SqlType out, type_primary(spelling));
  while (at_word("ARRAY")) {
    if (++links_ > SqlLimits::kLinksMax) return too_deep();
    take();
    out = SqlType::array_of(std::move(out));
  }
  return out;
}

Result<SqlType> Parser::type_primary(std::string& spelling) {
  static constexpr std::pair<std::string_view, TK> kNames[] = {
      {"BOOLEAN", TK::boolean},     {"TINYINT", TK::tinyint}, {"SMALLINT", TK::smallint},
      {"INTEGER", TK::integer},     {"INT", TK::integer},     {"BIGINT", TK::bigint},
      {"REAL", TK::real},           {"DOUBLE", TK::double_},  {"DECIMAL", TK::decimal},
      {"NUMERIC", TK::decimal},     {"VARCHAR", TK::varchar}, {"CHAR", TK::character},
      {"VARBINARY", TK::varbinary}, {"DATE", TK::date},       {"TIME", TK::time},
      {"TIMESTAMP", TK::timestamp}, {"JSON", TK::json},       {"UUID", TK::uuid},
      {"IPADDRESS", TK::ipaddress}, {"DEC", TK::decimal},     {"CHARACTER", TK::character},
  };
  if (peek().kind != Kind::word && peek().kind != Kind::quoted) return mismatch("<type>");
  spelling = peek().text;
  if (at_word("ROW")) return row_type(spelling);
  if (at_word("ARRAY") || at_word("MAP")) {
    const bool is_map = take().upper == "MAP";
    const bool angle = take_symbol("<");
    if (!angle) WEIR_CHECK(need_symbol("("));
    WEIR_TRY(SqlType first, type(spelling));
    SqlType out;
    if (is_map) {
      WEIR_CHECK(need_symbol(","));
      WEIR_TRY(SqlType second, type(spelling));
      out = SqlType::map_of(std::move(first), std::move(second));
    } else {
      out = SqlType::array_of(std::move(first));
    }
    WEIR_CHECK(need_symbol(angle ? ">" : ")"));
    return out;
  }
  if (at_word("INTERVAL")) {
    take();
    if (take_words({"DAY", "TO", "SECOND"})) return SqlType(TK::interval_day);
    if (take_words({"YEAR", "TO", "MONTH"})) return SqlType(TK::interval_year);
    return mismatch("'DAY', 'YEAR'");
  }
  const auto* found = std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& entry) {
    return peek().kind == Kind::word && entry.first == peek().upper;
  });
  take();
  if (found == std::end(kNames)) return SqlType();  // the translator refuses it by name
  SqlType out(found->second);
  if (out.is(TK::double_)) take_word("PRECISION");
  if (take_symbol("(")) {
    WEIR_TRY(out.precision, type_number());
    if (take_symbol(",")) {
      WEIR_TRY(out.scale, type_number());
    }
    WEIR_CHECK(need_symbol(")"));
  }
  if (out.is(TK::time) || out.is(TK::timestamp)) {
    if (take_words({"WITH", "TIME", "ZONE"})) {
      out.kind = out.is(TK::time) ? TK::time_tz : TK::timestamp_tz;
    } else {
      take_words({"WITHOUT", "TIME", "ZONE"});
    }
  }
  return out;
}

Result<SqlType> Parser::row_type(std::string& spelling) {
  SqlType out(TK::row);
  take();
  const bool angle = take_symbol("<");
  if (!angle) WEIR_CHECK(need_symbol("("));
  do {
    // `row(a integer)` has names, `row(integer)` has none.
    const bool named = at_identifier() &&
                       (peek(1).kind == Kind::word || peek(1).kind == Kind::quoted) &&
                       !at_word("WITH", 1) && !at_word("PRECISION", 1) && !at_word("ARRAY", 1);
    std::string field;
    if (named) {
      WEIR_TRY(ast::Identifier of, identifier());
      field = of.text;
    }
    WEIR_TRY(SqlType part, type(spelling));
    out.fields.push_back(std::move(field));
    out.arguments.push_back(std::move(part));
  } while (take_symbol(","));
  WEIR_CHECK(need_symbol(angle ? ">" : ")"));
  return out;
}

}  // namespace weir::sql
