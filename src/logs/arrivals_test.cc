// SPDX-License-Identifier: Apache-2.0
#include "logs/arrivals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/counters.h"
#include "logs/logs_test_world.h"
#include "logs/store_keys.h"

namespace weir::logs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

struct ArrivalsTest : testing::Test, TestWorld {
  ArrivalsTest() {
    create_group();
    create_stream();
  }
  std::unique_ptr<Arrivals::Follower> follow(std::optional<Arrivals::Number> position = {},
                                             std::string group = "/vpc/flow") {
    return logs->arrivals().follow(
        scope, position, [group](std::string_view name) { return name == group; },
        [this] { ++wakes; });
  }
  void put_text(const std::string& message, const std::string& group = "/vpc/flow") {
    ASSERT_TRUE(put({{now_ms(), message}}, "eni-1", group));
  }
  /// Reads all that waits and says that it is done.
  std::vector<std::string> take(Arrivals::Follower& follower, std::size_t blocks = 100) {
    std::vector<std::string> messages;
    for (bool at_end = false; !at_end;) {
      const auto part = follower.read(blocks);
      WEIR_ASSERT(part);
      for (const auto& arrival : part->arrivals) {
        for (std::size_t i = 0; i < arrival.block.size(); ++i) {
          messages.emplace_back(arrival.block.message(i));
        }
      }
      follower.advance(part->next);
      at_end = part->at_end;
    }
    return messages;
  }
  std::size_t pointers() const {
    std::size_t count = 0;
    WEIR_ASSERT(store->scan(store_key(scope, Arrivals::kKind), [&](auto, auto) {
      ++count;
      return true;
    }));
    return count;
  }

  int wakes = 0;
};

TEST_F(ArrivalsTest, AFollowerReadsWhatCameAfterItBeganInTheOrderOfArrival) {
  put_text("before");
  const auto follower = follow();
  put_text("one");
  put_text("two");
  put_text("three");
  EXPECT_THAT(take(*follower, 2), ElementsAre("one", "two", "three"));
  EXPECT_THAT(take(*follower), IsEmpty());
}

TEST_F(ArrivalsTest, GroupsThatNobodyFollowsLeaveNoPointer) {
  create_group("/other");
  create_stream("eni-1", "/other");
  const auto follower = follow();
  put_text("elsewhere", "/other");
  EXPECT_EQ(pointers(), 0u);
  put_text("here");
  EXPECT_EQ(pointers(), 1u);
  EXPECT_THAT(take(*follower), ElementsAre("here"));
}

TEST_F(ArrivalsTest, AFollowerIsWokenOnceUntilItReads) {
  const auto follower = follow();
  put_text("one");
  put_text("two");
  runtime.run_ready();
  EXPECT_EQ(wakes, 1);
  take(*follower);
  put_text("three");
  runtime.run_ready();
  EXPECT_EQ(wakes, 2);
}

TEST_F(ArrivalsTest, WhatIsNotDoneIsReadAgainAfterARestart) {
  auto follower = follow();
  put_text("one");
  put_text("two");
  const auto part = follower->read(1);
  ASSERT_TRUE(part);
  follower->advance(part->next);
  const Arrivals::Number position = follower->position();
  follower.reset();
  restart();
  follower = follow(position);
  logs->arrivals().start();
  runtime.run_ready();
  EXPECT_EQ(wakes, 1);
  EXPECT_THAT(take(*follower), ElementsAre("two"));
  put_text("three");
  EXPECT_THAT(take(*follower), ElementsAre("three"));
}

TEST_F(ArrivalsTest, WhatAllHavePassedIsErasedAndNoNumberComesTwice) {
  logs->arrivals().start();
  auto fast = follow();
  auto slow = follow();
  put_text("one");
  put_text("two");
  EXPECT_EQ(take(*fast).size(), 2u);
  logs->arrivals().trim();
  EXPECT_EQ(pointers(), 2u);
  EXPECT_EQ(*logs->arrivals().oldest_awaited(scope, "/vpc/flow"), runtime.now() - 1min);
  take(*slow);
  logs->arrivals().trim();
  EXPECT_EQ(pointers(), 0u);
  EXPECT_GT(*logs->arrivals().oldest_awaited(scope, "/vpc/flow"), runtime.now());
  const Arrivals::Number position = slow->position();
  fast.reset();
  slow.reset();
  restart();
  slow = follow(position);
  put_text("three");
  EXPECT_THAT(take(*slow), ElementsAre("three"));
}

TEST_F(ArrivalsTest, NothingIsErasedBeforeTheDurableFollowersAreBack) {
  auto follower = follow();
  put_text("one");
  const Arrivals::Number position = follower->position();
  follower.reset();
  restart();
  logs->arrivals().trim();
  EXPECT_EQ(pointers(), 1u);
  follower = follow(position);
  EXPECT_THAT(take(*follower), ElementsAre("one"));
}

TEST_F(ArrivalsTest, BlocksThatAreGoneAreLeftOut) {
  const auto follower = follow();
  put_text("one");
  ASSERT_TRUE(logs->delete_log_group(scope, "/vpc/flow"));
  create_group();
  create_stream();
  put_text("two");
  EXPECT_THAT(take(*follower), ElementsAre("two"));
}

TEST_F(ArrivalsTest, ADamagedBlockIsCountedAndHoldsUpNobody) {
  const auto follower = follow();
  put_text("one");
  put_text("two");
  put_text("three");
  std::vector<std::string> keys;
  WEIR_ASSERT(store->scan("logs/", [&](std::string_view key, auto) {
    if (key.find("/e/") != key.npos) keys.emplace_back(key);
    return true;
  }));
  ASSERT_THAT(keys, testing::SizeIs(3));
  WEIR_ASSERT(store->put(keys[1], "no block"));
  Counter& damaged = counter("weir_logs_arrivals_damaged_total", "");
  const auto before = damaged.value();
  EXPECT_THAT(take(*follower), ElementsAre("one", "three"));
  EXPECT_EQ(damaged.value(), before + 1);
}

TEST_F(ArrivalsTest, ARefusedWriteLeavesAGapAndStopsNobody) {
  const auto follower = follow();
  {
    store::WriteBatch unwritten;
    const auto ticket =
        logs->arrivals().add(scope, "/vpc/flow", "eni-1", "nowhere", runtime.now(), unwritten);
    put_text("behind");
    EXPECT_THAT(take(*follower), IsEmpty());  // the one before it may still come
  }
  runtime.run_ready();
  EXPECT_EQ(wakes, 2);  // for the event, and again when nothing was in its way any more
  EXPECT_THAT(take(*follower), ElementsAre("behind"));
}

TEST_F(ArrivalsTest, ImportedEventsArriveIfPutLogEventsWouldTakeThem) {
  const auto follower = follow();
  const Time old = runtime.now() - 24h * 30;
  const std::vector<ImportStream> streams = {{"eni-1", {{old.ms, "old"}, {now_ms(), "new"}}}};
  ASSERT_TRUE(logs->import_events(
      scope, "/vpc/flow",
      {.reached = {.source = "a", .version = "1", .position = 2, .is_complete = true},
       .from = 0,
       .streams = streams}));
  EXPECT_THAT(take(*follower), ElementsAre("new"));
}

}  // namespace
}  // namespace weir::logs
