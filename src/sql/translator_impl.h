// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/functions.h"
#include "sql/translator.h"

/// The translator, private to translate_*.cc. One pass over the tree: each expression becomes
/// DuckDB text with its Trino type; names are resolved against the relations in sight, so every
/// column is printed with the unique alias of its relation and nothing is left to the name rules of
/// the engine, which differ.
namespace weir::sql {

/// A column of a relation in sight.
struct Field {
  std::string database;  // for `db.table.column`; lower case
  std::string relation;  // lower case, "" if it has no name
  std::string name;      // lower case
  std::string label;     // as written
  SqlType type;
  std::string sql;
  std::string column;         // of a table: its own name, whatever the query calls it
  int read = -1;              // index of the table read, if it is a column of one
  bool is_partition = false;  // a partition column that may prune
  bool is_hidden = false;     // "$path": not in *
};

struct NameScope {
  std::vector<Field> fields;
  const NameScope* outer = nullptr;
};

/// Text and type of an expression.
struct Typed {
  std::string sql;
  SqlType type;
};

struct RelationText {
  std::string sql;
  std::vector<Field> fields;
};

struct QueryText {
  std::string sql;
  std::vector<OutputColumn> columns;
};

class Translator {
 public:
  explicit Translator(const TranslateContext& context) : context_(context) {}
  Result<Translation> run(const ast::Query& query);

 private:
  static constexpr int kViewDepthMax = 16;
  using E = ast::Expression;
  struct CommonTable {
    std::string name;
    std::string alias;
    std::vector<OutputColumn> columns;
  };
  /// What is known while the expressions of one SELECT are translated.
  struct SelectState {
    const NameScope* scope = nullptr;
    std::set<std::string> group_keys;        // text of the grouping expressions
    std::vector<ast::Identifier> ungrouped;  // columns met outside aggregates and keys
    bool has_aggregate = false;
    int aggregate_depth = 0;
  };

  // translate_query.cc
  Result<QueryText> query(const ast::Query& query, const NameScope* outer);
  Result<QueryText> body(const ast::Query& query, const NameScope* outer);
  Result<std::string> with(const ast::Query& query, const NameScope* outer);
  Result<void> recursive_columns(const ast::CommonTable& table, CommonTable& known,
                                 const NameScope* outer);
  Result<QueryText> select(const ast::Select& select, const ast::Query& query,
                           const NameScope* outer);
  Result<QueryText> values(const std::vector<ast::ExpressionPtr>& rows, const NameScope* outer);
  Result<QueryText> set_operation(const ast::SetOperation& set, const ast::Query& query,
                                  const NameScope* outer);
  Result<std::string> where(const ast::Expression& condition, const NameScope& scope);
  Result<std::string> group_by(const ast::Select& select, const NameScope& scope);
  Result<std::string> grouping_set(const std::vector<ast::ExpressionPtr>& set,
                                   const ast::Select& select, const NameScope& scope,
                                   bool parentheses);
  struct Item {
    Typed value;
    std::string label;
    bool is_aliased = false;
  };
  Result<std::vector<Item>> items(const ast::Select& select, const NameScope& scope);
  Result<void> star(const ast::SelectItem& item, const NameScope& scope, std::vector<Item>& out);
  Result<std::string> order_by(const std::vector<ast::SortItem>& sort,
                               const std::vector<Item>& items, const NameScope& scope);
  Result<std::string> order_outputs(const std::vector<ast::SortItem>& sort, QueryText& text);
  Result<std::string> limit(const ast::Query& query);
  Result<std::string> row_count(const ast::Expression& count);
  Result<void> check_grouping(const SelectState& state) const;
  void prune(const ast::Expression& condition, const NameScope& scope);
  static std::string sort_suffix(const ast::SortItem& item);
  static std::vector<std::string> unique_names(const std::vector<OutputColumn>& columns);

