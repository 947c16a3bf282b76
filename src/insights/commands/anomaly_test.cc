// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "insights/insights_world.h"

// Goal: `pattern | anomaly` finds what was injected into an ordinary hour of logs, names its type
// and its time, and finds nothing in the hour without it.
// Method: an hour of two patterns, a request every second and a job every ten; one thing is
// changed.
namespace weir::insights {
namespace {

using Events = std::vector<logs::InputLogEvent>;

constexpr int kSeconds = 3600;
constexpr const char* kQuery = "fields @timestamp, @message | pattern @message | anomaly";

void add(Events& events, int second, std::string text) {
  events.push_back({InsightsWorld::kStartMs + second * std::int64_t{1000}, std::move(text)});
}

/// Milliseconds of a request, with some unevenness and no luck.
int duration_at(int second) { return 90 + second * 37 % 21; }

Events ordinary_hour() {
  Events events;
  for (int second = 0; second < kSeconds; ++second) {
    const int status = second % 50 == 7 ? 404 : 200;
    add(events, second,
        "GET request from zone z" + std::to_string(second % 3) + " status " +
            std::to_string(status) + " took " + std::to_string(duration_at(second)) + " ms");
    if (second % 10 == 0) add(events, second, "job finished after 3 steps");
  }
  return events;
}

struct Found {
  std::string type;
  std::string description;
  std::string priority;
  double score = 0;
  std::string pattern;
  std::string time;
};

std::vector<Found> anomalies(Events events, std::size_t workers = 2,
                             const std::string& query = kQuery) {
  InsightsWorld world(workers);
  std::ranges::stable_sort(events, {}, &logs::InputLogEvent::timestamp_ms);
  // Several streams are several blocks, which the workers share.
  for (int stream = 0; stream < 4; ++stream) {
    Events part;
    for (std::size_t i = static_cast<std::size_t>(stream); i < events.size(); i += 4) {
      part.push_back(events[i]);
    }
    world.put("/app", "s" + std::to_string(stream), part);
  }
  const Snapshot got = world.run(query, {"/app"});
  EXPECT_EQ(got.state, RunState::complete) << (got.error ? got.error->message : "");
  std::vector<Found> out;
  for (const Row& row : got.rows) {
    std::map<std::string, std::string> cells;
    for (const Cell& cell : row) cells[cell.field] = cell.value;
    out.push_back({cells["@anomalyType"], cells["@description"], cells["@priority"],
                   std::stod(cells["@priorityScore"]), cells["@pattern"], cells["@timestamp"]});
  }
  return out;
}

TEST(Anomaly, AnOrdinaryHourHasNone) { EXPECT_TRUE(anomalies(ordinary_hour()).empty()); }

TEST(Anomaly, APatternThatComesMoreOftenThanUsual) {
  Events events = ordinary_hour();
  for (int i = 0; i < 60; ++i) add(events, 1800 + i / 3, "job finished after 3 steps");
  const auto found = anomalies(events);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].type, "Pattern frequency");
  EXPECT_EQ(found[0].pattern, "job finished after <Number-1> steps");
  EXPECT_THAT(found[0].time, testing::StartsWith("2026-01-01 00:"));
  EXPECT_GE(found[0].time, "2026-01-01 00:29:00");
  EXPECT_LE(found[0].time, "2026-01-01 00:30:30");
  EXPECT_THAT(found[0].description, testing::HasSubstr("usually"));
}

TEST(Anomaly, APatternThatStopsForAWhile) {
  Events events = ordinary_hour();
  std::erase_if(events, [](const logs::InputLogEvent& event) {
    const std::int64_t second = (event.timestamp_ms - InsightsWorld::kStartMs) / 1000;
    return second >= 2000 && second < 2200 && event.message.starts_with("GET");
  });
  const auto found = anomalies(events);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].type, "Pattern frequency");
  EXPECT_THAT(found[0].pattern, testing::StartsWith("GET"));
  EXPECT_THAT(found[0].description, testing::StartsWith("0 events"));
}

TEST(Anomaly, APatternThatWasNotSeenBeforeAndIsAnError) {
  Events events = ordinary_hour();
  for (int i = 0; i < 12; ++i) add(events, 3300 + i * 20, "ERROR cannot reach database");
  const auto found = anomalies(events);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].type, "New pattern");
  EXPECT_EQ(found[0].pattern, "ERROR cannot reach database");
  EXPECT_EQ(found[0].time, "2026-01-01 00:55:00.000");
  EXPECT_EQ(found[0].priority, "HIGH");
}

