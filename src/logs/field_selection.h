// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/scope.h"

namespace weir::logs {

/// The `fieldSelectionCriteria` of a metric or subscription filter: tests on where an event comes
/// from (API reference, PutMetricFilter and PutSubscriptionFilter), such as `@aws.region =
/// "us-east-1" AND @aws.account NOT IN ["1", "2"]`.
///
///     criteria = both { "OR" both }
///     both     = test { "AND" test }
///     test     = "(" criteria ")" | field ( "=" | "!=" ) value | field [ "NOT" ] "IN" list
///     field    = "@aws.account" | "@aws.region" | "@source.log"   (subscriptions only)
///     list     = "[" value { "," value } "]"
///
/// A value is quoted (' or "); a bare word of letters, digits, `-`, `_`, `.` and `/` is taken too.
/// Words count in capitals and in small letters. Parentheses are our own addition.
///
/// Immutable and cheap to copy. Limits: kCharactersMax, kDepthMax parentheses.
class FieldSelection {
 public:
  static constexpr std::size_t kCharactersMax = 2000;
  static constexpr std::size_t kDepthMax = 32;

  /// Takes everything.
  FieldSelection() = default;
  /// "" takes everything. Error: InvalidParameterException; the message says where and why (text
  /// unverified).
  static Result<FieldSelection> parse(std::string_view text, bool with_source_log);

  bool takes(const Scope& scope, std::string_view log_group_name) const;

  struct Node;

 private:
  std::shared_ptr<const Node> root_;  // shared by copies; null takes everything
};

}  // namespace weir::logs
