// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "logs/logs_test_world.h"

namespace weir::logs {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

struct ImportWorld : TestWorld {
  /// Imports a year-old event for each message into `stream`, from position `from` on.
  Result<Logs::ImportResult> import(std::int64_t from, const std::vector<std::string>& messages,
                                    const std::string& stream = "eni-1-all",
                                    bool is_complete = false) {
    ImportStream one{.log_stream_name = stream, .log_events = {}};
    for (std::size_t i = 0; i < messages.size(); ++i) {
      one.log_events.push_back({old_ms() + static_cast<std::int64_t>(i), messages[i]});
    }
    return import_streams(from, from + static_cast<std::int64_t>(messages.size()), {one},
                          is_complete);
  }
  Result<Logs::ImportResult> import_streams(std::int64_t from, std::int64_t to,
                                            std::vector<ImportStream> streams,
                                            bool is_complete = false) {
    if (streams.size() == 1 && streams[0].log_events.empty()) streams.clear();
    return logs->import_events(scope, "/old",
                               {.reached = {.source = "s3://b/k",
                                            .version = version,
                                            .position = to,
                                            .is_complete = is_complete},
                                .from = from,
                                .streams = streams,
                                .grown_from = grown_from});
  }
  std::vector<std::string> messages(const std::string& stream = "eni-1-all") {
    std::vector<std::string> found;
    const auto got = logs->get_events(scope, "/old", stream, {.start_from_head = true});
    if (!got) return {got.error().message};
    for (const LogEvent& event : got->events) found.push_back(event.message);
    return found;
  }
  std::int64_t old_ms() const { return now_ms() - 365 * 24 * 3'600'000LL; }

  std::string version = "etag-1";
  std::string grown_from;
};

TEST(Import, EventsOfAnyAgeAreStoredAndGroupAndStreamAppear) {
  ImportWorld world;
  const auto done = world.import(0, {"a", "b"});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->stored, 2);
  EXPECT_EQ(done->position, 2);
  EXPECT_THAT(world.messages(), ElementsAre("a", "b"));
}

TEST(Import, ABatchThatComesTwiceIsStoredOnceAlsoAfterACrash) {
  ImportWorld world;
  ASSERT_TRUE(world.import(0, {"a", "b"}));
  world.restart();
  const auto again = world.import(0, {"a", "b"});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->stored, 0);
  EXPECT_EQ(again->position, 2);
  ASSERT_TRUE(world.import(2, {"c"}, "eni-2-all", true));
  EXPECT_EQ(world.import(2, {"c"}, "eni-2-all", true)->stored, 0);
  EXPECT_THAT(world.messages(), ElementsAre("a", "b"));
  EXPECT_THAT(world.messages("eni-2-all"), ElementsAre("c"));
}

TEST(Import, ASourceThatGrewGoesOnWhereItWasAndOneThatChangedBeginsAnew) {
  ImportWorld world;
  ASSERT_TRUE(world.import(0, {"a", "b"}, "eni-1-all", true));
  world.version = "etag-2";
  EXPECT_FALSE(world.import(2, {"c"}));  // as if it were another
  world.grown_from = "etag-0";
  EXPECT_FALSE(world.import(2, {"c"}));  // not from what is there
  world.grown_from = "etag-1";
  EXPECT_EQ(world.import(2, {"c"}, "eni-1-all", true)->stored, 1);
  world.restart();
  EXPECT_EQ(world.import(2, {"c"}, "eni-1-all", true)->stored, 0);  // its answer was lost
  EXPECT_THAT(world.messages(), UnorderedElementsAre("a", "b", "c"));
  const auto known = world.logs->imports(world.scope, "/old", "", "", 10);
  ASSERT_TRUE(known);
  ASSERT_EQ(known->items.size(), 1U);
  EXPECT_EQ(known->items[0].version, "etag-2");
  EXPECT_EQ(known->items[0].position, 3);
  EXPECT_TRUE(known->items[0].is_complete);
}

TEST(Import, ASourceThatGrewByNoRecordIsCompleteAgain) {
  ImportWorld world;
  ASSERT_TRUE(world.import(0, {"a"}, "eni-1-all", true));
  world.version = "etag-2";
  world.grown_from = "etag-1";
  ASSERT_TRUE(world.import(1, {}, "eni-1-all", true));
  EXPECT_EQ(world.logs->imports(world.scope, "/old", "", "", 10)->items[0].version, "etag-2");
}

