// SPDX-License-Identifier: Apache-2.0
#include "notify/filter_policy.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "notify/filter_policy_node.h"

namespace weir::notify {

namespace {

using Node = FilterPolicy::Node;

constexpr double kDecimals = 1e5;
constexpr double kExactMax = 1e9;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// The values a key has in the message: none, one, or the elements of an array.
using Values = std::vector<Scalar>;

struct Matcher {
  const Values& values;

  template <class Predicate>
  bool any_text(Predicate predicate) const {
    return std::ranges::any_of(values, [&](const Scalar& value) {
      const auto* text = std::get_if<std::string>(&value);
      return text && predicate(*text);
    });
  }
  bool operator()(const Equals& c) const {
    return std::ranges::any_of(values, [&](const Scalar& v) { return equal_scalars(v, c.value); });
  }
  bool operator()(const PrefixIs& c) const {
    return any_text([&](const std::string& text) { return text.starts_with(c.text); });
  }
  bool operator()(const SuffixIs& c) const {
    return any_text([&](const std::string& text) { return text.ends_with(c.text); });
  }
  bool operator()(const EqualsIgnoreCase& c) const {
    return any_text([&](const std::string& text) { return lower(text) == lower(c.text); });
  }
  // Of an array, one element outside the list is enough (Developer Guide, "anything-but matching";
  // a newer sentence there says the opposite, unverified).
  bool operator()(const AnythingBut& c) const {
    return std::ranges::any_of(values, [&](const Scalar& value) {
      return std::ranges::none_of(c.values,
                                  [&](const Scalar& no) { return equal_scalars(value, no); });
    });
  }
  bool operator()(const AnythingButPrefix& c) const {
    return std::ranges::any_of(values, [&](const Scalar& value) {
      const auto* text = std::get_if<std::string>(&value);
      return !text || !text->starts_with(c.text);
    });
  }
  bool operator()(const Numeric& c) const {
    return std::ranges::any_of(values, [&](const Scalar& value) {
      const auto* number = std::get_if<double>(&value);
      if (!number) return false;
      const auto holds = [](double low, double high, bool is_inclusive) {
        return less_numbers(low, high) || (is_inclusive && equal_numbers(low, high));
      };
      return (!c.lower || holds(c.lower->value, *number, c.lower->is_inclusive)) &&
             (!c.upper || holds(*number, c.upper->value, c.upper->is_inclusive));
    });
  }
  bool operator()(const Exists& c) const { return c.wanted != values.empty(); }
  bool operator()(const InBlock& c) const {
    return any_text([&](const std::string& text) { return c.block.contains(text); });
  }
};

bool any_condition(const Node::Conditions& conditions, const Values& values) {
  return std::ranges::any_of(conditions, [&](const Condition& condition) {
    return std::visit(Matcher{values}, condition);
  });
}

// Lists of lists count with their innermost elements; objects are not values.
void collect(const Document& value, Values& out) {
  if (const auto* list = value.list()) {
    for (const Document& item : *list) collect(item, out);
  } else if (auto scalar = to_scalar(value)) {
    out.push_back(std::move(*scalar));
  }
}

bool matches_body(const Node& node, const Document* object);

bool matches_nested(const Node& node, const Document* value) {
  const auto* list = value ? value->list() : nullptr;
  if (!list || list->empty()) return matches_body(node, value && value->map() ? value : nullptr);
  return std::ranges::any_of(*list,
                             [&](const Document& item) { return matches_nested(node, &item); });
}

bool matches_leaf(const std::string& key, const Node::Conditions& conditions,
                  const Document* object) {
  const Document* value = object ? object->find(key) : nullptr;
  Values values;
  if (value) collect(*value, values);
  return any_condition(conditions, values);
}

// `object` is nullptr where the message has nothing at this place: only `exists: false` matches.
bool matches_body(const Node& node, const Document* object) {
  for (const auto& [key, conditions] : node.leaves) {
    if (!matches_leaf(key, conditions, object)) return false;
  }
  for (const auto& [key, nested] : node.branches) {
    if (!matches_nested(nested, object ? object->find(key) : nullptr)) return false;
  }
  const auto holds = [&](const Node& other) { return matches_body(other, object); };
  return std::ranges::all_of(node.alternatives, [&](const auto& alternatives) {
    return std::ranges::any_of(alternatives, holds);
  });
}

// A String is text, a Number a number, the elements of a String.Array count one by one.
Values attribute_values(const MessageAttribute& attribute) {
  const std::string& text = attribute.value.value;
  Values values;
  if (attribute.is_binary()) return values;
  if (attribute.type == "String.Array") {
    const auto tree = parse_json(text);
    if (tree && tree->list()) collect(*tree, values);
  } else if (attribute.type.starts_with("Number")) {
    const auto tree = parse_json(text.starts_with('+') ? text.substr(1) : text);
    if (tree) collect(*tree, values);
  } else {
    values.emplace_back(text);
  }
  return values;
}

bool matches_attributes(const Node& node, const MessageAttributes& attributes) {
  for (const auto& [key, conditions] : node.leaves) {
    const auto found = attributes.find(key);
    const Values values = found == attributes.end() ? Values{} : attribute_values(found->second);
    if (!any_condition(conditions, values)) return false;
  }
  const auto holds = [&](const Node& other) { return matches_attributes(other, attributes); };
  return std::ranges::all_of(node.alternatives, [&](const auto& alternatives) {
    return std::ranges::any_of(alternatives, holds);
  });
}

// How many combinations of conditions a policy stands for: the product of its lists' lengths, each
// multiplied by its depth in the body's scope; branches of `$or` add. Saturates above the limit.
std::size_t combinations(const Node& node, std::size_t depth, bool counts_depth) {
  constexpr std::size_t kEnough = FilterPolicy::kCombinationsMax + 1;
  std::size_t product = 1;
  const auto multiply = [&](std::size_t factor) { product = std::min(product * factor, kEnough); };
  for (const auto& [key, conditions] : node.leaves) {
    multiply(std::min(conditions.size(), kEnough) * (counts_depth ? depth : 1));
  }
  for (const auto& [key, nested] : node.branches) {
    multiply(combinations(nested, depth + 1, counts_depth));
  }
  for (const auto& alternatives : node.alternatives) {
    std::size_t sum = 0;
    for (const Node& other : alternatives) sum += combinations(other, depth, counts_depth);
    multiply(std::min(sum, kEnough));
  }
  return product;
}

}  // namespace

std::optional<Scalar> to_scalar(const Document& value) {
  if (value.is_null()) return Scalar{nullptr};
  if (value.boolean()) return Scalar{*value.boolean()};
  if (value.integer()) return Scalar{double(*value.integer())};
  if (value.real()) return Scalar{*value.real()};
  if (value.string()) return Scalar{*value.string()};
  return std::nullopt;
}

bool equal_numbers(double a, double b) {
  if (std::fabs(a) > kExactMax || std::fabs(b) > kExactMax) return a == b;
  return std::llround(a * kDecimals) == std::llround(b * kDecimals);
}

bool less_numbers(double a, double b) { return a < b && !equal_numbers(a, b); }

bool equal_scalars(const Scalar& a, const Scalar& b) {
  const auto* left = std::get_if<double>(&a);
  const auto* right = std::get_if<double>(&b);
  return left && right ? equal_numbers(*left, *right) : a == b;
}

bool AddressBlock::contains(const std::string& address) const {
  std::array<std::uint8_t, 16> other{};
  if (inet_pton(family, address.c_str(), other.data()) != 1) return false;
  const std::size_t whole = prefix_bits / 8;
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  other.begin())) {
    return false;
  }
  const unsigned rest = prefix_bits % 8;
  return rest == 0 || ((bytes[whole] ^ other[whole]) >> (8 - rest)) == 0;
}

