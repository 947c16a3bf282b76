// SPDX-License-Identifier: Apache-2.0
#include "insights/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace weir::insights {
namespace {

constexpr double kIntegerRealMax = 9007199254740992.0;  // 2^53: above, doubles skip integers

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The length of the chunk of digits, or of others, that begins at `from`.
std::size_t chunk_size(std::string_view text, std::size_t from) {
  const bool digits = is_digit(text[from]);
  std::size_t end = from + 1;
  while (end < text.size() && is_digit(text[end]) == digits) ++end;
  return end - from;
}

std::weak_ordering compare_digits(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::weak_ordering compare_chunks(std::string_view a, std::string_view b) {
  std::size_t at = 0;
  std::size_t bt = 0;
  while (at < a.size() && bt < b.size()) {
    const std::string_view x = a.substr(at, chunk_size(a, at));
    const std::string_view y = b.substr(bt, chunk_size(b, bt));
    const auto order = is_digit(x[0]) && is_digit(y[0]) ? compare_digits(x, y) : x.compare(y) <=> 0;
    if (order != 0) return order;
    at += x.size();
    bt += y.size();
  }
  return (a.size() - at) <=> (b.size() - bt);
}

std::weak_ordering compare_numbers(const Number& a, const Number& b) {
  if (a.is_integer && b.is_integer) return a.integer <=> b.integer;
  return a.real < b.real   ? std::weak_ordering::less
         : a.real > b.real ? std::weak_ordering::greater
                           : std::weak_ordering::equivalent;
}

}  // namespace

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > free_) {
    const std::size_t size = std::max(text.size(), kChunkBytes);
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    next_ = chunks_.back().get();
    free_ = size;
    bytes_ += size;
  }
  char* const to = next_;
  std::memcpy(to, text.data(), text.size());
  next_ += text.size();
  free_ -= text.size();
  return {to, text.size()};
}

Value Value::of(double number) {
  Value value;
  if (!std::isfinite(number)) return value;
  value.kind = Kind::real;
  value.real = number;
  return value;
}

Value Value::of(std::string_view text) {
  Value value;
  value.kind = Kind::text;
  value.text = text;
  return value;
}

Value Value::of_tree(std::string_view json) {
  Value value;
  value.kind = Kind::tree;
  value.text = json;
  return value;
}

std::optional<Number> parse_number(std::string_view text) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  if (text.empty() || !(is_digit(text.back()) || text.back() == '.')) return std::nullopt;
  const char first = text[0] == '-' && text.size() > 1 ? text[1] : text[0];
  if (!is_digit(first) && first != '.') return std::nullopt;
  std::int64_t integer = 0;
  const char* const end = text.data() + text.size();
  if (const auto [at, error] = std::from_chars(text.data(), end, integer);
      error == std::errc{} && at == end) {
    return Number::of(integer);
  }
  double real = 0;
  const auto [at, error] = std::from_chars(text.data(), end, real);
  if (error != std::errc{} || at != end || !std::isfinite(real)) return std::nullopt;
  return Number::of(real);
}

std::optional<Number> number_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::integer:
    case Value::Kind::time:
      return Number::of(value.integer);
    case Value::Kind::real:
      return Number::of(value.real);
    case Value::Kind::text:
      return parse_number(value.text);
    case Value::Kind::null:
    case Value::Kind::tree:
      break;
  }
  return std::nullopt;
}

std::optional<std::int64_t> canonical_integer(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  const std::size_t digits_at = text[0] == '-' ? 1 : 0;
  if (digits_at == text.size() || !is_digit(text[digits_at])) return std::nullopt;
  if (text[digits_at] == '0' && text.size() > 1) return std::nullopt;
  std::int64_t integer = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, integer);
  if (error != std::errc{} || at != end) return std::nullopt;
  return integer;
}

std::string format_time(std::int64_t ms) {
  using namespace std::chrono;
  // Years 0000 to 9999 are all that the form can show.
  constexpr std::int64_t kMin = -62'167'219'200'000;
  constexpr std::int64_t kMax = 253'402'300'799'999;
  const sys_time<milliseconds> point{milliseconds(std::clamp(ms, kMin, kMax))};
  const auto date = floor<days>(point);
  const year_month_day ymd{date};
  const hh_mm_ss clock{point - date};
  std::array<char, 64> text{};
  std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d.%03d", static_cast<int>(ymd.year()),
      static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text.data();
}

