// SPDX-License-Identifier: Apache-2.0
#include "sql/lexer.h"

#include <algorithm>
#include <cctype>

namespace weir::sql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) { return is_word_start(c) || is_digit(c) || c == '@' || c == '$'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> all() {
    if (text_.size() > SqlLimits::kTextMax) {
      return syntax_error({}, "statement is longer than 262144 bytes");
    }
    while (true) {
      WEIR_CHECK(skip_blanks());
      if (tokens_.size() >= SqlLimits::kTokensMax) {
        return syntax_error(at_, "statement is too large (stack overflow while parsing)");
      }
      Token token;
      token.at = at_;
      if (done()) {
        token.end_offset = at_.offset;
        tokens_.push_back(std::move(token));
        return std::move(tokens_);
      }
      WEIR_CHECK(next(token));
      token.end_offset = at_.offset;
      tokens_.push_back(std::move(token));
    }
  }

 private:
  bool done() const { return at_.offset >= text_.size(); }
  char peek(std::size_t ahead = 0) const {
    return at_.offset + ahead < text_.size() ? text_[at_.offset + ahead] : '\0';
  }
  void step(std::size_t n = 1) {
    for (; n > 0 && !done(); --n) {
      if (text_[at_.offset] == '\n') {
        ++at_.line;
        at_.column = 1;
      } else {
        ++at_.column;
      }
      ++at_.offset;
    }
  }

  Result<void> skip_blanks() {
    while (!done()) {
      if (std::isspace(static_cast<unsigned char>(peek())) != 0) {
        step();
      } else if (peek() == '-' && peek(1) == '-') {
        while (!done() && peek() != '\n') step();
      } else if (peek() == '/' && peek(1) == '*') {
        const Position start = at_;
        const std::size_t end = text_.find("*/", at_.offset + 2);
        if (end == std::string_view::npos) {
          return syntax_error(start, "mismatched input '/*'. Expecting: <EOF>");
        }
        step(end + 2 - at_.offset);
      } else {
        return {};
      }
    }
    return {};
  }

  Result<void> next(Token& token) {
    const char c = peek();
    if ((c == 'x' || c == 'X') && peek(1) == '\'') {
      step();
      token.kind = Token::Kind::binary;
      return quoted(token, '\'');
    }
    if (c == '\'') {
      token.kind = Token::Kind::string;
      return quoted(token, c);
    }
    if (c == '"') {
      token.kind = Token::Kind::quoted;
      return quoted(token, c);
    }
    if (c == '`') {
      token.kind = Token::Kind::backquoted;
      return quoted(token, c);
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number(token);
    if (is_word_start(c)) {
      token.kind = Token::Kind::word;
      while (is_word(peek())) {
        token.text += peek();
        step();
      }
      token.upper = token.text;
      std::transform(token.upper.begin(), token.upper.end(), token.upper.begin(),
                     [](unsigned char u) { return static_cast<char>(std::toupper(u)); });
      return {};
    }
    return symbol(token);
  }

  Result<void> quoted(Token& token, char quote) {
    const Position start = at_;
    step();
    while (!done()) {
      if (peek() == quote) {
        if (peek(1) != quote) {
          step();
          return {};
        }
        step();
      }
      token.text += peek();
      step();
    }
    return syntax_error(
        start, std::string("mismatched input '") + quote + "'. Expecting: a closing " + quote);
  }

  void digits(Token& token) {
    while (is_digit(peek())) {
      token.text += peek();
      step();
    }
  }
  Result<void> number(Token& token) {
    token.kind = Token::Kind::integer;
    digits(token);
    if (peek() == '.' && !(token.text.empty() && !is_digit(peek(1)))) {
      token.kind = Token::Kind::decimal;
      token.text += '.';
      step();
      digits(token);
    }
    const bool has_sign = peek(1) == '+' || peek(1) == '-';
    if ((peek() == 'e' || peek() == 'E') && is_digit(peek(has_sign ? 2 : 1))) {
      token.kind = Token::Kind::real;
      token.text += 'e';
      step();
      if (has_sign) {
        token.text += peek();
        step();
      }
      digits(token);
    }
    if (is_word_start(peek())) {
      // `1a` is no number and, unquoted, no name either.
      return syntax_error(token.at,
                          "identifiers must not start with a digit; surround the identifier "
                          "with double quotes");
    }
    return {};
  }

  Result<void> symbol(Token& token) {
    static constexpr std::string_view kTwo[] = {"<>", "!=", "<=", ">=", "||", "->", "=>"};
    token.kind = Token::Kind::symbol;
    for (const std::string_view two : kTwo) {
      if (text_.substr(at_.offset, 2) == two) {
        token.text = two == "!=" ? "<>" : two;
        step(2);
        return {};
      }
    }
    if (std::string_view("()[]{},.;=<>+-*/%?:|&").find(peek()) == std::string_view::npos) {
      return syntax_error(at_, "mismatched input '" + one_character() + "'");
    }
    token.text = peek();
    step();
    return {};
  }
  /// A whole UTF-8 sequence, so that the message stays valid text.
  std::string one_character() const {
    std::size_t n = 1;
    while (n < 4 && (static_cast<unsigned char>(peek(n)) & 0xC0u) == 0x80u) ++n;
    return std::string(text_.substr(at_.offset, n));
  }

  std::string_view text_;
  Position at_;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view text) { return Lexer(text).all(); }

Error syntax_error(Position at, std::string_view text) {
  return {ErrorKind::invalid, "MALFORMED_QUERY",
          "line " + std::to_string(at.line) + ':' + std::to_string(at.column) + ": " +
              std::string(text)};
}

}  // namespace weir::sql
