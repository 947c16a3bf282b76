// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::sql {

/// Where something stands in the statement: line from 1, column from 1, in bytes. `offset` counts
/// bytes.
struct Position {
  int line = 1;
  int column = 1;
  std::size_t offset = 0;
};

struct Token {
  enum class Kind : std::uint8_t {
    word,        // identifier or keyword, as written
    quoted,      // "identifier" (in Hive's grammar a string)
    backquoted,  // `identifier`
    string,      // '...'
    binary,      // X'...'
    integer,
    decimal,
    real,    // with an exponent
    symbol,  // operator or punctuation
    end,
  };
  Kind kind = Kind::end;
  std::string text;   // quoted forms: the content
  std::string upper;  // word: in upper case
  Position at;
  std::size_t end_offset = 0;
};

/// Bounds of what the parser accepts.
struct SqlLimits {
  static constexpr std::size_t kTextMax = 262'144;  // StartQueryExecution's QueryString
  static constexpr std::size_t kTokensMax = 200'000;
  static constexpr int kDepthMax = 100;  // nested expressions and queries
  static constexpr int kLinksMax =
      500;  // operators, set operations, joins: each makes the tree deeper
};

/// Splits a statement into tokens; comments (`-- ...` and `/* ... */`) and blanks fall away. The
/// last token is `end`. Error: code MALFORMED_QUERY, Trino's text.
Result<std::vector<Token>> tokenize(std::string_view text);

/// A syntax error at that place: `line 1:8: mismatched input ...`.
Error syntax_error(Position at, std::string_view text);

}  // namespace weir::sql
