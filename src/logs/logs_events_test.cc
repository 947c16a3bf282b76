// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/logs.h"
#include "logs/logs_test_world.h"

namespace weir::logs {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kHourMs = 3'600'000;

struct EventsWorld : TestWorld {
  EventsWorld() {
    create_group();
    create_stream();
  }
  /// Events `0`, `1` ... at the given distances from now.
  std::vector<InputLogEvent> at(std::initializer_list<std::int64_t> distances_ms) {
    std::vector<InputLogEvent> events;
    for (const std::int64_t distance : distances_ms) {
      events.push_back({now_ms() + distance, std::to_string(events.size())});
    }
    return events;
  }
  std::string refusal(const std::vector<InputLogEvent>& events) {
    const auto result = put(events);
    return result ? "accepted" : result.error().code + ": " + result.error().message;
  }
  Logs::GetResult get(Logs::GetQuery query, const std::string& stream = "eni-1") {
    auto result = logs->get_events(scope, "/vpc/flow", stream, query);
    EXPECT_TRUE(result);
    return result ? *std::move(result) : Logs::GetResult{};
  }
  Logs::FilterResult filter(const Logs::FilterQuery& query) {
    auto result = logs->filter_events(scope, "/vpc/flow", query);
    EXPECT_TRUE(result);
    return result ? *std::move(result) : Logs::FilterResult{};
  }
};

std::vector<std::string> messages(const std::vector<LogEvent>& events) {
  std::vector<std::string> all;
  for (const LogEvent& event : events) all.push_back(event.message);
  return all;
}

// ---- PutLogEvents -------------------------------------------------------------------------------

TEST(PutLogEvents, EventsAreThereAtOnceAndAfterARestart) {
  EventsWorld world;
  const auto result = world.put(world.at({-1000, -1000, 0}));
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->rejected_any());
  EXPECT_EQ(result->next_sequence_token.size(), 56u);
  for (int i = 0; i < 2; ++i) {
    const auto found = world.get({.start_from_head = true});
    EXPECT_THAT(messages(found.events), ElementsAre("0", "1", "2"));
    EXPECT_EQ(found.events[0].id.ingestion.ms, world.now_ms());
    const auto stream = world.logs->log_streams(world.scope, "/vpc/flow", {})->items.at(0);
    EXPECT_EQ(stream.first_event_ms, world.now_ms() - 1000);
    EXPECT_EQ(stream.last_event_ms, world.now_ms());
    EXPECT_EQ(stream.last_ingestion_ms, world.now_ms());
    EXPECT_EQ(world.logs->log_group(world.scope, "/vpc/flow")->stored_bytes, 3 * 27);
    world.restart();
  }
}

TEST(PutLogEvents, AnyTextComesBackAsItWas) {
  EventsWorld world;
  const std::string text =
      "line one\nline two\t\"quoted\" gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80 end ";
  ASSERT_TRUE(world.put({{world.now_ms(), text}}));
  EXPECT_THAT(messages(world.get({}).events), ElementsAre(text));
}

TEST(PutLogEvents, MissingGroupAndStreamAreToldApart) {
  EventsWorld world;
  EXPECT_EQ(world.put(world.at({0}), "none").error().message,
            "The specified log stream does not exist.");
  EXPECT_EQ(world.put(world.at({0}), "eni-1", "none").error().message,
            "The specified log group does not exist.");
}

TEST(PutLogEvents, DisorderIsRefused) {
  EventsWorld world;
  EXPECT_EQ(world.refusal(world.at({0, -1})),
            "InvalidParameterException: Log events in a single PutLogEvents request must be in "
            "chronological order.");
  // ... before the span is looked at.
  EXPECT_EQ(world.refusal(world.at({0, -30 * kHourMs})),
            "InvalidParameterException: Log events in a single PutLogEvents request must be in "
            "chronological order.");
}

