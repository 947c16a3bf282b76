// SPDX-License-Identifier: Apache-2.0
#include "logs/scan.h"

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/guarded.h"
#include "logs/logs_test_world.h"

namespace weir::logs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> texts_of(const ScannedBlock& block) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < block.size(); ++i) {
    texts.push_back(block.stream() + " " + std::string(block.message(i)));
  }
  return texts;
}

std::vector<std::string> read_all(const TestWorld& world, const ScanQuery& query) {
  std::vector<std::string> all;
  auto scan = world.logs->scan(world.scope, query);
  EXPECT_TRUE(scan);
  if (!scan) return all;
  while (true) {
    const auto block = scan->next();
    EXPECT_TRUE(block);
    if (!block || !*block) break;
    const auto texts = texts_of(**block);
    all.insert(all.end(), texts.begin(), texts.end());
  }
  return all;
}

struct ScanWorld : TestWorld {
  ScanWorld() {
    create_group();
    create_stream("a");
    create_stream("b");
    create_stream("other");
    add("a", {{now_ms() - 3000, "1"}, {now_ms() - 2000, "2"}});
    add("a", {{now_ms() - 1000, "3"}});
    add("b", {{now_ms(), "4"}});
    add("other", {{now_ms() - 5000, "5"}});
  }
  void add(const std::string& stream, const std::vector<InputLogEvent>& events) {
    ASSERT_TRUE(put(events, stream));
  }
};

TEST(Scan, GivesEveryEventOfAGroupOnce) {
  ScanWorld world;
  EXPECT_THAT(read_all(world, {.groups = {"/vpc/flow"}}),
              UnorderedElementsAre("a 1", "a 2", "a 3", "b 4", "other 5"));
}

TEST(Scan, BothEndsOfTheTimeRangeBelongToIt) {
  ScanWorld world;
  const Time now = world.runtime.now();
  EXPECT_THAT(
      read_all(world,
               {.groups = {"/vpc/flow"}, .from = now - Duration(2000), .to = now - Duration(1000)}),
      ElementsAre("a 2", "a 3"));
  EXPECT_THAT(
      read_all(world,
               {.groups = {"/vpc/flow"}, .from = now - Duration(1999), .to = now - Duration(1001)}),
      IsEmpty());
}

TEST(Scan, StreamsAreChosenByNameOrPrefix) {
  ScanWorld world;
  EXPECT_THAT(read_all(world, {.groups = {"/vpc/flow"}, .stream_names = {"b", "missing", "b"}}),
              ElementsAre("b 4"));
  EXPECT_THAT(read_all(world, {.groups = {"/vpc/flow"}, .stream_prefix = "ot"}),
              ElementsAre("other 5"));
}

TEST(Scan, NewestFirstGoesBackwardsWithinAStreamAndBeginsWithTheNewestStream) {
  ScanWorld world;
  EXPECT_THAT(read_all(world, {.groups = {"/vpc/flow"}, .newest_first = true}),
              ElementsAre("b 4", "a 3", "a 1", "a 2", "other 5"));
}

TEST(Scan, SeveralGroupsAreReadAndTheirNamesTold) {
  ScanWorld world;
  world.create_group("/other");
  world.create_stream("a", "/other");
  ASSERT_TRUE(world.put({{world.now_ms(), "6"}}, "a", "/other"));
  auto scan = world.logs->scan(
      world.scope, {.groups = {"/vpc/flow", "/other", "/other"}, .stream_names = {"a"}});
  ASSERT_TRUE(scan);
  std::map<std::string, std::size_t> events;
  while (true) {
    const auto block = scan->next();
    ASSERT_TRUE(block);
    if (!*block) break;
    events[(*block)->group()] += (*block)->size();
  }
  EXPECT_THAT(events, ElementsAre(std::pair("/other", 1), std::pair("/vpc/flow", 3)));
  EXPECT_EQ(scan->progress().blocks, 3U);
  EXPECT_EQ(scan->progress().records, 4U);
  EXPECT_EQ(scan->progress().bytes, 4U);
  EXPECT_EQ(scan->progress().stored_bytes, 4 * 27U);
}

TEST(Scan, AGroupThatIsMissingIsAnError) {
  ScanWorld world;
  const auto scan = world.logs->scan(world.scope, {.groups = {"/vpc/flow", "/missing"}});
  ASSERT_FALSE(scan);
  EXPECT_EQ(scan.error().code, "ResourceNotFoundException");
}

TEST(Scan, ExpiredEventsAndDeletedStreamsAreHidden) {
  ScanWorld world;
  ASSERT_TRUE(world.logs->set_retention(world.scope, "/vpc/flow", 1));
  ASSERT_TRUE(world.logs->delete_log_stream(world.scope, "/vpc/flow", "b"));
  world.runtime.advance(std::chrono::hours(24) - Duration(2000));
  EXPECT_THAT(read_all(world, {.groups = {"/vpc/flow"}}), ElementsAre("a 2", "a 3"));
}

TEST(Scan, InfrequentAccessGroupsMayBeScanned) {
  TestWorld world;
  LogGroup group;
  group.name = "/rare";
  group.log_group_class = "INFREQUENT_ACCESS";
  ASSERT_TRUE(world.logs->create_log_group(world.scope, group));
  world.create_stream("a", "/rare");
  ASSERT_TRUE(world.put({{world.now_ms(), "1"}}, "a", "/rare"));
  EXPECT_THAT(read_all(world, {.groups = {"/rare"}}), ElementsAre("a 1"));
}

TEST(Scan, ManyThreadsShareTheBlocks) {
  TestWorld world;
  world.create_group();
  world.create_stream();
  constexpr int kBlocks = 200;
  for (int i = 0; i < kBlocks; ++i) {
    ASSERT_TRUE(world.put({{world.now_ms(), std::to_string(i)}}));
  }
  auto scan = world.logs->scan(world.scope, {.groups = {"/vpc/flow"}});
  ASSERT_TRUE(scan);
  Guarded<std::map<std::string, int>> seen;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      for (auto block = scan->next(); block && *block; block = scan->next()) {
        ++(*seen.lock())[std::string((*block)->message(0))];
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  auto counts = seen.lock();
  EXPECT_EQ(counts->size(), static_cast<std::size_t>(kBlocks));
  EXPECT_TRUE(std::ranges::all_of(*counts, [](const auto& entry) { return entry.second == 1; }));
}

}  // namespace
}  // namespace weir::logs
