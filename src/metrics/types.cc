// SPDX-License-Identifier: Apache-2.0
#include "metrics/types.h"

#include <algorithm>
#include <utility>

namespace weir::metrics {

namespace {

constexpr std::string_view kUnits[] = {"Seconds",
                                       "Microseconds",
                                       "Milliseconds",
                                       "Bytes",
                                       "Kilobytes",
                                       "Megabytes",
                                       "Gigabytes",
                                       "Terabytes",
                                       "Bits",
                                       "Kilobits",
                                       "Megabits",
                                       "Gigabits",
                                       "Terabits",
                                       "Percent",
                                       "Count",
                                       "Bytes/Second",
                                       "Kilobytes/Second",
                                       "Megabytes/Second",
                                       "Gigabytes/Second",
                                       "Terabytes/Second",
                                       "Bits/Second",
                                       "Kilobits/Second",
                                       "Megabits/Second",
                                       "Gigabits/Second",
                                       "Terabits/Second",
                                       "Count/Second",
                                       "None"};

constexpr std::string_view kBasicStatistics[] = {"SampleCount", "Average", "Sum", "Minimum",
                                                 "Maximum"};

}  // namespace

std::span<const std::string_view> units() { return kUnits; }
std::span<const std::string_view> basic_statistics() { return kBasicStatistics; }

MetricId MetricId::make(std::string_view namespace_name, std::string_view metric_name,
                        std::vector<Dimension> dimensions) {
  std::sort(dimensions.begin(), dimensions.end());
  return {std::string(namespace_name), std::string(metric_name), std::move(dimensions)};
}

Shape Dimension::shape() {
  using S = Dimension;
  static constexpr Member members[] = {
      required<&S::name>("Name", length(1, 255)),
      required<&S::value>("Value", length(1, 1024)),
  };
  return {"Dimension", members};
}

Shape MetricId::shape() {
  using S = MetricId;
  static constexpr Member members[] = {
      required<&S::namespace_name>("Namespace", length(1, 255), pattern("[^:].*")),
      required<&S::metric_name>("MetricName", length(1, 255)),
      optional<&S::dimensions>("Dimensions", items(0, 30)),
  };
  return {"Metric", members};
}

Shape StatisticSet::shape() {
  using S = StatisticSet;
  static constexpr Member members[] = {
      required<&S::sample_count>("SampleCount"),
      required<&S::sum>("Sum"),
      required<&S::minimum>("Minimum"),
      required<&S::maximum>("Maximum"),
  };
  return {"StatisticSet", members};
}

Shape Datum::shape() {
  using S = Datum;
  static constexpr Member members[] = {
      required<&S::metric_name>("MetricName", length(1, 255)),
      optional<&S::dimensions>("Dimensions", items(0, 30)),
      optional<&S::timestamp>("Timestamp"),
      optional<&S::value>("Value"),
      optional<&S::statistic_values>("StatisticValues"),
      optional<&S::values>("Values"),
      optional<&S::counts>("Counts"),
      optional<&S::unit>("Unit"),
      optional<&S::storage_resolution>("StorageResolution", range(1, kUnbounded)),
  };
  return {"MetricDatum", members};
}

}  // namespace weir::metrics
