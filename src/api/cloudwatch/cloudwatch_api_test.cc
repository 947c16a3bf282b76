// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/cloudwatch_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "api/cloudwatch/test_world.h"

namespace weir::api::cloudwatch {
namespace {

using std::chrono::minutes;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kAlarm =
    R"({"AlarmName":"a","MetricName":"m","Namespace":"App","Statistic":"Sum","Period":60,)"
    R"("EvaluationPeriods":1,"Threshold":0,"ComparisonOperator":"GreaterThanThreshold",)"
    R"("AlarmActions":["arn:aws:sns:us-east-1:123456789012:t"],"Tags":[{"Key":"k","Value":"v"}]})";

// Goal: what one protocol writes the others read, each in its own form of numbers and times.
TEST(CloudWatchApi, AnswersInAllThreeProtocols) {
  CloudWatchWorld world;
  auto response = world.query(
      "Action=PutMetricData&Namespace=App&MetricData.member.1.MetricName=m"
      "&MetricData.member.1.Dimensions.member.1.Name=host"
      "&MetricData.member.1.Dimensions.member.1.Value=h"
      "&MetricData.member.1.Value=2.5&MetricData.member.1.Timestamp=2025-12-31T23%3A59%3A00Z");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(world.text(response), HasSubstr("<ResponseMetadata><RequestId>"));

  world.answer("PutMetricData",
               R"({"Namespace":"App","MetricData":[{"MetricName":"m","Timestamp":1767225540,)"
               R"("Dimensions":[{"Name":"host","Value":"h"}],"Values":[1,2],"Counts":[1,3]}]})");

  Document datum{Document::Map{}};
  datum["MetricName"] = "m";
  datum["Dimensions"] =
      Document::List{Document::Map{{"Name", Document("host")}, {"Value", Document("h")}}};
  datum["Value"] = 7;
  datum["Timestamp"] = Time::from_seconds(1767225540);
  response = world.cbor("PutMetricData", Document::Map{{"Namespace", Document("App")},
                                                       {"MetricData", Document::List{datum}}});
  EXPECT_EQ(response.status, 200) << world.text(response);
  EXPECT_EQ(response.headers.get("smithy-protocol"), "rpc-v2-cbor");

  response = world.query(
      "Action=GetMetricStatistics&Namespace=App&MetricName=m&Period=60"
      "&Dimensions.member.1.Name=host&Dimensions.member.1.Value=h"
      "&StartTime=2025-12-31T23%3A00%3A00Z&EndTime=2026-01-01T00%3A00%3A00Z"
      "&Statistics.member.1=Sum&Statistics.member.2=SampleCount&ExtendedStatistics.member.1=p100");
  EXPECT_THAT(world.text(response),
              AllOf(HasSubstr("<Label>m</Label>"), HasSubstr("<Sum>16.5</Sum>"),
                    HasSubstr("<SampleCount>6.0</SampleCount>"), HasSubstr("<Unit>None</Unit>"),
                    HasSubstr("<Timestamp>2025-12-31T23:59:00Z</Timestamp>"),
                    HasSubstr("<key>p100</key>"), Not(HasSubstr("<Average>"))));

  const Document data = world.answer(
      "GetMetricData",
      R"({"StartTime":1767222000,"EndTime":1767225600,"MetricDataQueries":[{"Id":"q","MetricStat":)"
      R"({"Metric":{"Namespace":"App","MetricName":"m",)"
      R"("Dimensions":[{"Name":"host","Value":"h"}]},)"
      R"("Period":60,"Stat":"Maximum"}}]})");
  const Document& result = data.find("MetricDataResults")->list()->at(0);
  EXPECT_EQ(*result.find("StatusCode")->string(), "Complete");
  EXPECT_EQ(*result.find("Values")->list()->at(0).real(), 7);
  ASSERT_NE(data.find("Messages"), nullptr);
  EXPECT_THAT(*data.find("Messages")->list(), SizeIs(0));

  const auto listed = wire::parse_cbor(world.text(world.cbor("ListMetrics", Document::Map{})));
  ASSERT_TRUE(listed);
  EXPECT_EQ(*listed->find("Metrics")->list()->at(0).find("MetricName")->string(), "m");
}

// Texts, codes and statuses recorded from the service.
TEST(CloudWatchApi, ErrorsHaveTheNamesAndStatusesOfEachProtocol) {
  CloudWatchWorld world;
  const std::string body = R"({"AlarmName":"none","StateValue":"OK","StateReason":"r"})";
  auto response = world.json("SetAlarmState", body);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(world.text(response),
            R"({"__type":"com.amazonaws.cloudwatch.v2010_08_01#ResourceNotFound"})");
  response = world.json("SetAlarmState", body, true);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.get("x-amzn-query-error"), "ResourceNotFound;Sender");

  response = world.query("Action=SetAlarmState&AlarmName=none&StateValue=OK&StateReason=r");
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(world.text(response),
              AllOf(HasSubstr("<Code>ResourceNotFound</Code>"), Not(HasSubstr("<Message>"))));

  response = world.query("Action=SetAlarmState&AlarmName=a&StateValue=INVALID&StateReason=r");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(
      world.text(response),
      AllOf(HasSubstr("<Code>ValidationError</Code>"),
            HasSubstr("1 validation error detected: Value 'INVALID' at 'stateValue' failed to "
                      "satisfy constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, "
                      "ALARM, OK]")));

  response = world.json("PutMetricData", R"({"Namespace":"App","MetricData":[]})");
  EXPECT_THAT(world.text(response), AllOf(HasSubstr("#MissingRequiredParameterException"),
                                          HasSubstr("The parameter MetricData is required.")));
  response = world.json("PutMetricData",
                        R"({"Namespace":"App","MetricData":[{"MetricName":"m","Value":"NaN"}]})");
  EXPECT_THAT(
      world.text(response),
      AllOf(HasSubstr("#InvalidParameterValueException"),
            HasSubstr("The value NaN for parameter MetricData.member.1.Value is invalid.")));
  response = world.json("PutMetricData",
                        R"({"Namespace":"AWS/EC2","MetricData":[{"MetricName":"m","Value":1}]})");
  EXPECT_THAT(world.text(response), HasSubstr("The value AWS/EC2 for parameter Namespace"));
}

TEST(CloudWatchApi, EmptyDimensionValueIsRefusedWithTheTextOfAws) {
  CloudWatchWorld world;
  const auto response = world.query(
      "Action=PutMetricAlarm&AlarmName=a&MetricName=m&Namespace=App&Statistic=Sum&Period=60"
      "&EvaluationPeriods=1&Threshold=1&ComparisonOperator=GreaterThanThreshold"
      "&Dimensions.member.1.Name=x&Dimensions.member.1.Value=");
  EXPECT_THAT(
      world.text(response),
      HasSubstr("1 validation error detected: Value '' at 'dimensions.1.member.value' failed "
                "to satisfy constraint: Member must have length greater than or equal to 1"));
}

// Goal: the alarm's life as a client sees it.
TEST(CloudWatchApi, AlarmFromCreationToDeletion) {
  CloudWatchWorld world;
  world.answer("PutMetricAlarm", kAlarm);
  world.answer("PutMetricData",
               R"({"Namespace":"App","MetricData":[{"MetricName":"m","Value":1}]})");
  ASSERT_THAT(world.actions, SizeIs(1));

  const Document described = world.answer("DescribeAlarms", R"({"StateValue":"ALARM"})");
  for (const char* list : {"MetricAlarms", "CompositeAlarms", "LogAlarms"}) {
    EXPECT_NE(described.find(list), nullptr) << list;
  }
  const Document& alarm = described.find("MetricAlarms")->list()->at(0);
  EXPECT_EQ(*alarm.find("AlarmArn")->string(), "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a");
  EXPECT_EQ(*alarm.find("ActionsEnabled")->boolean(), true);
  EXPECT_EQ(alarm.find("TreatMissingData"), nullptr);
  EXPECT_THAT(*alarm.find("OKActions")->list(), SizeIs(0));
  EXPECT_NE(alarm.find("StateTransitionedTimestamp"), nullptr);

  EXPECT_THAT(*world.answer("DescribeAlarmsForMetric", R"({"Namespace":"App","MetricName":"m"})")
                   .find("MetricAlarms")
                   ->list(),
              SizeIs(1));
  EXPECT_THAT(*world.answer("DescribeAlarmHistory", R"({"AlarmName":"a"})")
                   .find("AlarmHistoryItems")
                   ->list(),
              SizeIs(3));
  EXPECT_THAT(*world.answer("DescribeAlarms", R"({"AlarmTypes":["CompositeAlarm"]})")
                   .find("MetricAlarms")
                   ->list(),
              SizeIs(0));

  const std::string arn = *alarm.find("AlarmArn")->string();
  world.answer("TagResource",
               R"({"ResourceARN":")" + arn + R"(","Tags":[{"Key":"x","Value":"y"}]})");
  world.answer("UntagResource", R"({"ResourceARN":")" + arn + R"(","TagKeys":["k"]})");
  EXPECT_EQ(to_json(world.answer("ListTagsForResource", R"({"ResourceARN":")" + arn + R"("})")),
            R"({"Tags":[{"Key":"x","Value":"y"}]})");

  world.answer("DisableAlarmActions", R"({"AlarmNames":["a"]})");
  world.answer("SetAlarmState", R"({"AlarmName":"a","StateValue":"OK","StateReason":"by hand"})");
  world.answer("EnableAlarmActions", R"({"AlarmNames":["a"]})");
  world.answer("DeleteAlarms", R"({"AlarmNames":["a","b"]})");
  EXPECT_THAT(*world.answer("DescribeAlarms", "{}").find("MetricAlarms")->list(), SizeIs(0));
  EXPECT_THAT(world.actions, SizeIs(1));
}

TEST(CloudWatchApi, QueryWritesAlarmsAsXml) {
  CloudWatchWorld world;
  world.answer("PutMetricAlarm", kAlarm);
  EXPECT_THAT(
      world.text(world.query("Action=DescribeAlarms&AlarmNames.member.1=a")),
      AllOf(HasSubstr("<DescribeAlarmsResponse "
                      "xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"
                      "<DescribeAlarmsResult>"),
            HasSubstr("<MetricAlarms><member><AlarmName>a</AlarmName>"),
            HasSubstr("<StateUpdatedTimestamp>2026-01-01T00:00:00Z</StateUpdatedTimestamp>"),
            HasSubstr("<Threshold>0.0</Threshold>"),
            HasSubstr("<StateReason>Unchecked: Initial alarm creation</StateReason>")));
}

TEST(CloudWatchApi, UnsupportedKindsOfAlarmsAreRefusedClearly) {
  CloudWatchWorld world;
  const auto response =
      world.json("PutMetricAlarm",
                 R"({"AlarmName":"a","EvaluationCriteria":{"PromQLCriteria":{"Query":"up"}}})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(world.text(response), HasSubstr("PromQL are not supported here"));
}

// Goal: a composite alarm and an alarm with an expression as a client sees them.
TEST(CloudWatchApi, CompositeAlarmOverAnExpression) {
  CloudWatchWorld world;
  world.answer(
      "PutMetricAlarm",
      R"({"AlarmName":"e","EvaluationPeriods":1,"Threshold":1,)"
      R"("ComparisonOperator":"GreaterThanThreshold","Metrics":[{"Id":"m1","ReturnData":false,)"
      R"("MetricStat":{"Metric":{"Namespace":"App","MetricName":"m"},"Period":60,"Stat":"Sum"}},)"
      R"({"Id":"e1","Expression":"m1*2"}]})");
  world.answer("PutCompositeAlarm", R"x({"AlarmName":"c","AlarmRule":"ALARM(e)"})x");
  world.answer("PutMetricData",
               R"({"Namespace":"App","MetricData":[{"MetricName":"m","Value":1}]})");
  world.runtime.advance(minutes(2));
  const Document described =
      world.answer("DescribeAlarms", R"({"AlarmTypes":["CompositeAlarm","MetricAlarm"]})");
  const Document& metric = described.find("MetricAlarms")->list()->at(0);
  EXPECT_EQ(*metric.find("StateValue")->string(), "ALARM");
  EXPECT_EQ(metric.find("MetricName"), nullptr);
  EXPECT_THAT(*metric.find("Metrics")->list(), SizeIs(2));
  const Document& composite = described.find("CompositeAlarms")->list()->at(0);
  EXPECT_EQ(*composite.find("StateValue")->string(), "ALARM");
  EXPECT_EQ(*composite.find("AlarmRule")->string(), "ALARM(e)");

  const Document parents = world.answer("DescribeAlarms", R"({"ParentsOfAlarmName":"e"})");
  EXPECT_EQ(
      to_json(*parents.find("CompositeAlarms")),
      R"([{"AlarmName":"c","AlarmArn":"arn:aws:cloudwatch:us-east-1:123456789012:alarm:c"}])");
  EXPECT_THAT(*parents.find("MetricAlarms")->list(), SizeIs(0));
  const auto refused =
      world.json("DescribeAlarms", R"({"ParentsOfAlarmName":"e","StateValue":"OK"})");
  EXPECT_THAT(world.text(refused), HasSubstr("ParentsOfAlarmName can only be specified"));
  EXPECT_THAT(world.text(world.json("DeleteAlarms", R"({"AlarmNames":["e"]})")),
              HasSubstr("Cannot delete e as there are composite alarm(s) depending on it."));
}

TEST(CloudWatchApi, EntityDataAreKeptWithoutTheirEntity) {
  CloudWatchWorld world;
  world.answer(
      "PutMetricData",
      R"({"Namespace":"App","StrictEntityValidation":false,"EntityMetricData":[{"Entity":)"
      R"({"KeyAttributes":{"Type":"Service"}},"MetricData":[{"MetricName":"m","Value":1}]}]})");
  EXPECT_THAT(*world.answer("ListMetrics", R"({"IncludeLinkedAccounts":true})")
                   .find("OwningAccounts")
                   ->list(),
              SizeIs(1));
}

}  // namespace
}  // namespace weir::api::cloudwatch