TEST(PutLogEvents, SizesCountTwentySixBytesForEachEvent) {
  EventsWorld world;
  const std::int64_t now = world.now_ms();
  EXPECT_EQ(world.refusal({{now, std::string(1'048'550, 'x')}}), "accepted");
  EXPECT_EQ(world.refusal({{now, std::string(1'048'551, 'x')}}),
            "InvalidParameterException: Log event too large: 1048577 bytes exceeds limit of "
            "1048576");
  EXPECT_EQ(world.refusal({{now, std::string(524'262, 'x')}, {now, std::string(524'262, 'x')}}),
            "accepted");
  EXPECT_EQ(world.refusal({{now, std::string(524'262, 'x')}, {now, std::string(524'263, 'x')}}),
            "InvalidParameterException: Upload too large: 1048577 bytes exceeds limit of 1048576");
  EXPECT_FALSE(world.put({}));
  EXPECT_FALSE(world.put(std::vector<InputLogEvent>(10'001, {now, "x"})));
  EXPECT_TRUE(world.put(std::vector<InputLogEvent>(10'000, {now, "x"})));
}

TEST(PutLogEvents, SpanOfMoreThanADayIsRefused) {
  EventsWorld world;
  EXPECT_EQ(world.refusal(world.at({-24 * kHourMs, 0})), "accepted");
  EXPECT_EQ(world.refusal(world.at({-24 * kHourMs - 1, 0})),
            "InvalidParameterException: The batch of log events in a single PutLogEvents request "
            "cannot span more than 24 hours.");
}

TEST(PutLogEvents, EventsOutsideTheWindowAreLeftOutAndReported) {
  EventsWorld world;
  const std::int64_t past = 14 * 24 * kHourMs;
  const auto result =
      world.put(world.at({-past - 2, -past - 1, -1, 0, 2 * kHourMs, 2 * kHourMs + 1}));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->too_old_end_index, 2);
  EXPECT_EQ(result->too_new_start_index, 5);
  EXPECT_EQ(result->expired_end_index, std::nullopt);
  const auto found = world.get({});
  EXPECT_THAT(messages(found.events), ElementsAre("2", "3", "4"));
  EXPECT_EQ(found.events[0].id.index, 2);     // its place in the request
  EXPECT_TRUE(world.put(world.at({-past})));  // exactly 14 days are not too old
}

TEST(PutLogEvents, ExpiredEventsAreLeftOutAndReported) {
  EventsWorld world;
  ASSERT_TRUE(world.logs->set_retention(world.scope, "/vpc/flow", 1));
  const auto result = world.put(world.at({-15 * 24 * kHourMs, -25 * kHourMs, -1, 0}));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->too_old_end_index, 1);
  EXPECT_EQ(result->expired_end_index, 2);
  EXPECT_THAT(messages(world.get({}).events), ElementsAre("2", "3"));
}

TEST(PutLogEvents, NothingLeftIsStillASuccess) {
  EventsWorld world;
  const auto result = world.put(world.at({3 * kHourMs}));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->too_new_start_index, 0);
  EXPECT_THAT(world.get({}).events, IsEmpty());
}

// ---- GetLogEvents -------------------------------------------------------------------------------

TEST(GetLogEvents, StartIsInTheRangeAndEndIsNot) {
  EventsWorld world;
  ASSERT_TRUE(world.put(world.at({-3, -2, -1, 0})));
  const Time now = world.runtime.now();
  EXPECT_THAT(messages(world.get({.start = now - Duration(2), .end = now}).events),
              ElementsAre("1", "2"));
  EXPECT_THAT(world.get({.start = now, .end = now}).events, IsEmpty());
  EXPECT_THAT(messages(world.get({.start = Time{-5}, .end = Time{INT64_MAX}}).events),
              ElementsAre("0", "1", "2", "3"));
}

TEST(GetLogEvents, PagesForwardUntilTheTokenRepeats) {
  EventsWorld world;
  ASSERT_TRUE(world.put(world.at({-4, -3, -2, -1, 0})));
  Logs::GetQuery query{.limit = 2, .start_from_head = true};
  std::vector<std::string> seen;
  for (int page = 0; page < 10; ++page) {
    const auto result = world.get(query);
    for (const auto& text : messages(result.events)) seen.push_back(text);
    if (result.next_forward_token == query.token) break;
    query.token = result.next_forward_token;
  }
  EXPECT_THAT(seen, ElementsAre("0", "1", "2", "3", "4"));
  // At the end the same token goes on with what comes later.
  ASSERT_TRUE(world.put({{world.now_ms(), "later"}}));
  EXPECT_THAT(messages(world.get(query).events), ElementsAre("later"));
}

TEST(GetLogEvents, PagesBackwardUntilTheTokenRepeats) {
  EventsWorld world;
  ASSERT_TRUE(world.put(world.at({-4, -3, -2, -1, 0})));
  Logs::GetQuery query{.limit = 2};
  std::vector<std::vector<std::string>> pages;
  for (int page = 0; page < 10; ++page) {
    const auto result = world.get(query);
    pages.push_back(messages(result.events));
    if (result.next_backward_token == query.token) break;
    query.token = result.next_backward_token;
  }
  EXPECT_THAT(pages, ElementsAre(ElementsAre("3", "4"), ElementsAre("1", "2"), ElementsAre("0"),
                                 IsEmpty()));
  // Forward from before the first event.
  const auto end = world.get(query);
  query.token = end.next_forward_token;
  EXPECT_THAT(messages(world.get(query).events), ElementsAre("0", "1"));
}

TEST(GetLogEvents, TheWayBackFromTheEndMeetsTheLastEvents) {
  EventsWorld world;
  ASSERT_TRUE(world.put(world.at({-2, -1, 0})));
  const auto all = world.get({.start_from_head = true});
  const auto end = world.get({.start_from_head = true, .token = all.next_forward_token});
  EXPECT_THAT(end.events, IsEmpty());
  EXPECT_EQ(end.next_forward_token, all.next_forward_token);
  const auto back = world.get({.limit = 2, .token = end.next_backward_token});
  EXPECT_THAT(messages(back.events), ElementsAre("1", "2"));
}

TEST(GetLogEvents, AnEmptyStreamIsFollowedByItsForwardToken) {
  EventsWorld world;
  for (const bool from_head : {false, true}) {
    const auto empty = world.get({.start_from_head = from_head});
    ASSERT_TRUE(world.put({{world.now_ms() - 5, "x"}}));
    EXPECT_FALSE(world.get({.token = empty.next_forward_token}).events.empty());
    ASSERT_TRUE(world.logs->delete_log_stream(world.scope, "/vpc/flow", "eni-1"));
    world.create_stream();
  }
}

TEST(GetLogEvents, APageHoldsAtMostAMegabyte) {
  EventsWorld world;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.put({{world.now_ms(), std::string(500'000, 'x')}}));
  EXPECT_EQ(world.get({}).events.size(), 2u);
}

TEST(GetLogEvents, BadTokensAreRefused) {
  EventsWorld world;
  for (const char* token :
       {"x", "f/", "f/123", "g/00000000000000000000000000000000000000000000000000000000"}) {
    const auto result = world.logs->get_events(world.scope, "/vpc/flow", "eni-1", {.token = token});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "The specified nextToken is invalid.");
  }
  EXPECT_EQ(world.logs->get_events(world.scope, "/vpc/flow", "none", {}).error().message,
            "The specified log stream does not exist.");
}

TEST(GetLogEvents, InfrequentAccessGroupsRefuse) {
  EventsWorld world;
  LogGroup group;
  group.name = "rare";
  group.log_group_class = "INFREQUENT_ACCESS";
  ASSERT_TRUE(world.logs->create_log_group(world.scope, group));
  world.create_stream("s", "rare");
  EXPECT_TRUE(world.put({{world.now_ms(), "x"}}, "s", "rare"));
  EXPECT_FALSE(world.logs->get_events(world.scope, "rare", "s", {}));
  EXPECT_FALSE(world.logs->filter_events(world.scope, "rare", {}));
}

// ---- FilterLogEvents ----------------------------------------------------------------------------

TEST(FilterLogEvents, StreamsAreInterleavedInOneOrder) {
  EventsWorld world;
  world.create_stream("eni-2");
  ASSERT_TRUE(world.put({{world.now_ms() - 4, "a"}, {world.now_ms() - 1, "d"}}, "eni-2"));
  ASSERT_TRUE(world.put({{world.now_ms() - 3, "b"}, {world.now_ms() - 2, "c"}}, "eni-1"));
  ASSERT_TRUE(world.put({{world.now_ms() - 4, "a2"}}, "eni-1"));
  const auto found = world.filter({});
  EXPECT_THAT(messages(found.events), ElementsAre("a", "a2", "b", "c", "d"));
  EXPECT_EQ(found.events[0].log_stream_name, "eni-2");
  EXPECT_EQ(found.events[1].log_stream_name, "eni-1");
  EXPECT_EQ(found.next_token, "");
  const auto backward =
      world.filter({.start = world.runtime.now() - hours(1), .start_from_head = false});
  EXPECT_THAT(messages(backward.events), ElementsAre("d", "c", "b", "a2", "a"));
}

TEST(FilterLogEvents, BothEndsOfTheTimeAreInTheRange) {
  EventsWorld world;
  ASSERT_TRUE(world.put(world.at({-3, -2, -1, 0})));
  const Time now = world.runtime.now();
  EXPECT_THAT(messages(world.filter({.start = now - Duration(2), .end = now - Duration(1)}).events),
              ElementsAre("1", "2"));
  EXPECT_EQ(world.filter({.start = Time{0}, .end = Time{INT64_MAX}}).events.size(), 4u);
}

TEST(FilterLogEvents, StreamsAreChosenByNameOrPrefix) {
  EventsWorld world;
  world.create_stream("eni-2");
  world.create_stream("other");
  for (const char* stream : {"eni-1", "eni-2", "other"}) {
    ASSERT_TRUE(world.put({{world.now_ms(), stream}}, stream));
  }
  EXPECT_THAT(messages(world.filter({.stream_names = {"other", "eni-1"}}).events),
              ElementsAre("eni-1", "other"));
  EXPECT_THAT(messages(world.filter({.stream_prefix = "eni"}).events),
              ElementsAre("eni-1", "eni-2"));
  const auto missing =
      world.logs->filter_events(world.scope, "/vpc/flow", {.stream_names = {"eni-1", "none"}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "The specified log stream does not exist.");
}

TEST(FilterLogEvents, OnlyMatchingEventsFillAPage) {
  EventsWorld world;
  std::vector<InputLogEvent> events;
  for (int i = 0; i < 1000; ++i) {
    events.push_back(
        {world.now_ms() - 1000 + i, i % 100 == 0 ? "hit " + std::to_string(i) : "miss"});
  }
  ASSERT_TRUE(world.put(events));
  Logs::FilterQuery query{.pattern = *FilterPattern::compile("hit"), .limit = 4};
  std::vector<std::size_t> sizes;
  std::vector<std::string> tokens;
  do {
    const auto page = world.filter(query);
    sizes.push_back(page.events.size());
    query.token = page.next_token;
    tokens.push_back(page.next_token);
  } while (!query.token.empty());
  EXPECT_THAT(sizes, ElementsAre(4u, 4u, 2u));
  EXPECT_NE(tokens[0], tokens[1]);  // botocore stops at a token that repeats
}

TEST(FilterLogEvents, NoTokenFollowsAnExactlyFullLastPage) {
  EventsWorld world;
  ASSERT_TRUE(world.put(world.at({-2, -1, 0})));
  EXPECT_EQ(world.filter({.limit = 3}).next_token, "");
  EXPECT_NE(world.filter({.limit = 2}).next_token, "");
}

TEST(FilterLogEvents, TokenKeepsTheDirection) {
  EventsWorld world;
  ASSERT_TRUE(world.put(world.at({-2, -1, 0})));
  const Time start = world.runtime.now() - hours(1);
  const auto first = world.filter({.start = start, .limit = 2, .start_from_head = false});
  EXPECT_THAT(messages(first.events), ElementsAre("2", "1"));
  const auto second = world.filter(
      {.start = start, .limit = 2, .start_from_head = true, .token = first.next_token});
  EXPECT_THAT(messages(second.events), ElementsAre("0"));
}

TEST(FilterLogEvents, NewestFirstNeedsAStart) {
  EventsWorld world;
  EXPECT_FALSE(world.logs->filter_events(world.scope, "/vpc/flow", {.start_from_head = false}));
}

TEST(FilterLogEvents, EventsKeepTheirIds) {
  EventsWorld world;
  ASSERT_TRUE(world.put(world.at({-1, 0})));
  const auto before = world.filter({});
  world.restart();
  const auto after = world.filter({});
  ASSERT_EQ(after.events.size(), 2u);
  EXPECT_EQ(before.events[0].id, after.events[0].id);
  EXPECT_LT(after.events[0].id.text(), after.events[1].id.text());
}

// Goal: the merge of overlapping blocks is right in both directions, with every page size.
// Method: random batches, compared with one sorted list.
TEST(FilterLogEvents, RandomBatchesComeBackInOrder) {
  std::mt19937 random(11);
  const auto below = [&](std::uint32_t bound) {
    return static_cast<std::int64_t>(random() % bound);
  };
  for (int round = 0; round < 20; ++round) {
    EventsWorld world;
    world.create_stream("eni-2");
    world.create_stream("eni-3");
    const Time start = world.runtime.now();
    world.runtime.advance(minutes(10));
    for (int batch = 0; batch < 12; ++batch) {
      std::vector<InputLogEvent> events;
      for (std::int64_t n = 1 + below(8); n > 0; --n) {
        events.push_back({start.ms + below(60'000), std::to_string(batch)});
      }
      std::ranges::sort(events, {}, &InputLogEvent::timestamp_ms);
      ASSERT_TRUE(world.put(events, "eni-" + std::to_string(1 + below(3))));
    }
    std::vector<EventId> expected;
    for (const LogEvent& event : world.filter({}).events) expected.push_back(event.id);
    EXPECT_TRUE(std::ranges::is_sorted(expected));
    const Time from = start + Duration(below(30'000));
    const Time to = from + Duration(below(30'000));
    std::erase_if(expected,
                  [&](const EventId& id) { return id.timestamp < from || id.timestamp > to; });
    for (const bool forward : {true, false}) {
      Logs::FilterQuery query{.start = from,
                              .end = to,
                              .limit = static_cast<std::size_t>(1 + below(7)),
                              .start_from_head = forward};
      std::vector<EventId> seen;
      do {
        const auto page = world.filter(query);
        for (const LogEvent& event : page.events) seen.push_back(event.id);
        query.token = page.next_token;
      } while (!query.token.empty());
      if (!forward) std::ranges::reverse(seen);
      EXPECT_EQ(seen, expected);
    }
  }
}

// ---- Retention ----------------------------------------------------------------------------------

TEST(Retention, ExpiredEventsAreHiddenAtOnce) {
  EventsWorld world;
  ASSERT_TRUE(world.put(world.at({-25 * kHourMs, -23 * kHourMs})));
  ASSERT_TRUE(world.put(world.at({0})));
  ASSERT_TRUE(world.logs->set_retention(world.scope, "/vpc/flow", 1));
  EXPECT_EQ(world.filter({}).events.size(), 2u);
  EXPECT_EQ(world.get({.start_from_head = true}).events.size(), 2u);
  ASSERT_TRUE(world.logs->set_retention(world.scope, "/vpc/flow", std::nullopt));
  EXPECT_EQ(world.filter({}).events.size(), 3u);  // not removed yet
}

TEST(Retention, ExpiredEventsAreRemovedByTheTimer) {
  EventsWorld world;
  ASSERT_TRUE(world.put(world.at({-2 * kHourMs})));
  ASSERT_TRUE(world.put(world.at({0, 1})));
  ASSERT_TRUE(world.logs->set_retention(world.scope, "/vpc/flow", 1));
  world.runtime.advance(hours(23));
  EXPECT_EQ(world.logs->log_group(world.scope, "/vpc/flow")->stored_bytes, 2 * 27);
  EXPECT_EQ(world.logs->log_streams(world.scope, "/vpc/flow", {})->items[0].first_event_ms,
            world.now_ms() - 23 * kHourMs);
  world.runtime.advance(hours(3));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(world.logs->log_group(world.scope, "/vpc/flow")->stored_bytes, 0);
    const auto stream = world.logs->log_streams(world.scope, "/vpc/flow", {})->items[0];
    EXPECT_EQ(stream.first_event_ms, std::nullopt);
    EXPECT_EQ(stream.last_event_ms, std::nullopt);
    int blocks = 0;
    ASSERT_TRUE(world.store->scan("logs/" + world.scope.key() + "e/",
                                  [&](auto, auto) { return ++blocks > 0; }));
    EXPECT_EQ(blocks, 0);
    world.restart();
  }
}

}  // namespace
}  // namespace weir::logs
