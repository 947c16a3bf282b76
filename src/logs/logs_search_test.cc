// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/block.h"
#include "logs/logs_test_world.h"

namespace weir::logs {
namespace {

/// Flow records with rare things in them, some lines of another shape, and lines stored as text.
std::vector<InputLogEvent> some_events(Time now) {
  std::vector<InputLogEvent> events;
  for (int i = 0; i < 1000; ++i) {
    std::string line = "2 123456789010 eni-" + std::to_string(i % 7) + " 203.0." +
                       std::to_string(i % 113) + "." + std::to_string(i % 200) + " 10.0.0." +
                       std::to_string(i % 5) + " " + std::to_string(1024 + i * 7) + " 443 " +
                       (i % 50 == 0 ? "-" : "6") + (i % 90 == 0 ? " REJECT OK" : " ACCEPT OK");
    if (i % 333 == 1) line = "NODATA of eni-" + std::to_string(i);
    events.push_back({now.ms + i, line});
  }
  return events;
}

std::vector<std::string> texts(const std::vector<LogEvent>& events) {
  std::vector<std::string> all;
  for (const LogEvent& event : events) all.push_back(event.message);
  return all;
}

// The search of whole blocks finds what looking at each event finds.
TEST(Search, FindsTheSameInBlocksAsInEvents) {
  TestWorld world;
  world.create_group();
  world.create_stream();
  const auto events = some_events(world.runtime.now());
  std::vector<InputLogEvent> plain;
  for (const InputLogEvent& event : events)
    plain.push_back(
        {event.timestamp_ms,
         event.message + std::string(static_cast<std::size_t>(event.timestamp_ms % 3), ' ')});
  ASSERT_TRUE(world.put(events));
  ASSERT_TRUE(world.put(plain));
  for (const char* pattern : {"REJECT",
                              "\"REJECT OK\"",
                              "\"203.0.77.\"",
                              "\"10.0.0.3 \"",
                              "NODATA",
                              "333",
                              "8017",
                              "\"-\"",
                              "\" \"",
                              "\"6 ACCEPT\"",
                              "\"eni-3 203\"",
                              "ACCEPT -eni",
                              "?REJECT",
                              "?REJECT ?NODATA",
                              "nothing",
                              "\"0.5\"",
                              "443",
                              "4435",
                              "OK REJECT",
                              "\"3 443 -\"",
                              "%ni-334%",
                              "\"  \"",
                              "[..., status=OK]"}) {
    Logs::FilterQuery query;
    query.pattern = *FilterPattern::compile(pattern);
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (query.pattern.matches(events[i].message)) expected.push_back(events[i].message);
      if (query.pattern.matches(plain[i].message)) expected.push_back(plain[i].message);
    }
    const auto found = world.logs->filter_events(world.scope, "/vpc/flow", query);
    ASSERT_TRUE(found) << pattern;
    EXPECT_EQ(texts(found->events), expected) << pattern;
    EXPECT_EQ(found->next_token, "") << pattern;
  }
}

TEST(Search, RequiredLiteralsAreWhatEveryMatchContains) {
  const auto literals = [](std::string_view pattern) {
    return FilterPattern::compile(pattern)->required_literals();
  };
  EXPECT_THAT(literals("ERROR \"a b\" %x+% -DEBUG"), testing::ElementsAre("ERROR", "a b", "x"));
  EXPECT_THAT(literals("?A ?B"), testing::IsEmpty());
  EXPECT_THAT(literals("?A"), testing::ElementsAre("A"));
  EXPECT_THAT(literals(""), testing::IsEmpty());
  EXPECT_THAT(literals("{ $.a = b }"), testing::IsEmpty());
  EXPECT_THAT(literals("[a, b]"), testing::IsEmpty());
}

}  // namespace
}  // namespace weir::logs
