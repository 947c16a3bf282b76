// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alarms/alarms.h"
#include "alarms/inherited.h"
#include "base/shape.h"

namespace weir::api::cloudwatch {

inline constexpr std::string_view kStateValues[] = {"INSUFFICIENT_DATA", "ALARM", "OK"};
inline constexpr std::string_view kAlarmTypes[] = {"CompositeAlarm", "MetricAlarm", "LogAlarm"};

/// Creates or replaces an alarm on one metric.
struct PutMetricAlarm {
  static constexpr std::string_view name = "PutMetricAlarm";
  static constexpr std::string_view partial =
      "thresholds and anomaly bands on a metric or an expression that yields one time series; "
      "`EvaluationCriteria` is refused, `EvaluationWindow` is ignored";
  struct Input : alarms::AlarmConfig {
    std::vector<alarms::Tag> tags;
    Document evaluation_criteria;  // refused
    static Shape shape();
  };
  using Output = Empty;
};

/// Creates or replaces an alarm on the states of others.
struct PutCompositeAlarm {
  static constexpr std::string_view name = "PutCompositeAlarm";
  struct Input : alarms::AlarmConfig, alarms::CompositeConfig {
    std::vector<alarms::Tag> tags;
    static Shape shape();
  };
  using Output = Empty;
};

struct DescribeAlarms {
  static constexpr std::string_view name = "DescribeAlarms";
  static constexpr std::string_view partial = "log alarms are always empty";
  struct Input {
    std::vector<std::string> alarm_names;
    std::optional<std::string> alarm_name_prefix;
    std::vector<std::string> alarm_types;
    std::optional<std::string> children_of_alarm_name;
    std::optional<std::string> parents_of_alarm_name;
    std::optional<std::string> state_value;
    std::optional<std::string> action_prefix;
    std::optional<int> max_records;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::alarm_names>("AlarmNames", items(0, 100)),
          optional<&S::alarm_name_prefix>("AlarmNamePrefix", length(1, 255)),
          optional<&S::alarm_types>("AlarmTypes"),
          optional<&S::children_of_alarm_name>("ChildrenOfAlarmName", length(1, 255)),
          optional<&S::parents_of_alarm_name>("ParentsOfAlarmName", length(1, 255)),
          optional<&S::state_value>("StateValue", one_of(kStateValues)),
          optional<&S::action_prefix>("ActionPrefix", length(1, 1024)),
          optional<&S::max_records>("MaxRecords", range(1, 100)),
          optional<&S::next_token>("NextToken"),
      };
      return {"DescribeAlarmsInput", members};
    }
  };
  struct Output {
    // Of each pair of lists one is there: relatives have fewer members.
    std::optional<std::vector<alarms::CompositeAlarm>> composite_alarms;
    std::optional<std::vector<alarms::Alarm>> metric_alarms;
    std::optional<std::vector<alarms::RelatedAlarm>> related_composite_alarms;
    std::optional<std::vector<alarms::RelatedAlarm>> related_metric_alarms;
    std::vector<Empty> log_alarms;  // always there, always empty here
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::composite_alarms>("CompositeAlarms"),
          optional<&S::related_composite_alarms>("CompositeAlarms"),
          optional<&S::metric_alarms>("MetricAlarms"),
          optional<&S::related_metric_alarms>("MetricAlarms"),
          optional<&S::log_alarms>("LogAlarms"),
          optional<&S::next_token>("NextToken"),
      };
      return {"DescribeAlarmsOutput", members};
    }
  };
};

struct DescribeAlarmsForMetric {
  static constexpr std::string_view name = "DescribeAlarmsForMetric";
  struct Input {
    std::string metric_name;
    std::string namespace_name;
    std::optional<std::string> statistic;
    std::optional<std::string> extended_statistic;
    std::vector<metrics::Dimension> dimensions;
    std::optional<int> period_s;
    std::optional<std::string> unit;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::metric_name>("MetricName", length(1, 255)),
          required<&S::namespace_name>("Namespace", length(1, 255), pattern("[^:].*")),
          optional<&S::statistic>("Statistic"),
          optional<&S::extended_statistic>("ExtendedStatistic"),
          optional<&S::dimensions>("Dimensions", items(0, 30)),
          optional<&S::period_s>("Period", range(1, kUnbounded)),
          optional<&S::unit>("Unit"),
      };
      return {"DescribeAlarmsForMetricInput", members};
    }
  };
  struct Output {
    std::vector<alarms::Alarm> metric_alarms;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {optional<&S::metric_alarms>("MetricAlarms")};
      return {"DescribeAlarmsForMetricOutput", members};
    }
  };
};

