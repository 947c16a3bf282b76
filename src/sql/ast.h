// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sql/catalog.h"
#include "sql/lexer.h"
#include "sql/types.h"

/// What the parser makes of a statement. Plain data; the translator and the DDL executor read it.
namespace weir::sql::ast {

struct Expression;
struct Query;
struct Relation;
using ExpressionPtr = std::unique_ptr<Expression>;
using QueryPtr = std::unique_ptr<Query>;
using RelationPtr = std::unique_ptr<Relation>;

/// A name part; `quoted` ones keep their case in column labels either way, look-ups ignore case.
struct Identifier {
  std::string text;
  Position at;
  bool quoted = false;
};
using Name = std::vector<Identifier>;

struct SortItem {
  ExpressionPtr expression;
  bool descending = false;
  std::optional<bool> nulls_first;
};

struct FrameBound {
  enum class Kind : std::uint8_t {
    unbounded_preceding,
    preceding,
    current_row,
    following,
    unbounded_following
  } kind = Kind::unbounded_preceding;
  ExpressionPtr value;
};

struct Window {
  std::optional<Identifier> name;  // OVER w, or the window it builds on
  std::vector<ExpressionPtr> partition_by;
  std::vector<SortItem> order_by;
  std::string frame;  // ROWS, RANGE, GROUPS or empty
  FrameBound start;
  std::optional<FrameBound> end;
};

struct Expression {
  enum class Kind : std::uint8_t {
    null,
    boolean,        // text: TRUE, FALSE
    integer,        // text
    decimal,        // text; a double on Athena
    real,           // text
    string,         // text
    binary,         // text: hexadecimal digits
    typed,          // `DATE '...'`: type, text
    interval,       // text; unit, to_unit; negative
    parameter,      // `?`; index
    column,         // name
    dereference,    // arguments[0].name
    subscript,      // arguments[0][arguments[1]]
    unary,          // op: -, +, NOT
    binary_op,      // op: + - * / % || = <> < <= > >= AND OR
    distinct_from,  // negated: IS NOT DISTINCT FROM
    is_null,        // negated
    between,        // negated
    in_list,        // arguments[0] IN the others; negated
    in_query,       // negated
    exists,
    quantified,  // arguments[0] op ANY|ALL (query); unit: ANY, ALL
    like,        // arguments: value, pattern[, escape]; negated
    case_,       // has_operand; then pairs; is_negated unused; last is ELSE if has_else
    cast,        // type; is_try
    try_,
    extract,  // unit
    at_time_zone,
    call,
    lambda,  // name: parameters; arguments[0]: body
    row,
    array,
    subquery,
    grouping,
    current,  // text: current_date ...
  };
  Kind kind = Kind::null;
  Position at;
  std::string text;
  std::string op;
  std::string unit;
  std::string to_unit;
  Name name;  // column, call, dereference field, lambda parameters
  SqlType type;
  std::vector<ExpressionPtr> arguments;
  QueryPtr query;
  int index = 0;
  bool negated = false;
  bool is_try = false;
  bool has_operand = false;
  bool has_else = false;
  // Calls.
  bool distinct = false;
  bool star = false;
  bool ignore_nulls = false;
  std::vector<SortItem> order_by;
  ExpressionPtr filter;
  std::optional<Window> over;
};

struct SelectItem {
  ExpressionPtr expression;  // nullptr: a star
  std::optional<Identifier> alias;
  Name qualifier;  // of `t.*`
  Position at;
};

struct GroupingElement {
  enum class Kind : std::uint8_t { simple, rollup, cube, sets } kind = Kind::simple;
  std::vector<std::vector<ExpressionPtr>>
      sets;  // simple: one set; rollup, cube: its columns one by one
};

struct Relation {
  enum class Kind : std::uint8_t { table, subquery, unnest, join } kind = Kind::table;
  Position at;
  Name name;       // table
  QueryPtr query;  // subquery
  bool lateral = false;
  std::vector<ExpressionPtr> unnested;  // unnest
  bool ordinality = false;
  std::optional<Identifier> alias;
  std::vector<Identifier> column_aliases;
  std::string sample_method;  // BERNOULLI, SYSTEM or empty
  ExpressionPtr sample_percent;
  // Join.
  std::string join;  // INNER, LEFT, RIGHT, FULL, CROSS
  bool natural = false;
  RelationPtr left;
  RelationPtr right;
  ExpressionPtr on;
  std::vector<Identifier> using_columns;
};

struct Select {
  bool distinct = false;
  std::vector<SelectItem> items;
  RelationPtr from;
  ExpressionPtr where;
  bool group_distinct = false;
  std::vector<GroupingElement> group_by;
  ExpressionPtr having;
  std::vector<std::pair<Identifier, Window>> windows;
};

struct SetOperation {
  std::string op;  // UNION, INTERSECT, EXCEPT
  bool all = false;
  QueryPtr left;
  QueryPtr right;
};

struct CommonTable {
  Identifier name;
  std::vector<Identifier> columns;
  QueryPtr query;
};

struct Query {
  Position at;
  bool recursive = false;
  std::vector<CommonTable> with;
  /// SELECT, VALUES, `TABLE t`, a set operation, or a query in parentheses.
  std::variant<std::monostate, Select, std::vector<ExpressionPtr>, Name, SetOperation, QueryPtr>
      body;
  std::vector<SortItem> order_by;
  ExpressionPtr offset;
  ExpressionPtr limit;  // nullptr: all
};

using Properties = std::map<std::string, std::string>;

struct CreateDatabase {
  Identifier name;
  bool if_not_exists = false;
  std::optional<std::string> comment;
  std::optional<std::string> location;
  Properties properties;
};
struct DropDatabase {
  Identifier name;
  bool if_exists = false;
  bool cascade = false;
};
struct CreateTable {
  Table table;  // without database
  Name name;
  bool external = false;
  bool if_not_exists = false;
};
struct CreateView {
  Name name;
  bool replace = false;
  QueryPtr query;
  std::string text;  // of the query
};
struct DropTable {
  Name name;
  bool if_exists = false;
  bool view = false;
};
using PartitionSpec = std::vector<std::pair<std::string, std::string>>;
struct AlterTable {
  enum class Kind : std::uint8_t {
    add_partition,
    drop_partition,
    set_location,
    set_properties,
    add_columns,
    replace_columns
  } kind = Kind::add_partition;
  Name name;
  bool if_exists = false;  // or IF NOT EXISTS
  std::vector<std::pair<PartitionSpec, std::optional<std::string>>> partitions;
  std::string location;
  Properties properties;
  std::vector<Column> columns;
};
struct RepairTable {
  Name name;
};
struct Show {
  enum class Kind : std::uint8_t {
    databases,
    tables,
    views,
    columns,
    partitions,
    properties,
    create_table,
    create_view,
    functions
  } kind = Kind::databases;
  Name name;  // table, or database of SHOW TABLES
  std::optional<std::string> pattern;
};
struct Describe {
  Name name;
  bool extended = false;
};
struct Explain {
  bool analyze = false;
  QueryPtr query;
};

/// A statement with what StartQueryExecution reports of it.
struct Statement {
  std::string text;     // without comments around it and the trailing semicolon
  std::string type;     // DML, DDL, UTILITY
  std::string subtype;  // SELECT, CREATE_TABLE ...
  int parameters = 0;   // question marks
  std::variant<QueryPtr, Explain, CreateDatabase, DropDatabase, CreateTable, CreateView, DropTable,
               AlterTable, RepairTable, Show, Describe>
      body;
};

}  // namespace weir::sql::ast
