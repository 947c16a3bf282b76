// SPDX-License-Identifier: Apache-2.0
#include "logs/field_selection.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "logs/errors.h"
#include "logs/pattern_text.h"

namespace weir::logs {

struct FieldSelection::Node {
  enum class Kind : std::uint8_t { any, all, is_in, is_not_in } kind = Kind::all;
  enum class Field : std::uint8_t { account, region, log } field = Field::account;
  std::vector<std::string> values;  // is_in, is_not_in
  std::vector<Node> parts;          // any, all

  bool holds(const Scope& scope, std::string_view log_group_name) const {
    const auto part_holds = [&](const Node& part) { return part.holds(scope, log_group_name); };
    if (kind == Kind::any) return std::ranges::any_of(parts, part_holds);
    if (kind == Kind::all) return std::ranges::all_of(parts, part_holds);
    const std::string_view value = field == Field::account  ? std::string_view(scope.account)
                                   : field == Field::region ? std::string_view(scope.region)
                                                            : log_group_name;
    const bool is_listed = std::ranges::find(values, value) != values.end();
    return is_listed == (kind == Kind::is_in);
  }
};

namespace {

using Node = FieldSelection::Node;

bool is_value_character(char c) { return is_word(c) || c == '-' || c == '.' || c == '/'; }
bool is_field_character(char c) { return is_word(c) || c == '@' || c == '.'; }

class Parser {
 public:
  Parser(std::string_view text, bool with_source_log)
      : scanner_(text), with_source_log_(with_source_log) {}

  Result<Node> parse() {
    WEIR_TRY(Node root, criteria(0));
    if (!scanner_.done()) return error("AND, OR or the end");
    return root;
  }

 private:
  Result<Node> criteria(std::size_t depth) {
    return chain(Node::Kind::any, "or",
                 [&] { return chain(Node::Kind::all, "and", [&] { return test(depth); }); });
  }

  /// Parts with a word between them.
  template <class Part>
  Result<Node> chain(Node::Kind kind, std::string_view word, Part part) {
    Node node;
    node.kind = kind;
    do {
      WEIR_TRY(node.parts.emplace_back(), part());
    } while (eat_word(word));
    return node;
  }

  Result<Node> test(std::size_t depth) {
    scanner_.skip_blanks();
    if (scanner_.eat("(")) {
      if (depth == FieldSelection::kDepthMax) return error("fewer parentheses");
      WEIR_TRY(Node inner, criteria(depth + 1));
      scanner_.skip_blanks();
      if (!scanner_.eat(")")) return error("')'");
      scanner_.skip_blanks();
      return inner;
    }
    Node node;
    WEIR_TRY(node.field, field());
    scanner_.skip_blanks();
    if (scanner_.eat("!=") || scanner_.peek() == '=') {
      node.kind = scanner_.eat("=") ? Node::Kind::is_in : Node::Kind::is_not_in;
      WEIR_TRY(node.values.emplace_back(), value());
      return node;
    }
    node.kind = eat_word("not") ? Node::Kind::is_not_in : Node::Kind::is_in;
    if (!eat_word("in")) return error("=, !=, IN or NOT IN");
    WEIR_TRY(node.values, list());
    return node;
  }

  Result<Node::Field> field() {
    const std::string_view name = scanner_.take_while(is_field_character);
    if (name == "@aws.account") return Node::Field::account;
    if (name == "@aws.region") return Node::Field::region;
    if (name == "@source.log" && with_source_log_) return Node::Field::log;
    return error(with_source_log_ ? "@aws.account, @aws.region or @source.log"
                                  : "@aws.account or @aws.region");
  }

  Result<std::vector<std::string>> list() {
    std::vector<std::string> values;
    scanner_.skip_blanks();
    if (!scanner_.eat("[")) return error("'['");
    do {
      WEIR_TRY(values.emplace_back(), value());
    } while (scanner_.eat(","));
    if (!scanner_.eat("]")) return error("',' or ']'");
    scanner_.skip_blanks();
    return values;
  }

  /// With the blanks around it.
  Result<std::string> value() {
    scanner_.skip_blanks();
    const char quote = scanner_.peek();
    std::string text;
    if (quote == '"' || quote == '\'') {
      scanner_.skip();
      text = scanner_.take_while([quote](char c) { return c != quote; });
      if (scanner_.done()) return error("a closing quotation mark");
      scanner_.skip();
    } else {
      text = scanner_.take_while(is_value_character);
      if (text.empty()) return error("a value");
    }
    scanner_.skip_blanks();
    return text;
  }

  /// A word in any letters, with the blanks around it; else nothing is taken.
  bool eat_word(std::string_view word) {
    scanner_.skip_blanks();
    Scanner ahead = scanner_;
    const std::string_view found = ahead.take_while(is_word);
    const bool is_same =
        std::ranges::equal(found, word, [](char a, char b) { return (a | 0x20) == b; });
    if (!is_same) return false;
    ahead.skip_blanks();
    scanner_ = ahead;
    return true;
  }

  Error error(std::string_view expected) const {
    return invalid_parameter("Invalid fieldSelectionCriteria: expected " + std::string(expected) +
                             " at character " + std::to_string(scanner_.offset()));
  }

  Scanner scanner_;
  bool with_source_log_;
};

}  // namespace

Result<FieldSelection> FieldSelection::parse(std::string_view text, bool with_source_log) {
  FieldSelection selection;
  if (std::ranges::all_of(text, is_blank)) return selection;
  if (text.size() > kCharactersMax) {
    return invalid_parameter("Invalid fieldSelectionCriteria: longer than 2000 characters");
  }
  WEIR_TRY(Node root, Parser(text, with_source_log).parse());
  selection.root_ = std::make_shared<const Node>(std::move(root));
  return selection;
}

bool FieldSelection::takes(const Scope& scope, std::string_view log_group_name) const {
  return root_ == nullptr || root_->holds(scope, log_group_name);
}

}  // namespace weir::logs
