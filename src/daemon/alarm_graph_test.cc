// SPDX-License-Identifier: Apache-2.0
#include "daemon/alarm_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/document.h"
#include "wire/http.h"

namespace weir::daemon {
namespace {

using ::testing::HasSubstr;

TEST(GraphCall, ShowsTheMetricAroundTheChangeWithTheThreshold) {
  const auto call = graph_call(
      R"json({"AlarmName":"ssh","NewStateValue":"ALARM","NewStateReason":"x",
      "StateChangeTime":"2026-01-01T12:00:00.000+0000",
      "AlarmArn":"arn:aws:cloudwatch:eu-central-1:111122223333:alarm:ssh",
      "Trigger":{"MetricName":"Rejected","Namespace":"VPC Flow","Statistic":"SUM","Period":60,
      "Dimensions":[{"value":"eni-1","name":"Interface"}],"Threshold":10.5}})json");
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->scope.account, "111122223333");
  EXPECT_EQ(call->scope.region, "eu-central-1");
  wire::HttpRequest request;
  wire::set_target(request, "/?" + call->query);
  EXPECT_EQ(request.query_value("Action").value_or(""), "GetMetricWidgetImage");
  EXPECT_EQ(request.query_value("OutputFormat").value_or(""), "image/png");
  const std::string json(request.query_value("MetricWidget").value_or(""));
  EXPECT_TRUE(parse_json(json));
  EXPECT_THAT(json, HasSubstr(R"("metrics":[["VPC Flow","Rejected","Interface","eni-1"]])"));
  EXPECT_THAT(json, HasSubstr(R"("start":"2026-01-01T09:00:00.000Z")"));
  EXPECT_THAT(json, HasSubstr(R"("stat":"Sum","period":60)"));
  EXPECT_THAT(json, HasSubstr(R"("horizontal":[{"label":"threshold","value":10.5}])"));
}

TEST(GraphCall, NeedsAnAlarmOnOneMetric) {
  EXPECT_FALSE(graph_call("text"));
  EXPECT_FALSE(
      graph_call(R"json({"AlarmName":"a","NewStateValue":"OK","AlarmRule":"ALARM(b)"})json"));
}

}  // namespace
}  // namespace weir::daemon
