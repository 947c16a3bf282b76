// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/runtime.h"
#include "base/shape.h"

namespace weir::metrics {

struct Dimension {
  std::string name;
  std::string value;
  auto operator<=>(const Dimension&) const = default;
  static Shape shape();
};

/// Which series: namespace, name and the *set* of dimensions (their order never matters).
struct MetricId {
  std::string namespace_name;
  std::string metric_name;
  std::vector<Dimension> dimensions;  // sorted by make(); compare only ids that make() built

  static MetricId make(std::string_view namespace_name, std::string_view metric_name,
                       std::vector<Dimension> dimensions);
  auto operator<=>(const MetricId&) const = default;
  static Shape shape();
};

/// Four numbers that stand for many values.
struct StatisticSet {
  double sample_count = 0;
  double sum = 0;
  double minimum = 0;
  double maximum = 0;
  static Shape shape();
};

/// What PutMetricData takes: exactly one of `value`, `statistic_values`, `values` (with `counts`, 1
/// each if empty).
struct Datum {
  std::string metric_name;
  std::vector<Dimension> dimensions = {};
  std::optional<Time> timestamp = {};  // the moment of arrival if absent
  std::optional<double> value = {};
  std::optional<StatisticSet> statistic_values = {};
  std::vector<double> values = {};
  std::vector<double> counts = {};
  std::optional<std::string> unit = {};        // "None" if absent
  std::optional<int> storage_resolution = {};  // seconds, 1 or 60 (default)
  static Shape shape();
};

/// The 27 units, and "None" among them.
std::span<const std::string_view> units();

/// The five statistics of every metric.
std::span<const std::string_view> basic_statistics();

}  // namespace weir::metrics
