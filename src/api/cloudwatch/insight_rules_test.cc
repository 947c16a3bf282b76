// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/insight_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/cloudwatch/test_world.h"

namespace weir::api::cloudwatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// A rule on the group "g" and lines to count.
struct RulesWorld : CloudWatchWorld {
  RulesWorld() {
    logs::LogGroup group;
    group.name = "g";
    EXPECT_TRUE(logs.create_log_group(caller.scope, group));
    EXPECT_TRUE(logs.create_log_stream(caller.scope, "g", "s"));
  }
  void put_rule(const std::string& name = "r") {
    Document input;
    input["RuleName"] = name;
    input["RuleDefinition"] =
        R"({"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["g"],)"
        R"("LogFormat":"CLF","Contribution":{"Keys":["1","2"],"ValueOf":"3"},"AggregateOn":"Sum"})";
    answer("PutInsightRule", to_json(input));
  }
  void put_lines(const std::vector<std::string>& lines) {
    std::vector<logs::InputLogEvent> events;
    for (const auto& line : lines) events.push_back({runtime.now().ms, line});
    EXPECT_TRUE(logs.put_log_events(caller.scope, "g", "s", events));
  }
  Document report_input() const {
    Document input;
    input["RuleName"] = "r";
    input["StartTime"] = runtime.now() - std::chrono::hours(1);
    input["EndTime"] = runtime.now() + std::chrono::minutes(1);
    input["Period"] = 60;
    input["Metrics"] = Document::List{"Sum", "UniqueContributors"};
    return input;
  }
};

TEST(InsightRulesApi, AReportInEachProtocol) {
  RulesWorld world;
  world.put_rule();
  world.put_lines({"a x 10", "a x 5", "b y 2"});

  const Document json = world.answer("GetInsightRuleReport", to_json(world.report_input()));
  EXPECT_EQ(to_json(*json.find("KeyLabels")), R"(["1","2"])");
  EXPECT_EQ(to_json(*json.find("Contributors")),
            R"([{"Keys":["a","x"],"ApproximateAggregateValue":15.0,"Datapoints":[)"
            R"({"Timestamp":1767225600,"ApproximateValue":15.0}]},)"
            R"({"Keys":["b","y"],"ApproximateAggregateValue":2.0,"Datapoints":[)"
            R"({"Timestamp":1767225600,"ApproximateValue":2.0}]}])");
  EXPECT_EQ(to_json(*json.find("MetricDatapoints")),
            R"([{"Timestamp":1767225600,"UniqueContributors":2.0,"Sum":17.0}])");

  const auto cbor = world.cbor("GetInsightRuleReport", world.report_input());
  EXPECT_EQ(cbor.status, 200);
  const auto tree = wire::parse_cbor(world.text(cbor));
  ASSERT_TRUE(tree);
  EXPECT_EQ(*tree->find("ApproximateUniqueCount")->integer(), 2);

  EXPECT_THAT(world.text(world.query("Action=GetInsightRuleReport&RuleName=r&Period=60&"
                                     "StartTime=2026-01-01T00:00:00&EndTime=2026-01-01T01:00:00&"
                                     "Metrics.member.1=Maximum&MaxContributorCount=1")),
              AllOf(HasSubstr("<AggregationStatistic>Sum</AggregationStatistic>"),
                    HasSubstr("<Keys><member>a</member><member>x</member></Keys>"),
                    HasSubstr("<Maximum>10.0</Maximum>")));
}

TEST(InsightRulesApi, ErrorsHaveTheNamesOfEachProtocol) {
  RulesWorld world;
  const auto cbor = world.cbor("GetInsightRuleReport", world.report_input());
  EXPECT_EQ(cbor.status, 400);
  EXPECT_THAT(world.text(cbor),
              AllOf(HasSubstr("ResourceNotFoundException"), HasSubstr("ResourceId")));
  const auto query = world.query("Action=PutInsightRule&RuleName=r&RuleDefinition=%7B%7D");
  EXPECT_EQ(query.status, 400);
  EXPECT_THAT(world.text(query), AllOf(HasSubstr("<Code>InvalidParameterValue</Code>"),
                                       HasSubstr("Schema is missing")));
  EXPECT_THAT(world.text(world.json("PutInsightRule", "{}")),
              AllOf(HasSubstr("MissingRequiredParameterException"),
                    HasSubstr("The parameter RuleName is required.")));
  EXPECT_THAT(world.text(world.query("Action=DescribeInsightRules&NextToken=x")),
              HasSubstr("<Code>InvalidNextToken</Code>"));
}

TEST(InsightRulesApi, TagsOfRulesAndOfAlarmsGoBySameOperations) {
  RulesWorld world;
  world.put_rule();
  const std::string arn =
      R"("ResourceARN":"arn:aws:cloudwatch:us-east-1:123456789012:insight-rule/r")";
  world.answer("TagResource", "{" + arn + R"(,"Tags":[{"Key":"k","Value":"v"}]})");
  EXPECT_EQ(to_json(world.answer("ListTagsForResource", "{" + arn + "}")),
            R"({"Tags":[{"Key":"k","Value":"v"}]})");
  world.answer("UntagResource", "{" + arn + R"(,"TagKeys":["k"]})");
  EXPECT_THAT(*world.answer("ListTagsForResource", "{" + arn + "}").find("Tags")->list(),
              SizeIs(0));
}

TEST(InsightRulesApi, FailuresNameTheRule) {
  RulesWorld world;
  world.put_rule();
  EXPECT_EQ(to_json(world.answer("DeleteInsightRules", R"({"RuleNames":["r","x"]})")),
            R"({"Failures":[{"FailureResource":"x","ExceptionType":"ResourceNotFoundException",)"
            R"("FailureCode":"404","FailureDescription":"The insight rule x does not exist."}]})");
}

}  // namespace
}  // namespace weir::api::cloudwatch
