// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/scope.h"
#include "logs/filter_pattern.h"
#include "logs/pattern_set.h"
#include "logs/types.h"

namespace weir::logs {

/// The units of a metric.
inline constexpr std::string_view kMetricUnits[] = {"Seconds",
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

/// A metric filter ready for use. Immutable.
class CompiledFilter {
 public:
  static constexpr std::size_t kDimensionsMax = 3;

  /// Error: InvalidParameterException with AWS's texts where they are known.
  /// `scope` is that of the log group: what system fields say about its events.
  static Result<CompiledFilter> compile(MetricFilter filter, const Scope& scope);

  const MetricFilter& filter() const { return filter_; }
  const FilterPattern& pattern() const { return pattern_; }
  const MetricTransformation& transformation() const {
    return filter_.metric_transformations.front();
  }

  /// False: its fieldSelectionCriteria leave out all events of the group.
  bool is_selected() const { return is_selected_; }

  /// The value and dimensions that a matching event gives; false if it gives none, because the
  /// value is no number or a dimension is absent.
  bool sample(Subject& subject, double& value,
              std::vector<std::string_view>& dimension_values) const;
  /// The names that belong to the values of sample().
  const std::vector<std::string>& dimension_names() const { return dimension_names_; }

 private:
  Result<FieldReference> field_of(std::string_view what, const std::string& reference) const;
  Result<void> compile_transformation();
  Result<void> compile_dimensions();
  Result<void> compile_system_fields(const Scope& scope);

  MetricFilter filter_;
  FilterPattern pattern_;
  std::optional<double> constant_;
  FieldReference value_field_;
  std::vector<std::string> dimension_names_;
  std::vector<FieldReference> dimension_fields_;  // of the first names
  std::vector<std::string> system_values_;        // of the others
  bool is_selected_ = true;
};

/// The metric filters of a group at one moment; immutable, so that puts share it without a lock.
class FilterSet {
 public:
  FilterSet() = default;
  /// Leaves out those that are not selected.
  explicit FilterSet(std::vector<std::shared_ptr<const CompiledFilter>> filters);

  bool empty() const { return filters_.empty(); }
  std::size_t size() const { return filters_.size(); }
  const std::shared_ptr<const CompiledFilter>& operator[](std::size_t place) const {
    return filters_[place];
  }
  const PatternSet& patterns() const { return patterns_; }

 private:
  std::vector<std::shared_ptr<const CompiledFilter>> filters_;
  PatternSet patterns_;
};

/// What the filters of a group make of one batch of events.
struct Evaluation {
  /// Equal values of one series and second are one element with a count.
  std::vector<MetricValue> values;
  /// Of filters with a default value: the minutes that had events.
  struct Minute {
    std::size_t filter = 0;  // place in the FilterSet
    Time start;
    bool matched = false;
  };
  std::vector<Minute> minutes;
  // Of events in the embedded metric format (embedded_metrics.h), whose values are above, too.
  std::uint64_t embedded_parsing_errors = 0;
  std::uint64_t embedded_validation_errors = 0;
};

/// Reads each event once for all filters.
Evaluation evaluate(const FilterSet& filters, std::span<const InputLogEvent> events);

Time second_of(std::int64_t timestamp_ms);
Time minute_of(std::int64_t timestamp_ms);

/// Stored form of values on their way to the sink.
std::string pack_values(std::span<const MetricValue> values);
Result<std::vector<MetricValue>> unpack_values(std::string_view bytes);

}  // namespace weir::logs
