// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logs/number_ranges.h"

/// What the dialects of filter patterns have in common: reading their text, and comparing values.
namespace weir::logs {

inline bool is_blank(char c) { return c == ' ' || static_cast<unsigned char>(c - '\t') < 5; }
inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
/// ASCII letter, digit or underscore.
inline bool is_word(char c) {
  return is_digit(c) || static_cast<unsigned char>((c | 0x20) - 'a') < 26 || c == '_';
}

/// Two different texts like this are different numbers; nothing needs to be converted to know that.
inline bool is_plain_integer(std::string_view text) {
  constexpr std::size_t kDigitsMax = 15;  // exact as a double
  if (text.empty() || text.size() > kDigitsMax || (text[0] == '0' && text.size() > 1)) return false;
  for (const char c : text) {
    if (!is_digit(c)) return false;
  }
  return true;
}

/// Whether `text` occurs in `message`; several times as fast as std::string_view::find().
bool contains(std::string_view message, std::string_view text);

/// A regular expression of a filter pattern: AWS's subset, searched for anywhere in the text.
class Regex {
 public:
  /// `body` is what stands between the percent signs. Error: kind invalid, message says what is not
  /// allowed.
  static Result<Regex> compile(std::string_view body);
  bool found_in(std::string_view text) const;
  /// A text that is in whatever the expression is found in; "" if none is known.
  const std::string& literal() const { return literal_; }

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;  // immutable, so copies may share it
  std::string literal_;
};

/// Reads a pattern from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool done() const { return offset_ == text_.size(); }
  /// The next character, 0 at the end.
  char peek() const { return done() ? '\0' : text_[offset_]; }
  std::size_t offset() const { return offset_; }
  void skip() { ++offset_; }
  /// What was read since `offset`.
  std::string_view since(std::size_t offset) const {
    return text_.substr(offset, offset_ - offset);
  }
  void skip_blanks();
  bool eat(std::string_view expected);
  template <class Accept>
  std::string_view take_while(Accept accept) {
    const std::size_t start = offset_;
    while (!done() && accept(text_[offset_])) ++offset_;
    return text_.substr(start, offset_ - start);
  }
  /// `"..."` with `\"` and `\\`; the next character is the opening quote.
  Result<std::string> quoted();
  /// `%...%`; the next character is the opening percent sign.
  Result<Regex> regex();
  /// `Invalid filter pattern`, with where and why in detail `reason`.
  Error error(std::string_view why) const;

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
};

Error invalid_pattern(std::string reason);

enum class Comparison : std::uint8_t {
  equal,
  not_equal,
  greater,
  greater_or_equal,
  less,
  less_or_equal
};
std::optional<Comparison> take_comparison(Scanner& scanner);

/// Text with `*` for any run of characters.
class Wildcards {
 public:
  explicit Wildcards(std::string_view text);
  bool matches(std::string_view text) const;

 private:
  std::vector<std::string> parts_;  // between the stars; one part: no star
};

/// The right-hand side of a test: `= 4*`, `!= "x"`, `>= 400`, `= %re%`.
///
/// AWS does not say how text and number meet; here `=` and `!=` with an unquoted number compare as
/// numbers when the value reads as one, everything else compares as text.
class ValueTest {
 public:
  /// A quoted or bare text; wildcards count in both.
  static ValueTest text(Comparison comparison, std::string_view text);
  /// An unquoted number as it is written.
  static ValueTest number(Comparison comparison, std::string_view literal, double value);
  static ValueTest regex(Comparison comparison, std::string_view body, Regex regex);

  bool holds(std::string_view value) const;

  /// `=` with a text without wildcards: holds for `literal()` and nothing else.
  bool is_exact() const { return comparison_ == Comparison::equal && kind_ == Kind::text; }
  /// `=` with an integer: of the texts for which is_plain_integer() it holds for `literal()` only.
  bool is_plain_number() const {
    return comparison_ == Comparison::equal && kind_ == Kind::number && is_plain_;
  }
  bool is_regex() const { return kind_ == Kind::regex; }
  /// The numbers (as std::to_string() writes them) for which it holds, if these are a few ranges.
  std::optional<NumberRanges> numbers() const;
  /// The addresses (four numbers without leading zeros; the first octet is the highest) for which
  /// it holds, if these are a few ranges.
  std::optional<NumberRanges> addresses() const;
  /// As it was written, without marks.
  const std::string& literal() const { return literal_; }
  bool is_same_as(const ValueTest& other) const {
    return comparison_ == other.comparison_ && kind_ == other.kind_ && literal_ == other.literal_;
  }

 private:
  enum class Kind : std::uint8_t { text, wildcards, number, regex };
  ValueTest(Comparison comparison, Kind kind, std::string_view literal)
      : comparison_(comparison), kind_(kind), literal_(literal) {}
  bool equals(std::string_view value) const;
  bool is_in_order(std::string_view value) const;

  Comparison comparison_;
  Kind kind_;
  bool is_plain_ = false;  // literal_ is the only way to write its number without a sign or point
  std::string literal_;
  double number_ = 0;
  std::optional<Wildcards> wildcards_;
  std::optional<Regex> regex_;
};

/// Whether all tests of one of the lists hold.
bool any_holds(const std::vector<std::vector<ValueTest>>& tests, std::string_view value);

/// Reads the value behind `comparison` where it is quoted or a regular expression, else nothing;
/// counts regular expressions in `regexes`. Orderings take numbers only.
Result<std::optional<ValueTest>> take_marked_value(Scanner& scanner, Comparison comparison,
                                                   std::size_t& regexes);
/// The test for an unquoted value.
Result<ValueTest> bare_value(const Scanner& scanner, Comparison comparison, std::string_view text);

}  // namespace weir::logs
