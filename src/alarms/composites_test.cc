// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alarms/test_support.h"

namespace weir::alarms {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kArn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:";

/// Metric alarms without data, whose states are set by hand, and composites over them.
struct CompositeWorld : AlarmWorld {
  explicit CompositeWorld(std::vector<std::string> children = {"x", "y", "s"}) {
    for (const std::string& name : children) {
      AlarmConfig alarm = valid(name);
      alarm.metric_name = "none-" + name;
      alarm.treat_missing_data = "ignore";
      alarm.actions_enabled = false;
      put(alarm);
    }
  }
  AlarmConfig names(const std::string& name) const {
    AlarmConfig out;
    out.alarm_name = name;
    out.ok_actions = {"arn:aws:sns:us-east-1:123456789012:ok"};
    out.alarm_actions = {"arn:aws:sns:us-east-1:123456789012:alarm"};
    return out;
  }
  Result<void> try_put(const std::string& name, CompositeConfig composite) {
    auto done = alarms->put_composite_alarm(scope, names(name), composite);
    runtime.run_ready();
    return done;
  }
  void put_rule(const std::string& name, CompositeConfig composite) {
    const auto done = try_put(name, std::move(composite));
    EXPECT_TRUE(done) << done.error().message;
  }
  void set(const std::string& name, StateValue state) {
    EXPECT_TRUE(alarms->set_state(scope, name, state, "by hand"));
    runtime.run_ready();
  }
  CompositeAlarm composite(const std::string& name = "c") const {
    const auto page =
        alarms->describe(scope, {.with_metric = false, .with_composite = true, .names = {name}});
    EXPECT_TRUE(page);
    EXPECT_EQ(page->composites.size(), 1);
    return page->composites.empty() ? CompositeAlarm{} : page->composites[0];
  }
  std::string suppressed_by() const { return composite().suppressed_by.value_or(""); }
  std::string removal(std::vector<std::string> gone) {
    const auto done = alarms->remove(scope, gone);
    return done ? "" : done.error().message;
  }
};

TEST(CompositeAlarms, FirstEvaluationCountsAsAChange) {
  CompositeWorld world;
  world.put_rule("c", {.alarm_rule = "ALARM(x) OR ALARM(y)"});
  const CompositeAlarm alarm = world.composite();
  EXPECT_EQ(alarm.state_value, "OK");
  EXPECT_EQ(alarm.state_reason,
            std::string(kArn) + "c was created and its alarm rule evaluates to OK");
  EXPECT_THAT(world.told(), ElementsAre("OK"));
}

TEST(CompositeAlarms, FollowTheirChildrenAtOnceAndNameTheOneThatDidIt) {
  CompositeWorld world;
  world.put_rule("c", {.alarm_rule = "ALARM(x) OR ALARM(y)"});
  world.set("x", StateValue::alarm);
  EXPECT_EQ(world.composite().state_value, "ALARM");
  EXPECT_EQ(
      world.composite().state_reason,
      std::string(kArn) + "x transitioned to ALARM at Thursday 01 January, 2026 00:00:00 UTC");
  EXPECT_EQ(*world.composite().state_reason_data,
            R"({"triggeringAlarms":[{"arn":")" + std::string(kArn) +
                R"(x","state":{"value":"ALARM","timestamp":"2026-01-01T00:00:00.000+0000"}}]})");
  world.set("y", StateValue::alarm);  // changes nothing
  EXPECT_THAT(world.composite().state_reason, HasSubstr(":x transitioned"));
  EXPECT_THAT(world.told(), ElementsAre("OK", "ALARM"));
}

// Keys recorded from the service.
TEST(CompositeAlarms, MessageHasTheKeysOfAws) {
  CompositeWorld world;
  world.put_rule("c", {.alarm_rule = "ALARM(x)"});
  world.set("x", StateValue::alarm);
  const auto message = parse_json(world.actions.back().second.message);
  ASSERT_TRUE(message);
  std::vector<std::string> keys;
  for (const auto& [key, value] : *message->map()) keys.push_back(key);
  EXPECT_THAT(
      keys, ElementsAre("AlarmName", "AlarmDescription", "AWSAccountId", "NewStateValue",
                        "NewStateReason", "StateChangeTime", "Region", "AlarmArn", "OldStateValue",
                        "ActionExecutedAfterMuteWindow", "OKActions", "AlarmActions",
                        "InsufficientDataActions", "AlarmRule", "TriggeringChildren"));
  EXPECT_EQ(to_json(*message->find("TriggeringChildren")),
            R"([{"Arn":")" + std::string(kArn) +
                R"(x","State":{"Value":"ALARM","Timestamp":"2026-01-01T00:00:00.000+0000"}}])");
}

