// SPDX-License-Identifier: Apache-2.0
#include "alarms/alarm_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace weir::alarms {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Scope kScope{"123456789012", "us-east-1"};

/// The rule's value where `a` is in ALARM, `o` in OK, `i` and the rest in INSUFFICIENT_DATA.
bool value(std::string_view text) {
  const auto rule = AlarmRule::parse(kScope, text);
  EXPECT_TRUE(rule) << text << ": " << (rule ? "" : rule.error().message);
  return rule && rule->evaluate([](const std::string& name) {
    if (name[0] == 'a') return StateValue::alarm;
    return name[0] == 'o' ? StateValue::ok : StateValue::insufficient_data;
  });
}

std::string refusal(std::string_view text) {
  const auto rule = AlarmRule::parse(kScope, text);
  EXPECT_FALSE(rule) << text;
  if (rule) return "";
  EXPECT_EQ(rule.error().code, "ValidationError");
  return rule.error().message;
}

// Source: API reference, PutCompositeAlarm, AlarmRule.
TEST(AlarmRule, GrammarOfTheReference) {
  EXPECT_TRUE(value("ALARM(a)"));
  EXPECT_FALSE(value("ALARM(o)"));
  EXPECT_TRUE(value("OK(o)"));
  EXPECT_TRUE(value("INSUFFICIENT_DATA(i)"));
  EXPECT_TRUE(value("TRUE"));
  EXPECT_FALSE(value("FALSE"));
  EXPECT_FALSE(value("NOT ALARM(a)"));
  EXPECT_TRUE(value("NOT(ALARM(o) OR FALSE)"));
  EXPECT_TRUE(value("  ALARM ( a )\n AND\tOK(\"o\")  "));
  EXPECT_TRUE(value("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a-1)"));
  EXPECT_TRUE(value(R"(ALARM("arn:aws:cloudwatch:us-east-1:123456789012:alarm:a b"))"));
  EXPECT_TRUE(value(R"(ALARM("a \"quoted\", (name) \\"))"));
}

TEST(AlarmRule, AndBindsCloserThanOr) {
  EXPECT_TRUE(value("TRUE OR FALSE AND FALSE"));
  EXPECT_FALSE(value("(TRUE OR FALSE) AND FALSE"));
  EXPECT_TRUE(value("NOT FALSE AND TRUE"));
}

TEST(AlarmRule, AtLeastCountsAlarmsOrPercent) {
  EXPECT_TRUE(value("AT_LEAST(2, ALARM, (a1, a2, o1))"));
  EXPECT_FALSE(value("AT_LEAST(3, ALARM, (a1, a2, o1))"));
  EXPECT_TRUE(value("AT_LEAST(50%, OK, (a1, o1))"));
  EXPECT_FALSE(value("AT_LEAST(51%, OK, (a1, o1))"));
  EXPECT_TRUE(value("AT_LEAST(2, NOT OK, (a1, i1, o1)) AND TRUE"));
}

TEST(AlarmRule, ChildrenAreTheNamesEachOnce) {
  const auto rule = AlarmRule::parse(
      kScope,
      "ALARM(b) OR OK(arn:aws:cloudwatch:us-east-1:123456789012:alarm:b) OR ALARM(\"a c\")");
  ASSERT_TRUE(rule);
  EXPECT_THAT(rule->children(), ElementsAre("b", "a c"));
  EXPECT_TRUE(rule->names("a c"));
  EXPECT_FALSE(rule->names("a"));
}

TEST(AlarmRule, WhatIsWrongIsSaidWithItsPosition) {
  EXPECT_THAT(refusal(""), HasSubstr("position 1: expected ALARM"));
  EXPECT_THAT(refusal("ALARM(a) ALARM(b)"), HasSubstr("position 10: expected AND, OR or the end"));
  EXPECT_THAT(refusal("ALARM a)"), HasSubstr("position 7: expected '('"));
  EXPECT_THAT(refusal("ALARM(a b)"), HasSubstr("position 9: expected ')'"));
  EXPECT_THAT(refusal("ALARM()"), HasSubstr("position 7: expected the name"));
  EXPECT_THAT(refusal("ALARM(\"\")"), HasSubstr("position 7: expected the name"));
  EXPECT_THAT(refusal("ALARM(\"a)"), HasSubstr("quotation mark is not closed"));
  EXPECT_THAT(refusal("alarm(a)"), HasSubstr("position 1"));
  EXPECT_THAT(refusal("NOT NOT TRUE"), HasSubstr("position 5"));
  EXPECT_THAT(refusal("(TRUE"), HasSubstr("position 6: expected ')'"));
  EXPECT_THAT(refusal("TRUE AND"), HasSubstr("position 9"));
  EXPECT_THAT(refusal("AT_LEAST(x, ALARM, (a))"), HasSubstr("position 10: expected a number"));
  EXPECT_THAT(refusal("AT_LEAST(2, ALARM, (a))"), HasSubstr("position 10: the number must be"));
  EXPECT_THAT(refusal("AT_LEAST(101%, ALARM, (a))"), HasSubstr("percentage"));
  EXPECT_THAT(refusal("ALARM(arn:aws:sns:us-east-1:123456789012:t)"),
              HasSubstr("Invalid alarm ARN"));
  EXPECT_THAT(refusal("ALARM(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a)"),
              HasSubstr("same account and Region"));
}

TEST(AlarmRule, LimitsHold) {
  std::string children = "ALARM(c0)";
  for (int i = 1; i < 100; ++i) children += " OR ALARM(c" + std::to_string(i) + ')';
  EXPECT_TRUE(AlarmRule::parse(kScope, children));
  EXPECT_THAT(refusal(children + " OR OK(more)"), HasSubstr("at most 100 child alarms"));
  std::string elements = "TRUE";
  for (int i = 1; i < 500; ++i) elements += " OR TRUE";
  EXPECT_TRUE(AlarmRule::parse(kScope, elements));
  EXPECT_THAT(refusal(elements + " OR TRUE"), HasSubstr("at most 500 elements"));
  EXPECT_THAT(refusal(std::string(5000, '(')), HasSubstr("at most 500 elements"));
  EXPECT_THAT(refusal(std::string(10'241, ' ')), HasSubstr("10240"));
}

/// A random rule, and beside it its value by construction.
std::pair<std::string, bool> random_rule(std::mt19937& random, int depth) {
  const auto pick = [&](unsigned n) { return static_cast<unsigned>(random()) % n; };
  if (depth == 0 || pick(4) == 0) {
    if (pick(5) == 0) return pick(2) == 0 ? std::pair{"TRUE", true} : std::pair{"FALSE", false};
    constexpr const char* kNames[] = {"a", "o", "i"};
    constexpr const char* kStates[] = {"ALARM", "OK", "INSUFFICIENT_DATA"};
    const unsigned name = pick(3);
    const unsigned state = pick(3);
    return {std::string(kStates[state]) + '(' + kNames[name] + ')', name == state};
  }
  const auto [left, is_left] = random_rule(random, depth - 1);
  const auto [right, is_right] = random_rule(random, depth - 1);
  switch (pick(3)) {
    case 0:
      return {"(" + left + ") AND (" + right + ")", is_left && is_right};
    case 1:
      return {"(" + left + ") OR (" + right + ")", is_left || is_right};
    default:
      return {"NOT (" + left + ")", !is_left};
  }
}

TEST(AlarmRule, AgreesWithRulesOfKnownValue) {
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    const auto [text, expected] = random_rule(random, 5);
    EXPECT_EQ(value(text), expected) << text;
  }
}

}  // namespace
}  // namespace weir::alarms
