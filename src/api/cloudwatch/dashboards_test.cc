// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/dashboards.h"

#include <gmock/gmock.h>

#include "api/cloudwatch/test_world.h"
#include "base/base64.h"

namespace weir::api::cloudwatch {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kPut = R"({"DashboardName": "d", "DashboardBody": "{\"widgets\": []}"})";

TEST(DashboardsApi, AnswersInAllThreeProtocols) {
  CloudWatchWorld world;
  EXPECT_EQ(
      world.query("Action=PutDashboard&DashboardName=a&DashboardBody=%7B%22widgets%22%3A%5B%5D%7D")
          .status,
      200);
  world.answer("PutDashboard", std::string(kPut));
  Document name{Document::Map{}};
  name["DashboardName"] = "a";
  const auto cbor = world.cbor("GetDashboard", name);
  ASSERT_EQ(cbor.status, 200);
  EXPECT_THAT(world.text(cbor), HasSubstr(R"({"widgets":[]})"));
  const Document list = world.answer("ListDashboards", "{}");
  ASSERT_EQ(list.find("DashboardEntries")->list()->size(), 2u);
  EXPECT_EQ(*list.find("DashboardEntries")->list()->at(0).find("DashboardArn"),
            Document("arn:aws:cloudwatch::123456789012:dashboard/a"));
  EXPECT_EQ(list.find("NextToken"), nullptr);
  const auto xml =
      world.query("Action=DeleteDashboards&DashboardNames.member.1=a&DashboardNames.member.2=d");
  EXPECT_EQ(xml.status, 200);
  EXPECT_THAT(world.text(xml), HasSubstr("<DeleteDashboardsResult"));
}

// Service model: DashboardInvalidInputError has a member dashboardValidationMessages.
TEST(DashboardsApi, ErrorsHaveTheNamesOfEachProtocol) {
  CloudWatchWorld world;
  const std::string bad = R"({"DashboardName": "d", "DashboardBody": "{}"})";
  const auto json = world.json("PutDashboard", bad);
  EXPECT_EQ(json.status, 400);
  const auto body = parse_json(world.text(json));
  ASSERT_TRUE(body);
  EXPECT_EQ(*body->find("__type"),
            Document("com.amazonaws.cloudwatch.v2010_08_01#DashboardInvalidInputError"));
  const Document& messages = *body->find("dashboardValidationMessages");
  EXPECT_EQ(*messages.list()->at(0).find("Message"),
            Document("Should have required property 'widgets'"));
  const auto xml = world.query("Action=PutDashboard&DashboardName=d&DashboardBody=%7B%7D");
  EXPECT_EQ(xml.status, 400);
  EXPECT_THAT(world.text(xml), HasSubstr("<Code>InvalidParameterInput</Code>"));
  const auto missing = world.query("Action=GetDashboard&DashboardName=none");
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(world.text(missing), HasSubstr("<Code>ResourceNotFound</Code>"));
  EXPECT_THAT(world.text(world.query("Action=GetDashboard")),
              HasSubstr("The parameter DashboardName is required."));
  EXPECT_THAT(world.text(world.json("ListDashboards", R"({"NextToken": "x"})")),
              HasSubstr("Request parameter NextToken is invalid"));
}

TEST(DashboardsApi, TagsGoByTheOperationsOfAllResources) {
  CloudWatchWorld world;
  world.answer("PutDashboard",
               R"({"DashboardName": "d", "DashboardBody": "{\"widgets\": []}",
                   "Tags": [{"Key": "a", "Value": "1"}]})");
  const std::string arn = R"("ResourceARN": "arn:aws:cloudwatch::123456789012:dashboard/d")";
  world.answer("TagResource", "{" + arn + R"(, "Tags": [{"Key": "b", "Value": "2"}]})");
  world.answer("UntagResource", "{" + arn + R"(, "TagKeys": ["a"]})");
  const Document tags = world.answer("ListTagsForResource", "{" + arn + "}");
  ASSERT_EQ(tags.find("Tags")->list()->size(), 1u);
  EXPECT_EQ(*tags.find("Tags")->list()->at(0).find("Value"), Document("2"));
  const auto none = world.json(
      "ListTagsForResource", R"({"ResourceARN": "arn:aws:cloudwatch::123456789012:dashboard/x"})");
  EXPECT_THAT(world.text(none), HasSubstr("ResourceNotFoundException"));
}

TEST(DashboardsApi, AnImageIsBase64InJsonAndXml) {
  CloudWatchWorld world;
  const Document answer = world.answer("GetMetricWidgetImage",
                                       R"({"MetricWidget": "{\"metrics\": [[\"App\", \"m\"]]}"})");
  const auto png = base64_decode(*answer.find("MetricWidgetImage")->string());
  ASSERT_TRUE(png);
  EXPECT_THAT(*png, StartsWith("\x89PNG\r\n"));
  const std::string form =
      "Action=GetMetricWidgetImage&MetricWidget=%7B%22metrics%22%3A%5B%5B%22App%22%2C%22m%22%5D%5D%"
      "7D";
  EXPECT_THAT(world.text(world.query(form)), HasSubstr("<MetricWidgetImage>iVBORw0KGgo"));
  const auto raw = world.query(form + "&OutputFormat=image/png");
  EXPECT_EQ(raw.headers.get("Content-Type"), "image/png");
  EXPECT_THAT(world.text(raw), StartsWith("\x89PNG\r\n"));
  const Document described = world.answer(
      "GetMetricWidgetImage",
      R"({"OutputFormat": "image/png", "MetricWidget": "{\"metrics\": [[\"App\", \"m\"]]}"})");
  EXPECT_NE(described.find("MetricWidgetImage"), nullptr);
  const auto bad = world.query(form + "&OutputFormat=gif");
  EXPECT_EQ(bad.status, 400);
  const auto invalid = world.json("GetMetricWidgetImage", R"({"MetricWidget": "{}"})");
  EXPECT_THAT(world.text(invalid), HasSubstr("com.amazon.coral.validate#ValidationException"));
}

}  // namespace
}  // namespace weir::api::cloudwatch