FilterPolicy::FilterPolicy(FilterScope scope, std::shared_ptr<const Node> root)
    : scope_(scope), root_(std::move(root)) {}

FilterScope FilterPolicy::scope() const { return scope_; }

Result<FilterPolicy> FilterPolicy::parse(std::string_view json, FilterScope scope) {
  const auto refused = [](std::string text) {
    return Error{ErrorKind::invalid, "InvalidParameter", "FilterPolicy: " + std::move(text)};
  };
  if (json.size() > kBytesMax) return refused("Filter policy is too large");
  const auto tree = parse_json(json, {.depth_max = kDepthMax, .nodes_max = kBytesMax});
  if (!tree) return refused("failed to parse JSON. " + tree.error().message);
  if (!tree->map()) return refused("Filter is not an object");
  if (tree->map()->size() > kKeysMax) {
    return refused("Filter policy can not have more than 5 keys");
  }
  WEIR_TRY(Node root, parse_filter_node(*tree, scope));
  if (combinations(root, 1, scope == FilterScope::message_body) > kCombinationsMax) {
    return refused("Filter policy is too complex");
  }
  return FilterPolicy(scope, std::make_shared<const Node>(std::move(root)));
}

bool FilterPolicy::matches(const MessageAttributes& attributes, std::string_view message) const {
  if (scope_ == FilterScope::message_attributes) return matches_attributes(*root_, attributes);
  const auto tree = parse_json(message);
  return tree && tree->map() && matches_body(*root_, &*tree);
}

}  // namespace weir::notify