TEST(CompositeAlarms, OneChangeOfAChildReachesEachAlarmAboveOnce) {
  CompositeWorld world;
  world.put_rule("left", {.alarm_rule = "ALARM(x)"});
  world.put_rule("right", {.alarm_rule = "ALARM(x)"});
  world.put_rule("c", {.alarm_rule = "ALARM(left) AND NOT ALARM(right)"});
  world.actions.clear();
  world.set("x", StateValue::alarm);
  EXPECT_EQ(world.composite("left").state_value, "ALARM");
  EXPECT_EQ(world.composite("right").state_value, "ALARM");
  EXPECT_EQ(world.composite("c").state_value, "OK");
  EXPECT_THAT(world.actions, SizeIs(2));
}

TEST(CompositeAlarms, StateAndHeldActionsOutliveARestart) {
  CompositeWorld world;
  world.put_rule("c", {"ALARM(x)", "s", 60, 60});
  world.advance(seconds(60));
  world.actions.clear();
  world.set("x", StateValue::alarm);
  world.restart();
  EXPECT_EQ(world.composite().state_value, "ALARM");
  EXPECT_EQ(world.suppressed_by(), "WaitPeriod");
  world.advance(seconds(60));
  EXPECT_THAT(world.told(), ElementsAre("ALARM"));
  world.set("x", StateValue::ok);
  EXPECT_EQ(world.composite().state_value, "OK");
}

TEST(CompositeAlarms, WhatIsMissingOrOfAnotherTypeIsRefused) {
  CompositeWorld world;
  EXPECT_EQ(
      world.try_put("c", {.alarm_rule = "ALARM(x) OR OK(no) OR OK(none)"}).error().message,
      "Could not save the composite alarm as alarms [no, none] in the alarm rule do not exist");
  EXPECT_THAT(world.try_put("x", {.alarm_rule = "TRUE"}).error().message,
              HasSubstr("another type"));
  EXPECT_THAT(world.try_put("c", {"TRUE", "none", 1, 1}).error().message,
              HasSubstr("ActionsSuppressor"));
  EXPECT_THAT(world.try_put("c", {"TRUE", "s", 1, {}}).error().message, HasSubstr("required"));
  EXPECT_THAT(world.try_put("c", {"TRUE", {}, 1, 1}).error().message, HasSubstr("together"));
  world.put_rule("c", {.alarm_rule = "TRUE"});
  const auto metric = world.alarms->put_metric_alarm(world.scope, world.valid("c"));
  EXPECT_THAT(metric.error().message, HasSubstr("another type"));
}

// User Guide, "Create a composite alarm": a circle can be made; it is not evaluated, and its alarms
// cannot be deleted before a rule is changed.
TEST(CompositeAlarms, ACircleIsNotEvaluatedUntilItIsOpened) {
  CompositeWorld world;
  world.put_rule("a", {.alarm_rule = "ALARM(x)"});
  world.put_rule("b", {.alarm_rule = "ALARM(a)"});
  world.put_rule("a", {.alarm_rule = "ALARM(x) OR ALARM(b)"});
  world.set("x", StateValue::alarm);
  EXPECT_EQ(world.composite("a").state_value, "OK");
  EXPECT_THAT(world.removal({"a"}), HasSubstr("Cannot delete a as there are composite alarm(s)"));
  EXPECT_THAT(world.removal({"b"}), HasSubstr("Cannot delete b"));
  world.put_rule("a", {.alarm_rule = "ALARM(x)"});
  EXPECT_EQ(world.composite("a").state_value, "ALARM");
  EXPECT_EQ(world.composite("b").state_value, "ALARM");
  EXPECT_EQ(world.removal({"b"}), "");
  EXPECT_EQ(world.removal({"a"}), "");
}

TEST(CompositeAlarms, AreDeletedFromAboveOneAtATime) {
  CompositeWorld world;
  world.put_rule("c", {"ALARM(x)", "s", 1, 1});
  world.put_rule("d", {.alarm_rule = "TRUE"});
  EXPECT_EQ(world.removal({"x"}),
            "Cannot delete x as there are composite alarm(s) depending on it.");
  EXPECT_THAT(world.removal({"s"}), HasSubstr("Cannot delete s"));
  EXPECT_THAT(world.removal({"c", "d"}), HasSubstr("Only one composite alarm"));
  EXPECT_EQ(world.removal({"c", "x", "none"}), "");
  EXPECT_EQ(world.removal({"s", "d"}), "");
}

// User Guide, "Alarm suppression": the wait period ends and the suppressor stayed quiet.
TEST(Suppression, ActionsRunWhenTheWaitPeriodEnds) {
  CompositeWorld world;
  world.put_rule("c", {"ALARM(x)", "s", 60, 120});
  world.advance(seconds(60));
  world.actions.clear();
  world.set("x", StateValue::alarm);
  EXPECT_EQ(world.suppressed_by(), "WaitPeriod");
  EXPECT_EQ(world.composite().suppressed_reason, "Actions suppressed by WaitPeriod");
  world.advance(seconds(59));
  EXPECT_THAT(world.told(), IsEmpty());
  world.advance(seconds(1));
  EXPECT_THAT(world.told(), ElementsAre("ALARM"));
  EXPECT_EQ(world.suppressed_by(), "");
}

