// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::metric_math {

enum class Function : std::uint8_t {
  abs,
  anomaly_detection_band,
  avg,
  ceil,
  datapoint_count,
  date,
  day,
  db_perf_insights,
  diff,
  diff_time,
  epoch,
  fill,
  first,
  floor,
  hour,
  if_else,
  insight_rule_metric,
  lambda,
  last,
  log,
  log10,
  max,
  metric_count,
  metrics,
  min,
  minute,
  month,
  period,
  rate,
  remove_empty,
  running_sum,
  search,
  service_quota,
  slice,
  sort,
  stddev,
  sum,
  time_series,
  year
};
/// As in an expression: `ANOMALY_DETECTION_BAND`.
std::string_view name_of(Function function);

enum class Operator : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  power,
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  logical_and,
  logical_or
};
std::string_view name_of(Operator op);

/// A part of an expression.
struct Node {
  enum class Kind : std::uint8_t { number, text, id, keyword, negate, binary, array, call };
  Kind kind = Kind::number;
  std::size_t position = 0;  // of its first byte (of an operation: of its sign), from 0
  double number = 0;
  std::string text = {};  // text, id, keyword
  Operator op = Operator::add;
  Function function = Function::abs;
  std::vector<Node> children = {};
};

/// A metric math expression, parsed (User Guide, "Using math expressions with CloudWatch metrics").
///
/// Immutable, so any number of threads may evaluate it. Size: at most kTextMax bytes of text, and
/// parentheses, signs and powers nested at most kDepthMax deep.
class Expression {
 public:
  static constexpr std::size_t kTextMax = 2048;
  static constexpr std::size_t kDepthMax = 100;

  /// Error: ValidationError with AWS's `Invalid syntax` and the position, or `Function 'X' not
  /// found`; who has the id of the query puts `Error in expression 'e1': ` before it (in_query()).
  static Result<Expression> parse(std::string_view text);

  const Node& root() const { return root_; }
  /// The ids that it refers to, in order, each once.
  const std::vector<std::string>& ids() const { return ids_; }
  bool uses(Function function) const;

 private:
  Node root_;
  std::vector<std::string> ids_;
  std::vector<Function> functions_;
};

/// Adds the id of the query to an error of its expression.
Error in_query(std::string_view id, Error error);

}  // namespace weir::metric_math
