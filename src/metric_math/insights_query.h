// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/aggregate.h"
#include "metrics/types.h"

namespace weir::metric_math {

/// A Metrics Insights query:
///
///     SELECT fn(metric) FROM namespace | SCHEMA(namespace[, dimension ...])
///     [WHERE dimension (= | !=) 'value' [AND ...]] [GROUP BY dimension[, ...]]
///     [ORDER BY fn() [ASC | DESC]] [LIMIT n]
///
/// with fn one of AVG, COUNT, MAX, MIN, SUM. Keywords in any case; names of other characters than
/// letters, digits and _ in double quotes. That is the whole subset: no IN, OR or nested
/// conditions.
struct InsightsQuery {
  static constexpr std::size_t kTextMax = 2048;
  static constexpr std::size_t kSeriesMax = 10'000;  // looked at
  static constexpr std::size_t kGroupsMax = 500;     // given

  enum class Aggregation : std::uint8_t { avg, count, max, min, sum };
  struct Condition {
    std::string dimension;
    bool is_equal = true;
    std::string value;
  };
  struct Order {
    Aggregation by = Aggregation::avg;
    bool is_descending = false;
  };

  Aggregation aggregation = Aggregation::avg;
  std::string metric_name;
  std::string namespace_name;
  /// Sorted; the series has exactly these. Absent: any.
  std::optional<std::vector<std::string>> schema;
  std::vector<Condition> conditions;
  std::vector<std::string> group_by;
  std::optional<Order> order;
  std::size_t limit = kGroupsMax;

  /// Whether a text is meant as a query: it begins with SELECT.
  static bool is_one(std::string_view text);
  /// Error: ValidationError, `Invalid syntax` and the position.
  static Result<InsightsQuery> parse(std::string_view text);

  bool matches(const metrics::MetricId& metric) const;
  /// The values of `group_by`; "Other" where the series has no such dimension.
  std::vector<std::string> group_of(const metrics::MetricId& metric) const;
};

double value_of(InsightsQuery::Aggregation aggregation, const metrics::Aggregate& bucket);

}  // namespace weir::metric_math
