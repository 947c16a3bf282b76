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

// However little time a call has, the pages end, and together hold each event once and in order,
// also where blocks of many streams overlap.
TEST(Search, GetsOnWhenTimeIsAlwaysUp) {
  TestWorld world;
  world.config.search_time_max = Duration(-1);
  world.restart();
  world.create_group();
  constexpr int kStreams = 20;
  for (int stream = 0; stream < kStreams; ++stream) {
    const std::string name = "eni-" + std::to_string(stream);
    world.create_stream(name);
    for (int block = 0; block < 5; ++block) {
      std::vector<InputLogEvent> events;
      for (int i = 0; i < 10; ++i) {
        const int place = stream * 3 + block * 40 + i * 10 * (1 + stream % 3);
        events.push_back({world.now_ms() + place, name + "." + std::to_string(place)});
      }
      ASSERT_TRUE(world.put(events, name));
    }
  }
  for (const bool forward : {true, false}) {
    for (const std::int64_t later : {0, 95}) {
      Logs::FilterQuery query{.start = Time{world.now_ms() + later}, .start_from_head = forward};
      query.limit = 10'000;
      world.logs = nullptr;
      world.config.search_time_max = std::chrono::hours(1);
      world.start();
      const auto expected = world.logs->filter_events(world.scope, "/vpc/flow", query);
      ASSERT_TRUE(expected);
      ASSERT_EQ(expected->next_token, "");
      world.config.search_time_max = Duration(-1);
      world.restart();
      std::vector<std::string> found;
      int pages = 0;
      do {
        const auto page = world.logs->filter_events(world.scope, "/vpc/flow", query);
        ASSERT_TRUE(page);
        for (const LogEvent& event : page->events) found.push_back(event.id.text());
        query.token = page->next_token;
        ASSERT_LT(++pages, 1000);
      } while (!query.token.empty());
      std::vector<std::string> wanted;
      for (const LogEvent& event : expected->events) wanted.push_back(event.id.text());
      EXPECT_GT(pages, 20);
      EXPECT_EQ(found, wanted) << (forward ? "forward" : "backward") << " from " << later;
    }
  }
}

// Streams are looked up in the order of their first events, whatever their names.
TEST(Search, OfManyStreamsKeepsTheOrderOfTime) {
  TestWorld world;
  world.create_group();
  std::vector<std::string> wanted;
  for (int stream = 0; stream < 200; ++stream) {
    const std::string name = "s" + std::to_string(stream);
    const int place = stream * 7919 % 200;
    world.create_stream(name);
    ASSERT_TRUE(world.put({{world.now_ms() + place, std::to_string(place)},
                           {world.now_ms() + 1000 + place, std::to_string(1000 + place)}},
                          name));
  }
  for (int place = 0; place < 200; ++place) wanted.push_back(std::to_string(place));
  for (int place = 0; place < 200; ++place) wanted.push_back(std::to_string(1000 + place));
  for (const bool forward : {true, false}) {
    Logs::FilterQuery query{.start = world.runtime.now(), .start_from_head = forward};
    query.limit = 33;
    std::vector<std::string> found;
    do {
      const auto page = world.logs->filter_events(world.scope, "/vpc/flow", query);
      ASSERT_TRUE(page);
      for (const LogEvent& event : page->events) found.push_back(event.message);
      query.token = page->next_token;
    } while (!query.token.empty());
    EXPECT_EQ(found, wanted);
    std::ranges::reverse(wanted);
  }
}

}  // namespace
}  // namespace weir::logs
