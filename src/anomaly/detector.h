// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "metric_math/data.h"
#include "metrics/types.h"

namespace weir::anomaly {

/// API type SingleMetricAnomalyDetector: a metric and its statistic. There is no period: a model is
/// made for each period that is asked for.
struct SingleMetric {
  std::optional<std::string> account_id = {};
  std::optional<std::string> namespace_name = {};
  std::optional<std::string> metric_name = {};
  std::vector<metrics::Dimension> dimensions = {};
  std::optional<std::string> stat = {};
  static Shape shape();
};

/// API type MetricMathAnomalyDetector: an expression, the one query that returns data.
struct MetricMath {
  std::vector<metric_math::DataQuery> queries;
  static Shape shape();
};

/// API type Range.
struct TimeRange {
  Time start;
  Time end;
  bool operator==(const TimeRange&) const = default;
  static Shape shape();
};

/// API type AnomalyDetectorConfiguration.
struct Configuration {
  static constexpr std::size_t kRangesMax = 10;
  std::vector<TimeRange> excluded = {};
  std::optional<std::string> timezone = {};
  static Shape shape();
};

/// API type MetricCharacteristics.
struct Characteristics {
  std::optional<bool> periodic_spikes = {};
  static Shape shape();
};

/// What a detector watches: exactly one of both.
struct Subject {
  std::optional<SingleMetric> single = {};
  std::optional<MetricMath> math = {};
  static Shape shape();
};

/// What PutAnomalyDetector sets.
struct Definition {
  Subject subject = {};
  std::optional<Configuration> configuration = {};
  std::optional<Characteristics> characteristics = {};
  static Shape shape();
};

/// A detector as it is stored.
struct StoredDetector {
  std::string id;
  Definition definition;
  static Shape shape();
};

/// Nothing if AWS would take the subject in `scope`, else its error: MissingParameter,
/// InvalidParameterValue, InvalidParameterCombination, or ValidationError for an expression.
Result<void> check(const Scope& scope, const Subject& subject);
/// The same with what is around it.
Result<void> check(const Scope& scope, const Definition& definition);

/// Equal for detectors of the same thing: dimensions in any order, without labels; of an expression
/// only the queries that it needs. The subject has passed check().
std::string key_of(const Subject& subject);

/// What the band of query `id` is about. Error: there is no such query, or its expression cannot be
/// watched.
Result<Subject> subject_of(std::span<const metric_math::DataQuery> queries, std::string_view id);

/// The queries that give the series, the last of them the one to look at.
std::vector<metric_math::DataQuery> queries_of(const Subject& subject, int period_s,
                                               const std::optional<std::string>& unit);
/// Of an expression, whose metrics all have the same; 300 s for a single metric.
int usual_period(const Subject& subject);

}  // namespace weir::anomaly
