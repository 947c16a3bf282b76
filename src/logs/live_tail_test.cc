// SPDX-License-Identifier: Apache-2.0
#include "logs/live_tail.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/logs.h"
#include "logs/logs_test_world.h"

namespace weir::logs {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using State = LiveTail::Session::State;

struct TailWorld : TestWorld {
  TailWorld() {
    create_group();
    create_stream();
    tail = std::make_unique<LiveTail>(runtime, *logs);
  }
  ~TailWorld() { tail.reset(); }

  std::unique_ptr<LiveTail::Session> start(LiveTail::Query query) {
    auto session = tail->start(scope, std::move(query));
    EXPECT_TRUE(session) << session.error().message;
    return session ? *std::move(session) : nullptr;
  }
  std::unique_ptr<LiveTail::Session> start(const std::string& pattern = "") {
    return start({.log_group_names = {"/vpc/flow"}, .pattern = *FilterPattern::compile(pattern)});
  }
  void put_messages(const std::vector<std::string>& messages, const std::string& stream = "eni-1",
                    const std::string& group = "/vpc/flow") {
    std::vector<InputLogEvent> events;
    for (const std::string& message : messages) events.push_back({now_ms(), message});
    const auto stored = put(events, stream, group);
    EXPECT_TRUE(stored) << stored.error().message;
    runtime.run_ready();
  }
  void put_numbers(int count) {
    std::vector<std::string> messages;
    for (int i = 0; i < count; ++i) messages.push_back(std::to_string(i));
    put_messages(messages);
  }