struct DescribeAlarmHistory {
  static constexpr std::string_view name = "DescribeAlarmHistory";
  struct Input {
    std::optional<std::string> alarm_name;
    std::vector<std::string> alarm_types;
    std::optional<std::string> history_item_type;
    std::optional<Time> start_date;
    std::optional<Time> end_date;
    std::optional<int> max_records;
    std::optional<std::string> next_token;
    std::optional<std::string> scan_by;
    static Shape shape() {
      using S = Input;
      static constexpr std::string_view kItemTypes[] = {"ConfigurationUpdate", "StateUpdate",
                                                        "Action", "AlarmContributorStateUpdate",
                                                        "AlarmContributorAction"};
      static constexpr std::string_view kScanBy[] = {"TimestampDescending", "TimestampAscending"};
      static constexpr Member members[] = {
          optional<&S::alarm_name>("AlarmName", length(1, 255)),
          optional<&S::alarm_types>("AlarmTypes"),
          optional<&S::history_item_type>("HistoryItemType", one_of(kItemTypes)),
          optional<&S::start_date>("StartDate"),
          optional<&S::end_date>("EndDate"),
          optional<&S::max_records>("MaxRecords", range(1, 100)),
          optional<&S::next_token>("NextToken"),
          optional<&S::scan_by>("ScanBy", one_of(kScanBy)),
      };
      return {"DescribeAlarmHistoryInput", members};
    }
  };
  struct Output {
    std::vector<alarms::HistoryItem> alarm_history_items;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::alarm_history_items>("AlarmHistoryItems"),
          optional<&S::next_token>("NextToken"),
      };
      return {"DescribeAlarmHistoryOutput", members};
    }
  };
};

/// Sets the state by hand until the next evaluation.
struct SetAlarmState {
  static constexpr std::string_view name = "SetAlarmState";
  struct Input {
    std::string alarm_name;
    std::string state_value;
    std::string state_reason;
    std::optional<std::string> state_reason_data;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::alarm_name>("AlarmName", length(1, 255)),
          required<&S::state_value>("StateValue", one_of(kStateValues)),
          required<&S::state_reason>("StateReason", length(0, 1023)),
          optional<&S::state_reason_data>("StateReasonData", length(0, 4000)),
      };
      return {"SetAlarmStateInput", members};
    }
  };
  using Output = Empty;
};

/// The input of operations on several alarms by name.
struct AlarmNames {
  std::vector<std::string> alarm_names;
  static Shape shape() {
    using S = AlarmNames;
    static constexpr Member members[] = {required<&S::alarm_names>("AlarmNames", items(0, 100))};
    return {"AlarmNames", members};
  }
};

struct DeleteAlarms {
  static constexpr std::string_view name = "DeleteAlarms";
  using Input = AlarmNames;
  using Output = Empty;
};

struct EnableAlarmActions {
  static constexpr std::string_view name = "EnableAlarmActions";
  using Input = AlarmNames;
  using Output = Empty;
};

struct DisableAlarmActions {
  static constexpr std::string_view name = "DisableAlarmActions";
  using Input = AlarmNames;
  using Output = Empty;
};

struct TagResource {
  static constexpr std::string_view name = "TagResource";
  struct Input {
    std::string resource_arn;
    std::vector<alarms::Tag> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("ResourceARN", length(1, 1024)),
          required<&S::tags>("Tags"),
      };
      return {"TagResourceInput", members};
    }
  };
  struct Output {
    static Shape shape() { return {"TagResourceOutput", {}}; }
  };
};

struct UntagResource {
  static constexpr std::string_view name = "UntagResource";
  struct Input {
    std::string resource_arn;
    std::vector<std::string> tag_keys;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("ResourceARN", length(1, 1024)),
          required<&S::tag_keys>("TagKeys"),
      };
      return {"UntagResourceInput", members};
    }
  };
  struct Output {
    static Shape shape() { return {"UntagResourceOutput", {}}; }
  };
};

struct ListTagsForResource {
  static constexpr std::string_view name = "ListTagsForResource";
  struct Input {
    std::string resource_arn;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("ResourceARN", length(1, 1024)),
      };
      return {"ListTagsForResourceInput", members};
    }
  };
  struct Output {
    std::vector<alarms::Tag> tags;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {optional<&S::tags>("Tags")};
      return {"ListTagsForResourceOutput", members};
    }
  };
};

}  // namespace weir::api::cloudwatch
