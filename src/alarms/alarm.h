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
#include "metrics/types.h"

namespace weir::alarms {

enum class StateValue : std::uint8_t { ok, alarm, insufficient_data };
/// `OK`, `ALARM`, `INSUFFICIENT_DATA`.
std::string_view to_text(StateValue state);
std::optional<StateValue> parse_state(std::string_view text);

enum class Comparison : std::uint8_t { greater_or_equal, greater, less, less_or_equal };
std::optional<Comparison> parse_comparison(std::string_view text);
bool breaches(double value, Comparison comparison, double threshold);

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

  /// Of an alarm that check() accepted.
  metrics::MetricId metric() const;
  const std::string& statistic_name() const;
  Comparison comparison() const;
  int datapoints() const { return datapoints_to_alarm.value_or(*evaluation_periods); }
  bool operator==(const AlarmConfig&) const = default;
};

/// A metric alarm as DescribeAlarms shows it.
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

/// Nothing if AWS would accept `config` in `scope`, else its error and text.
Result<void> check(const Scope& scope, const AlarmConfig& config);

}  // namespace weir::alarms
