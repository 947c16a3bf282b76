// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/anomaly_detectors.h"

#include <algorithm>

#include "api/cloudwatch/cloudwatch_api.h"

namespace weir::api::cloudwatch {
namespace {

/// Describes a member of the `names` that an input has, as one of its own.
template <class Input, auto P, class... C>
constexpr Member of_names(std::string_view name, C... constraints) {
  Member member = optional<P>(name, constraints...);
  member.get = [](const void* s) -> const void* {
    return &(static_cast<const Input*>(s)->names.*P);
  };
  member.get_mutable = [](void* s) -> void* { return &(static_cast<Input*>(s)->names.*P); };
  return member;
}

bool has_deprecated(const DetectorNames& names) {
  return names.namespace_name || names.metric_name || names.stat || !names.dimensions.empty();
}

/// API reference: the forms exclude each other.
Result<anomaly::Subject> subject_of(const DetectorNames& names) {
  const int forms =
      (has_deprecated(names) ? 1 : 0) + (names.single_metric ? 1 : 0) + (names.metric_math ? 1 : 0);
  if (forms > 1) {
    return Error{ErrorKind::invalid, "InvalidParameterCombination",
                 "SingleMetricAnomalyDetector, MetricMathAnomalyDetector and the parameters "
                 "Namespace, MetricName, Dimensions and Stat are mutually exclusive."};
  }
  anomaly::Subject out{names.single_metric, names.metric_math};
  if (!has_deprecated(names)) return out;
  for (const auto& [value, name] :
       {std::pair(&names.namespace_name, "Namespace"), std::pair(&names.metric_name, "MetricName"),
        std::pair(&names.stat, "Stat")}) {
    if (*value) continue;
    return Error{ErrorKind::invalid, "MissingParameter",
                 "The parameter " + std::string(name) + " is required."};
  }
  out.single.emplace();
  out.single->namespace_name = names.namespace_name;
  out.single->metric_name = names.metric_name;
  out.single->dimensions = names.dimensions;
  out.single->stat = names.stat;
  return out;
}

/// The deprecated members are shown beside the new ones (recorded from the service).
AnomalyDetector shown(const Scope& scope, anomaly::Detector detector) {
  AnomalyDetector out;
  auto& [subject, configuration, characteristics] = detector.stored.definition;
  out.anomaly_detector_id = std::move(detector.stored.id);
  out.state_value = std::move(detector.state);
  out.configuration = configuration.value_or(anomaly::Configuration{});
  out.metric_characteristics = characteristics;
  out.metric_math = std::move(subject.math);
  if (!subject.single) return out;
  out.namespace_name = subject.single->namespace_name;
  out.metric_name = subject.single->metric_name;
  out.dimensions = subject.single->dimensions;
  out.stat = subject.single->stat;
  out.single_metric = std::move(subject.single);
  out.single_metric->account_id = scope.account;
  return out;
}

}  // namespace

Shape PutAnomalyDetector::Input::shape() {
  using S = Input;
  using N = DetectorNames;
  static constexpr Member members[] = {
      of_names<S, &N::namespace_name>("Namespace", length(1, 255), pattern("[^:].*")),
      of_names<S, &N::metric_name>("MetricName", length(1, 255)),
      of_names<S, &N::dimensions>("Dimensions", items(0, 30)),
      of_names<S, &N::stat>("Stat", length(0, 50)),
      optional<&S::configuration>("Configuration"),
      optional<&S::metric_characteristics>("MetricCharacteristics"),
      of_names<S, &N::single_metric>("SingleMetricAnomalyDetector"),
      of_names<S, &N::metric_math>("MetricMathAnomalyDetector"),
  };
  return {"PutAnomalyDetectorInput", members};
}

Shape DeleteAnomalyDetector::Input::shape() {
  using S = Input;
  using N = DetectorNames;
  static constexpr Member members[] = {
      of_names<S, &N::namespace_name>("Namespace", length(1, 255), pattern("[^:].*")),
      of_names<S, &N::metric_name>("MetricName", length(1, 255)),
      of_names<S, &N::dimensions>("Dimensions", items(0, 30)),
      of_names<S, &N::stat>("Stat", length(0, 50)),
      of_names<S, &N::single_metric>("SingleMetricAnomalyDetector"),
      of_names<S, &N::metric_math>("MetricMathAnomalyDetector"),
      optional<&S::anomaly_detector_id>("AnomalyDetectorId", length(1, 255)),
  };
  return {"DeleteAnomalyDetectorInput", members};
}

Result<PutAnomalyDetector::Output> CloudWatchApi::put_detector(
    const Request& request, const PutAnomalyDetector::Input& in) {
  WEIR_TRY(anomaly::Subject subject, subject_of(in.names));
  WEIR_TRY(std::string id, detectors_.put(request.scope, {std::move(subject), in.configuration,
                                                          in.metric_characteristics}));
  return PutAnomalyDetector::Output{std::move(id)};
}

Result<DescribeAnomalyDetectors::Output> CloudWatchApi::describe_detectors(
    const Request& request, const DescribeAnomalyDetectors::Input& in) {
  anomaly::DetectorQuery query;
  query.namespace_name = in.namespace_name;
  query.metric_name = in.metric_name;
  query.dimensions = in.dimensions;
  query.ids = in.anomaly_detector_ids;
  query.records_max = in.max_results.value_or(query.records_max);
  query.next_token = in.next_token.value_or("");
  const auto& types = in.anomaly_detector_types;
  const auto wants = [&](std::string_view type) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  for (const std::string& type : types) {
    if (type == "SINGLE_METRIC" || type == "METRIC_MATH") continue;
    return Error{ErrorKind::invalid, "ValidationError",
                 "1 validation error detected: Value '[" + type +
                     "]' at 'anomalyDetectorTypes' failed to satisfy constraint: Member must "
                     "satisfy constraint: [Member must satisfy enum value set: [SINGLE_METRIC, "
                     "METRIC_MATH]]"};
  }
  // Ids name detectors of both types.
  const bool is_by_id = !query.ids.empty() && types.empty();
  query.with_single = types.empty() || wants("SINGLE_METRIC");
  query.with_math = is_by_id || wants("METRIC_MATH");
  WEIR_TRY(anomaly::DetectorPage page, detectors_.describe(request.scope, query));
  DescribeAnomalyDetectors::Output out;
  for (anomaly::Detector& detector : page.detectors) {
    out.anomaly_detectors.push_back(shown(request.scope, std::move(detector)));
  }
  if (!page.next_token.empty()) out.next_token = std::move(page.next_token);
  return out;
}

Result<DeleteAnomalyDetector::Output> CloudWatchApi::delete_detector(
    const Request& request, const DeleteAnomalyDetector::Input& in) {
  WEIR_TRY(const anomaly::Subject subject, subject_of(in.names));
  if (in.anomaly_detector_id && (subject.single || subject.math)) {
    return Error{ErrorKind::invalid, "InvalidParameterCombination",
                 "AnomalyDetectorId cannot be specified together with other parameters."};
  }
  if (in.anomaly_detector_id) {
    WEIR_CHECK(detectors_.remove(request.scope, *in.anomaly_detector_id));
  } else {
    WEIR_CHECK(detectors_.remove(request.scope, subject));
  }
  return DeleteAnomalyDetector::Output{};
}

}  // namespace weir::api::cloudwatch
