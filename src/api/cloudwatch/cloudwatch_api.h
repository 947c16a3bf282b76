// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "alarms/alarms.h"
#include "api/cloudwatch/metric_alarms.h"
#include "api/cloudwatch/metric_data.h"
#include "metrics/metrics.h"
#include "wire/operation.h"

namespace weir::api::cloudwatch {

/// The AWS face of metrics::Metrics and alarms::Alarms.
class CloudWatchApi {
 public:
  CloudWatchApi(metrics::Metrics& metrics, alarms::Alarms& alarms)
      : metrics_(metrics), alarms_(alarms) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  // metric_data.cc
  Result<Empty> put_data(const Request&, const PutMetricData::Input&);
  Result<ListMetrics::Output> list_metrics(const Request&, const ListMetrics::Input&);
  Result<GetMetricStatistics::Output> statistics(const Request&, const GetMetricStatistics::Input&);
  Result<GetMetricData::Output> get_data(const Request&, const GetMetricData::Input&);

  // metric_alarms.cc
  Result<Empty> put_alarm(const Request&, const PutMetricAlarm::Input&);
  Result<DescribeAlarms::Output> describe(const Request&, const DescribeAlarms::Input&);
  Result<DescribeAlarmsForMetric::Output> describe_for_metric(
      const Request&, const DescribeAlarmsForMetric::Input&);
  Result<DescribeAlarmHistory::Output> history(const Request&, const DescribeAlarmHistory::Input&);
  Result<Empty> set_state(const Request&, const SetAlarmState::Input&);
  Result<Empty> remove(const Request&, const AlarmNames&);
  Result<Empty> enable_actions(const Request&, const AlarmNames&);
  Result<Empty> disable_actions(const Request&, const AlarmNames&);
  Result<Empty> tag(const Request&, const TagResource::Input&);
  Result<Empty> untag(const Request&, const UntagResource::Input&);
  Result<ListTagsForResource::Output> tags(const Request&, const ListTagsForResource::Input&);

  metrics::Metrics& metrics_;
  alarms::Alarms& alarms_;
};

}  // namespace weir::api::cloudwatch
