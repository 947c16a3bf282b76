// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "base/shape.h"
#include "metrics/types.h"

namespace weir::metric_math {

/// API type MetricStat.
struct MetricStat {
  metrics::MetricId metric;
  int period_s = 60;
  std::string stat;
  std::optional<std::string> unit = {};
  bool operator==(const MetricStat&) const = default;
  static Shape shape();
};

/// API type MetricDataQuery: a metric, or an expression over other queries.
struct DataQuery {
  std::string id;
  std::optional<MetricStat> metric_stat = {};
  std::optional<std::string> expression = {};
  std::optional<std::string> label = {};
  bool return_data = true;
  std::optional<int> period_s = {};
  std::optional<std::string> account_id = {};
  bool operator==(const DataQuery&) const = default;
  static Shape shape();
};

struct DataRequest {
  std::vector<DataQuery> queries;
  Time start;
  Time end;
  bool ascending = false;
  std::optional<int> datapoints_max = {};
  std::string timezone = "+0000";  // of times in labels
  std::string next_token = {};
  bool is_one_page = false;  // all points at once, for callers that bound them otherwise
};
struct DataMessage {
  std::string code;
  std::string value;
  static Shape shape();
};
struct DataResult {
  std::string id;
  std::string label;
  std::vector<Time> timestamps;
  std::vector<double> values;
  std::string status_code;
  std::optional<std::vector<DataMessage>> messages;
  std::vector<std::string> units = {};  // of a metric: all that it has in the range; not in the API
  static Shape shape();
};
struct DataPage {
  std::vector<DataResult> results;
  std::string next_token;                  // "" at the end
  std::vector<DataMessage> messages = {};  // of the whole request
};

}  // namespace weir::metric_math
