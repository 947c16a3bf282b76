// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <sys/socket.h>

#include <charconv>
#include <cmath>

#include "notify/filter_policy_node.h"

namespace weir::notify {

namespace {

using Node = FilterPolicy::Node;

Error policy_error(std::string text) {
  return Error{ErrorKind::invalid, "InvalidParameter", "FilterPolicy: " + std::move(text)};
}

std::string shown(const Document& value) {
  return value.string() ? *value.string() : to_json(value);
}

Result<std::string> pattern_text(const Document& value, std::string_view operation) {
  if (value.string()) return *value.string();
  return policy_error(std::string(operation) + " match pattern must be a string");
}

Result<Condition> parse_block(const Document& value) {
  // AWS words this one as if it were a prefix.
  WEIR_TRY(const std::string text, pattern_text(value, "prefix"));
  const auto slash = text.find('/');
  if (slash == std::string::npos || text.find('/', slash + 1) != std::string::npos) {
    return policy_error("Malformed CIDR, one '/' required");
  }
  const std::string address = text.substr(0, slash);
  AddressBlock block;
  block.family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  const unsigned bits_max = block.family == AF_INET ? 32 : 128;
  const char* begin = text.data() + slash + 1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, block.prefix_bits);
  if (error != std::errc{} || stop != end || block.prefix_bits > bits_max) {
    return policy_error("Malformed CIDR, mask bits must be an integer");
  }
  if (inet_pton(block.family, address.c_str(), block.bytes.data()) != 1) {
    return policy_error("Nonstandard IP address: " + address);
  }
  return Condition{InBlock{block}};
}

// [op, n], ["=", n] or [">" or ">=", n, "<" or "<=", m]; the texts are AWS's.
class NumericParser {
 public:
  explicit NumericParser(const Document::List& terms) : terms_(terms) {}

  Result<Condition> parse() {
    if (terms_.empty()) return policy_error("Invalid member in numeric match: ]");
    WEIR_TRY(const std::string operation, first_operator());
    WEIR_TRY(const double number, value_of(operation == "=" ? "equals" : operation));
    if (at_ == terms_.size()) return single(operation, number);
    if (operation != ">" && operation != ">=") {
      return policy_error("Too many elements in numeric expression");
    }
    return range({number, operation == ">="});
  }

 private:
  Result<std::string> first_operator() {
    const Document& term = terms_[at_++];
    if (!term.string()) return policy_error("Invalid member in numeric match: " + shown(term));
    const std::string& text = *term.string();
    if (text == "=" || text == "<" || text == "<=" || text == ">" || text == ">=") return text;
    return policy_error("Unrecognized numeric range operator: " + text);
  }

  Result<double> value_of(std::string_view operation) {
    if (at_ < terms_.size()) {
      const Document& term = terms_[at_++];
      if (term.integer()) return double(*term.integer());
      if (term.real() && std::isfinite(*term.real())) return *term.real();
    }
    return policy_error("Value of " + std::string(operation) + " must be numeric");
  }

  static Condition single(const std::string& operation, double number) {
    const NumericBound bound{number, operation != "<" && operation != ">"};
    Numeric numeric;
    if (operation != "<" && operation != "<=") numeric.lower = bound;
    if (operation != ">" && operation != ">=") numeric.upper = bound;
    return Condition{numeric};
  }

  Result<Condition> range(NumericBound lower) {
    const Document& term = terms_[at_++];
    if (!term.string()) return policy_error("Bad value in numeric range: " + shown(term));
    const std::string& operation = *term.string();
    if (operation != "<" && operation != "<=") {
      return policy_error("Bad numeric range operator: " + operation);
    }
    WEIR_TRY(const double number, value_of(operation));
    if (number <= lower.value) return policy_error("Bottom must be less than top");
    if (at_ != terms_.size()) return policy_error("Too many terms in numeric range expression");
    return Condition{Numeric{lower, NumericBound{number, operation == "<="}}};
  }

