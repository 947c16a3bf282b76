// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "logs/event_id.h"

namespace weir::logs {

/// A log group as it is kept. Times are UTC milliseconds.
struct LogGroup {
  std::string name;
  std::string log_group_class = "STANDARD";
  std::int64_t creation_time_ms = 0;
  std::optional<int> retention_in_days;  // unset: for ever
  std::string kms_key_id;                // stored and shown; nothing is encrypted with it
  bool deletion_protection_enabled = false;
  std::map<std::string, std::string> tags;
  std::int64_t id = 0;  // of the store keys of its events

  static Shape shape();
};

/// A log group as it is shown.
struct LogGroupStatus {
  LogGroup group;
  std::int64_t stored_bytes = 0;  // messages and 26 bytes for each
  int metric_filter_count = 0;
};

/// A log stream. Everything below `id` is known once it has events.
struct LogStream {
  std::string name;
  std::int64_t creation_time_ms = 0;
  std::int64_t id = 0;
  std::optional<std::int64_t> first_event_ms;
  std::optional<std::int64_t> last_event_ms;
  std::optional<std::int64_t> last_ingestion_ms;
  std::int64_t stored_bytes = 0;
  std::int64_t block_span_ms_max = 0;  // greatest distance of two events stored together
  std::int64_t small_blocks = 0;  // that came since the last look at whether some can be merged
  std::optional<std::int64_t> small_blocks_from_ms;  // before it are none that can be merged
};

/// One event of a PutLogEvents request.
struct InputLogEvent {
  std::int64_t timestamp_ms = 0;
  std::string message;

  static Shape shape();
};

/// How far the import of one source (a file, an object) into a group has come.
struct ImportPosition {
  std::string source;         // its name, such as `s3://bucket/key`
  std::string version;        // what distinguishes contents of one name: an ETag, size and hash
  std::int64_t position = 0;  // events taken, counted by the importer from the source's beginning
  bool is_complete = false;

  static Shape shape();
};

/// Events of one stream in an import; in any order.
struct ImportStream {
  std::string log_stream_name;
  std::vector<InputLogEvent> log_events;

  static Shape shape();
};

/// One stored event.
struct LogEvent {
  EventId id;
  std::string log_stream_name;
  std::string message;
};

/// How a matching event becomes a metric value (API type MetricTransformation).
struct MetricTransformation {
  std::string metric_name;
  std::string metric_namespace;
  std::string metric_value;  // a number, `$name`, `$3` or `$.a.b`
  std::optional<double> default_value;
  std::optional<std::map<std::string, std::string>> dimensions;  // name -> `$name` or `$.a.b`
  std::optional<std::string> unit;

  static Shape shape();
};

struct MetricFilter {
  std::string filter_name;
  std::string filter_pattern;
  std::vector<MetricTransformation> metric_transformations;
  std::int64_t creation_time_ms = 0;
  bool apply_on_transformed_logs = false;
  std::string field_selection_criteria;                   // "": all events
  std::vector<std::string> emit_system_field_dimensions;  // `@aws.account`, `@aws.region`

  static Shape shape();
};

struct MetricFilterRef {
  std::string log_group_name;
  MetricFilter filter;
};

/// What metric filters hand on: `count` samples of `value` in the second that begins at
/// `timestamp`. AWS keeps the minute only; the second lets alarms with periods of 10 to 30 seconds
/// work on them too.
struct MetricValue {
  std::string metric_namespace;
  std::string metric_name;
  std::map<std::string, std::string> dimensions;
  double value = 0;
  std::string unit;  // "" as "None"
  Time timestamp;
  double count = 1;

  bool operator==(const MetricValue&) const = default;
};

/// Receives the values that one batch of events gave. Idempotent by `batch_id`: after a crash or an
/// Error the same batch is handed on again.
using MetricSink = std::function<Result<void>(const Scope&, std::string_view batch_id,
                                              std::span<const MetricValue>)>;

/// A part of a list in order. `next` continues it as `after`; "" when this is the end.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next;
};

}  // namespace weir::logs
