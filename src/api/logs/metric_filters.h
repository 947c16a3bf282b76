// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/document.h"
#include "base/shape.h"
#include "logs/types.h"

namespace weir::api::logs {

/// A metric filter as DescribeMetricFilters shows it.
struct MetricFilter {
  std::string filter_name;
  std::string filter_pattern;
  std::vector<weir::logs::MetricTransformation> metric_transformations;
  std::int64_t creation_time = 0;
  std::string log_group_name;
  bool apply_on_transformed_logs = false;
  std::optional<std::string> field_selection_criteria;
  std::optional<std::vector<std::string>> emit_system_field_dimensions;
  static Shape shape() {
    using S = MetricFilter;
    static constexpr Member members[] = {
        required<&S::filter_name>("filterName"),
        required<&S::filter_pattern>("filterPattern"),
        required<&S::metric_transformations>("metricTransformations"),
        required<&S::creation_time>("creationTime"),
        required<&S::log_group_name>("logGroupName"),
        required<&S::apply_on_transformed_logs>("applyOnTransformedLogs"),
        optional<&S::field_selection_criteria>("fieldSelectionCriteria"),
        optional<&S::emit_system_field_dimensions>("emitSystemFieldDimensions"),
    };
    return {"MetricFilter", members};
  }
};

/// A message that a pattern matches.
struct MetricFilterMatchRecord {
  std::int64_t event_number = 0;
  std::string event_message;
  std::map<std::string, std::string> extracted_values;
  static Shape shape() {
    using S = MetricFilterMatchRecord;
    static constexpr Member members[] = {
        required<&S::event_number>("eventNumber"),
        required<&S::event_message>("eventMessage"),
        required<&S::extracted_values>("extractedValues"),
    };
    return {"MetricFilterMatchRecord", members};
  }
};

/// Creates or replaces a metric filter of a log group.
struct PutMetricFilter {
  static constexpr std::string_view name = "PutMetricFilter";
  struct Input {
    std::string log_group_name;
    std::string filter_name;
    std::string filter_pattern;
    std::vector<weir::logs::MetricTransformation> metric_transformations;
    bool apply_on_transformed_logs = false;
    std::optional<std::string> field_selection_criteria;
    std::optional<std::vector<std::string>> emit_system_field_dimensions;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          required<&S::filter_name>("filterName", kNameLength, kStreamPattern),
          required<&S::filter_pattern>("filterPattern", kFilterPatternLength),
          required<&S::metric_transformations>("metricTransformations", items(1, 1)),
          optional<&S::apply_on_transformed_logs>("applyOnTransformedLogs"),
          optional<&S::field_selection_criteria>("fieldSelectionCriteria", length(0, 2000)),
          optional<&S::emit_system_field_dimensions>("emitSystemFieldDimensions"),
      };
      return {"PutMetricFilterRequest", members};
    }
  };
  using Output = Empty;
};

/// Lists metric filters in order of group and name.
struct DescribeMetricFilters {
  static constexpr std::string_view name = "DescribeMetricFilters";
  struct Input {
    std::optional<std::string> log_group_name;
    std::optional<std::string> filter_name_prefix;
    std::optional<std::string> next_token;
    std::optional<int> limit;
    std::optional<std::string> metric_name;
    std::optional<std::string> metric_namespace;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          optional<&S::filter_name_prefix>("filterNamePrefix", kNameLength, kStreamPattern),
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::limit>("limit", kListLimit),
          optional<&S::metric_name>("metricName", length(0, 255)),
          optional<&S::metric_namespace>("metricNamespace", length(0, 255)),
      };
      return {"DescribeMetricFiltersRequest", members};
    }
  };
  struct Output {
    std::vector<MetricFilter> metric_filters;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::metric_filters>("metricFilters"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeMetricFiltersResponse", members};
    }
  };
};

/// Deletes a metric filter.
struct DeleteMetricFilter {
  static constexpr std::string_view name = "DeleteMetricFilter";
  struct Input {
    std::string log_group_name;
    std::string filter_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          required<&S::filter_name>("filterName", kNameLength, kStreamPattern),
      };
      return {"DeleteMetricFilterRequest", members};
    }
  };
  using Output = Empty;
};

/// Tries a pattern on messages.
struct TestMetricFilter {
  static constexpr std::string_view name = "TestMetricFilter";
  struct Input {
    std::string filter_pattern;
    std::vector<std::string> log_event_messages;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::filter_pattern>("filterPattern", kFilterPatternLength),
          required<&S::log_event_messages>("logEventMessages", items(1, 50)),
      };
      return {"TestMetricFilterRequest", members};
    }
  };
  struct Output {
    std::vector<MetricFilterMatchRecord> matches;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::matches>("matches"),
      };
      return {"TestMetricFilterResponse", members};
    }
  };
};

}  // namespace weir::api::logs
