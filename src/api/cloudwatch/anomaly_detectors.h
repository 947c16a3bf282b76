// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "anomaly/detectors.h"
#include "base/shape.h"

namespace weir::api::cloudwatch {

/// How a request names a detector: by one of the two new forms, or by the four deprecated members
/// of a single metric.
struct DetectorNames {
  std::optional<std::string> namespace_name;
  std::optional<std::string> metric_name;
  std::vector<metrics::Dimension> dimensions;
  std::optional<std::string> stat;
  std::optional<anomaly::SingleMetric> single_metric;
  std::optional<anomaly::MetricMath> metric_math;
};

/// Creates an anomaly detector, or replaces its settings.
struct PutAnomalyDetector {
  static constexpr std::string_view name = "PutAnomalyDetector";
  struct Input {
    DetectorNames names;
    std::optional<anomaly::Configuration> configuration;
    std::optional<anomaly::Characteristics> metric_characteristics;
    static Shape shape();
  };
  struct Output {
    std::string anomaly_detector_id;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::anomaly_detector_id>("AnomalyDetectorId"),
      };
      return {"PutAnomalyDetectorOutput", members};
    }
  };
};

/// API type AnomalyDetector.
struct AnomalyDetector {
  std::optional<std::string> namespace_name;
  std::optional<std::string> metric_name;
  std::optional<std::vector<metrics::Dimension>> dimensions;
  std::optional<std::string> stat;
  anomaly::Configuration configuration;
  std::string state_value;
  std::optional<anomaly::Characteristics> metric_characteristics;
  std::optional<anomaly::SingleMetric> single_metric;
  std::optional<anomaly::MetricMath> metric_math;
  std::string anomaly_detector_id;
  static Shape shape() {
    using S = AnomalyDetector;
    static constexpr Member members[] = {
        optional<&S::namespace_name>("Namespace"),
        optional<&S::metric_name>("MetricName"),
        optional<&S::dimensions>("Dimensions"),
        optional<&S::stat>("Stat"),
        optional<&S::configuration>("Configuration"),
        optional<&S::state_value>("StateValue"),
        optional<&S::metric_characteristics>("MetricCharacteristics"),
        optional<&S::single_metric>("SingleMetricAnomalyDetector"),
        optional<&S::metric_math>("MetricMathAnomalyDetector"),
        optional<&S::anomaly_detector_id>("AnomalyDetectorId"),
    };
    return {"AnomalyDetector", members};
  }
};

struct DescribeAnomalyDetectors {
  static constexpr std::string_view name = "DescribeAnomalyDetectors";
  struct Input {
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    std::optional<std::string> namespace_name;
    std::optional<std::string> metric_name;
    std::optional<std::vector<metrics::Dimension>> dimensions;
    std::vector<std::string> anomaly_detector_types;
    std::vector<std::string> anomaly_detector_ids;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::next_token>("NextToken"),
          optional<&S::max_results>("MaxResults", range(1, kUnbounded)),
          optional<&S::namespace_name>("Namespace", length(1, 255), pattern("[^:].*")),
          optional<&S::metric_name>("MetricName", length(1, 255)),
          optional<&S::dimensions>("Dimensions", items(0, 30)),
          optional<&S::anomaly_detector_types>("AnomalyDetectorTypes", items(0, 2)),
          optional<&S::anomaly_detector_ids>("AnomalyDetectorIds",
                                             items(0, anomaly::DetectorQuery::kIdsMax)),
      };
      return {"DescribeAnomalyDetectorsInput", members};
    }
  };
  struct Output {
    std::vector<AnomalyDetector> anomaly_detectors;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::anomaly_detectors>("AnomalyDetectors"),
          optional<&S::next_token>("NextToken"),
      };
      return {"DescribeAnomalyDetectorsOutput", members};
    }
  };
};

/// Deletes an anomaly detector. An alarm that uses it creates it again.
struct DeleteAnomalyDetector {
  static constexpr std::string_view name = "DeleteAnomalyDetector";
  struct Input {
    DetectorNames names;
    std::optional<std::string> anomaly_detector_id;
    static Shape shape();
  };
  struct Output {
    static Shape shape() { return {"DeleteAnomalyDetectorOutput", {}}; }
  };
};

}  // namespace weir::api::cloudwatch
