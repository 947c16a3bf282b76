// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alarms/alarms.h"
#include "anomaly/detectors.h"
#include "api/cloudwatch/anomaly_detectors.h"
#include "api/cloudwatch/insight_rules.h"
#include "api/cloudwatch/metric_alarms.h"
#include "api/cloudwatch/metric_data.h"
#include "api/cloudwatch/mute_rules.h"
#include "contributors/contributors.h"
#include "dashboards/dashboards.h"
#include "metric_math/program.h"
#include "metrics/metrics.h"
#include "wire/operation.h"

namespace weir::api::cloudwatch {

/// The name of the insight rule that an ARN names, if it is one of this scope.
std::optional<std::string> insight_rule_of(const Scope& scope, std::string_view arn);
std::map<std::string, std::string> tag_map(const std::vector<alarms::Tag>& tags);

/// The AWS face of metrics::Metrics, alarms::Alarms, contributors::Contributors and
/// anomaly::Detectors.
class CloudWatchApi {
 public:
  /// `sources` is what GetMetricData may use besides metrics.
  CloudWatchApi(metrics::Metrics& metrics, alarms::Alarms& alarms,
                contributors::Contributors& contributors, anomaly::Detectors& detectors,
                metric_math::Sources sources)
      : metrics_(metrics),
        alarms_(alarms),
        contributors_(contributors),
        detectors_(detectors),
        sources_(sources) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);
  /// What tags of dashboards are kept in; without it no dashboard has any. Before the first call.
  void set_dashboards(dashboards::Dashboards& dashboards) { dashboards_ = &dashboards; }

 private:
  using Request = wire::Request;
  // metric_data.cc
  Result<Empty> put_data(const Request&, const PutMetricData::Input&);
  Result<ListMetrics::Output> list_metrics(const Request&, const ListMetrics::Input&);
  Result<GetMetricStatistics::Output> statistics(const Request&, const GetMetricStatistics::Input&);
  Result<GetMetricData::Output> get_data(const Request&, const GetMetricData::Input&);

  // metric_alarms.cc
  Result<Empty> put_alarm(const Request&, const PutMetricAlarm::Input&);
  Result<Empty> put_composite(const Request&, const PutCompositeAlarm::Input&);
  Result<DescribeAlarms::Output> describe(const Request&, const DescribeAlarms::Input&);
  Result<DescribeAlarmsForMetric::Output> describe_for_metric(
      const Request&, const DescribeAlarmsForMetric::Input&);
  Result<DescribeAlarmHistory::Output> history(const Request&, const DescribeAlarmHistory::Input&);
  Result<Empty> set_state(const Request&, const SetAlarmState::Input&);
  Result<Empty> remove(const Request&, const AlarmNames&);
  Result<Empty> enable_actions(const Request&, const AlarmNames&);
  Result<Empty> disable_actions(const Request&, const AlarmNames&);
  Result<TagResource::Output> tag(const Request&, const TagResource::Input&);
  Result<UntagResource::Output> untag(const Request&, const UntagResource::Input&);
  Result<ListTagsForResource::Output> tags(const Request&, const ListTagsForResource::Input&);
  /// The name of the dashboard that an ARN names.
  std::optional<std::string> dashboard_of(const Scope& scope, std::string_view arn) const;

  // anomaly_detectors.cc
  Result<PutAnomalyDetector::Output> put_detector(const Request&, const PutAnomalyDetector::Input&);
  Result<DescribeAnomalyDetectors::Output> describe_detectors(
      const Request&, const DescribeAnomalyDetectors::Input&);
  Result<DeleteAnomalyDetector::Output> delete_detector(const Request&,
                                                        const DeleteAnomalyDetector::Input&);

  // insight_rules.cc
  Result<PutInsightRule::Output> put_rule(const Request&, const PutInsightRule::Input&);
  Result<DescribeInsightRules::Output> describe_rules(const Request&,
                                                      const DescribeInsightRules::Input&);
  Result<PartialFailures> enable_rules(const Request&, const InsightRuleNames&);
  Result<PartialFailures> disable_rules(const Request&, const InsightRuleNames&);
  Result<PartialFailures> delete_rules(const Request&, const InsightRuleNames&);
  Result<contributors::Report> rule_report(const Request&, const GetInsightRuleReport::Input&);
  Result<PartialFailures> put_managed_rules(const Request&, const PutManagedInsightRules::Input&);
  Result<ListManagedInsightRules::Output> managed_rules(const Request&,
                                                        const ListManagedInsightRules::Input&);

  // mute_rules.cc
  Result<Empty> put_mute_rule(const Request&, const PutAlarmMuteRule::Input&);
  Result<alarms::MuteRule> mute_rule(const Request&, const MuteRuleName&);
  Result<Empty> delete_mute_rule(const Request&, const MuteRuleName&);
  Result<ListAlarmMuteRules::Output> mute_rules(const Request&, const ListAlarmMuteRules::Input&);

  metrics::Metrics& metrics_;
  alarms::Alarms& alarms_;
  contributors::Contributors& contributors_;
  anomaly::Detectors& detectors_;
  const metric_math::Sources sources_;
  dashboards::Dashboards* dashboards_ = nullptr;
};

}  // namespace weir::api::cloudwatch
