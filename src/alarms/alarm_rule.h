// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "alarms/alarm.h"
#include "base/result.h"
#include "base/scope.h"

namespace weir::alarms {

/// The name of the alarm that a text names: a name, or an ARN. Error (ValidationError): the ARN is
/// none of an alarm in this account and region.
Result<std::string> alarm_name_of(const Scope& scope, std::string_view name_or_arn);

/// The rule of a composite alarm (API reference, PutCompositeAlarm):
///
///     rule    := and { OR and } ; and := not { AND not } ; not := [ NOT ] primary
///     primary := ( rule ) | TRUE | FALSE | state ( ref ) | AT_LEAST ( n[%] , [NOT] state , ( ref
///                { , ref } ) )
///
/// Immutable. Keywords are upper-case. A ref is a name or an ARN; in double quotes (with backslash
/// escapes) where it holds blanks, commas or parentheses.
class AlarmRule {
 public:
  static constexpr std::size_t kTextMax = 10'240;  // bytes
  static constexpr std::size_t kChildrenMax = 100;
  static constexpr std::size_t kElementsMax = 500;  // refs, TRUE, FALSE, pairs of parentheses

  /// Error (ValidationError): syntax, with the position (from 1); an ARN of elsewhere; too much of
  /// something.
  static Result<AlarmRule> parse(const Scope& scope, std::string_view text);

  /// Names of the alarms that it is about, each once, in the order of the text.
  const std::vector<std::string>& children() const { return children_; }
  bool names(std::string_view alarm_name) const;

  using StateOf = std::function<StateValue(const std::string& alarm_name)>;
  bool evaluate(const StateOf& state_of) const;

 private:
  friend class RuleParser;
  enum class Kind : std::uint8_t {
    constant,
    is_state,
    at_least,
    negation,
    conjunction,
    disjunction
  };
  struct Node {
    Kind kind = Kind::constant;
    bool is_true = false;                  // constant
    StateValue state = StateValue::alarm;  // is_state, at_least
    bool is_negated = false;               // at_least: NOT state
    std::size_t needed = 0;                // at_least
    std::vector<std::size_t> parts = {};   // indices of nodes; is_state, at_least: of children
  };
  bool evaluate(std::size_t node, const std::vector<StateValue>& states) const;

  std::vector<Node> nodes_;  // the last is the root
  std::vector<std::string> children_;
};

}  // namespace weir::alarms
