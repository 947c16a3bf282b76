// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alarms/test_support.h"

namespace weir::alarms {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// An alarm whose state is set by hand; its metric never comes. Midnight, January 1, 2026.
struct MuteWorld : AlarmWorld {
  explicit MuteWorld(Config config_in = {}) : AlarmWorld(config_in) {
    for (const char* name : {"a", "b"}) {
      AlarmConfig alarm = valid(name);
      alarm.metric_name = std::string("none-") + name;
      alarm.treat_missing_data = "ignore";
      put(alarm);
      set(StateValue::ok, name);
    }
    actions.clear();
  }
  void set(StateValue state, const std::string& name = "a") {
    EXPECT_TRUE(alarms->set_state(scope, name, state, "by hand"));
    runtime.run_ready();
  }
  static MuteRuleConfig rule(const std::string& name, const std::string& expression,
                             const std::string& duration) {
    MuteRuleConfig made;
    made.name = name;
    made.rule.schedule = {expression, duration, {}};
    made.mute_targets = MuteTargets{{"a"}};
    return made;
  }
  void mute(const MuteRuleConfig& wanted) {
    const auto done = alarms->put_mute_rule(scope, wanted);
    EXPECT_TRUE(done) << done.error().message;
    runtime.run_ready();
  }
  void unmute(const std::string& name) {
    EXPECT_TRUE(alarms->remove_mute_rule(scope, name));
    runtime.run_ready();
  }
  std::string status(const std::string& name) const {
    const auto rule = alarms->mute_rule(scope, name);
    return rule ? rule->status : rule.error().code;
  }
  std::vector<std::string> listed(const MuteRuleQuery& query) const {
    const auto page = alarms->mute_rules(scope, query);
    EXPECT_TRUE(page);
    std::vector<std::string> names;
    for (const MuteRule& rule : page->rules) names.push_back(rule.name);
    return names;
  }
};

// User Guide, "How alarm mute rules work": the first scenario.
TEST(MuteRules, WhatIsOverWhenTheWindowEndsIsNotTold) {
  MuteWorld world;
  world.mute(world.rule("r", "at(2026-01-01T00:10)", "PT1H"));
  EXPECT_EQ(world.status("r"), "SCHEDULED");
  world.advance(minutes(15));
  EXPECT_EQ(world.status("r"), "ACTIVE");
  world.set(StateValue::alarm);
  world.advance(minutes(15));
  world.set(StateValue::ok);
  world.advance(hours(2));
  EXPECT_THAT(world.told(), IsEmpty());
  EXPECT_EQ(world.status("r"), "EXPIRED");
}

// The second scenario.
TEST(MuteRules, WhatLastsWhenTheWindowEndsIsToldThen) {
  MuteWorld world;
  world.mute(world.rule("r", "at(2026-01-01T00:10)", "PT1H"));
  world.advance(minutes(15));
  world.set(StateValue::alarm);
  EXPECT_THAT(world.told(), IsEmpty());
  const auto muted = world.history("Action");
  ASSERT_FALSE(muted.empty());
  EXPECT_THAT(muted.back().data, HasSubstr(R"("actionState":"Muted")"));
  EXPECT_THAT(muted.back().data, HasSubstr(R"("muteWindowEndTimestamp":1767229800000)"));
  world.advance(minutes(54));
  EXPECT_THAT(world.told(), IsEmpty());
  world.advance(minutes(1));
  ASSERT_THAT(world.told(), ElementsAre("ALARM"));
  EXPECT_EQ(world.actions[0].first, *parse_iso8601("2026-01-01T01:10"));
  EXPECT_THAT(world.actions[0].second.message,
              HasSubstr(R"("ActionExecutedAfterMuteWindow":true)"));
  EXPECT_THAT(world.actions[0].second.message, HasSubstr(R"("OldStateValue":"OK")"));
  world.advance(hours(3));
  EXPECT_THAT(world.told(), SizeIs(1));
}

// The third scenario: rules that overlap hold until the last window ends.
TEST(MuteRules, OverlappingWindowsHoldUntilTheLastOne) {
  MuteWorld world;
  world.mute(world.rule("first", "at(2026-01-01T00:10)", "PT1H"));
  world.mute(world.rule("second", "at(2026-01-01T00:40)", "PT1H"));
  world.advance(minutes(15));
  world.set(StateValue::alarm);
  world.advance(minutes(84));
  EXPECT_THAT(world.told(), IsEmpty());
  world.advance(minutes(1));
  EXPECT_THAT(world.told(), ElementsAre("ALARM"));
}

TEST(MuteRules, OtherAlarmsAndOtherTimesAreNotMuted) {
  MuteWorld world;
  world.mute(world.rule("r", "cron(0 2 * * *)", "PT1H"));
  world.set(StateValue::alarm);
  world.set(StateValue::alarm, "b");
  EXPECT_THAT(world.told(), ElementsAre("ALARM", "ALARM"));
  world.advance(hours(2) + minutes(30));
  world.set(StateValue::ok, "b");
  EXPECT_THAT(world.told(), SizeIs(3));
  world.set(StateValue::ok);
  EXPECT_THAT(world.told(), SizeIs(3));
  world.advance(minutes(30));
  EXPECT_THAT(world.told(), SizeIs(4));  // it was told ALARM and is OK
  world.advance(hours(24));
  world.set(StateValue::alarm);  // 03:00, just behind the window of the next day
  EXPECT_THAT(world.told(), SizeIs(5));
}

// API reference, DeleteAlarmMuteRule: its alarms are unmuted at once.
TEST(MuteRules, DeletingOrChangingARuleReleasesWhatItHeld) {
  for (const bool is_deleted : {true, false}) {
    MuteWorld world;
    world.mute(world.rule("r", "cron(0 * * * *)", "PT59M"));
    world.set(StateValue::alarm);
    EXPECT_THAT(world.told(), IsEmpty());
    if (is_deleted) {
      world.unmute("r");
    } else {
      world.mute(world.rule("r", "cron(0 5 * * *)", "PT1H"));
    }
    EXPECT_THAT(world.told(), ElementsAre("ALARM"));
    world.advance(hours(2));
    EXPECT_THAT(world.told(), SizeIs(1));
  }
  MuteWorld world;
  world.unmute("none");  // idempotent
}

TEST(MuteRules, StartAndExpireBoundTheWindows) {
  MuteWorld world;
  MuteRuleConfig config = world.rule("r", "cron(0 * * * *)", "PT1H");
  config.start_date = world.now() + minutes(30);
  config.expire_date = world.now() + minutes(50);
  world.mute(config);
  EXPECT_EQ(world.status("r"), "SCHEDULED");
  world.set(StateValue::alarm);
  EXPECT_THAT(world.told(), SizeIs(1));
  world.advance(minutes(30));
  EXPECT_EQ(world.status("r"), "ACTIVE");
  world.set(StateValue::ok);
  EXPECT_THAT(world.told(), SizeIs(1));
  world.advance(minutes(20));
  EXPECT_THAT(world.told(), SizeIs(2));
  EXPECT_EQ(world.status("r"), "EXPIRED");
  config.expire_date = config.start_date;
  EXPECT_EQ(world.alarms->put_mute_rule(world.scope, config).error().code, "ValidationError");
}

TEST(MuteRules, HeldActionsOutliveARestart) {
  MuteWorld world;
  world.mute(world.rule("r", "at(2026-01-01T00:00)", "PT1H"));
  world.set(StateValue::alarm);
  world.restart();
  world.advance(minutes(59));
  EXPECT_THAT(world.told(), IsEmpty());
  world.restart();
  world.advance(minutes(1));
  EXPECT_THAT(world.told(), ElementsAre("ALARM"));
  EXPECT_EQ(world.alarms->mute_rule(world.scope, "r")->rule.schedule.duration, "PT1H");
  world.stop();
  world.start();
  world.advance(hours(1));
  EXPECT_THAT(world.told(), SizeIs(1));
}

TEST(MuteRules, AlarmDeletedWhileMutedIsForgotten) {
  MuteWorld world;
  world.mute(world.rule("r", "at(2026-01-01T00:00)", "PT1H"));
  world.set(StateValue::alarm);
  ASSERT_TRUE(world.alarms->remove(world.scope, {"a"}));
  world.advance(hours(2));
  EXPECT_THAT(world.told(), IsEmpty());
}

TEST(MuteRules, CompositeAlarmsAreMutedLikeOthers) {
  MuteWorld world;
  AlarmConfig names;
  names.alarm_name = "c";
  names.alarm_actions = {"arn:aws:sns:us-east-1:123456789012:alarm"};
  ASSERT_TRUE(world.alarms->put_composite_alarm(world.scope, names, {.alarm_rule = "ALARM(b)"}));
  MuteRuleConfig config = world.rule("r", "at(2026-01-01T00:00)", "PT1H");
  config.mute_targets = MuteTargets{{"c"}};
  world.mute(config);
  world.set(StateValue::alarm, "b");
  EXPECT_THAT(world.told(), ElementsAre("ALARM"));
  world.advance(hours(1));
  ASSERT_THAT(world.told(), SizeIs(2));
  EXPECT_EQ(world.actions[1].second.alarm_name, "c");
}

TEST(MuteRules, AreListedInPagesByAlarmAndStatus) {
  MuteWorld world;
  world.mute(world.rule("now", "at(2026-01-01T00:00)", "PT1H"));
  world.mute(world.rule("past", "at(2025-01-01T00:00)", "PT1H"));
  world.mute(world.rule("soon", "cron(0 5 * * *)", "PT1H"));
  MuteRuleConfig other = world.rule("other", "cron(0 5 * * *)", "PT1H");
  other.mute_targets = MuteTargets{{"b"}};
  world.mute(other);
  EXPECT_THAT(world.listed({}), ElementsAre("now", "other", "past", "soon"));
  EXPECT_THAT(world.listed({.alarm_name = "a"}), ElementsAre("now", "past", "soon"));
  EXPECT_THAT(world.listed({.statuses = {"ACTIVE", "EXPIRED"}}), ElementsAre("now", "past"));
  MuteRuleQuery query{.records_max = 3};
  auto page = world.alarms->mute_rules(world.scope, query);
  ASSERT_TRUE(page);
  EXPECT_THAT(page->rules, SizeIs(3));
  query.next_token = page->next_token;
  EXPECT_THAT(world.listed(query), ElementsAre("soon"));
  query.next_token = "x";
  EXPECT_EQ(world.alarms->mute_rules(world.scope, query).error().code, "InvalidNextToken");
  EXPECT_EQ(world.alarms->mute_rules(world.scope, {.statuses = {"no"}}).error().code,
            "ValidationError");
}

TEST(MuteRules, HaveTagsOfTheirOwn) {
  MuteWorld world;
  const std::string arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm-mute-rule:r";
  EXPECT_EQ(world.alarms->tags(world.scope, arn).error().code, "ResourceNotFoundException");
  ASSERT_TRUE(world.alarms->put_mute_rule(world.scope, world.rule("r", "cron(0 5 * * *)", "PT1H"),
                                          {{"k", "v"}}));
  ASSERT_TRUE(world.alarms->tag(world.scope, arn, {{"l", "w"}}));
  EXPECT_THAT(*world.alarms->tags(world.scope, arn), ElementsAre(Tag{"k", "v"}, Tag{"l", "w"}));
  ASSERT_TRUE(world.alarms->untag(world.scope, arn, {"k"}));
  world.restart();
  EXPECT_THAT(*world.alarms->tags(world.scope, arn), ElementsAre(Tag{"l", "w"}));
}

// ---- Repetition and grouping

TEST(Repetition, AlarmThatLastsIsToldAgainUntilItIsOver) {
  MuteWorld world({.repeat_after = hours(1)});
  world.advance(minutes(7));
  world.set(StateValue::alarm);
  world.advance(hours(2) + minutes(30));
  EXPECT_THAT(world.told(), ElementsAre("ALARM", "ALARM", "ALARM"));
  EXPECT_EQ(world.actions[2].first, *parse_iso8601("2026-01-01T02:07"));
  EXPECT_THAT(world.actions[1].second.message, HasSubstr(R"("OldStateValue":"ALARM")"));
  EXPECT_NE(world.actions[0].second.id, world.actions[1].second.id);
  world.restart();
  world.advance(minutes(30));
  EXPECT_THAT(world.told(), SizeIs(4));
  world.set(StateValue::ok);
  world.advance(hours(5));
  EXPECT_THAT(world.told(), SizeIs(5));
}

TEST(Repetition, MutedOrDisabledAlarmsAreNotRepeated) {
  MuteWorld world({.repeat_after = hours(1)});
  world.set(StateValue::alarm);
  world.mute(world.rule("r", "at(2026-01-01T00:30)", "PT2H"));
  world.advance(hours(2) + minutes(45));
  EXPECT_THAT(world.told(), SizeIs(1));
  world.advance(minutes(15));
  EXPECT_THAT(world.told(), SizeIs(2));
  ASSERT_TRUE(world.alarms->enable_actions(world.scope, {"a"}, false));
  world.advance(hours(5));
  EXPECT_THAT(world.told(), SizeIs(2));
}

TEST(Grouping, AlarmsOfOneTopicThatChangeTogetherAreOneMessage) {
  MuteWorld world({.group_within = seconds(30)});
  world.advance(minutes(1));
  world.actions.clear();
  world.set(StateValue::alarm);
  world.advance(seconds(20));
  world.set(StateValue::alarm, "b");
  EXPECT_THAT(world.actions, IsEmpty());
  world.advance(seconds(10));
  ASSERT_THAT(world.actions, SizeIs(1));
  const Action& action = world.actions[0].second;
  EXPECT_EQ(action.subject, "ALARM: 2 alarms in US East (N. Virginia)");
  const auto message = parse_json(action.message);
  ASSERT_TRUE(message);
  EXPECT_EQ(*message->find("AlarmCount")->integer(), 2);
  EXPECT_EQ(*message->find("Alarms")->list()->at(1).find("AlarmName")->string(), "b");
  EXPECT_THAT(action.email_text, HasSubstr("- ALARM: b (was OK"));
  const auto history = world.history("Action");
  EXPECT_THAT(history.back().data, HasSubstr("Succeeded"));
}

TEST(Grouping, OneAloneIsAsOnAws) {
  MuteWorld world({.group_within = seconds(30)});
  world.advance(minutes(1));
  world.actions.clear();
  world.set(StateValue::alarm);
  world.advance(minutes(1));
  ASSERT_THAT(world.actions, SizeIs(1));
  EXPECT_EQ(world.actions[0].second.subject, "ALARM: \"a\" in US East (N. Virginia)");
}

TEST(Grouping, FailedGroupIsTriedAgainWithItsId) {
  MuteWorld world({.group_within = seconds(30)});
  world.advance(minutes(1));
  world.actions.clear();
  world.sink_error = Error{ErrorKind::unavailable, "ServiceUnavailable", "not now"};
  world.set(StateValue::alarm);
  world.set(StateValue::alarm, "b");
  world.advance(seconds(30));
  world.sink_error.reset();
  world.restart();
  world.advance(minutes(1));
  ASSERT_THAT(world.actions, SizeIs(1));
  EXPECT_THAT(world.actions[0].second.subject, HasSubstr("2 alarms"));
}

}  // namespace
}  // namespace weir::alarms