  const Document::List& terms_;
  std::size_t at_ = 0;
};

Result<Condition> parse_anything_but(const Document& value) {
  if (const auto* map = value.map()) {
    if (map->size() != 1) return policy_error("Only one key allowed in match expression");
    const auto& [operation, text] = map->front();
    if (operation != "prefix") {
      return policy_error("Unsupported anything-but pattern: " + operation);
    }
    WEIR_TRY(std::string prefix, pattern_text(text, "prefix"));
    return Condition{AnythingButPrefix{std::move(prefix)}};
  }
  AnythingBut condition;
  const Document::List single{value};
  for (const Document& item : value.list() ? *value.list() : single) {
    auto scalar = to_scalar(item);
    if (!scalar) {
      return policy_error("Match value must be String, number, true, false, or null");
    }
    condition.values.push_back(std::move(*scalar));
  }
  if (condition.values.empty()) return policy_error("Empty arrays are not allowed");
  return Condition{std::move(condition)};
}

Result<Condition> parse_operation(const std::string& operation, const Document& value) {
  if (operation == "prefix") {
    WEIR_TRY(std::string text, pattern_text(value, operation));
    return Condition{PrefixIs{std::move(text)}};
  }
  if (operation == "suffix") {
    WEIR_TRY(std::string text, pattern_text(value, operation));
    return Condition{SuffixIs{std::move(text)}};
  }
  if (operation == "equals-ignore-case") {
    WEIR_TRY(std::string text, pattern_text(value, operation));
    return Condition{EqualsIgnoreCase{std::move(text)}};
  }
  if (operation == "exists") {
    if (value.boolean()) return Condition{Exists{*value.boolean()}};
    return policy_error("exists match pattern must be either true or false.");
  }
  if (operation == "numeric") {
    if (value.list()) return NumericParser(*value.list()).parse();
    return policy_error("Value of numeric must be an array.");
  }
  if (operation == "anything-but") return parse_anything_but(value);
  if (operation == "cidr") return parse_block(value);
  return policy_error("Unrecognized match type " + operation);
}

Result<Condition> parse_condition(const Document& value) {
  if (auto scalar = to_scalar(value)) return Condition{Equals{std::move(*scalar)}};
  const auto* map = value.map();
  if (!map) return policy_error("Match value must be String, number, true, false, or null");
  if (map->size() != 1) return policy_error("Only one key allowed in match expression");
  return parse_operation(map->front().first, map->front().second);
}

Result<Node::Conditions> parse_conditions(const Document::List& list) {
  if (list.empty()) return policy_error("Empty arrays are not allowed");
  Node::Conditions conditions;
  for (const Document& item : list) {
    WEIR_TRY(Condition condition, parse_condition(item));
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

Result<std::vector<Node>> parse_alternatives(const Document& value, FilterScope scope) {
  const auto* list = value.list();
  if (!list || list->size() < 2) {
    return policy_error("\"$or\" must be an array of at least two objects");
  }
  std::vector<Node> alternatives;
  for (const Document& item : *list) {
    if (!item.map()) return policy_error("\"$or\" must be an array of at least two objects");
    WEIR_TRY(Node node, parse_filter_node(item, scope));
    alternatives.push_back(std::move(node));
  }
  return alternatives;
}

}  // namespace

Result<Node> parse_filter_node(const Document& policy, FilterScope scope) {
  Node node;
  for (const auto& [key, value] : *policy.map()) {
    if (key == "$or") {
      WEIR_TRY(auto alternatives, parse_alternatives(value, scope));
      node.alternatives.push_back(std::move(alternatives));
    } else if (value.list()) {
      WEIR_TRY(auto conditions, parse_conditions(*value.list()));
      node.leaves.emplace_back(key, std::move(conditions));
    } else if (value.map()) {
      if (scope == FilterScope::message_attributes) {
        return Error{ErrorKind::invalid, "InvalidParameter",
                     "Filter policy scope MessageAttributes does not support nested filter policy"};
      }
      WEIR_TRY(Node nested, parse_filter_node(value, scope));
      node.branches.push_back({key, std::move(nested)});
    } else {
      return policy_error('"' + key + "\" must be an object or an array");
    }
  }
  return node;
}

}  // namespace weir::notify
