// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/counters.h"
#include "logs/arrivals.h"
#include "logs/block.h"
#include "logs/logs_test_world.h"
#include "logs/scan.h"

namespace weir::logs {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::SizeIs;

struct MergeWorld : TestWorld {
  MergeWorld() {
    create_group();
    create_stream();
  }
  InputLogEvent line(std::int64_t ms) {
    return {ms, "2 123456789010 eni-1 10.0.0.9 10.0.0.5 " + std::to_string(written++) + " 443 OK"};
  }
  /// Puts `count` events that begin at `ms`, a second apart.
  void put_some(std::int64_t ms, int count, const std::string& stream = "eni-1") {
    std::vector<InputLogEvent> events;
    for (int i = 0; i < count; ++i) events.push_back(line(ms + i * 1000));
    ASSERT_TRUE(put(events, stream));
  }
  void wait_for_merge() { runtime.advance(config.merge_period * 3); }
  /// Events of each block.
  std::vector<std::uint64_t> blocks() const {
    std::vector<std::uint64_t> counts;
    EXPECT_TRUE(store->scan("logs/", [&](std::string_view key, std::string_view value) {
      if (key.find("/e/") != key.npos) counts.push_back(BlockInfo::read(value)->count);
      return true;
    }));
    return counts;
  }
  std::vector<std::pair<EventId, std::string>> events(bool forward = true) const {
    std::vector<std::pair<EventId, std::string>> all;
    Logs::FilterQuery query;
    query.start_from_head = forward;
    query.start = Time::from_seconds(1'704'067'200);
    query.limit = 7;
    do {
      const auto page = logs->filter_events(scope, "/vpc/flow", query);
      EXPECT_TRUE(page);
      for (const LogEvent& event : page->events) all.emplace_back(event.id, event.message);
      query.token = page->next_token;
    } while (!query.token.empty());
    return all;
  }
  int written = 0;
};

// Goal: many small puts become few blocks; what readers see stays the same, ids included.
TEST(Merging, SmallBlocksBecomeLargeOnesAndEventsKeepTheirIds) {
  MergeWorld world;
  const std::int64_t start = world.now_ms();
  for (int i = 0; i < 100; ++i) world.put_some(start + i * 700, 5);
  const auto before = world.events();
  EXPECT_THAT(world.blocks(), SizeIs(100));
  world.wait_for_merge();
  EXPECT_THAT(world.blocks(), ElementsAre(500));
  EXPECT_EQ(world.events(), before);
  auto backwards = world.events(false);
  std::ranges::reverse(backwards);
  EXPECT_EQ(backwards, before);
  const auto status = world.logs->log_group(world.scope, "/vpc/flow");
  std::int64_t bytes = 0;
  for (const auto& [id, message] : before) bytes += static_cast<std::int64_t>(message.size()) + 26;
  EXPECT_EQ(status->stored_bytes, bytes);

  world.restart();
  EXPECT_EQ(world.events(), before);
}

TEST(Merging, TricklingEventsArePackedAgainButAFewTimes) {
  MergeWorld world;
  const auto packed = [] { return counter("weir_logs_blocks_merged_total", "").value(); };
  const auto packed_before = packed();
  constexpr int kPuts = 3000;
  for (int i = 0; i < kPuts; ++i) {
    world.put_some(world.now_ms(), 1);
    world.runtime.advance(seconds(5));
  }
  EXPECT_LT(world.blocks().size(), 40U);
  EXPECT_LT(packed() - packed_before, kPuts * 2U);
  EXPECT_THAT(world.events(), SizeIs(kPuts));
}

TEST(Merging, EventsThatArriveLateFindTheirPlace) {
  MergeWorld world;
  const std::int64_t start = world.now_ms() - 86'400'000;
  for (int i = 0; i < 20; ++i) world.put_some(start + i * 60'000, 3);
  world.wait_for_merge();
  for (int i = 0; i < 20; ++i) world.put_some(start + 30'000 + i * 60'000, 3);
  const auto before = world.events();
  world.wait_for_merge();
  EXPECT_LT(world.blocks().size(), 10U);
  EXPECT_EQ(world.events(), before);
  EXPECT_TRUE(std::ranges::is_sorted(before));
  // A range in the middle finds the events of blocks that begin long before it.
  Logs::FilterQuery query;
  query.start = Time{start + 600'000};
  query.end = Time{start + 600'000};
  EXPECT_THAT(world.logs->filter_events(world.scope, "/vpc/flow", query)->events, SizeIs(1));
}

TEST(Merging, ABlockSpansAtMostADay) {
  MergeWorld world;
  const std::int64_t start = world.now_ms() - std::chrono::milliseconds(hours(24 * 10)).count();
  for (int i = 0; i < 40; ++i) world.put_some(start + i * 6 * 3'600'000, 1);
  world.wait_for_merge();
  EXPECT_TRUE(world.store->scan("logs/", [&](std::string_view key, std::string_view value) {
    if (key.find("/e/") == key.npos) return true;
    const BlockInfo info = *BlockInfo::read(value);
    EXPECT_LE(info.last - info.first, hours(24));
    return true;
  }));
  EXPECT_LE(world.blocks().size(), 12U);
  EXPECT_THAT(world.events(), SizeIs(40));
}

// A reader that began before a merge goes on as if it had not happened.
TEST(Merging, AScanThatIsUnderWaySeesEachEventOnce) {
  MergeWorld world;
  for (int i = 0; i < 50; ++i) world.put_some(world.now_ms() + i * 500, 3);
  auto scan = world.logs->scan(world.scope, {.groups = {"/vpc/flow"}});
  ASSERT_TRUE(scan);
  std::vector<std::string> seen;
  for (int blocks = 0;; ++blocks) {
    const auto block = scan->next();
    ASSERT_TRUE(block);
    if (!*block) break;
    for (std::size_t i = 0; i < (*block)->size(); ++i) seen.emplace_back((*block)->message(i));
    if (blocks == 20) world.wait_for_merge();
  }
  EXPECT_LT(world.blocks().size(), 5U);
  EXPECT_THAT(seen, SizeIs(150));
  std::ranges::sort(seen);
  EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
}

TEST(Merging, BlocksThatAFollowerWaitsForAreLeftAlone) {
  MergeWorld world;
  const auto follower = world.logs->arrivals().follow(
      world.scope, std::nullopt, [](std::string_view) { return true; }, [] {});
  world.logs->arrivals().start();
  for (int i = 0; i < 20; ++i) {
    world.put_some(world.now_ms(), 3);
    world.runtime.advance(seconds(1));
  }
  world.wait_for_merge();
  EXPECT_THAT(world.blocks(), SizeIs(20));
  const auto part = follower->read(100);
  ASSERT_TRUE(part);
  EXPECT_THAT(part->arrivals, SizeIs(20));
  follower->advance(part->next);
  world.wait_for_merge();
  EXPECT_THAT(world.blocks(), ElementsAre(60));
}

TEST(Merging, ADeletedStreamStaysDeleted) {
  MergeWorld world;
  world.create_stream("other");
  for (int i = 0; i < 20; ++i) world.put_some(world.now_ms(), 3);
  for (int i = 0; i < 20; ++i) world.put_some(world.now_ms(), 1, "other");
  ASSERT_TRUE(world.logs->delete_log_stream(world.scope, "/vpc/flow", "eni-1"));
  world.wait_for_merge();
  EXPECT_THAT(world.blocks(), ElementsAre(20));
}

TEST(Merging, ExpiredBlocksGoAndMergedOnesStayUntilTheirLastEventIsOver) {
  MergeWorld world;
  ASSERT_TRUE(world.logs->set_retention(world.scope, "/vpc/flow", 1));
  for (int i = 0; i < 16; ++i) world.put_some(world.now_ms() + i * 60'000, 2);
  world.wait_for_merge();
  EXPECT_THAT(world.blocks(), ElementsAre(32));
  world.runtime.advance(hours(24) + minutes(5));
  EXPECT_THAT(world.events(), testing::Not(testing::IsEmpty()));
  EXPECT_LT(world.events().size(), 32U);
  world.runtime.advance(hours(2));
  EXPECT_THAT(world.events(), testing::IsEmpty());
  EXPECT_THAT(world.blocks(), testing::IsEmpty());
  EXPECT_EQ(world.logs->log_group(world.scope, "/vpc/flow")->stored_bytes, 0);
}

}  // namespace
}  // namespace weir::logs
