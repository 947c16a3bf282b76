// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "sql/ast.h"
#include "sql/catalog.h"
#include "sql/types.h"

namespace weir::sql {

/// What a query is translated against.
struct TranslateContext {
  const Catalog* catalog = nullptr;
  Scope scope;
  std::string database = "default";
  Time now;  // of current_timestamp and its kin: the same throughout a query
  std::vector<std::string> parameters;
};

struct OutputColumn {
  std::string name;
  SqlType type;  // unknown: as the engine answers
};

/// A table of the catalog that the query reads under the name `view`.
struct TableRead {
  Table table;
  std::string view;                      // the relation to make before the query runs
  std::string alias;                     // how the predicates name it
  std::vector<std::string> key_columns;  // and its partition columns
  std::vector<std::string> predicates;   // DuckDB text over partition columns; all must hold
  std::set<std::string> columns;         // lower case, of those that the query names ("$path", too)
};

struct Translation {
  std::string sql;  // one DuckDB SELECT
  std::vector<OutputColumn> columns;
  std::vector<TableRead> reads;
};

/// Checks a query of Trino's dialect against the catalog and writes it for DuckDB with Trino's
/// meaning. Error: code as Trino names it (COLUMN_NOT_FOUND ...), message `line 1:8: Column 'x'
/// cannot be resolved`.
Result<Translation> translate(const ast::Query& query, const TranslateContext& context);

/// `"name"` with inner quotes doubled; 'text' likewise.
std::string quote_identifier(std::string_view name);
std::string quote_string(std::string_view text);

}  // namespace weir::sql