  // translate_relation.cc
  Result<RelationText> relation(const ast::Relation& relation, const NameScope* outer);
  Result<RelationText> table(const ast::Relation& relation);
  Result<RelationText> common_table(const ast::Relation& relation, const CommonTable& known);
  Result<RelationText> catalog_table(const ast::Relation& relation, const Table& table);
  Result<RelationText> view(const ast::Relation& relation, const Table& table);
  Result<RelationText> partitions_table(const ast::Relation& relation, const Table& table);
  Result<RelationText> information_schema(const ast::Relation& relation, std::string_view name);
  Result<RelationText> subquery(const ast::Relation& relation, const NameScope* outer);
  Result<RelationText> unnest(const ast::Relation& relation, const NameScope* outer);
  Result<RelationText> join(const ast::Relation& relation, const NameScope* outer);
  Result<std::string> join_using(const ast::Relation& relation, RelationText& left,
                                 RelationText& right);
  Result<RelationText> named(const ast::Relation& relation, const std::string& sql,
                             const std::vector<OutputColumn>& columns, std::string_view name,
                             std::string_view database);
  RelationText constant_rows(
      const std::vector<OutputColumn>& columns,
      const std::vector<std::vector<std::optional<std::string>>>& rows) const;

  // translate_expression.cc
  Result<Typed> expression(const E& e, const NameScope& scope);
  Result<Typed> dispatch(const E& e, const NameScope& scope);
  Result<Typed> literal(const E& e) const;
  Result<Typed> typed_literal(const E& e) const;
  Result<Typed> interval(const E& e) const;
  Result<Typed> current(const E& e) const;
  Result<Typed> parameter(const E& e, const NameScope& scope);
  Result<Typed> column(const E& e, const NameScope& scope);
  Result<Typed> field_of(Typed base, const ast::Identifier& field, const E& whole) const;
  Result<Typed> subscript(const E& e, const NameScope& scope);
  Result<Typed> unary(const E& e, const NameScope& scope);
  Result<Typed> binary(const E& e, const NameScope& scope);
  Result<Typed> arithmetic(const E& e, const Typed& left, const Typed& right) const;
  Result<Typed> divide(const E& e, const Typed& left, const Typed& right,
                       const SqlType& type) const;
  Result<Typed> moment_arithmetic(const E& e, const Typed& left, const Typed& right) const;
  Result<Typed> predicate(const E& e, const NameScope& scope);
  Result<Typed> in_query(const E& e, const NameScope& scope);
  Result<Typed> case_expression(const E& e, const NameScope& scope);
  Result<Typed> cast(const E& e, const NameScope& scope);
  std::string cast_text(const Typed& value, const SqlType& to, bool is_try) const;
  std::string cast_to_text(const Typed& value, const SqlType& to, bool is_try) const;
  Result<Typed> row(const E& e, const NameScope& scope);
  Result<Typed> array(const E& e, const NameScope& scope);
  Result<std::string> boolean(const E& e, const NameScope& scope, std::string_view what);
  Error type_mismatch(const E& e, std::string_view op, const SqlType& a, const SqlType& b) const;

  // translate_call.cc
  Result<Typed> call(const E& e, const NameScope& scope);
  Result<Typed> call_function(const E& e, const Function& function, std::vector<Typed>& arguments,
                              const SqlType& lambda, const NameScope& scope);
  Result<Typed> lambda(const E& e, const std::vector<SqlType>& types, const NameScope& scope);
  Result<std::vector<Typed>> call_arguments(const E& e, const NameScope& scope,
                                            SqlType& lambda_type);
  Result<std::string> aggregate_suffix(const E& e, const NameScope& scope);
  Result<std::string> window(const ast::Window& window, const NameScope& scope);
  Result<std::string> frame_bound(const ast::FrameBound& bound, const NameScope& scope);
  Result<std::string> sort_list(const std::vector<ast::SortItem>& sort, const NameScope& scope);

  std::string next_alias() { return "r" + std::to_string(++aliases_); }

  const TranslateContext& context_;
  std::vector<TableRead> reads_;
  std::vector<CommonTable> common_tables_;
  SelectState* select_ = nullptr;
  struct Touched {
    int read = -1;
    bool is_partition = false;
  };
  std::vector<Touched> touched_;  // columns met since somebody cleared it (pruning)
  bool touched_query_ = false;    // a subquery was met
  int aliases_ = 0;
  int view_depth_ = 0;
};

Error sql_error(std::string_view code, Position at, std::string_view text);

}  // namespace weir::sql