  std::unique_ptr<LiveTail> tail;
};

std::vector<std::string> messages_of(LiveTail::Session& session) {
  std::vector<std::string> messages;
  while (const auto update = session.take().update) {
    for (const LiveTail::Event& event : update->events) messages.push_back(event.message);
  }
  return messages;
}

std::size_t updates_of(LiveTail::Session& session) {
  std::size_t updates = 0;
  while (session.take().update) ++updates;
  return updates;
}

TEST(LiveTail, ShowsWhatComesInOnceASecond) {
  TailWorld world;
  world.put_messages({"before"});
  const auto session = world.start();
  EXPECT_FALSE(session->take().update);
  world.put_messages({"one", "two"});
  EXPECT_FALSE(session->take().update);  // the second is not over
  world.runtime.advance(seconds(1));
  const auto next = session->take();
  ASSERT_TRUE(next.update);
  EXPECT_FALSE(next.update->is_sampled);
  ASSERT_THAT(next.update->events, SizeIs(2));
  const LiveTail::Event& event = next.update->events[0];
  EXPECT_EQ(event.log_group_name, "/vpc/flow");
  EXPECT_EQ(event.log_stream_name, "eni-1");
  EXPECT_EQ(event.message, "one");
  EXPECT_EQ(event.timestamp, world.runtime.now() - seconds(1));
  EXPECT_EQ(event.ingestion, world.runtime.now() - seconds(1));
  EXPECT_FALSE(session->take().update);
}

TEST(LiveTail, AnUpdateComesEverySecondEvenIfItIsEmpty) {
  TailWorld world;
  const auto session = world.start();
  int calls = 0;
  session->on_ready([&calls] { ++calls; });
  for (int i = 1; i <= 3; ++i) {
    world.runtime.advance(seconds(1));
    EXPECT_EQ(calls, i);
    const auto update = session->take().update;
    ASSERT_TRUE(update);
    EXPECT_THAT(update->events, IsEmpty());
  }
}

TEST(LiveTail, ShowsMatchingEventsOfWantedGroupsAndStreams) {
  TailWorld world;
  world.create_stream("eni-2");
  world.create_stream("nat-1");
  world.create_group("/other");
  world.create_stream("eni-1", "/other");
  const auto matching = world.start("REJECT");
  const auto named = world.start({.log_group_names = {"/vpc/flow"}, .stream_names = {"eni-2"}});
  const auto prefixed =
      world.start({.log_group_names = {"/vpc/flow"}, .stream_prefixes = {"nat", "x"}});
  const auto both = world.start({.log_group_names = {"/vpc/flow", "/other"}});
  world.put_messages({"1 REJECT", "1 ACCEPT"});
  world.put_messages({"2"}, "eni-2");
  world.put_messages({"3"}, "nat-1");
  world.put_messages({"4 REJECT"}, "eni-1", "/other");
  world.runtime.advance(seconds(1));
  EXPECT_THAT(messages_of(*matching), ElementsAre("1 REJECT"));
  EXPECT_THAT(messages_of(*named), ElementsAre("2"));
  EXPECT_THAT(messages_of(*prefixed), ElementsAre("3"));
  EXPECT_THAT(messages_of(*both), SizeIs(5));
}

TEST(LiveTail, MoreThan500EventsAreSampledEvenly) {
  TailWorld world;
  const auto session = world.start();
  world.put_numbers(500);
  world.runtime.advance(seconds(1));
  EXPECT_FALSE(session->take().update->is_sampled);
  world.put_numbers(10'000);
  world.runtime.advance(seconds(1));
  const auto update = session->take().update;
  EXPECT_TRUE(update->is_sampled);
  ASSERT_THAT(update->events, SizeIs(LiveTail::kUpdateEventsMax));
  double sum = 0;
  for (const LiveTail::Event& event : update->events) sum += std::stod(event.message);
  EXPECT_NEAR(sum / 500, 5'000, 700);  // five standard deviations of the mean
}

TEST(LiveTail, LargeMessagesBoundAnUpdate) {
  TailWorld world;
  const auto session = world.start();
  for (int i = 0; i < 5; ++i) world.put_messages({std::string(1'000'000, 'x')});
  world.runtime.advance(seconds(1));
  const auto update = session->take().update;
  EXPECT_TRUE(update->is_sampled);
  EXPECT_THAT(update->events, SizeIs(2));
}

TEST(LiveTail, ASlowReaderFindsTheLastTenUpdates) {
  TailWorld world;
  const auto session = world.start();
  for (int i = 0; i < 15; ++i) {
    world.put_messages({std::to_string(i)});
    world.runtime.advance(seconds(1));
  }
  EXPECT_THAT(messages_of(*session),
              ElementsAre("5", "6", "7", "8", "9", "10", "11", "12", "13", "14"));
}

TEST(LiveTail, WaitingUpdatesHaveABoundOfBytes) {
  TailWorld world;
  const auto session = world.start();
  for (int i = 0; i < 9; ++i) {
    world.put_messages({std::string(1'000'000, 'x')});
    world.put_messages({std::string(1'000'000, 'x')});
    world.runtime.advance(seconds(1));
  }
  EXPECT_EQ(updates_of(*session), LiveTail::kWaitingBytesMax / 2'000'000);
}

TEST(LiveTail, EndsAfterThreeHours) {
  TailWorld world;
  const auto session = world.start();
  world.runtime.advance(LiveTail::kSessionTimeMax - seconds(1));
  updates_of(*session);
  EXPECT_EQ(session->take().state, State::open);
  world.runtime.advance(seconds(1));
  EXPECT_EQ(updates_of(*session), 1U);
  EXPECT_EQ(session->take().state, State::timed_out);
  world.runtime.advance(seconds(5));
  EXPECT_EQ(updates_of(*session), 0U);
}

TEST(LiveTail, FifteenSessionsMayBeOpen) {
  TailWorld world;
  std::vector<std::unique_ptr<LiveTail::Session>> open;
  for (std::size_t i = 0; i < LiveTail::kSessionsMax; ++i) open.push_back(world.start());
  const LiveTail::Query query{.log_group_names = {"/vpc/flow"}};
  const auto refused = world.tail->start(world.scope, query);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "LimitExceededException");
  open.pop_back();  // free at once
  EXPECT_TRUE(world.tail->start(world.scope, query));
}

TEST(LiveTail, GroupsMustBeThereAndOfTheStandardClass) {
  TailWorld world;
  LogGroup rare;
  rare.name = "rare";
  rare.log_group_class = "INFREQUENT_ACCESS";
  ASSERT_TRUE(world.logs->create_log_group(world.scope, rare));
  EXPECT_EQ(world.tail->start(world.scope, {.log_group_names = {"none"}}).error().code,
            "ResourceNotFoundException");
  EXPECT_EQ(world.tail->start(world.scope, {.log_group_names = {"rare"}}).error().code,
            "InvalidOperationException");
}

TEST(LiveTail, MoreThanASessionCanLookAtIsPassedOver) {
  TailWorld world;
  const auto session = world.start("nothing");
  const std::vector<std::string> batch(10'000, "x");
  for (std::size_t i = 0; i < LiveTail::kLookedAtMax / batch.size() + 5; ++i) {
    world.put_messages(batch);
  }
  world.put_messages({"nothing seen"});
  world.runtime.advance(seconds(1));
  const auto update = session->take().update;
  EXPECT_TRUE(update->is_sampled);
  EXPECT_THAT(update->events, IsEmpty());
  world.put_messages({"nothing missed"});
  world.runtime.advance(seconds(1));
  EXPECT_THAT(messages_of(*session), ElementsAre("nothing missed"));
}

TEST(LiveTail, SessionsThatOutliveItFail) {
  TailWorld world;
  const auto session = world.start();
  int calls = 0;
  session->on_ready([&calls] { ++calls; });
  world.tail.reset();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(session->take().state, State::failed);
}

}  // namespace
}  // namespace weir::logs
