// SPDX-License-Identifier: Apache-2.0
#include "logs/selection_criteria.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "logs/pattern_text.h"

namespace weir::logs {

struct SelectionCriteria::Node {
  enum class Kind : std::uint8_t { all, any, account, region } kind = Kind::all;
  std::vector<Node> parts = {};  // all, any
  std::vector<std::string> values = {};
  bool is_negated = false;

  bool holds(const Scope& scope) const {
    const auto part_holds = [&scope](const Node& part) { return part.holds(scope); };
    if (kind == Kind::all) return std::ranges::all_of(parts, part_holds);
    if (kind == Kind::any) return std::ranges::any_of(parts, part_holds);
    const std::string& value = kind == Kind::account ? scope.account : scope.region;
    return (std::ranges::find(values, value) != values.end()) != is_negated;
  }
};

namespace {

using Node = SelectionCriteria::Node;

class Parser {
 public:
  explicit Parser(std::string_view text) : scanner_(text) {}

  Result<Node> parse() {
    WEIR_TRY(Node root, parse_list(Node::Kind::any, "OR", 0));
    if (!scanner_.done()) return error("expected AND or OR");
    return root;
  }

 private:
  Error error(std::string_view why) const {
    return {ErrorKind::invalid, "InvalidParameterException",
            "Invalid fieldSelectionCriteria at offset " + std::to_string(scanner_.offset()) + ": " +
                std::string(why)};
  }

  /// Keywords in either case.
  bool eat_word(std::string_view word) {
    Scanner ahead = scanner_;
    const std::string_view found = ahead.take_while(is_word);
    const bool is_same = std::ranges::equal(
        found, word, [](char a, char b) { return (a & ~0x20) == b; });  // `word` is upper case
    if (is_same) scanner_ = ahead;
    if (is_same) scanner_.skip_blanks();
    return is_same;
  }
  bool eat_sign(std::string_view sign) {
    const bool eaten = scanner_.eat(sign);
    if (eaten) scanner_.skip_blanks();
    return eaten;
  }

  Result<Node> parse_list(Node::Kind kind, std::string_view word, std::size_t depth) {
    Node list{.kind = kind};
    do {
      WEIR_TRY(Node part, kind == Node::Kind::any ? parse_list(Node::Kind::all, "AND", depth)
                                                  : parse_test(depth));
      list.parts.push_back(std::move(part));
    } while (eat_word(word));
    return list;
  }

  Result<Node> parse_test(std::size_t depth) {
    scanner_.skip_blanks();
    if (eat_sign("(")) {
      if (depth == SelectionCriteria::kDepthMax) return error("too many nested parentheses");
      WEIR_TRY(Node inner, parse_list(Node::Kind::any, "OR", depth + 1));
      if (!eat_sign(")")) return error("expected AND, OR or )");
      return inner;
    }
    Node test;
    if (eat_sign("@aws.account")) {
      test.kind = Node::Kind::account;
    } else if (eat_sign("@aws.region")) {
      test.kind = Node::Kind::region;
    } else {
      return error("expected @aws.account or @aws.region");
    }
    test.is_negated = eat_sign("!=");
    if (test.is_negated || eat_sign("=")) {
      WEIR_TRY(std::string value, parse_value());
      test.values.push_back(std::move(value));
      return test;
    }
    test.is_negated = eat_word("NOT");
    if (!eat_word("IN")) return error("expected =, !=, IN or NOT IN");
    WEIR_TRY(test.values, parse_values());
    return test;
  }

  Result<std::vector<std::string>> parse_values() {
    std::vector<std::string> values;
    if (!eat_sign("[")) return error("IN needs a list of values in brackets");
    do {
      WEIR_TRY(std::string value, parse_value());
      values.push_back(std::move(value));
    } while (eat_sign(","));
    if (!eat_sign("]")) return error("expected , or ]");
    return values;
  }

  Result<std::string> parse_value() {
    const char quote = scanner_.peek();
    if (quote != '"' && quote != '\'') return error("a value stands in quotes");
    scanner_.skip();
    std::string value(scanner_.take_while([quote](char c) { return c != quote; }));
    if (scanner_.done()) return error("the closing quote is missing");
    scanner_.skip();
    scanner_.skip_blanks();
    return value;
  }

  Scanner scanner_;
};

}  // namespace

Result<SelectionCriteria> SelectionCriteria::compile(std::string_view text) {
  SelectionCriteria criteria;
  if (std::ranges::all_of(text, is_blank)) return criteria;
  if (text.size() > kBytesMax) {
    return Error{ErrorKind::invalid, "InvalidParameterException",
                 "fieldSelectionCriteria is longer than 2000 characters"};
  }
  WEIR_TRY(Node root, Parser(text).parse());
  criteria.root_ = std::make_shared<const Node>(std::move(root));
  return criteria;
}

bool SelectionCriteria::selects(const Scope& scope) const { return !root_ || root_->holds(scope); }

}  // namespace weir::logs