std::string format_number(double number) {
  if (std::abs(number) < kIntegerRealMax && number == std::trunc(number)) {
    return std::to_string(static_cast<std::int64_t>(number));
  }
  std::array<char, 400> text{};
  double value = number;
  if (std::abs(number) < kIntegerRealMax) {  // greater ones are integers that print exactly
    const auto rounded = std::to_chars(text.data(), text.data() + text.size(), number,
                                       std::chars_format::scientific, 14);
    std::from_chars(text.data(), rounded.ptr, value);
  }
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return {text.data(), end};
}

void append_text(const Value& value, std::string& out) {
  switch (value.kind) {
    case Value::Kind::null:
      break;
    case Value::Kind::integer: {
      std::array<char, 24> text{};
      out.append(text.data(),
                 std::to_chars(text.data(), text.data() + text.size(), value.integer).ptr);
      break;
    }
    case Value::Kind::real:
      out += format_number(value.real);
      break;
    case Value::Kind::time:
      out += format_time(value.integer);
      break;
    case Value::Kind::text:
    case Value::Kind::tree:
      out += value.text;
      break;
  }
}

std::string text_of(const Value& value) {
  std::string text;
  append_text(value, text);
  return text;
}

std::string_view text_in(const Value& value, Arena& arena) {
  if (value.kind == Value::Kind::text || value.kind == Value::Kind::tree) return value.text;
  return value.is_null() ? std::string_view() : arena.copy(text_of(value));
}

bool is_true(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
    case Value::Kind::tree:
      return false;
    case Value::Kind::integer:
    case Value::Kind::time:
      return value.integer != 0;
    case Value::Kind::real:
      return value.real != 0;
    case Value::Kind::text:
      break;
  }
  if (const auto number = parse_number(value.text)) return number->real != 0;
  return !value.text.empty() && value.text != "false";
}

std::partial_ordering compare(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null() || a.is_tree() || b.is_tree()) {
    return std::partial_ordering::unordered;
  }
  const bool a_is_text = a.kind == Value::Kind::text;
  const bool b_is_text = b.kind == Value::Kind::text;
  if (const auto x = number_of(a)) {
    if (const auto y = number_of(b)) return compare_numbers(*x, *y);
  }
  if (a_is_text && b_is_text) return a.text.compare(b.text) <=> 0;
  // JSON's truth values are texts here, 1 and 0 elsewhere.
  const auto truth = [](const Value& text, const Value& other) {
    return other.kind == Value::Kind::integer && (other.integer == 0 || other.integer == 1) &&
           text.text == (other.integer == 1 ? "true" : "false");
  };
  if ((a_is_text && truth(a, b)) || (b_is_text && truth(b, a))) {
    return std::partial_ordering::equivalent;
  }
  return text_of(a).compare(text_of(b)) <=> 0;
}

std::weak_ordering natural_compare(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() <=> b.is_null();
  const auto x = number_of(a);
  const auto y = number_of(b);
  if (x && y) {
    const auto order = compare_numbers(*x, *y);
    if (order != 0 || a.kind != Value::Kind::text || b.kind != Value::Kind::text) return order;
    return a.text.compare(b.text) <=> 0;
  }
  if (x || y) return x.has_value() <=> y.has_value();
  return compare_chunks(a.text, b.text);
}

std::uint64_t mix(std::uint64_t word) {
  word ^= word >> 32;
  word *= 0xe9846af9b1a615dULL;
  word ^= word >> 32;
  word *= 0xe9846af9b1a615dULL;
  return word ^ (word >> 28);
}

std::uint64_t hash_bytes(std::string_view text) {
  std::uint64_t hash = 0x9e3779b97f4a7c15ULL ^ text.size();
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = mix(hash ^ word);
    text.remove_prefix(8);
  }
  std::uint64_t word = 0;
  std::memcpy(&word, text.data(), text.size());
  return mix(hash ^ word ^ 0x632be59bd9b4e019ULL);
}

}  // namespace weir::insights
