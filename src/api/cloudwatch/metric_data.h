// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/shape.h"
#include "metric_math/data.h"
#include "metrics/metrics.h"

namespace weir::api::cloudwatch {

/// Data of one entity. Entities are accepted and not kept.
struct EntityMetricData {
  Document entity;
  std::vector<metrics::Datum> metric_data;
  static Shape shape() {
    using S = EntityMetricData;
    static constexpr Member members[] = {
        optional<&S::entity>("Entity"),
        optional<&S::metric_data>("MetricData"),
    };
    return {"EntityMetricData", members};
  }
};

/// Takes metric data; answered when they are on disk.
struct PutMetricData {
  static constexpr std::string_view name = "PutMetricData";
  struct Input {
    std::optional<std::string> namespace_name;
    std::vector<metrics::Datum> metric_data;
    std::vector<EntityMetricData> entity_metric_data;
    std::optional<bool> strict_entity_validation;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::namespace_name>("Namespace"),
          optional<&S::metric_data>("MetricData"),
          optional<&S::entity_metric_data>("EntityMetricData", items(0, 2)),
          optional<&S::strict_entity_validation>("StrictEntityValidation"),
      };
      return {"PutMetricDataInput", members};
    }
  };
  using Output = Empty;
};

/// The metrics that got data in the last two weeks.
struct ListMetrics {
  static constexpr std::string_view name = "ListMetrics";
  struct Input {
    std::optional<std::string> namespace_name;
    std::optional<std::string> metric_name;
    std::vector<metrics::DimensionFilter> dimensions;
    std::optional<std::string> next_token;
    std::optional<std::string> recently_active;
    std::optional<bool> include_linked_accounts;
    std::optional<std::string> owning_account;
    static Shape shape() {
      using S = Input;
      static constexpr std::string_view kRecentlyActive[] = {"PT3H"};
      static constexpr Member members[] = {
          optional<&S::namespace_name>("Namespace", length(1, 255), pattern("[^:].*")),
          optional<&S::metric_name>("MetricName", length(1, 255)),
          optional<&S::dimensions>("Dimensions", items(0, 10)),
          optional<&S::next_token>("NextToken"),
          optional<&S::recently_active>("RecentlyActive", one_of(kRecentlyActive)),
          optional<&S::include_linked_accounts>("IncludeLinkedAccounts"),
          optional<&S::owning_account>("OwningAccount", length(1, 255)),
      };
      return {"ListMetricsInput", members};
    }
  };
  struct Output {
    std::vector<metrics::MetricId> metrics;
    std::optional<std::string> next_token;
    std::optional<std::vector<std::string>> owning_accounts;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::metrics>("Metrics"),
          optional<&S::next_token>("NextToken"),
          optional<&S::owning_accounts>("OwningAccounts"),
      };
      return {"ListMetricsOutput", members};
    }
  };
};

/// Statistics of one metric.
struct GetMetricStatistics {
  static constexpr std::string_view name = "GetMetricStatistics";
  struct Input {
    std::optional<std::string> namespace_name;
    std::optional<std::string> metric_name;
    std::vector<metrics::Dimension> dimensions;
    std::optional<Time> start_time;
    std::optional<Time> end_time;
    std::optional<int> period_s;
    std::vector<std::string> statistics;
    std::vector<std::string> extended_statistics;
    std::optional<std::string> unit;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::namespace_name>("Namespace", length(1, 255), pattern("[^:].*")),
          optional<&S::metric_name>("MetricName", length(1, 255)),
          optional<&S::dimensions>("Dimensions", items(0, 30)),
          optional<&S::start_time>("StartTime"),
          optional<&S::end_time>("EndTime"),
          optional<&S::period_s>("Period", range(1, kUnbounded)),
          optional<&S::statistics>("Statistics"),
          optional<&S::extended_statistics>("ExtendedStatistics"),
          optional<&S::unit>("Unit"),
      };
      return {"GetMetricStatisticsInput", members};
    }
  };
  struct Output {
    std::string label;
    std::vector<metrics::Datapoint> datapoints;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::label>("Label"),
          optional<&S::datapoints>("Datapoints"),
      };
      return {"GetMetricStatisticsOutput", members};
    }
  };
};

struct LabelOptions {
  std::optional<std::string> timezone;
  static Shape shape() {
    using S = LabelOptions;
    static constexpr Member members[] = {optional<&S::timezone>("Timezone")};
    return {"LabelOptions", members};
  }
};

/// Statistics of many metrics, page by page.
struct GetMetricData {
  static constexpr std::string_view name = "GetMetricData";
  struct Input {
    std::vector<metric_math::DataQuery> metric_data_queries;
    Time start_time;
    Time end_time;
    std::optional<std::string> next_token;
    std::optional<std::string> scan_by;
    std::optional<int> max_datapoints;
    std::optional<LabelOptions> label_options;
    static Shape shape() {
      using S = Input;
      static constexpr std::string_view kScanBy[] = {"TimestampDescending", "TimestampAscending"};
      static constexpr Member members[] = {
          required<&S::metric_data_queries>("MetricDataQueries"),
          required<&S::start_time>("StartTime"),
          required<&S::end_time>("EndTime"),
          optional<&S::next_token>("NextToken"),
          optional<&S::scan_by>("ScanBy", one_of(kScanBy)),
          optional<&S::max_datapoints>("MaxDatapoints"),
          optional<&S::label_options>("LabelOptions"),
      };
      return {"GetMetricDataInput", members};
    }
  };
  struct Output {
    std::vector<metric_math::DataResult> metric_data_results;
    std::optional<std::string> next_token;
    std::vector<metric_math::DataMessage> messages;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::metric_data_results>("MetricDataResults"),
          optional<&S::next_token>("NextToken"),
          optional<&S::messages>("Messages"),
      };
      return {"GetMetricDataOutput", members};
    }
  };
};

}  // namespace weir::api::cloudwatch
