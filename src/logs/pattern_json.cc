// SPDX-License-Identifier: Apache-2.0
#include "logs/pattern_json.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "logs/filter_pattern.h"

namespace weir::logs {
namespace {

bool is_key(char c) { return is_word(c) || c == '-'; }
bool is_bare_value(char c) { return is_word(c) || c == '.' || c == '*' || c == '+' || c == '-'; }

Result<JsonSelector::Step> parse_bracket(Scanner& scanner) {
  using Step = JsonSelector::Step;
  Step step{.kind = Step::Kind::index};
  if (scanner.eat("'")) {
    step.kind = Step::Kind::key;
    step.key = scanner.take_while([](char c) { return c != '\''; });
    if (!scanner.eat("'")) return scanner.error("the closing ' of a key is missing");
  } else if (scanner.eat("*")) {
    step.kind = Step::Kind::any_element;
  } else {
    const std::string_view digits = scanner.take_while(is_digit);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), step.index);
    if (digits.empty() || read.ec != std::errc{}) {
      return scanner.error("brackets hold a number, * or a key in single quotes");
    }
  }
  if (!scanner.eat("]")) return scanner.error("the closing ] of a selector is missing");
  return step;
}

Result<JsonSelector::Step> parse_step(Scanner& scanner) {
  using Step = JsonSelector::Step;
  if (scanner.eat("[")) return parse_bracket(scanner);
  scanner.skip();  // the dot
  if (scanner.eat("*")) return Step{.kind = Step::Kind::any_member};
  if (scanner.eat("[")) {
    if (scanner.peek() != '\'') return scanner.error("a key in single quotes is missing");
    return parse_bracket(scanner);
  }
  const std::string_view key = scanner.take_while(is_key);
  if (key.empty()) return scanner.error("a key is missing");
  return Step{.kind = Step::Kind::key, .key = std::string(key)};
}

}  // namespace

Result<JsonSelector> JsonSelector::parse(Scanner& scanner) {
  JsonSelector selector;
  const std::size_t start = scanner.offset();
  if (!scanner.eat("$")) return scanner.error("a selector starts with $");
  while (scanner.peek() == '.' || scanner.peek() == '[') {
    WEIR_TRY(Step step, parse_step(scanner));
    if (step.kind == Step::Kind::any_member || step.kind == Step::Kind::any_element) {
      if (selector.has_wildcard) return scanner.error("a selector may hold one *");
      selector.has_wildcard = true;
    }
    selector.steps.push_back(std::move(step));
  }
  if (selector.steps.empty()) return scanner.error("a selector names a member: $.name");
  selector.text = scanner.since(start);
  return selector;
}

std::optional<std::string_view> JsonSelector::value(const JsonTree& tree) const {
  std::optional<std::string_view> value;
  any(tree, [&](const JsonTree::Node& node) {
    if (tree.is_scalar(node) && node.kind != JsonTree::Kind::null) value = tree.text(node);
    return value.has_value();
  });
  return value;
}

class JsonPattern::Parser {
 public:
  explicit Parser(std::string_view text) : scanner_(text) {}

  Result<JsonPattern> parse() {
    scanner_.skip_blanks();
    scanner_.skip();  // the brace that made this JSON
    WEIR_TRY(pattern_.root_, parse_any(0));
    if (!scanner_.eat("}")) return scanner_.error("expected &&, || or }");
    scanner_.skip_blanks();
    if (!scanner_.done()) return scanner_.error("text behind the closing brace");
    return std::move(pattern_);
  }

 private:
  Result<Expression> parse_any(std::size_t depth) {
    return parse_list(Expression::Kind::any, "||", depth,
                      [this, depth] { return parse_all(depth); });
  }
  Result<Expression> parse_all(std::size_t depth) {
    return parse_list(Expression::Kind::all, "&&", depth,
                      [this, depth] { return parse_primary(depth); });
  }

  template <class Part>
  Result<Expression> parse_list(Expression::Kind kind, std::string_view sign, std::size_t depth,
                                Part parse_part) {
    if (depth > FilterPattern::kDepthMax) return scanner_.error("too many nested parentheses");
    WEIR_TRY(Expression first, parse_part());
    if (!scanner_.eat(sign)) return first;
    Expression list{.kind = kind};
    list.parts.push_back(std::move(first));
    do {
      WEIR_TRY(Expression part, parse_part());
      list.parts.push_back(std::move(part));
    } while (scanner_.eat(sign));
    return list;
  }

