// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/scope.h"

namespace weir::logs {

/// `fieldSelectionCriteria` of metric and subscription filters: tests on where an event comes from,
/// such as `@aws.region = "us-east-1" AND @aws.account NOT IN ["123456789012"]`. Here that is the
/// account and region of the log group.
///
/// Grammar (API reference, PutMetricFilter; parentheses and precedence unverified): tests of
/// `@aws.account` or `@aws.region` by `=`, `!=`, `IN [...]`, `NOT IN [...]` with values in quotes,
/// joined by `AND` (first) and `OR`, in parentheses at most kDepthMax deep.
///
/// Immutable and cheap to copy.
class SelectionCriteria {
 public:
  static constexpr std::size_t kBytesMax = 8000;  // 2000 characters
  static constexpr std::size_t kDepthMax = 16;

  /// Error: kind invalid, code InvalidParameterException; says where and why.
  static Result<SelectionCriteria> compile(std::string_view text);
  /// Selects everything, as "" does.
  SelectionCriteria() = default;

  bool selects(const Scope& scope) const;

  struct Node;

 private:
  std::shared_ptr<const Node> root_;  // immutable, so copies may share it; none: everything
};

}  // namespace weir::logs
