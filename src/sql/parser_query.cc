// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sql/parser_impl.h"

namespace weir::sql {

using ast::ExpressionPtr;
using ast::Query;
using ast::QueryPtr;
using ast::Relation;
using ast::RelationPtr;

bool Parser::at_query() const {
  std::size_t ahead = 0;
  while (at_symbol("(", ahead)) ++ahead;
  return at_word("SELECT", ahead) || (at_word("WITH", ahead)) || at_word("VALUES", ahead) ||
         (at_word("TABLE", ahead) && at_identifier(ahead + 1));
}

Result<QueryPtr> Parser::query() {
  const Nesting nesting(depth_);
  if (nesting.too_deep()) return too_deep();
  if (!at_word("WITH")) return query_without_with();
  Query head;
  WEIR_CHECK(with_clause(head));
  WEIR_TRY(QueryPtr out, query_without_with());
  out->recursive = head.recursive;
  out->with = std::move(head.with);
  return out;
}

Result<void> Parser::with_clause(Query& out) {
  take();
  out.recursive = take_word("RECURSIVE");
  do {
    ast::CommonTable one;
    WEIR_TRY(one.name, identifier());
    if (at_symbol("(")) {
      WEIR_TRY(one.columns, identifiers_in_parentheses());
    }
    WEIR_CHECK(need_word("AS"));
    WEIR_CHECK(need_symbol("("));
    WEIR_TRY(one.query, query());
    WEIR_CHECK(need_symbol(")"));
    out.with.push_back(std::move(one));
  } while (take_symbol(","));
  return {};
}

Result<QueryPtr> Parser::query_without_with() {
  WEIR_TRY(QueryPtr out, query_term(0));
  const bool has_tail =
      at_word("ORDER") || at_word("LIMIT") || at_word("OFFSET") || at_word("FETCH");
  if (!has_tail) return out;
  if (std::holds_alternative<QueryPtr>(out->body) || !out->order_by.empty() || out->limit ||
      out->offset) {
    // `(query) ORDER BY ...`: the tail belongs to a query around the one in parentheses.
    auto outer = std::make_unique<Query>();
    outer->at = out->at;
    outer->body = std::move(out);
    out = std::move(outer);
  }
  WEIR_CHECK(order_and_limit(*out));
  return out;
}

Result<void> Parser::order_and_limit(Query& out) {
  if (take_word("ORDER")) {
    WEIR_CHECK(need_word("BY"));
    WEIR_TRY(out.order_by, sort_items());
  }
  if (take_word("OFFSET")) {
    WEIR_TRY(out.offset, row_count());
    if (!take_word("ROW")) take_word("ROWS");
  }
  if (take_word("LIMIT")) {
    if (take_word("ALL")) return {};
    WEIR_TRY(out.limit, row_count());
    return {};
  }
  if (!take_word("FETCH")) return {};
  if (!take_word("FIRST")) WEIR_CHECK(need_word("NEXT"));
  if (at_word("ROW") || at_word("ROWS")) {
    out.limit = make(ast::Expression::Kind::integer, peek().at);
    out.limit->text = "1";
  } else {
    WEIR_TRY(out.limit, row_count());
  }
  if (!take_word("ROW")) WEIR_CHECK(need_word("ROWS"));
  if (at_word("WITH")) return syntax_error(peek().at, "FETCH FIRST WITH TIES is not supported");
  return need_word("ONLY");
}

Result<ExpressionPtr> Parser::row_count() {
  if (peek().kind != Kind::integer && !at_symbol("?")) return mismatch("'?', <integer>");
  return primary();
}

Result<QueryPtr> Parser::query_term(int level) {
  // INTERSECT binds tighter than UNION and EXCEPT; both are left-associative.
  if (level == 2) return query_primary();
  WEIR_TRY(QueryPtr left, query_term(level + 1));
  while (level == 0 ? at_word("UNION") || at_word("EXCEPT") : at_word("INTERSECT")) {
    if (++links_ > SqlLimits::kLinksMax) return too_deep();
    auto out = std::make_unique<Query>();
    ast::SetOperation set;
    out->at = peek().at;
    set.op = take().upper;
    set.all = take_word("ALL");
    if (!set.all) take_word("DISTINCT");
    set.left = std::move(left);
    WEIR_TRY(set.right, query_term(level + 1));
    out->body = std::move(set);
    left = std::move(out);
  }
  return left;
}

Result<QueryPtr> Parser::query_primary() {
  auto out = std::make_unique<Query>();
  out->at = peek().at;
  if (at_word("SELECT")) {
    WEIR_TRY(out->body, select());
    return out;
  }
  if (take_word("VALUES")) {
    WEIR_TRY(out->body, expressions());
    return out;
  }
  if (at_word("TABLE")) {
    take();
    WEIR_TRY(out->body, name());
    return out;
  }
  if (!at_symbol("(")) return mismatch("'(', 'SELECT', 'TABLE', 'VALUES'");
  const Nesting nesting(depth_);
  if (nesting.too_deep()) return too_deep();
  take();
  WEIR_TRY(QueryPtr inner, query());
  WEIR_CHECK(need_symbol(")"));
  out->body = std::move(inner);
  return out;
}

Result<ast::Select> Parser::select() {
  ast::Select out;
  take();
  out.distinct = take_word("DISTINCT");
  if (!out.distinct) take_word("ALL");
  do {
    WEIR_TRY(ast::SelectItem item, select_item());
    out.items.push_back(std::move(item));
  } while (take_symbol(","));
  if (take_word("FROM")) {
    WEIR_TRY(out.from, relations());
  }
  if (take_word("WHERE")) {
    WEIR_TRY(out.where, expression());
  }
  if (at_word("GROUP")) WEIR_CHECK(group_by(out));
  if (take_word("HAVING")) {
    WEIR_TRY(out.having, expression());
  }
  if (at_word("WINDOW") && at_identifier(1) && at_word("AS", 2)) {
    take();
    do {
      WEIR_TRY(ast::Identifier of, identifier());
      WEIR_CHECK(need_word("AS"));
      WEIR_CHECK(need_symbol("("));
      WEIR_TRY(ast::Window one, window());
      WEIR_CHECK(need_symbol(")"));
      out.windows.emplace_back(std::move(of), std::move(one));
    } while (take_symbol(","));
  }
  return out;
}

bool Parser::at_clause_start() const {
  // Words that Trino does not reserve but that begin a clause when followed by what the clause
  // needs.
  const auto is_count = [&](std::size_t ahead) {
    return peek(ahead).kind == Kind::integer || at_symbol("?", ahead);
  };
  return (at_word("LIMIT") && (is_count(1) || at_word("ALL", 1))) ||
         (at_word("OFFSET") && is_count(1)) ||
         (at_word("FETCH") && (at_word("FIRST", 1) || at_word("NEXT", 1))) ||
         (at_word("WINDOW") && at_word("AS", 2)) || (at_word("TABLESAMPLE") && at_symbol("(", 2));
}

Result<ast::SelectItem> Parser::select_item() {
  ast::SelectItem out;
  out.at = peek().at;
  if (take_symbol("*")) return out;
  // `t.*` and `s.t.*`.
  std::size_t ahead = 0;
  while (at_identifier(ahead) && at_symbol(".", ahead + 1)) ahead += 2;
  if (ahead > 0 && at_symbol("*", ahead)) {
    while (!at_symbol("*")) {
      WEIR_TRY(ast::Identifier part, identifier());
      out.qualifier.push_back(std::move(part));
      take();
    }
    take();
    return out;
  }
  WEIR_TRY(out.expression, expression());
  if (take_word("AS")) {
    WEIR_TRY(out.alias, identifier());
  } else if (at_identifier() && !at_clause_start()) {
    WEIR_TRY(out.alias, identifier());
  }
  return out;
}

Result<void> Parser::group_by(ast::Select& out) {
  take();
  WEIR_CHECK(need_word("BY"));
  out.group_distinct = take_word("DISTINCT");
  if (!out.group_distinct) take_word("ALL");
  do {
    WEIR_TRY(ast::GroupingElement one, grouping_element());
    out.group_by.push_back(std::move(one));
  } while (take_symbol(","));
  return {};
}

Result<ast::GroupingElement> Parser::grouping_element() {
  using Element = ast::GroupingElement::Kind;
  ast::GroupingElement out;
  if (take_words({"GROUPING", "SETS"})) {
    out.kind = Element::sets;
    WEIR_CHECK(need_symbol("("));
    do {
      WEIR_TRY(auto set, grouping_set());
      out.sets.push_back(std::move(set));
    } while (take_symbol(","));
    WEIR_CHECK(need_symbol(")"));
    return out;
  }
  if ((at_word("ROLLUP") || at_word("CUBE")) && at_symbol("(", 1)) {
    out.kind = take().upper == "CUBE" ? Element::cube : Element::rollup;
    take();
    if (!at_symbol(")")) {
      do {
        WEIR_TRY(auto set, grouping_set());
        out.sets.push_back(std::move(set));
      } while (take_symbol(","));
    }
    WEIR_CHECK(need_symbol(")"));
    return out;
  }
  WEIR_TRY(auto set, grouping_set());
  out.sets.push_back(std::move(set));
  return out;
}

Result<std::vector<ExpressionPtr>> Parser::grouping_set() {
  std::vector<ExpressionPtr> out;
  if (at_symbol("(") && at_symbol(")", 1)) {
    next_ += 2;
    return out;
  }
  WEIR_TRY(ExpressionPtr one, expression());
  if (one->kind == ast::Expression::Kind::row) {  // `(a, b)`
    return std::move(one->arguments);
  }
  out.push_back(std::move(one));
  return out;
}

Result<std::vector<ast::SortItem>> Parser::sort_items() {
  std::vector<ast::SortItem> out;
  do {
    ast::SortItem item;
    WEIR_TRY(item.expression, expression());
    item.descending = take_word("DESC");
    if (!item.descending) take_word("ASC");
    if (take_word("NULLS")) {
      item.nulls_first = take_word("FIRST");
      if (!*item.nulls_first) WEIR_CHECK(need_word("LAST"));
    }
    out.push_back(std::move(item));
  } while (take_symbol(","));
  return out;
}

Result<RelationPtr> Parser::relations() {
  WEIR_TRY(RelationPtr left, relation());
  while (take_symbol(",")) {
    if (++links_ > SqlLimits::kLinksMax) return too_deep();
    auto out = std::make_unique<Relation>();
    out->kind = Relation::Kind::join;
    out->join = "CROSS";
    out->at = left->at;
    out->left = std::move(left);
    WEIR_TRY(out->right, relation());
    left = std::move(out);
  }
  return left;
}

Result<RelationPtr> Parser::relation() {
  const Nesting nesting(depth_);
  if (nesting.too_deep()) return too_deep();
  WEIR_TRY(RelationPtr left, sampled_relation());
  while (true) {
    const std::size_t before = next_;
    WEIR_TRY(left, joined(std::move(left)));
    if (next_ == before) return left;
  }
}

Result<RelationPtr> Parser::joined(RelationPtr left) {
  const bool starts = at_word("CROSS") || at_word("NATURAL") || at_word("JOIN") ||
                      at_word("INNER") || at_word("LEFT") || at_word("RIGHT") || at_word("FULL");
  if (!starts) return left;
  if (++links_ > SqlLimits::kLinksMax) return too_deep();
  auto out = std::make_unique<Relation>();
  out->kind = Relation::Kind::join;
  out->at = peek().at;
  out->left = std::move(left);
  if (take_word("CROSS")) {
    out->join = "CROSS";
    WEIR_CHECK(need_word("JOIN"));
    WEIR_TRY(out->right, sampled_relation());
    return out;
  }
  out->natural = take_word("NATURAL");
  out->join = "INNER";
  if (at_word("LEFT") || at_word("RIGHT") || at_word("FULL")) {
    out->join = take().upper;
    take_word("OUTER");
  } else {
    take_word("INNER");
  }
  WEIR_CHECK(need_word("JOIN"));
  if (out->natural) {
    WEIR_TRY(out->right, sampled_relation());
    return out;
  }
  // `a JOIN b JOIN c ON x ON y`: the right side takes joins until its own condition follows.
  WEIR_TRY(out->right, relation());
  if (take_word("ON")) {
    WEIR_TRY(out->on, expression());
  } else if (take_word("USING")) {
    WEIR_TRY(out->using_columns, identifiers_in_parentheses());
  } else {
    return mismatch("'CROSS', 'FULL', 'INNER', 'JOIN', 'LEFT', 'NATURAL', 'ON', 'RIGHT', 'USING'");
  }
  return out;
}

Result<RelationPtr> Parser::sampled_relation() {
  WEIR_TRY(RelationPtr out, relation_primary());
  if (!at_word("TABLESAMPLE")) return out;
  take();
  if (!at_word("BERNOULLI") && !at_word("SYSTEM")) return mismatch("'BERNOULLI', 'SYSTEM'");
  out->sample_method = take().upper;
  WEIR_CHECK(need_symbol("("));
  WEIR_TRY(out->sample_percent, expression());
  WEIR_CHECK(need_symbol(")"));
  return out;
}

Result<RelationPtr> Parser::relation_primary() {
  auto out = std::make_unique<Relation>();
  out->at = peek().at;
  if (at_word("LATERAL") && at_symbol("(", 1)) {
    take();
    out->lateral = true;
  }
  if (at_symbol("(")) {
    if (at_query()) {
      take();
      out->kind = Relation::Kind::subquery;
      WEIR_TRY(out->query, query());
      WEIR_CHECK(need_symbol(")"));
      WEIR_CHECK(relation_alias(*out));
      return out;
    }
    take();
    WEIR_TRY(RelationPtr inner, relations());
    WEIR_CHECK(need_symbol(")"));
    return inner;
  }
  if (at_word("UNNEST")) {
    take();
    out->kind = Relation::Kind::unnest;
    WEIR_CHECK(need_symbol("("));
    WEIR_TRY(out->unnested, expressions());
    WEIR_CHECK(need_symbol(")"));
    if (take_word("WITH")) {
      WEIR_CHECK(need_word("ORDINALITY"));
      out->ordinality = true;
    }
    WEIR_CHECK(relation_alias(*out));
    return out;
  }
  if (at_word("JSON_TABLE") || (at_word("TABLE") && at_symbol("(", 1))) {
    return syntax_error(peek().at, "table functions are not supported");
  }
  if (!at_identifier()) return mismatch("'(', 'LATERAL', 'TABLE', 'UNNEST', <identifier>");
  WEIR_TRY(out->name, name());
  WEIR_CHECK(relation_alias(*out));
  return out;
}

Result<void> Parser::relation_alias(Relation& out) {
  if (take_word("AS")) {
    WEIR_TRY(out.alias, identifier());
  } else if (at_identifier() && !at_clause_start()) {
    WEIR_TRY(out.alias, identifier());
  }
  if (out.alias && at_symbol("(")) {
    WEIR_TRY(out.column_aliases, identifiers_in_parentheses());
  }
  return {};
}

}  // namespace weir::sql
