// SPDX-License-Identifier: Apache-2.0
#include "sql/partition_filter.h"

#include <algorithm>
#include <charconv>
#include <compare>
#include <optional>
#include <utility>
#include <variant>

#include "sql/ast.h"
#include "sql/parser.h"
#include "sql/types.h"

namespace weir::sql {
namespace {

using Kind = ast::Expression::Kind;

constexpr std::string_view kNull = "__HIVE_DEFAULT_PARTITION__";  // how Hive writes a missing value
constexpr std::string_view kNumberTypes[] = {"tinyint", "smallint", "int",    "integer",
                                             "bigint",  "long",     "decimal"};

Error invalid(std::string message) {
  return {ErrorKind::invalid, "InvalidInputException", std::move(message)};
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Whether the text fits a pattern of LIKE from there on.
bool like(std::string_view text, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t in = 0;
  std::optional<std::pair<std::size_t, std::size_t>> back;  // where the last % can take one more
  while (at < text.size()) {
    if (in < pattern.size() && pattern[in] == '%') {
      back = {at, ++in};
    } else if (in < pattern.size() && (pattern[in] == '_' || pattern[in] == text[at])) {
      ++at;
      ++in;
    } else if (back) {
      at = ++back->first;
      in = back->second;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('%', in) == pattern.npos;
}

}  // namespace

struct PartitionFilter::Node {
  enum class Kind { all_of, any_of, not_of, compare, in_list, like, is_null } kind = Kind::all_of;
  std::vector<std::shared_ptr<const Node>> parts = {};
  std::size_t key = 0;
  bool is_number = false;
  bool negated = false;
  std::string op = {};  // compare
  std::vector<std::string> literals = {};

  /// Of the value against a literal; unordered where either is no number though the key is one.
  std::partial_ordering order(const std::string& value, const std::string& literal) const {
    if (!is_number) return value <=> literal;
    const auto left = number_of(value);
    const auto right = number_of(literal);
    if (!left || !right) return std::partial_ordering::unordered;
    return *left <=> *right;
  }
  bool compares(const std::string& value) const {
    const std::partial_ordering found = order(value, literals[0]);
    if (found == std::partial_ordering::unordered) return false;
    if (op == "=") return found == 0;
    if (op == "<>") return found != 0;
    if (op == "<") return found < 0;
    if (op == "<=") return found <= 0;
    if (op == ">") return found > 0;
    return found >= 0;
  }
  /// As SQL has it: a comparison with a missing value is neither true nor false.
  std::optional<bool> holds(const std::vector<std::string>& values) const {
    switch (kind) {
      case Kind::all_of:
      case Kind::any_of:
        return joined(values, kind == Kind::any_of);
      case Kind::not_of: {
        const auto inner = parts[0]->holds(values);
        if (!inner) return inner;
        return !*inner;
      }
      case Kind::is_null:
        return (values[key] == kNull) != negated;
      case Kind::compare:
      case Kind::in_list:
      case Kind::like:
        break;
    }
    const std::string& value = values[key];
    if (value == kNull) return std::nullopt;
    if (kind == Kind::compare) return compares(value);
    if (kind == Kind::like) return sql::like(value, literals[0]) != negated;
    return std::ranges::any_of(literals, [&](const auto& literal) {
             return order(value, literal) == 0;
           }) != negated;
  }
  std::optional<bool> joined(const std::vector<std::string>& values, bool decisive) const {
    std::optional<bool> all = !decisive;
    for (const auto& part : parts) {
      const auto one = part->holds(values);
      if (one == decisive) return decisive;
      if (!one) all.reset();
    }
    return all;
  }
};

struct PartitionFilter::Compiler {
  using NodePtr = std::shared_ptr<const Node>;
  const Table& table;

  Result<std::size_t> key(const ast::Expression& expression) const {
    if (expression.kind != Kind::column || expression.name.size() != 1) {
      return invalid("a condition on partitions has a partition key on its left side");
    }
    const std::string& name = expression.name[0].text;
    const auto found = std::ranges::find_if(table.partition_keys, [&](const Column& column) {
      return to_lower(column.name) == to_lower(name);
    });
    if (found == table.partition_keys.end()) {
      return invalid("'" + name + "' is no partition key of the table " + table.name);
    }
    return static_cast<std::size_t>(found - table.partition_keys.begin());
  }

  static Result<std::string> literal(const ast::Expression& expression) {
    switch (expression.kind) {
      case Kind::string:
      case Kind::integer:
      case Kind::decimal:
      case Kind::real:
      case Kind::typed:  // DATE '2026-01-31'
        return expression.text;
      case Kind::unary: {
        if (expression.op != "-") break;
        WEIR_TRY(const std::string inner, literal(*expression.arguments[0]));
        return '-' + inner;
      }
      default:
        break;
    }
    return invalid("a condition on partitions compares with literal values only");
  }

  Result<Node> on_key(const ast::Expression& expression, Node::Kind kind) const {
    Node node{.kind = kind, .negated = expression.negated};
    WEIR_TRY(node.key, key(*expression.arguments[0]));
    const std::string type = to_lower(table.partition_keys[node.key].type);
    node.is_number = std::ranges::any_of(
        kNumberTypes, [&](std::string_view known) { return type.starts_with(known); });
    for (std::size_t i = 1; i < expression.arguments.size(); ++i) {
      WEIR_TRY(std::string text, literal(*expression.arguments[i]));
      node.literals.push_back(std::move(text));
    }
    return node;
  }

  Result<NodePtr> between(const ast::Expression& expression) const {
    WEIR_TRY(Node low, on_key(expression, Node::Kind::compare));
    Node high = low;
    low.op = ">=";
    high.op = "<=";
    std::swap(high.literals[0], high.literals[1]);
    Node both;
    both.parts = {std::make_shared<const Node>(std::move(low)),
                  std::make_shared<const Node>(std::move(high))};
    if (!expression.negated) return NodePtr(std::make_shared<const Node>(std::move(both)));
    Node negation{.kind = Node::Kind::not_of};
    negation.parts = {std::make_shared<const Node>(std::move(both))};
    return NodePtr(std::make_shared<const Node>(std::move(negation)));
  }

  Result<NodePtr> joined(const ast::Expression& expression, Node::Kind kind) const {
    Node node{.kind = kind};
    for (const auto& argument : expression.arguments) {
      WEIR_TRY(NodePtr part, compile(*argument));
      node.parts.push_back(std::move(part));
    }
    return NodePtr(std::make_shared<const Node>(std::move(node)));
  }

  /// The parser bounds the depth.
  Result<NodePtr> compile(const ast::Expression& expression) const {
    switch (expression.kind) {
      case Kind::unary:
        if (expression.op == "NOT") return joined(expression, Node::Kind::not_of);
        break;
      case Kind::binary_op: {
        if (expression.op == "AND") return joined(expression, Node::Kind::all_of);
        if (expression.op == "OR") return joined(expression, Node::Kind::any_of);
        static constexpr std::string_view kComparisons[] = {"=", "<>", "<", "<=", ">", ">="};
        if (std::ranges::find(kComparisons, expression.op) == std::end(kComparisons)) break;
        WEIR_TRY(Node node, on_key(expression, Node::Kind::compare));
        node.op = expression.op;
        return NodePtr(std::make_shared<const Node>(std::move(node)));
      }
      case Kind::between:
        return between(expression);
      case Kind::in_list:
      case Kind::like:
      case Kind::is_null: {
        if (expression.kind == Kind::like && expression.arguments.size() != 2) break;  // ESCAPE
        WEIR_TRY(Node node,
                 on_key(expression, expression.kind == Kind::in_list ? Node::Kind::in_list
                                    : expression.kind == Kind::like  ? Node::Kind::like
                                                                     : Node::Kind::is_null));
        return NodePtr(std::make_shared<const Node>(std::move(node)));
      }
      default:
        break;
    }
    return invalid(
        "a condition on partitions knows =, <>, <, <=, >, >=, AND, OR, NOT, IN, BETWEEN, LIKE and "
        "IS NULL");
  }
};

Result<PartitionFilter> PartitionFilter::compile(std::string_view text, const Table& table) {
  PartitionFilter filter;
  if (text.find_first_not_of(" \t\r\n") == text.npos) return filter;
  if (text.size() > kTextMax) {
    return invalid("the expression is longer than " + std::to_string(kTextMax) + " characters");
  }
  auto parsed = parse_expression(text);
  if (!parsed) return invalid(parsed.error().message);
  WEIR_TRY(filter.root_, Compiler{table}.compile(**parsed));
  return filter;
}

bool PartitionFilter::matches(const std::vector<std::string>& values) const {
  return !root_ || root_->holds(values) == true;
}

}  // namespace weir::sql
