// SPDX-License-Identifier: Apache-2.0
#include "metric_math/expression.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "metric_math/functions.h"

namespace weir::metric_math {

namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kWord =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

Error refuse(std::string message, std::size_t position) {
  return {ErrorKind::invalid,
          "ValidationError",
          std::move(message),
          {{"position", std::to_string(position)}}};
}

struct Symbol {
  std::string_view text;
  Operator op;
};
// The longer ones first.
constexpr Symbol kComparisons[] = {
    {"==", Operator::equal},         {"!=", Operator::not_equal},
    {"<=", Operator::less_or_equal}, {">=", Operator::greater_or_equal},
    {"<", Operator::less},           {">", Operator::greater}};
constexpr Symbol kSums[] = {{"+", Operator::add}, {"-", Operator::subtract}};
constexpr Symbol kProducts[] = {{"*", Operator::multiply}, {"/", Operator::divide}};
constexpr Symbol kPowers[] = {{"^", Operator::power}};
constexpr Symbol kAnds[] = {{"AND", Operator::logical_and}, {"&&", Operator::logical_and}};
constexpr Symbol kOrs[] = {{"OR", Operator::logical_or}, {"||", Operator::logical_or}};

/// Recursive descent; the grammar is that of the User Guide, loosest binding first.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Node> whole() {
    WEIR_TRY(Node node, any());
    skip_blanks();
    if (at_ != text_.size()) return syntax_error();
    return node;
  }

 private:
  using Level = Result<Node> (Parser::*)();

  Result<Node> any() {
    if (++depth_ > Expression::kDepthMax) {
      return refuse("Invalid syntax: nested too deeply at position " + std::to_string(at_), at_);
    }
    auto node = chain(kOrs, &Parser::conjunction);
    --depth_;
    return node;
  }
  Result<Node> conjunction() { return chain(kAnds, &Parser::comparison); }

  Result<Node> comparison() {
    WEIR_TRY(Node left, sum());
    const std::size_t position = next_position();
    const auto op = take(kComparisons);
    if (!op) return left;
    WEIR_TRY(Node right, sum());
    return binary(*op, position, std::move(left), std::move(right));
  }

  Result<Node> sum() { return chain(kSums, &Parser::product); }
  Result<Node> product() { return chain(kProducts, &Parser::unary); }

  Result<Node> unary() {
    const std::size_t position = next_position();
    if (!take_symbol("-")) return power();
    if (++depth_ > Expression::kDepthMax) {
      return refuse("Invalid syntax: nested too deeply at position " + std::to_string(at_), at_);
    }
    WEIR_TRY(Node child, unary());
    --depth_;
    Node node{.kind = Node::Kind::negate, .position = position};
    node.children.push_back(std::move(child));
    return node;
  }

  /// Binds to the right: 2^3^2 is 2^(3^2), and 2^-1 is allowed.
  Result<Node> power() {
    WEIR_TRY(Node base, atom());
    const std::size_t position = next_position();
    const auto op = take(kPowers);
    if (!op) return base;
    if (++depth_ > Expression::kDepthMax) {
      return refuse("Invalid syntax: nested too deeply at position " + std::to_string(at_), at_);
    }
    WEIR_TRY(Node exponent, unary());
    --depth_;
    return binary(*op, position, std::move(base), std::move(exponent));
  }

  Result<Node> atom() {
    skip_blanks();
    if (at_ == text_.size()) return syntax_error();
    const char c = text_[at_];
    if (kDigits.find(c) != std::string_view::npos || c == '.') return number();
    if (c == '"' || c == '\'') return quoted(c);
    if (c == '(') {
      ++at_;
      WEIR_TRY(Node node, any());
      if (!take_symbol(")")) return syntax_error();
      return node;
    }
    if (c == '[') {
      Node node{.kind = Node::Kind::array, .position = at_++};
      WEIR_TRY(node.children, list("]"));
      if (node.children.empty()) return syntax_error();
      return node;
    }
    if (kWord.find(c) != std::string_view::npos && c != '_') return word();
    return syntax_error();
  }

  Result<Node> number() {
    Node node{.kind = Node::Kind::number, .position = at_};
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), node.number);
    if (error != std::errc{}) return syntax_error();
    at_ += static_cast<std::size_t>(end - begin);
    if (at_ < text_.size() && kWord.find(text_[at_]) != std::string_view::npos) {
      return syntax_error();
    }
    return node;
  }

  Result<Node> quoted(char quote) {
    Node node{.kind = Node::Kind::text, .position = at_++};
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        ++at_;
        return node;
      }
      // The escapes of a search stay for it; only the quote that would end the text goes.
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        if (text_[at_ + 1] != quote) node.text += text_[at_];
        ++at_;
      }
      node.text += text_[at_];
    }
    return syntax_error();
  }

  Result<Node> word() {
    const std::size_t position = at_;
    at_ = std::min(text_.find_first_not_of(kWord, at_), text_.size());
    const std::string_view name = text_.substr(position, at_ - position);
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '(') return call(name, position);
    Node node{.position = position, .text = std::string(name)};
    if (name[0] >= 'a' && name[0] <= 'z') {
      node.kind = Node::Kind::id;
    } else if (is_keyword(name)) {
      node.kind = Node::Kind::keyword;
    } else {
      at_ = position;
      return syntax_error();
    }
    return node;
  }

  Result<Node> call(std::string_view name, std::size_t position) {
    const FunctionInfo* info = find_function(name);
    if (info == nullptr) {
      return refuse("Function '" + std::string(name) + "' not found", position);
    }
    ++at_;
    Node node{.kind = Node::Kind::call, .position = position, .function = info->function};
    WEIR_TRY(node.children, list(")"));
    if (node.children.size() < info->arguments_min || node.children.size() > info->arguments_max) {
      std::string expected = std::to_string(info->arguments_min);
      if (info->arguments_max != info->arguments_min) {
        expected += " to " + std::to_string(info->arguments_max);
      }
      return refuse("Function '" + std::string(name) + "' takes " + expected +
                        " argument(s), not " + std::to_string(node.children.size()),
                    position);
    }
    return node;
  }

  /// Expressions with commas between them up to `end`; perhaps none.
  Result<std::vector<Node>> list(std::string_view end) {
    std::vector<Node> out;
    if (take_symbol(end)) return out;
    while (true) {
      WEIR_TRY(Node node, any());
      out.push_back(std::move(node));
      if (take_symbol(end)) return out;
      if (!take_symbol(",")) return syntax_error();
    }
  }

  template <std::size_t N>
  Result<Node> chain(const Symbol (&symbols)[N], Level operand) {
    WEIR_TRY(Node left, (this->*operand)());
    while (true) {
      const std::size_t position = next_position();
      const auto op = take(symbols);
      if (!op) return left;
      WEIR_TRY(Node right, (this->*operand)());
      left = binary(*op, position, std::move(left), std::move(right));
    }
  }

  static Node binary(Operator op, std::size_t position, Node left, Node right) {
    Node node{.kind = Node::Kind::binary, .position = position, .op = op};
    node.children.reserve(2);
    node.children.push_back(std::move(left));
    node.children.push_back(std::move(right));
    return node;
  }

  template <std::size_t N>
  std::optional<Operator> take(const Symbol (&symbols)[N]) {
    for (const Symbol& symbol : symbols) {
      if (take_symbol(symbol.text)) return symbol.op;
    }
    return {};
  }

  bool take_symbol(std::string_view symbol) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(symbol)) return false;
    const std::size_t end = at_ + symbol.size();
    const bool is_word = kWord.find(symbol[0]) != std::string_view::npos;
    if (is_word && end < text_.size() && kWord.find(text_[end]) != std::string_view::npos) {
      return false;
    }
    at_ = end;
    return true;
  }

  std::size_t next_position() {
    skip_blanks();
    return at_;
  }
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  Error syntax_error() const {
    return refuse("Invalid syntax at position " + std::to_string(at_), at_);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

void collect(const Node& node, std::set<std::string>& ids, std::set<Function>& functions) {
  if (node.kind == Node::Kind::id) ids.insert(node.text);
  if (node.kind == Node::Kind::call) functions.insert(node.function);
  for (const Node& child : node.children) collect(child, ids, functions);
}

}  // namespace

Result<Expression> Expression::parse(std::string_view text) {
  if (text.size() > kTextMax) {
    return refuse("Invalid syntax: longer than " + std::to_string(kTextMax) + " characters",
                  kTextMax);
  }
  Expression out;
  WEIR_TRY(out.root_, Parser(text).whole());
  std::set<std::string> ids;
  std::set<Function> functions;
  collect(out.root_, ids, functions);
  out.ids_.assign(ids.begin(), ids.end());
  out.functions_.assign(functions.begin(), functions.end());
  return out;
}

bool Expression::uses(Function function) const {
  return std::binary_search(functions_.begin(), functions_.end(), function);
}

Error in_query(std::string_view id, Error error) {
  error.message = "Error in expression '" + std::string(id) + "': " + error.message;
  return error;
}

}  // namespace weir::metric_math
