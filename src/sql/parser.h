// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/ast.h"

namespace weir::sql {

/// Parses one statement of Athena: Trino's query grammar, and the Hive-like grammar of its DDL,
/// SHOW and DESCRIBE (names in backticks, strings in either quote). Error: code MALFORMED_QUERY,
/// text as Trino writes it: `line 1:8: mismatched input ...`.
Result<ast::Statement> parse_statement(std::string_view text);

/// Parses an expression alone (an execution parameter). Error as above.
Result<ast::ExpressionPtr> parse_expression(std::string_view text);

/// Whether Trino's grammar reserves the (upper-case) word.
bool is_reserved_word(std::string_view upper);

}  // namespace weir::sql
