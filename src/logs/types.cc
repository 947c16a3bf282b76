// SPDX-License-Identifier: Apache-2.0
#include "logs/types.h"

#include "logs/metric_filter.h"

namespace weir::logs {

Shape LogGroup::shape() {
  using S = LogGroup;
  static constexpr Member members[] = {
      required<&S::name>("logGroupName"),
      required<&S::log_group_class>("logGroupClass"),
      required<&S::creation_time_ms>("creationTime"),
      optional<&S::retention_in_days>("retentionInDays"),
      optional<&S::kms_key_id>("kmsKeyId"),
      optional<&S::deletion_protection_enabled>("deletionProtectionEnabled"),
      optional<&S::tags>("tags"),
      required<&S::id>("id"),
  };
  return {"LogGroup", members};
}

Shape InputLogEvent::shape() {
  using S = InputLogEvent;
  static constexpr Member members[] = {
      required<&S::timestamp_ms>("timestamp", range(0, kUnbounded)),
      required<&S::message>("message", length(1, kUnbounded)),
  };
  return {"InputLogEvent", members};
}

Shape ImportPosition::shape() {
  using S = ImportPosition;
  static constexpr Member members[] = {
      required<&S::source>("source"),
      required<&S::version>("version"),
      required<&S::position>("position"),
      required<&S::is_complete>("isComplete"),
  };
  return {"ImportPosition", members};
}

Shape ImportStream::shape() {
  using S = ImportStream;
  static constexpr Member members[] = {
      required<&S::log_stream_name>("logStreamName", length(1, 512), pattern("[^:*]*")),
      required<&S::log_events>("logEvents", items(1, 10000)),
  };
  return {"ImportStream", members};
}

// AWS's model has a pattern for namespaces too, but AWS was seen to accept a colon in one.
Shape MetricTransformation::shape() {
  using S = MetricTransformation;
  static constexpr Member members[] = {
      required<&S::metric_name>("metricName", length(0, 255), pattern("[^:*$]*")),
      required<&S::metric_namespace>("metricNamespace", length(0, 255)),
      required<&S::metric_value>("metricValue", length(0, 100)),
      optional<&S::default_value>("defaultValue"),
      optional<&S::dimensions>("dimensions"),
      optional<&S::unit>("unit", one_of(kMetricUnits)),
  };
  return {"MetricTransformation", members};
}

Shape MetricFilter::shape() {
  using S = MetricFilter;
  static constexpr Member members[] = {
      required<&S::filter_name>("filterName"),
      required<&S::filter_pattern>("filterPattern"),
      required<&S::metric_transformations>("metricTransformations"),
      required<&S::creation_time_ms>("creationTime"),
      optional<&S::apply_on_transformed_logs>("applyOnTransformedLogs"),
      optional<&S::field_selection_criteria>("fieldSelectionCriteria"),
      optional<&S::emit_system_field_dimensions>("emitSystemFieldDimensions"),
  };
  return {"MetricFilter", members};
}

}  // namespace weir::logs