  /// A test or a parenthesis, and the blanks behind it.
  Result<Expression> parse_primary(std::size_t depth) {
    scanner_.skip_blanks();
    if (!scanner_.eat("(")) return parse_test();
    WEIR_TRY(Expression inner, parse_any(depth + 1));
    if (!scanner_.eat(")")) return scanner_.error("expected &&, || or )");
    scanner_.skip_blanks();
    return inner;
  }

  Result<Expression> parse_test() {
    Expression test;
    WEIR_TRY(test.selector, parse_selector());
    scanner_.skip_blanks();
    if (is_word(scanner_.peek())) {
      WEIR_TRY(test.kind, parse_word_test());
    } else {
      test.kind = Expression::Kind::compare;
      WEIR_TRY(test.test, parse_comparison());
    }
    scanner_.skip_blanks();
    return test;
  }

  Result<std::shared_ptr<const JsonSelector>> parse_selector() {
    WEIR_TRY(JsonSelector selector, JsonSelector::parse(scanner_));
    if (selector.has_wildcard && ++wildcards_ > FilterPattern::kWildcardsMax) {
      return scanner_.error("more than three selectors with *");
    }
    auto shared = std::make_shared<const JsonSelector>(std::move(selector));
    pattern_.selectors_.push_back(shared);
    return shared;
  }

  Result<Expression::Kind> parse_word_test() {
    const std::string_view verb = scanner_.take_while(is_word);
    scanner_.skip_blanks();
    const std::string_view object = scanner_.take_while(is_word);
    if (verb == "NOT" && object == "EXISTS") return Expression::Kind::not_exists;
    if (verb == "IS" && object == "NULL") return Expression::Kind::is_null;
    if (verb == "IS" && object == "TRUE") return Expression::Kind::is_true;
    if (verb == "IS" && object == "FALSE") return Expression::Kind::is_false;
    return scanner_.error("expected IS NULL, IS TRUE, IS FALSE, NOT EXISTS or a comparison");
  }

  Result<ValueTest> parse_comparison() {
    const std::optional<Comparison> comparison = take_comparison(scanner_);
    if (!comparison) return scanner_.error("expected =, !=, <, <=, > or >=");
    scanner_.skip_blanks();
    WEIR_TRY(std::optional<ValueTest> marked,
             take_marked_value(scanner_, *comparison, pattern_.regexes_));
    if (marked) return *std::move(marked);
    const std::string_view bare = scanner_.take_while(is_bare_value);
    if (!parse_number(bare) && bare.find_first_of("+-") != bare.npos) {
      return scanner_.error("text other than letters, digits, _, . and * stands in quotes");
    }
    return bare_value(scanner_, *comparison, bare);
  }

  Scanner scanner_;
  JsonPattern pattern_;
  std::size_t wildcards_ = 0;
};

Result<JsonPattern> JsonPattern::parse(std::string_view text) { return Parser(text).parse(); }

bool JsonPattern::holds(const Expression& expression, const JsonTree& tree) {
  const auto part_holds = [&tree](const Expression& part) { return holds(part, tree); };
  switch (expression.kind) {
    case Expression::Kind::all:
      return std::ranges::all_of(expression.parts, part_holds);
    case Expression::Kind::any:
      return std::ranges::any_of(expression.parts, part_holds);
    default:
      return test_holds(expression, tree);
  }
}

bool JsonPattern::test_holds(const Expression& expression, const JsonTree& tree) {
  const JsonSelector& selector = *expression.selector;
  const auto has_kind = [](JsonTree::Kind kind) {
    return [kind](const JsonTree::Node& node) { return node.kind == kind; };
  };
  switch (expression.kind) {
    case Expression::Kind::is_null:
      return selector.any(tree, has_kind(JsonTree::Kind::null));
    case Expression::Kind::is_true:
      return selector.any(tree, has_kind(JsonTree::Kind::boolean_true));
    case Expression::Kind::is_false:
      return selector.any(tree, has_kind(JsonTree::Kind::boolean_false));
    case Expression::Kind::not_exists:
      return !selector.any(tree, [](const JsonTree::Node&) { return true; });
    default:
      // Absent, null, array and object compare with nothing, not even by !=.
      return selector.any(tree, [&](const JsonTree::Node& node) {
        return tree.is_scalar(node) && node.kind != JsonTree::Kind::null &&
               expression.test->holds(tree.text(node));
      });
  }
}

void JsonPattern::extract(const JsonTree& tree, std::map<std::string, std::string>& values) const {
  for (const auto& selector : selectors_) {
    if (const auto value = selector->value(tree)) values.insert_or_assign(selector->text, *value);
  }
}

}  // namespace weir::logs
