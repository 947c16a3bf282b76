// SPDX-License-Identifier: Apache-2.0
#include "insights/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "insights/functions.h"

namespace weir::insights {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name_start(char c) {
  return is_letter(c) || c == '_' || c == '@' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_name_char(char c) { return is_name_start(c) || is_digit(c); }

struct Unit {
  std::array<std::string_view, 4> names;
  std::int64_t period;
};
constexpr std::int64_t kSecond = 1000;
constexpr Unit kUnits[] = {
    {{"ms", "msec", "millisecond", "milliseconds"}, 1},
    {{"s", "sec", "second", "seconds"}, kSecond},
    {{"m", "min", "minute", "minutes"}, 60 * kSecond},
    {{"h", "hr", "hour", "hours"}, 3600 * kSecond},
    {{"d", "day", "days", "day"}, 86400 * kSecond},
    {{"w", "week", "weeks", "week"}, 7 * 86400 * kSecond},
    {{"mo", "mon", "month", "months"}, -1},
    {{"q", "qtr", "quarter", "quarters"}, -3},
    {{"y", "yr", "year", "years"}, -12},
};
constexpr std::int64_t kPeriodMax = 100LL * 366 * 86400 * kSecond;
constexpr std::int64_t kMonthsMax = 1200;

constexpr std::array<std::string_view, 8> kSymbols = {"!=", "<=", ">=", "=~",
                                                      ":=", "<>", "==", "||"};

}  // namespace

std::optional<std::int64_t> period_of(std::int64_t count, std::string_view unit) {
  if (count <= 0 || count > kPeriodMax) return std::nullopt;
  for (const Unit& one : kUnits) {
    const bool is_it = std::any_of(one.names.begin(), one.names.end(), [&](std::string_view name) {
      return equal_ignoring_case(name, unit);
    });
    if (!is_it) continue;
    std::int64_t period = 0;
    if (__builtin_mul_overflow(count, one.period, &period)) return std::nullopt;
    if (period > kPeriodMax || period < -kMonthsMax) return std::nullopt;
    return period;
  }
  return std::nullopt;
}

Error malformed(std::size_t begin, std::size_t end, std::string message) {
  return {ErrorKind::invalid,
          "MalformedQueryException",
          std::move(message) + " (characters " + std::to_string(begin) + " to " +
              std::to_string(end) + ")",
          {{"startCharOffset", std::to_string(begin)}, {"endCharOffset", std::to_string(end)}}};
}

std::size_t Lexer::skip_blanks(std::size_t at) const {
  while (at < text_.size()) {
    if (text_[at] == '#') {
      at = std::min(text_.find('\n', at), text_.size());
    } else if (static_cast<unsigned char>(text_[at]) <= ' ') {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

Result<Token> Lexer::read(std::size_t at) const {
  at = skip_blanks(at);
  if (at >= text_.size()) {
    return Token{.kind = Token::Kind::end, .begin = text_.size(), .end = text_.size()};
  }
  const char c = text_[at];
  if (is_name_start(c) || c == '`') return read_name(at);
  if (is_digit(c) || (c == '.' && at + 1 < text_.size() && is_digit(text_[at + 1]))) {
    return read_number(at);
  }
  if (c == '"' || c == '\'') return read_string(at);
  for (const std::string_view symbol : kSymbols) {
    if (text_.substr(at).starts_with(symbol)) {
      return Token{.kind = Token::Kind::symbol,
                   .text = std::string(symbol),
                   .begin = at,
                   .end = at + symbol.size()};
    }
  }
  if (std::string_view("|,()[]=<>+-*/%^!:").find(c) == std::string_view::npos) {
    return malformed(at, at + 1,
                     std::string("unexpected character '") + c +
                         "'; a field name with characters other than letters, digits, _, @ and . "
                         "is written in backticks");
  }
  return Token{.kind = Token::Kind::symbol, .text = std::string(1, c), .begin = at, .end = at + 1};
}

Result<Token> Lexer::read_name(std::size_t at) const {
  Token token{.kind = Token::Kind::name, .begin = at, .end = at};
  std::size_t i = at;
  for (;;) {
    if (i < text_.size() && text_[i] == '`') {
      const std::size_t end = text_.find('`', i + 1);
      if (end == std::string_view::npos) {
        return malformed(i, text_.size(), "a backtick is not closed");
      }
      token.text += text_.substr(i + 1, end - i - 1);
      token.is_quoted = true;
      i = end + 1;
    } else {
      while (i < text_.size() && is_name_char(text_[i])) token.text += text_[i++];
    }
    // A list index or a dot and another step belong to the name.
    while (i < text_.size() && text_[i] == '[') {
      std::size_t end = i + 1;
      while (end < text_.size() && is_digit(text_[end])) ++end;
      if (end == i + 1 || end >= text_.size() || text_[end] != ']') break;
      token.text += '.';
      token.text += text_.substr(i + 1, end - i - 1);
      i = end + 1;
    }
    const bool goes_on = i + 1 < text_.size() && text_[i] == '.' &&
                         (is_name_char(text_[i + 1]) || text_[i + 1] == '`');
    if (!goes_on) break;
    token.text += '.';
    ++i;
  }
  if (token.text.empty()) return malformed(at, i, "an empty name");
  token.end = i;
  return token;
}

Result<Token> Lexer::read_number(std::size_t at) const {
  std::size_t end = at;
  while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '.')) ++end;
  const std::size_t digits_end = end;
  if (end + 1 < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
    std::size_t exponent = end + 1;
    if (text_[exponent] == '+' || text_[exponent] == '-') ++exponent;
    if (exponent < text_.size() && is_digit(text_[exponent])) {
      while (exponent < text_.size() && is_digit(text_[exponent])) ++exponent;
      end = exponent;
    }
  }
  const auto number = parse_number(text_.substr(at, end - at));
  if (!number) {
    return malformed(at, end, "'" + std::string(text_.substr(at, end - at)) + "' is no number");
  }
  Token token{.kind = Token::Kind::number,
              .text = std::string(text_.substr(at, end - at)),
              .number = *number,
              .begin = at,
              .end = end};
  std::size_t unit_end = digits_end;
  while (unit_end < text_.size() && is_name_char(text_[unit_end])) ++unit_end;
  if (end > digits_end || unit_end == digits_end) return token;
  const std::string_view unit = text_.substr(digits_end, unit_end - digits_end);
  const auto period =
      number->is_integer ? period_of(number->integer, unit) : std::optional<std::int64_t>();
  if (!period) {
    return malformed(at, unit_end,
                     "'" + std::string(text_.substr(at, unit_end - at)) +
                         "' is neither a number nor a period such as 30s, 5m, 1h, 1d; a field name "
                         "that begins with a digit is written in backticks");
  }
  token.kind = Token::Kind::period;
  token.period = *period;
  token.text = std::string(text_.substr(at, unit_end - at));
  token.end = unit_end;
  return token;
}

Result<Token> Lexer::read_string(std::size_t at) const {
  Token token{.kind = Token::Kind::string, .begin = at, .end = at};
  const char quote = text_[at];
  for (std::size_t i = at + 1; i < text_.size(); ++i) {
    const char c = text_[i];
    if (c == quote) {
      token.end = i + 1;
      return token;
    }
    if (c != '\\' || i + 1 == text_.size()) {
      token.text += c;
      continue;
    }
    const char escaped = text_[++i];
    switch (escaped) {
      case 'n':
        token.text += '\n';
        break;
      case 't':
        token.text += '\t';
        break;
      case 'r':
        token.text += '\r';
        break;
      case '\\':
      case '"':
      case '\'':
      case '/':
        token.text += escaped;
        break;
      default:  // `\d` in a text that is used as a regular expression
        token.text += '\\';
        token.text += escaped;
    }
  }
  return malformed(at, text_.size(), "a string is not closed");
}

Result<Token> Lexer::read_regex(std::size_t at) const {
  Token token{.kind = Token::Kind::string, .begin = at, .end = at};
  for (std::size_t i = at + 1; i < text_.size() && text_[i] != '\n'; ++i) {
    if (text_[i] == '/') {
      token.end = i + 1;
      return token;
    }
    if (text_[i] == '\\' && i + 1 < text_.size()) {
      if (text_[i + 1] != '/') token.text += '\\';
      ++i;
    }
    token.text += text_[i];
  }
  return malformed(at, text_.size(), "a regular expression is not closed by /");
}

}  // namespace weir::insights
