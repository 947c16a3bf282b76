// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "base/shape.h"

namespace weir::contributors {

/// What GetInsightRuleReport asks for.
struct ReportQuery {
  std::string rule_name = {};
  Time start = {};
  Time end = {};
  int period_s = 60;
  std::vector<std::string> metrics = {};
  int contributors_max = 10;
  std::string order_by = "Sum";
};

/// API type InsightRuleContributorDatapoint.
struct ContributorDatapoint {
  Time timestamp;
  double approximate_value = 0;
  static Shape shape();
};

/// API type InsightRuleContributor.
struct ReportContributor {
  std::vector<std::string> keys;
  double approximate_aggregate_value = 0;
  std::vector<ContributorDatapoint> datapoints;
  static Shape shape();
};

/// API type InsightRuleMetricDatapoint. Only what was asked for is set.
struct MetricDatapoint {
  Time timestamp;
  std::optional<double> unique_contributors;
  std::optional<double> max_contributor_value;
  std::optional<double> sample_count;
  std::optional<double> average;
  std::optional<double> sum;
  std::optional<double> minimum;
  std::optional<double> maximum;
  static Shape shape();
};

/// The answer of GetInsightRuleReport.
struct Report {
  std::vector<std::string> key_labels;
  std::string aggregation_statistic;
  double aggregate_value = 0;
  std::int64_t approximate_unique_count = 0;
  std::vector<ReportContributor> contributors;
  std::vector<MetricDatapoint> metric_datapoints;
  static Shape shape();
};

}  // namespace weir::contributors
