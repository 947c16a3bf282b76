// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "insights/value.h"

namespace weir::insights {

struct Token {
  enum class Kind : std::uint8_t { end, name, number, period, string, symbol };
  Kind kind = Kind::end;
  std::string text = {};   // a name without backticks, a string without quotes and escapes
  bool is_quoted = false;  // a name with backticks: never a keyword
  Number number = {};
  std::int64_t period = 0;  // milliseconds, or minus a number of months
  std::size_t begin = 0;    // place in the query, end exclusive
  std::size_t end = 0;
};

/// `5m`, `1 hour`'s unit, ... in milliseconds, or minus a number of calendar months. Nothing for a
/// word that is no unit, and for a period of more than 100 years.
std::optional<std::int64_t> period_of(std::int64_t count, std::string_view unit);

/// MalformedQueryException at a place of the query.
Error malformed(std::size_t begin, std::size_t end, std::string message);

/// Cuts a query into tokens, one at a time, because `/` begins a regular expression in some places
/// and divides in others.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  /// The token at `at` (blanks and comments before it are passed over).
  Result<Token> read(std::size_t at) const;
  /// The regular expression whose opening slash stands at `at`; as a string token.
  Result<Token> read_regex(std::size_t at) const;
  std::string_view text() const { return text_; }

 private:
  std::size_t skip_blanks(std::size_t at) const;
  Result<Token> read_name(std::size_t at) const;
  Result<Token> read_number(std::size_t at) const;
  Result<Token> read_string(std::size_t at) const;

  std::string_view text_;
};

}  // namespace weir::insights
