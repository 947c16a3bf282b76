// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/document.h"
#include "notify/filter_policy.h"

/// The compiled form of a filter policy; private to the parser and the matcher.
namespace weir::notify {

/// What a condition compares with: null, a boolean, a number or text.
using Scalar = std::variant<std::nullptr_t, bool, double, std::string>;
/// Nothing for lists, objects and binary data.
std::optional<Scalar> to_scalar(const Document& value);
/// SNS compares numbers to five decimals.
bool equal_numbers(double a, double b);
bool less_numbers(double a, double b);
bool equal_scalars(const Scalar& a, const Scalar& b);

/// An IPv4 or IPv6 block.
struct AddressBlock {
  std::array<std::uint8_t, 16> bytes{};
  int family = 0;  // AF_INET, AF_INET6
  unsigned prefix_bits = 0;
  bool contains(const std::string& address) const;
};

struct Equals {
  Scalar value;
};
struct PrefixIs {
  std::string text;
};
struct SuffixIs {
  std::string text;
};
struct EqualsIgnoreCase {
  std::string text;
};
struct AnythingBut {
  std::vector<Scalar> values;
};
struct AnythingButPrefix {
  std::string text;
};
struct NumericBound {
  double value;
  bool is_inclusive;
};
struct Numeric {
  std::optional<NumericBound> lower;
  std::optional<NumericBound> upper;
};
struct Exists {
  bool wanted;
};
struct InBlock {
  AddressBlock block;
};

using Condition = std::variant<Equals, PrefixIs, SuffixIs, EqualsIgnoreCase, AnythingBut,
                               AnythingButPrefix, Numeric, Exists, InBlock>;

/// One object of the policy: leaves, branches and alternatives must all match.
struct FilterPolicy::Node {
  using Conditions = std::vector<Condition>;
  struct Branch;
  std::vector<std::pair<std::string, Conditions>> leaves;
  std::vector<Branch> branches;
  std::vector<std::vector<Node>> alternatives;  // each `$or`: one of its nodes must match
};
struct FilterPolicy::Node::Branch {
  std::string key;
  Node node;
};

Result<FilterPolicy::Node> parse_filter_node(const Document& policy, FilterScope scope);

}  // namespace weir::notify
