// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/mute_rules.h"

#include <gmock/gmock.h>

#include "api/cloudwatch/test_world.h"

namespace weir::api::cloudwatch {
namespace {

using ::testing::HasSubstr;

TEST(MuteRuleOperations, SpeakAllThreeProtocols) {
  CloudWatchWorld world;
  const auto put = world.query(
      "Action=PutAlarmMuteRule&Name=q&Rule.Schedule.Expression=cron(0+2+*+*+SUN)"
      "&Rule.Schedule.Duration=PT4H&MuteTargets.AlarmNames.member.1=a");
  EXPECT_EQ(put.status, 200) << world.text(put);
  Document schedule;
  schedule["Expression"] = "at(2026-01-01T00:00)";
  schedule["Duration"] = "PT1H";
  Document rule;
  rule["Schedule"] = std::move(schedule);
  Document input;
  input["Name"] = "c";
  input["Rule"] = std::move(rule);
  input["ExpireDate"] = Time::from_seconds(1767225600 + 600);
  EXPECT_EQ(world.cbor("PutAlarmMuteRule", input).status, 200);

  const auto shown = world.query("Action=GetAlarmMuteRule&AlarmMuteRuleName=q");
  EXPECT_THAT(world.text(shown), HasSubstr("<MuteType>RECURRING</MuteType>"));
  EXPECT_THAT(world.text(shown),
              HasSubstr("<AlarmNames><member>a</member></AlarmNames></MuteTargets>"));
  const Document answer = world.answer("GetAlarmMuteRule", R"({"AlarmMuteRuleName":"c"})");
  EXPECT_EQ(*answer.find("Status")->string(), "ACTIVE");
  EXPECT_EQ(*answer.find("ExpireDate")->integer(), 1767226200);
  const Document list = world.answer("ListAlarmMuteRules", "{}");
  EXPECT_EQ(list.find("AlarmMuteRuleSummaries")->list()->size(), 2);
}

TEST(MuteRuleOperations, WhatIsMissingOrUnknownIsRefused) {
  CloudWatchWorld world;
  const auto unknown = world.json("GetAlarmMuteRule", R"({"AlarmMuteRuleName":"no"})");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(world.text(unknown), HasSubstr("ResourceNotFoundException"));
  EXPECT_EQ(world.json("GetAlarmMuteRule", R"({"AlarmMuteRuleName":"no"})", true).status, 404);
  const auto incomplete = world.json("PutAlarmMuteRule", R"({"Name":"r","Rule":{}})");
  EXPECT_EQ(incomplete.status, 400);
  EXPECT_THAT(world.text(incomplete), HasSubstr("ValidationException"));
  world.answer("DeleteAlarmMuteRule", R"({"AlarmMuteRuleName":"no"})");
}

}  // namespace
}  // namespace weir::api::cloudwatch
