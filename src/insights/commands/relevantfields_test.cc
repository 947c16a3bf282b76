// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "insights/insights_world.h"

// Goal: `relevantfields` ranks first what tells the chosen events from the others, and does not
// rank what is different in every event.
// Method: 2000 requests of which 5 % are slow; slow ones have a path and a size of their own.
namespace weir::insights {
namespace {

using Events = std::vector<logs::InputLogEvent>;

void add(Events& events, int second, std::string text) {
  events.push_back({InsightsWorld::kStartMs + second * std::int64_t{1000}, std::move(text)});
}

Events requests() {
  Events events;
  for (int i = 0; i < 2000; ++i) {
    const bool is_slow = i % 20 == 3;
    const std::string path = is_slow && i % 100 != 3 ? "/report" : "/p" + std::to_string(i % 4);
    add(events, i,
        "{\"Time\":" + std::to_string(is_slow ? 500 + i % 90 : 20 + i % 90) + ",\"Path\":\"" +
            path + "\",\"Host\":\"h" + std::to_string(i / 20 % 5) + "\",\"Id\":\"r" +
            std::to_string(i) +
            "\",\"Size\":" + std::to_string(is_slow ? 9000 + i % 100 : 100 + i % 400) + "}");
  }
  return events;
}

std::vector<std::string> relevant(const std::string& query, std::size_t workers = 2) {
  InsightsWorld world(workers);
  world.put("/app", "s", requests());
  const Snapshot got = world.run(query, {"/app"});
  EXPECT_EQ(got.state, RunState::complete) << (got.error ? got.error->message : "");
  std::vector<std::string> out;
  for (const Row& row : got.rows) out.push_back(to_text(row));
  return out;
}

TEST(RelevantFields, RanksWhatTellsTheEventsApart) {
  const auto rows = relevant("relevantfields where Time > 400");
  ASSERT_EQ(rows.size(), 7);
  EXPECT_THAT(rows[0], testing::StartsWith("@fieldName=Size | @relevanceScore=0.86"));
  EXPECT_THAT(rows[0], testing::HasSubstr("@conditionalMedian=90"));
  EXPECT_THAT(rows[0], testing::HasSubstr("@baselineMedian="));
  EXPECT_THAT(rows[1], testing::StartsWith("@fieldName=Time | @relevanceScore=0.86"));
  EXPECT_THAT(rows[2], testing::StartsWith("@fieldName=Path | @relevanceScore=0."));
  EXPECT_THAT(rows[2],
              testing::HasSubstr(R"([{"value":"/report","conditional":0.8,"baseline":0})"));
  for (std::size_t i = 3; i < rows.size(); ++i) {
    EXPECT_THAT(rows[i], testing::HasSubstr("@relevanceScore=0")) << rows[i];
    EXPECT_THAT(rows[i], testing::Not(testing::HasSubstr("@relevanceScore=0."))) << rows[i];
  }
}

TEST(RelevantFields, LooksAtTheNamedFieldsOnly) {
  const auto rows = relevant("relevantfields Path, Host where Time > 400 | display @fieldName");
  EXPECT_THAT(rows, testing::ElementsAre("@fieldName=Path", "@fieldName=Host"));
}

TEST(RelevantFields, ComparesFieldsThatCommandsHaveMade) {
  const auto rows = relevant(
      "fields substr(Path, 1, 1) as letter | relevantfields where Time > 400 "
      "| filter @fieldName = 'letter' | display @fieldName");
  EXPECT_THAT(rows, testing::ElementsAre("@fieldName=letter"));
  EXPECT_THAT(relevant("stats max(Time) as t by Path | relevantfields where t > 400 "
                       "| filter @relevanceScore > 2"),
              testing::IsEmpty());
}

TEST(RelevantFields, HasNothingToCompareWhereAllEventsMeetTheCondition) {
  EXPECT_TRUE(relevant("relevantfields where Time > 0").empty());
  EXPECT_TRUE(relevant("relevantfields where Time > 9999").empty());
}

TEST(RelevantFields, DoesNotDependOnTheNumberOfWorkers) {
  EXPECT_EQ(relevant("relevantfields where Time > 400", 1),
            relevant("relevantfields where Time > 400", 4));
}

TEST(RelevantFields, FindsTheFieldsOfFlowRecords) {
  InsightsWorld world;
  Events events;
  for (int i = 0; i < 400; ++i) {
    const bool is_rejected = i % 4 == 0;
    add(events, i,
        "2 123456789012 eni-1 10.0.0." + std::to_string(i % 9) + " 10.0.1.1 " +
            std::to_string(40000 + i) + (is_rejected ? " 3389" : " 443") +
            " 6 1 40 1767225600 1767225660 " + (is_rejected ? "REJECT" : "ACCEPT") + " OK");
  }
  world.put("/vpc/flow", "eni-1", events);
  const Snapshot got = world.run(
      "relevantfields where action = 'REJECT' | display @fieldName | limit 2", {"/vpc/flow"});
  ASSERT_EQ(got.rows.size(), 2);
  EXPECT_EQ(to_text(got.rows[0]), "@fieldName=action");
  EXPECT_EQ(to_text(got.rows[1]), "@fieldName=dstPort");
}

TEST(RelevantFields, ItsMemoryIsBounded) {
  InsightsWorld world;
  world.put("/app", "s", requests());
  RunOptions options = world.options({"/app"});
  options.memory_bytes_max = 50'000;
  const Snapshot got = world.run(*compile("relevantfields where Time > 400"), options);
  ASSERT_EQ(got.state, RunState::failed);
  EXPECT_THAT(got.error->message, testing::HasSubstr("relevantfields"));
}

}  // namespace
}  // namespace weir::insights
