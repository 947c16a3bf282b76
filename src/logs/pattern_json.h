// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logs/json_tree.h"
#include "logs/pattern_text.h"

namespace weir::logs {

/// `$.a['b c'][0].*`
struct JsonSelector {
  struct Step {
    enum class Kind : std::uint8_t { key, any_member, index, any_element } kind;
    std::string key = {};
    std::size_t index = 0;
  };
  std::string text;
  std::vector<Step> steps;
  bool has_wildcard = false;

  /// Reads a selector; the next character is the dollar sign.
  static Result<JsonSelector> parse(Scanner& scanner);

  /// Calls `visit(node)` for each node it points to until one call returns true; says whether one
  /// did.
  template <class Visit>
  bool any(const JsonTree& tree, Visit visit) const {
    return any_from(tree, 0, 0, visit);
  }
  /// The text of the first scalar other than null that it points to.
  std::optional<std::string_view> value(const JsonTree& tree) const;

 private:
  template <class Visit>
  bool any_from(const JsonTree& tree, std::uint32_t index, std::size_t step, Visit& visit) const;
};

/// The JSON dialect: `{ $.a = "x" && ($.b > 1 || $.c NOT EXISTS) }`.
class JsonPattern {
 public:
  static Result<JsonPattern> parse(std::string_view text);
  bool matches(const JsonTree& tree) const { return holds(root_, tree); }
  bool has_regex() const { return regexes_ > 0; }
  void extract(const JsonTree& tree, std::map<std::string, std::string>& values) const;

 private:
  struct Expression {
    enum class Kind : std::uint8_t { all, any, compare, is_null, is_true, is_false, not_exists };
    Kind kind = Kind::all;
    std::vector<Expression> parts = {};                 // all, any
    std::shared_ptr<const JsonSelector> selector = {};  // immutable, shared with selectors_
    std::optional<ValueTest> test = {};                 // compare
  };
  class Parser;
  static bool holds(const Expression& expression, const JsonTree& tree);
  static bool test_holds(const Expression& expression, const JsonTree& tree);

  Expression root_;
  std::vector<std::shared_ptr<const JsonSelector>> selectors_;
  std::size_t regexes_ = 0;
};

template <class Visit>
bool JsonSelector::any_from(const JsonTree& tree, std::uint32_t index, std::size_t step,
                            Visit& visit) const {
  for (; step < steps.size(); ++step) {
    const JsonTree::Node& node = tree.node(index);
    const Step& current = steps[step];
    const bool in_object =
        current.kind == Step::Kind::key || current.kind == Step::Kind::any_member;
    if (node.kind != (in_object ? JsonTree::Kind::object : JsonTree::Kind::array)) return false;
    std::optional<std::uint32_t> found;
    std::size_t position = 0;
    for (std::uint32_t child = index + 1; child < node.end; child = tree.node(child).end) {
      switch (current.kind) {
        case Step::Kind::key:  // of several equal keys the last one counts
          if (tree.key(tree.node(child)) == current.key) found = child;
          break;
        case Step::Kind::index:
          if (position++ == current.index) found = child;
          break;
        default:
          if (any_from(tree, child, step + 1, visit)) return true;
      }
    }
    if (!found) return false;
    index = *found;
  }
  return visit(tree.node(index));
}

}  // namespace weir::logs