TEST(Anomaly, APatternThatIsRareAllTheTimeIsNotNew) {
  Events events = ordinary_hour();
  for (const int second : {200, 1500, 3400}) add(events, second, "WARN cache is full");
  EXPECT_TRUE(anomalies(events).empty());
}

TEST(Anomaly, AWordThatAVariableNeverHadBefore) {
  Events events = ordinary_hour();
  for (const int second : {3001, 3002}) {
    add(events, second, "GET request from zone z9 status 200 took 100 ms");
  }
  const auto found = anomalies(events);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].type, "Token variation");
  EXPECT_EQ(found[0].time, "2026-01-01 00:50:01.000");
  EXPECT_THAT(found[0].description, testing::HasSubstr("'z9'"));
}

TEST(Anomaly, NumbersThatAreFarFromTheUsualOnes) {
  Events events = ordinary_hour();
  for (logs::InputLogEvent& event : events) {
    const std::int64_t second = (event.timestamp_ms - InsightsWorld::kStartMs) / 1000;
    if (second < 1000 || second >= 1060 || !event.message.starts_with("GET")) continue;
    event.message = "GET request from zone z1 status 200 took 900 ms";
  }
  const auto found = anomalies(events);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].type, "Numerical token");
  EXPECT_THAT(found[0].description, testing::HasSubstr("<Number-3>"));
  EXPECT_GE(found[0].time, "2026-01-01 00:16:00");
  EXPECT_LE(found[0].time, "2026-01-01 00:17:40");
}

TEST(Anomaly, MoreHttpErrorsThanUsual) {
  Events events = ordinary_hour();
  for (logs::InputLogEvent& event : events) {
    const std::int64_t second = (event.timestamp_ms - InsightsWorld::kStartMs) / 1000;
    if (second < 2500 || second >= 2530 || !event.message.starts_with("GET")) continue;
    event.message.replace(event.message.find("status ") + 7, 3, "503");
  }
  const auto found = anomalies(events);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].type, "HTTP error code");
  EXPECT_THAT(found[0].description, testing::HasSubstr("status from 400 on"));
  EXPECT_GT(found[0].score, 0.5);
}

TEST(Anomaly, DoesNotDependOnTheNumberOfWorkers) {
  Events events = ordinary_hour();
  for (int i = 0; i < 60; ++i) add(events, 1800 + i / 3, "job finished after 3 steps");
  for (int i = 0; i < 12; ++i) add(events, 3300 + i * 20, "ERROR cannot reach database");
  const auto one = anomalies(events, 1);
  const auto four = anomalies(events, 4);
  ASSERT_EQ(one.size(), 2);
  ASSERT_EQ(four.size(), 2);
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].pattern, four[i].pattern);
    EXPECT_EQ(one[i].description, four[i].description);
    EXPECT_EQ(one[i].score, four[i].score);
  }
}

TEST(Anomaly, CanBeFilteredAndSortedAround) {
  Events events = ordinary_hour();
  for (int i = 0; i < 60; ++i) add(events, 1800 + i / 3, "job finished after 3 steps");
  for (int i = 0; i < 12; ++i) add(events, 3300 + i * 20, "ERROR cannot reach database");
  const auto found = anomalies(events, 2,
                               "pattern @message | filter @sampleCount > 5 | anomaly "
                               "| sort @timestamp desc");
  ASSERT_EQ(found.size(), 2);
  EXPECT_EQ(found[0].type, "New pattern");
  EXPECT_EQ(found[1].type, "Pattern frequency");
}

TEST(Anomaly, ItsMemoryIsBounded) {
  InsightsWorld world;
  Events events;
  for (int i = 0; i < 600; ++i) {
    add(events, i, std::string(1 + static_cast<std::size_t>(i), 'x') + " happened");
  }
  world.put("/app", "s", events);
  RunOptions options = world.options({"/app"});
  options.memory_bytes_max = 200'000;
  const Snapshot got = world.run(*compile(kQuery), options);
  ASSERT_EQ(got.state, RunState::failed);
  EXPECT_EQ(got.error->code, "LimitExceededException");
}

}  // namespace
}  // namespace weir::insights