TEST(Import, AGapOrAnOverlapIsRefusedWithThePosition) {
  ImportWorld world;
  ASSERT_TRUE(world.import(0, {"a", "b"}));
  for (const std::int64_t from : {1, 3}) {
    const auto refused = world.import(from, {"x", "y", "z"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_THAT(refused.error().details,
                ElementsAre(std::pair<std::string, std::string>("position", "2")));
  }
  EXPECT_THAT(world.messages(), ElementsAre("a", "b"));
}

TEST(Import, AnotherVersionOfASourceBeginsAnew) {
  ImportWorld world;
  ASSERT_TRUE(world.import(0, {"a"}, "eni-1-all", true));
  world.version = "etag-2";
  EXPECT_EQ(world.import(0, {"new"})->stored, 1);
  const auto page = world.logs->imports(world.scope, "/old", "", "", 10);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 1U);
  EXPECT_EQ(page->items[0].version, "etag-2");
  EXPECT_FALSE(page->items[0].is_complete);
}

TEST(Import, HistoryRaisesNoMetricAndRecentEventsDo) {
  ImportWorld world;
  world.create_group("/old");
  MetricTransformation transformation;
  transformation.metric_name = "M";
  transformation.metric_namespace = "N";
  transformation.metric_value = "1";
  MetricFilter filter;
  filter.filter_name = "f";
  filter.filter_pattern = "REJECT";
  filter.metric_transformations = {transformation};
  ASSERT_TRUE(world.logs->put_metric_filter(world.scope, "/old", filter));
  ASSERT_TRUE(world.import(0, {"REJECT", "REJECT"}));
  EXPECT_THAT(world.values(), IsEmpty());

  const std::int64_t recent = world.now_ms() - 24 * 3'600'000LL;
  ASSERT_TRUE(world.import_streams(
      2, 4,
      {{.log_stream_name = "eni-1-all",
        .log_events = {{recent, "2 REJECT"}, {recent - 20 * 24 * 3'600'000LL, "1 REJECT"}}}}));
  ASSERT_EQ(world.values().size(), 1U);
  EXPECT_EQ(world.values()[0].count, 1);
  EXPECT_EQ(world.values()[0].timestamp.ms, recent / 1000 * 1000);
}

TEST(Import, EventsBeyondRetentionAreCountedAndNotStored) {
  ImportWorld world;
  world.create_group("/old");
  ASSERT_TRUE(world.logs->set_retention(world.scope, "/old", 30));
  const auto done = world.import(0, {"a", "b"});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->expired, 2);
  EXPECT_EQ(done->stored, 0);
  EXPECT_EQ(done->position, 2);
}

TEST(Import, AnyOrderOverManyDaysIsReadInOrderOfTime) {
  ImportWorld world;
  ImportStream stream{.log_stream_name = "eni-1-all", .log_events = {}};
  for (const int day : {5, 1, 9, 3, 3}) {
    stream.log_events.push_back(
        {world.old_ms() + day * 24 * 3'600'000LL, "day " + std::to_string(day)});
  }
  ASSERT_TRUE(world.import_streams(0, 5, {stream}, true));
  EXPECT_THAT(world.messages(), ElementsAre("day 1", "day 3", "day 3", "day 5", "day 9"));
  const auto streams = world.logs->log_streams(world.scope, "/old", {});
  ASSERT_TRUE(streams);
  EXPECT_LE(streams->items[0].block_span_ms_max, 24 * 3'600'000LL);
}

TEST(Import, DeletingTheGroupForgetsItsSources) {
  ImportWorld world;
  ASSERT_TRUE(world.import(0, {"a"}, "eni-1-all", true));
  ASSERT_TRUE(world.logs->delete_log_group(world.scope, "/old"));
  world.restart();
  EXPECT_EQ(world.import(0, {"a"})->stored, 1);
  EXPECT_THAT(world.messages(), ElementsAre("a"));
}

TEST(Import, SourcesAreListedInPagesByPrefix) {
  ImportWorld world;
  world.create_group("/old");
  for (const std::string name : {"s3://b/1", "s3://b/2", "s3://b/3", "s3://c/1"}) {
    ASSERT_TRUE(world.logs->import_events(
        world.scope, "/old",
        {.reached = {.source = name, .version = "v", .position = 0, .is_complete = true},
         .from = 0,
         .streams = {}}));
  }
  const auto first = world.logs->imports(world.scope, "/old", "s3://b/", "", 2);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->items.size(), 2U);
  const auto second = world.logs->imports(world.scope, "/old", "s3://b/", first->next, 2);
  ASSERT_TRUE(second);
  ASSERT_EQ(second->items.size(), 1U);
  EXPECT_EQ(second->items[0].source, "s3://b/3");
  EXPECT_EQ(second->next, "");
}

}  // namespace
}  // namespace weir::logs
