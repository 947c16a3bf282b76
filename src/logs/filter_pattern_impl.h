// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "logs/delimited_matcher.h"
#include "logs/fields.h"
#include "logs/filter_pattern.h"
#include "logs/json_tree.h"
#include "logs/pattern_delimited.h"
#include "logs/pattern_json.h"
#include "logs/pattern_terms.h"

/// What FilterPattern and PatternSet share.
namespace weir::logs {

struct Subject::State {
  std::string_view message;
  Fields fields;
  JsonTree tree;
  enum class Tree : std::uint8_t { unread, good, bad } tree_state = Tree::unread;

  bool has_tree() {
    if (tree_state == Tree::unread) tree_state = tree.read(message) ? Tree::good : Tree::bad;
    return tree_state == Tree::good;
  }
};

struct FilterPattern::Impl {
  std::string text;
  std::variant<std::monostate, TermsPattern, JsonPattern, DelimitedPattern> dialect;
  std::optional<DelimitedMatcher> matcher;  // of a DelimitedPattern

  bool matches(Subject::State& state) const;
};

}  // namespace weir::logs
