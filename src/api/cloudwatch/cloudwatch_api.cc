// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/cloudwatch_api.h"

namespace weir::api::cloudwatch {

void CloudWatchApi::add_to(wire::OperationTable& table) {
  table.add<PutMetricData>(*this, &CloudWatchApi::put_data);
  table.add<ListMetrics>(*this, &CloudWatchApi::list_metrics);
  table.add<GetMetricStatistics>(*this, &CloudWatchApi::statistics);
  table.add<GetMetricData>(*this, &CloudWatchApi::get_data);
  table.add<PutMetricAlarm>(*this, &CloudWatchApi::put_alarm);
  table.add<PutCompositeAlarm>(*this, &CloudWatchApi::put_composite);
  table.add<DescribeAlarms>(*this, &CloudWatchApi::describe);
  table.add<DescribeAlarmsForMetric>(*this, &CloudWatchApi::describe_for_metric);
  table.add<DescribeAlarmHistory>(*this, &CloudWatchApi::history);
  table.add<SetAlarmState>(*this, &CloudWatchApi::set_state);
  table.add<DeleteAlarms>(*this, &CloudWatchApi::remove);
  table.add<EnableAlarmActions>(*this, &CloudWatchApi::enable_actions);
  table.add<DisableAlarmActions>(*this, &CloudWatchApi::disable_actions);
  table.add<PutAnomalyDetector>(*this, &CloudWatchApi::put_detector);
  table.add<DescribeAnomalyDetectors>(*this, &CloudWatchApi::describe_detectors);
  table.add<DeleteAnomalyDetector>(*this, &CloudWatchApi::delete_detector);
  table.add<PutInsightRule>(*this, &CloudWatchApi::put_rule);
  table.add<DescribeInsightRules>(*this, &CloudWatchApi::describe_rules);
  table.add<EnableInsightRules>(*this, &CloudWatchApi::enable_rules);
  table.add<DisableInsightRules>(*this, &CloudWatchApi::disable_rules);
  table.add<DeleteInsightRules>(*this, &CloudWatchApi::delete_rules);
  table.add<GetInsightRuleReport>(*this, &CloudWatchApi::rule_report);
  table.add<PutManagedInsightRules>(*this, &CloudWatchApi::put_managed_rules);
  table.add<ListManagedInsightRules>(*this, &CloudWatchApi::managed_rules);
  table.add<PutAlarmMuteRule>(*this, &CloudWatchApi::put_mute_rule);
  table.add<GetAlarmMuteRule>(*this, &CloudWatchApi::mute_rule);
  table.add<ListAlarmMuteRules>(*this, &CloudWatchApi::mute_rules);
  table.add<DeleteAlarmMuteRule>(*this, &CloudWatchApi::delete_mute_rule);
  table.add<TagResource>(*this, &CloudWatchApi::tag);
  table.add<UntagResource>(*this, &CloudWatchApi::untag);
  table.add<ListTagsForResource>(*this, &CloudWatchApi::tags);
}

}  // namespace weir::api::cloudwatch
