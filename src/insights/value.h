// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::insights {

/// Keeps texts alive that values point to. Memory comes in chunks and goes with the arena.
class Arena {
 public:
  std::string_view copy(std::string_view text);
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kChunkBytes = 16u << 10;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t free_ = 0;  // in the last chunk
  char* next_ = nullptr;
  std::size_t bytes_ = 0;
};

/// What stands in one field of one row. Stored fields are text with a numeric view; columns that
/// are numbers anyway, and results of arithmetic, are numbers from the beginning.
struct Value {
  enum class Kind : std::uint8_t {
    null,
    integer,
    real,
    time,  // milliseconds; shown as `2026-01-31 12:34:56.789`
    text,
    tree,  // a JSON map or list, as its text
  };
  Kind kind = Kind::null;
  union {
    std::int64_t integer = 0;
    double real;
  };
  std::string_view text;  // of a text or a tree; lives in the block, the query or an arena

  static Value of(std::int64_t number) { return make(Kind::integer, number); }
  static Value of_bool(bool truth) { return make(Kind::integer, truth ? 1 : 0); }
  static Value of_time(std::int64_t ms) { return make(Kind::time, ms); }
  /// Null if it is no number (infinite, NaN).
  static Value of(double number);
  static Value of(std::string_view text);
  static Value of_tree(std::string_view json);

  bool is_null() const { return kind == Kind::null; }
  bool is_number() const { return kind == Kind::integer || kind == Kind::real; }
  bool is_tree() const { return kind == Kind::tree; }

 private:
  static Value make(Kind kind, std::int64_t number) {
    Value value;
    value.kind = kind;
    value.integer = number;
    return value;
  }
};

/// A number as an integer where it is one exactly.
struct Number {
  bool is_integer = true;
  std::int64_t integer = 0;
  double real = 0;  // always set

  static Number of(std::int64_t value) { return {true, value, static_cast<double>(value)}; }
  static Number of(double value) { return {false, 0, value}; }
};

/// The whole text as a decimal number: `-1.5e3`; not `0x1`, not ` 1`, not `1s`.
std::optional<Number> parse_number(std::string_view text);
/// The numeric view of a value; of a time its milliseconds. Nothing for nulls, trees and other
/// texts.
std::optional<Number> number_of(const Value& value);
/// Whether a text is what an integer prints as: `7`, `-7`; not `07`, `+7`, `-0`.
std::optional<std::int64_t> canonical_integer(std::string_view text);

/// `2026-01-31 12:34:56.789`.
std::string format_time(std::int64_t ms);
/// Integral values without a fraction, others with up to 15 significant digits and no exponent.
std::string format_number(double number);
/// As a result shows it; empty for null.
void append_text(const Value& value, std::string& out);
std::string text_of(const Value& value);
/// The text view without a copy where there is one; else written into `arena`.
std::string_view text_in(const Value& value, Arena& arena);

/// A filter's view: numbers other than 0, texts other than empty, `false` and `0`.
bool is_true(const Value& value);

/// Comparison of operators: as numbers if both sides are, else as texts by code point. Unordered if
/// a side is null or a tree.
std::partial_ordering compare(const Value& a, const Value& b);

/// The order of `sort` (5.7 of the language): texts before pure numbers; texts by chunks of digits
/// and of others. Nulls compare equal to each other and greater than everything else.
std::weak_ordering natural_compare(const Value& a, const Value& b);

/// 64 bits well mixed.
std::uint64_t hash_bytes(std::string_view text);
std::uint64_t mix(std::uint64_t word);

}  // namespace weir::insights