TEST(Suppression, SuppressorInAlarmHoldsActionsUntilItsExtensionEnds) {
  CompositeWorld world;
  world.put_rule("c", {"ALARM(x)", "s", 60, 120});
  world.advance(seconds(60));
  world.actions.clear();
  world.set("x", StateValue::alarm);
  world.advance(seconds(30));
  world.set("s", StateValue::alarm);
  EXPECT_EQ(world.suppressed_by(), "Alarm");
  world.advance(seconds(3600));
  EXPECT_THAT(world.told(), IsEmpty());
  world.set("s", StateValue::ok);
  EXPECT_EQ(world.suppressed_by(), "ExtensionPeriod");
  world.advance(seconds(119));
  EXPECT_THAT(world.told(), IsEmpty());
  world.advance(seconds(1));
  EXPECT_THAT(world.told(), ElementsAre("ALARM"));
}

TEST(Suppression, OwnChangeRestartsTheWaitAndDropsTheExtension) {
  CompositeWorld world;
  world.put_rule("c", {"ALARM(x)", "s", 60, 120});
  world.advance(seconds(60));
  world.actions.clear();
  world.set("s", StateValue::alarm);
  world.set("x", StateValue::alarm);
  world.set("s", StateValue::ok);
  world.set("x", StateValue::ok);
  EXPECT_EQ(world.suppressed_by(), "WaitPeriod");
  world.advance(seconds(40));
  world.set("x", StateValue::alarm);
  world.advance(seconds(40));
  EXPECT_THAT(world.told(), IsEmpty());
  world.advance(seconds(20));
  EXPECT_THAT(world.told(), ElementsAre("ALARM"));
}

TEST(Suppression, AnotherSuppressorDecidesHeldActionsAnew) {
  CompositeWorld world;
  world.put_rule("c", {"ALARM(x)", "s", 60, 60});
  world.advance(seconds(60));
  world.actions.clear();
  world.set("s", StateValue::alarm);
  world.set("x", StateValue::alarm);
  world.put_rule("c", {"ALARM(x)", "y", 30, 30});
  EXPECT_EQ(world.suppressed_by(), "WaitPeriod");
  world.advance(seconds(30));
  EXPECT_THAT(world.told(), ElementsAre("ALARM"));
}

TEST(CompositeAlarms, RelativesAreListedInPages) {
  CompositeWorld world;
  world.put_rule("c", {.alarm_rule = "ALARM(x) OR ALARM(y)"});
  world.put_rule("d", {.alarm_rule = "ALARM(c) OR ALARM(x)"});
  using Which = RelativesQuery::Which;
  const auto children = world.alarms->relatives(world.scope, {.alarm_name = "d"});
  ASSERT_TRUE(children);
  ASSERT_THAT(children->alarms, SizeIs(1));
  EXPECT_EQ(children->alarms[0].state_value, "INSUFFICIENT_DATA");
  ASSERT_THAT(children->composites, SizeIs(1));
  EXPECT_EQ(children->composites[0].alarm_name, "c");
  auto parents = world.alarms->relatives(
      world.scope, {.alarm_name = "x", .which = Which::parents, .records_max = 1});
  ASSERT_TRUE(parents);
  ASSERT_THAT(parents->composites, SizeIs(1));
  EXPECT_EQ(parents->composites[0].alarm_name, "c");
  EXPECT_EQ(parents->composites[0].state_value, std::nullopt);
  parents = world.alarms->relatives(
      world.scope, {.alarm_name = "x", .which = Which::parents, .next_token = parents->next_token});
  ASSERT_TRUE(parents);
  EXPECT_EQ(parents->composites[0].alarm_name, "d");
  EXPECT_EQ(parents->next_token, "");
}

TEST(CompositeAlarms, HistoryAndTagsAreTheirs) {
  CompositeWorld world;
  ASSERT_TRUE(world.alarms->put_composite_alarm(world.scope, world.names("c"),
                                                {.alarm_rule = "ALARM(x)"}, {{"k", "v"}}));
  world.runtime.run_ready();
  const std::string arn = std::string(kArn) + 'c';
  EXPECT_THAT(*world.alarms->tags(world.scope, arn), ElementsAre(Tag{"k", "v"}));
  const auto page = world.alarms->history(world.scope, {.with_metric = false, .ascending = true});
  ASSERT_TRUE(page);
  ASSERT_THAT(page->items, SizeIs(3));
  EXPECT_EQ(page->items[0].alarm_type, "CompositeAlarm");
  EXPECT_THAT(page->items[0].data, HasSubstr(R"x("alarmRule":"ALARM(x)")x"));
  EXPECT_EQ(page->items[1].summary, "Alarm updated from INSUFFICIENT_DATA to OK");
  EXPECT_THAT(page->items[2].summary, HasSubstr("Successfully executed action"));
}

}  // namespace
}  // namespace weir::alarms
