// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "metric_math/data.h"
#include "metrics/types.h"

namespace weir::alarms {

enum class StateValue : std::uint8_t { ok, alarm, insufficient_data };
/// `OK`, `ALARM`, `INSUFFICIENT_DATA`.
std::string_view to_text(StateValue state);
std::optional<StateValue> parse_state(std::string_view text);

/// The last three compare with a band, the others with a threshold.
enum class Comparison : std::uint8_t {
  greater_or_equal,
  greater,
  less,
  less_or_equal,
  outside_band,
  below_band,
  above_band
};
std::optional<Comparison> parse_comparison(std::string_view text);
bool is_of_band(Comparison comparison);
bool breaches(double value, Comparison comparison, double threshold);
/// The same with a band.
bool breaches(double value, Comparison comparison, double lower, double upper);

enum class MissingData : std::uint8_t { breaching, not_breaching, ignore, missing };
/// An absent setting means `missing`, except for AWS/DynamoDB, where it is always `ignore`.
MissingData missing_data(const std::optional<std::string>& setting,
                         std::string_view namespace_name);

struct Tag {
  std::string key;
  std::string value;
  bool operator==(const Tag&) const = default;
  static Shape shape();
};

/// What PutMetricAlarm sets. Texts are as the client wrote them; what was never given stays unset.
struct AlarmConfig {
  std::string alarm_name;
  std::optional<std::string> alarm_description;
  bool actions_enabled = true;
  std::vector<std::string> ok_actions;
  std::vector<std::string> alarm_actions;
  std::vector<std::string> insufficient_data_actions;
  std::optional<std::string> metric_name;
  std::optional<std::string> namespace_name;
  std::optional<std::string> statistic;
  std::optional<std::string> extended_statistic;
  std::vector<metrics::Dimension> dimensions;
  std::optional<int> period_s;
  std::optional<std::string> unit;
  std::optional<int> evaluation_periods;
  std::optional<int> datapoints_to_alarm;
  std::optional<double> threshold;
  std::optional<std::string> comparison_operator;
  std::optional<std::string> treat_missing_data;
  std::optional<std::string> evaluate_low_sample_count_percentile;
  /// `Metrics`: the form with an expression; then there is no metric above.
  std::optional<std::vector<metric_math::DataQuery>> queries;
  std::optional<std::string> threshold_metric_id;

  bool is_math() const { return queries && !queries->empty(); }
  /// Whether the threshold is a band of anomaly detection.
  bool has_band() const { return threshold_metric_id.has_value(); }

  // Of an alarm that check() accepted.
  metrics::MetricId metric() const;  // not of one with an expression
  /// The query that is compared with the threshold or the band. Of an alarm with an expression.
  const metric_math::DataQuery& watched() const;
  int period() const;
  const std::string& statistic_name() const;
  Comparison comparison() const;
  int datapoints() const { return datapoints_to_alarm.value_or(*evaluation_periods); }
  bool operator==(const AlarmConfig&) const = default;
};

/// A metric alarm as DescribeAlarms shows it; of a composite alarm what both have.
struct Alarm : AlarmConfig {
  std::string alarm_arn;
  Time configuration_updated;
  std::string state_value = "INSUFFICIENT_DATA";
  std::string state_reason;
  std::optional<std::string> state_reason_data;  // JSON text
  Time state_updated;
  Time state_transitioned;

  static Shape shape();
};

/// What PutCompositeAlarm sets besides names, actions and their like.
struct CompositeConfig {
  std::string alarm_rule;
  std::optional<std::string> actions_suppressor = {};  // name or ARN
  std::optional<int> wait_period_s = {};
  std::optional<int> extension_period_s = {};
};

/// A composite alarm's rule, and what holds its actions back.
struct Composite : CompositeConfig {
  std::optional<std::string> suppressed_by;  // WaitPeriod, ExtensionPeriod, Alarm
  std::optional<std::string> suppressed_reason;
  std::optional<Time> suppressed_until;  // the end of the wait or extension period
  std::optional<std::string> held_from;  // the state before the change whose actions are held
  static Shape shape();
};

/// A composite alarm as DescribeAlarms shows it.
struct CompositeAlarm : Alarm, Composite {
  static Shape shape();
};

/// A child or parent of an alarm as DescribeAlarms shows it.
struct RelatedAlarm {
  std::string alarm_name;
  std::string alarm_arn;
  std::optional<std::string> state_value;
  std::optional<Time> state_updated;
  static Shape shape();
};

/// Nothing if AWS would accept `config` in `scope`, else its error and text.
Result<void> check(const Scope& scope, const AlarmConfig& config);
/// The same for a composite alarm, but for its rule: names, actions, suppressor.
Result<void> check(const Scope& scope, const AlarmConfig& config, const CompositeConfig& composite);

}  // namespace weir::alarms
