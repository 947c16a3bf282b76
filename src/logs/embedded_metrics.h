// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/runtime.h"
#include "logs/types.h"

namespace weir::logs {

/// What events in the embedded metric format give (CloudWatch User Guide, "Specification: Embedded
/// metric format").
struct EmbeddedMetrics {
  static constexpr std::size_t kMetricsMax = 100;      // of one directive
  static constexpr std::size_t kDimensionsMax = 30;    // of one set
  static constexpr std::size_t kArrayMax = 100;        // values of one metric in one event
  static constexpr std::size_t kNameBytesMax = 255;    // what a metric can have
  static constexpr std::size_t kValueBytesMax = 1024;  // of a dimension
  // Of one batch of events; the rest of a batch that gives more is an error.
  static constexpr std::size_t kValuesMax = 50'000;  // different ones
  static constexpr std::size_t kSamplesMax = 1'000'000;

  /// Equal values of one series and second are one element with a count.
  std::vector<MetricValue> values;
  /// Events that have `_aws` and are not built as the format says: metric EMFParsingErrors.
  std::uint64_t parsing_errors = 0;
  /// Metrics, dimension sets and directives against its rules: metric EMFValidationErrors. The
  /// others of the same event count.
  std::uint64_t validation_errors = 0;
};

/// An event is in this format if it is a JSON object with a member `_aws`; texts before the object
/// (as Lambda writes them) are passed over. `now` decides which timestamps a metric can have: two
/// weeks back, two hours ahead.
EmbeddedMetrics read_embedded_metrics(std::span<const InputLogEvent> events, Time now);

}  // namespace weir::logs
