// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sql/ast.h"
#include "sql/lexer.h"
#include "sql/parser.h"

/// The recursive-descent parser, private to parser_*.cc: one class, its parts in three files
/// (statements, queries, expressions).
namespace weir::sql {

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  Result<ast::Statement> statement();
  Result<ast::ExpressionPtr> lone_expression();

 private:
  using Kind = Token::Kind;
  /// Counts nesting for as long as it lives.
  class Nesting {
   public:
    explicit Nesting(int& depth) : depth_(++depth) {}
    ~Nesting() { --depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    bool too_deep() const { return depth_ > SqlLimits::kDepthMax; }

   private:
    int& depth_;
  };

  // Tokens.
  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }
  const Token& take() { return tokens_[next_ + 1 < tokens_.size() ? next_++ : next_]; }
  bool at_word(std::string_view upper, std::size_t ahead = 0) const {
    return peek(ahead).kind == Kind::word && peek(ahead).upper == upper;
  }
  bool at_symbol(std::string_view symbol, std::size_t ahead = 0) const {
    return peek(ahead).kind == Kind::symbol && peek(ahead).text == symbol;
  }
  bool take_word(std::string_view upper);
  /// All of them or none.
  bool take_words(std::initializer_list<std::string_view> words);
  bool take_symbol(std::string_view symbol);
  Result<void> need_word(std::string_view upper);
  Result<void> need_symbol(std::string_view symbol);
  Error mismatch(std::string_view expecting) const;
  Error too_deep() const;
  std::string source(std::size_t from, std::size_t to) const;

  // Names.
  bool at_identifier(std::size_t ahead = 0) const;
  Result<ast::Identifier> identifier();
  Result<ast::Name> name();
  Result<std::vector<ast::Identifier>> identifiers_in_parentheses();

  // parser_statements.cc
  Result<void> statement_body(ast::Statement& out);
  Result<void> create(ast::Statement& out);
  Result<void> drop(ast::Statement& out);
  Result<void> alter(ast::Statement& out);
  Result<void> show(ast::Statement& out);
  Result<void> describe(ast::Statement& out);
  Result<void> explain(ast::Statement& out);
  Result<void> create_database(ast::Statement& out);
  Result<void> create_table(ast::Statement& out, bool external);
  Result<void> create_view(ast::Statement& out, bool replace);
  Result<void> table_clauses(Table& table, bool& located);
  Result<bool> table_clause(Table& table, bool& located);
  Result<void> row_format(Table& table);
  Result<void> stored_as(Table& table);
  Result<ast::Identifier> hive_identifier();
  Result<ast::Name> hive_name();
  Result<std::string> hive_string();
  Result<std::string> hive_type();
  Result<std::vector<Column>> hive_columns();
  Result<ast::Properties> properties();
  Result<ast::PartitionSpec> partition_spec();
  Result<std::string> partition_value();

  // parser_query.cc
  Result<ast::QueryPtr> query();
  Result<ast::QueryPtr> query_without_with();
  Result<ast::QueryPtr> query_term(int level);
  Result<ast::QueryPtr> query_primary();
  Result<void> with_clause(ast::Query& out);
  Result<void> order_and_limit(ast::Query& out);
  Result<ast::Select> select();
  Result<ast::SelectItem> select_item();
  Result<void> group_by(ast::Select& out);
  Result<ast::GroupingElement> grouping_element();
  Result<std::vector<ast::ExpressionPtr>> grouping_set();
  Result<ast::RelationPtr> relations();
  Result<ast::RelationPtr> relation();
  Result<ast::RelationPtr> joined(ast::RelationPtr left);
  Result<ast::RelationPtr> sampled_relation();
  Result<ast::RelationPtr> relation_primary();
  Result<void> relation_alias(ast::Relation& out);
  Result<std::vector<ast::SortItem>> sort_items();
  Result<ast::ExpressionPtr> row_count();
  bool at_clause_start() const;
  bool at_query() const;

  // parser_expressions.cc
  Result<ast::ExpressionPtr> expression();
  Result<ast::ExpressionPtr> conjunction();
  Result<ast::ExpressionPtr> negation();
  Result<ast::ExpressionPtr> predicate();
  Result<ast::ExpressionPtr> predicate_of(ast::ExpressionPtr left);
  Result<ast::ExpressionPtr> in_predicate(ast::ExpressionPtr left, bool negated, Position at);
  Result<ast::ExpressionPtr> concatenation();
  Result<ast::ExpressionPtr> sum();
  Result<ast::ExpressionPtr> product();
  Result<ast::ExpressionPtr> unary();
  Result<ast::ExpressionPtr> postfix();
  Result<ast::ExpressionPtr> primary();
  Result<ast::ExpressionPtr> word_primary();
  Result<ast::ExpressionPtr> special_form(std::string_view word);
  Result<ast::ExpressionPtr> parenthesised();
  Result<ast::ExpressionPtr> lambda();
  Result<ast::ExpressionPtr> case_expression();
  Result<ast::ExpressionPtr> cast(bool is_try);
  Result<ast::ExpressionPtr> interval();
  Result<ast::ExpressionPtr> trim();
  Result<ast::ExpressionPtr> substring();
  Result<ast::ExpressionPtr> listagg();
  Result<ast::ExpressionPtr> call();
  Result<void> call_tail(ast::Expression& out);
  Result<ast::Window> window();
  Result<void> window_frame(ast::Window& out);
  Result<ast::FrameBound> frame_bound();
  Result<std::vector<ast::ExpressionPtr>> expressions();
  Result<SqlType> type(std::string& spelling);
  Result<SqlType> type_primary(std::string& spelling);
  Result<SqlType> row_type(std::string& spelling);
  Result<int> type_number();
  bool at_lambda() const;

  ast::ExpressionPtr make(ast::Expression::Kind kind, Position at) const;
  ast::ExpressionPtr make(ast::Expression::Kind kind, Position at, ast::ExpressionPtr a,
                          ast::ExpressionPtr b = nullptr) const;

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  int depth_ = 0;
  int links_ = 0;
  int parameters_ = 0;
};

}  // namespace weir::sql
