// SPDX-License-Identifier: Apache-2.0
#include "respond/matching_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir::respond {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kGroup = "/vpc/flow";

/// A log group with a metric filter that has a dimension; virtual time, memory store.
struct RecordsWorld {
  RecordsWorld() {
    WEIR_ASSERT(logs.load());
    WEIR_ASSERT(logs.ensure_stream(scope, kGroup, "s"));
    logs::MetricFilter filter;
    filter.filter_name = "rejected";
    filter.filter_pattern = "[source, action = REJECT, rest]";
    filter.metric_transformations = {{.metric_name = "Rejected",
                                      .metric_namespace = "VPCFlow",
                                      .metric_value = "1",
                                      .default_value = {},
                                      .dimensions = {},
                                      .unit = {}}};
    filter.metric_transformations.front().dimensions =
        std::map<std::string, std::string>{{"Source", "$source"}};
    WEIR_ASSERT(logs.put_metric_filter(scope, kGroup, filter));
  }
  void put(const std::string& line) {
    runtime.advance(Duration(10));
    WEIR_ASSERT(logs.put_log_events(scope, kGroup, "s", {{{runtime.now().ms, line}}}));
  }
  AlarmMessage alarm(const std::string& source) {
    AlarmMessage alarm;
    alarm.scope = scope;
    alarm.name = "a";
    alarm.state = "ALARM";
    alarm.metric_namespace = "VPCFlow";
    alarm.metric_name = "Rejected";
    alarm.dimensions = {{"Source", source}};
    alarm.start = start;
    alarm.end = runtime.now() + Duration(1);
    return alarm;
  }
  MatchingRecords records(const std::string& source, const MatchingRecordsLimits& limits = {}) {
    const auto found = first_matching_records(runtime, logs, alarm(source), limits);
    WEIR_ASSERT(found);
    return *found;
  }

  Scope scope{};
  SimulatedRuntime runtime{3};
  const Time start = runtime.now();
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  logs::Logs logs{runtime, *store,
                  [](const Scope&, std::string_view, std::span<const logs::MetricValue>) {
                    return Result<void>{};
                  },
                  logs::Logs::Config{}};
};

TEST(MatchingRecords, AreTheFirstOfTheAlarmsDimensions) {
  RecordsWorld world;
  for (int i = 0; i < 8; ++i) {
    world.put("a REJECT " + std::to_string(i));
    world.put("b REJECT x");
    world.put("a ACCEPT x");
  }
  const auto found = world.records("a");
  ASSERT_THAT(found.records, SizeIs(5));
  EXPECT_TRUE(found.has_more);
  EXPECT_EQ(found.records.front().text, "a REJECT 0");
  EXPECT_EQ(found.records.front().log_group, kGroup);
  EXPECT_EQ(found.records.front().time, world.start + Duration(10));
  EXPECT_EQ(found.records.back().text, "a REJECT 4");
}

TEST(MatchingRecords, AllOfThemAreSaidToBeAll) {
  RecordsWorld world;
  for (int i = 0; i < 5; ++i) world.put("a REJECT " + std::to_string(i));
  const auto found = world.records("a");
  EXPECT_THAT(found.records, SizeIs(5));
  EXPECT_FALSE(found.has_more);
  EXPECT_THAT(world.records("c").records, IsEmpty());
}

TEST(MatchingRecords, TextIsBoundedAndFitForAMail) {
  RecordsWorld world;
  std::string umlauts;
  for (int i = 0; i < 500; ++i) umlauts += "ü";
  world.put("a REJECT \x1b[31m\t" + umlauts);
  const auto found = world.records("a");
  ASSERT_THAT(found.records, SizeIs(1));
  const std::string& text = found.records.front().text;
  EXPECT_LE(text.size(), 403U);
  EXPECT_TRUE(text.starts_with("a REJECT  [31m ü")) << text;
  EXPECT_TRUE(text.ends_with("ü...")) << text;
}

TEST(MatchingRecords, ManyEventsOfOthersEndTheSearch) {
  RecordsWorld world;
  for (int i = 0; i < 30; ++i) world.put("b REJECT x");
  world.put("a REJECT x");
  const auto found = world.records("a", {.events_read_max = 20});
  EXPECT_THAT(found.records, IsEmpty());
  EXPECT_TRUE(found.has_more);
}

TEST(MatchingRecords, AMetricWithoutFiltersHasNone) {
  RecordsWorld world;
  auto alarm = world.alarm("a");
  alarm.metric_name = "Other";
  const auto found = first_matching_records(world.runtime, world.logs, alarm, {});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->records, IsEmpty());
}

}  // namespace
}  // namespace weir::respond
