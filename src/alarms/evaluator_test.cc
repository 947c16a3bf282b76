// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdio>
#include <set>

#include "alarms/alarms.h"
#include "alarms/test_support.h"

// When alarms are judged and what a crash leaves: on time, on arrival, early, late, again after a
// restart.
namespace weir::alarms {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Duration kSettled = minutes(1) + seconds(5);  // the open minute and the delay behind it

// ---- On time

TEST(OnTime, AverageIsJudgedWhenItsPeriodIsOver) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.statistic = "Average";
  world.put(alarm);
  world.value(5, world.now() + seconds(1));
  world.advance(minutes(1) + seconds(4));
  EXPECT_EQ(world.state(), "INSUFFICIENT_DATA");
  world.advance(seconds(1));
  EXPECT_EQ(world.state(), "ALARM");
}

TEST(OnTime, SilenceBecomesInsufficientDataAfterTheRangeAndStays) {
  AlarmWorld world;
  world.put(world.valid());
  world.value(0, world.now());
  world.advance(kSettled);
  EXPECT_EQ(world.state(), "OK");
  world.advance(minutes(2));
  EXPECT_EQ(world.state(), "OK");
  world.advance(minutes(1));
  EXPECT_EQ(world.state(), "INSUFFICIENT_DATA");
  EXPECT_EQ(world.alarm().state_reason, "Insufficient Data: 1 datapoint was unknown.");
  world.advance(hours(5));
  EXPECT_THAT(world.told(), ElementsAre("OK", "INSUFFICIENT_DATA"));
}

TEST(OnTime, BreachingSilenceNeedsAllOfTheRange) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.treat_missing_data = "breaching";
  alarm.comparison_operator = "LessThanThreshold";
  alarm.threshold = 1;
  world.value(5, world.now());
  world.put(alarm);
  world.advance(kSettled);
  EXPECT_EQ(world.state(), "OK");
  world.advance(minutes(2));
  EXPECT_EQ(world.state(), "OK");
  world.advance(minutes(1));
  EXPECT_EQ(world.state(), "ALARM");
}

TEST(OnTime, IgnoredSilenceKeepsTheState) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.treat_missing_data = "ignore";
  world.put(alarm);
  world.value(1, world.now());
  world.advance(hours(3));
  EXPECT_EQ(world.state(), "ALARM");
}

// The window ends at whole minutes and steps back by the period: it is not aligned to multiples of
// the period.
TEST(OnTime, WindowSlidesByTheMinute) {
  AlarmWorld world({.early_firing = false});
  auto alarm = world.valid();
  alarm.period_s = 300;
  alarm.threshold = 9;
  world.put(alarm);
  world.advance(minutes(27) + seconds(33));
  world.value(5, world.now() - minutes(4));
  world.value(5, world.now());
  world.advance(minutes(1));
  EXPECT_EQ(world.state(), "ALARM");
  EXPECT_THAT(world.alarm().state_reason, HasSubstr("[10.0 (01/01/26 00:23:00)]"));
}

TEST(OnTime, HighResolutionIsJudgedEveryTenSeconds) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.period_s = 10;
  alarm.statistic = "Average";
  world.put(alarm);
  ASSERT_TRUE(world.metrics->put(world.scope, "App",
                                 {{.metric_name = "m", .value = 5, .storage_resolution = 1}}));
  world.advance(seconds(14));
  EXPECT_EQ(world.state(), "INSUFFICIENT_DATA");
  world.advance(seconds(1));
  EXPECT_EQ(world.state(), "ALARM");
}

TEST(OnTime, MultiDayWindowsAreJudgedEveryHour) {
  AlarmWorld world({.early_firing = false});
  auto alarm = world.valid();
  alarm.period_s = 86400;
  alarm.evaluation_periods = 2;
  world.advance(minutes(30));
  world.put(alarm);
  world.value(1, world.now());
  world.advance(minutes(29));
  EXPECT_EQ(world.state(), "INSUFFICIENT_DATA");
  world.advance(minutes(2));
  EXPECT_EQ(world.state(), "INSUFFICIENT_DATA");  // 1 of 2 points, not old enough
  world.advance(hours(24));
  EXPECT_EQ(world.state(), "ALARM");
}

TEST(OnTime, FewSamplesOfAPercentileAreIgnoredIfSoAsked) {
  for (const bool ignore : {false, true}) {
    AlarmWorld world;
    auto alarm = world.valid();
    alarm.statistic.reset();
    alarm.extended_statistic = "p90";
    if (ignore) alarm.evaluate_low_sample_count_percentile = "ignore";
    world.put(alarm);
    world.value(5, world.now());
    world.advance(kSettled);
    EXPECT_EQ(world.state(), ignore ? "INSUFFICIENT_DATA" : "ALARM");
    ASSERT_TRUE(world.metrics->put(world.scope, "App",
                                   {{.metric_name = "m", .values = {5}, .counts = {100}}}));
    world.advance(kSettled);
    EXPECT_EQ(world.state(), "ALARM");
  }
}

TEST(OnTime, ExistingDataCountForANewAlarm) {
  AlarmWorld world;
  world.value(1, world.now() - minutes(1));
  world.advance(seconds(10));
  world.put(world.valid());
  EXPECT_EQ(world.state(), "ALARM");
}

// ---- Early

TEST(Early, SumFiresWithTheDatumThatCrosses) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.threshold = 10;
  alarm.comparison_operator = "GreaterThanOrEqualToThreshold";
  world.put(alarm);
  for (int i = 0; i < 10; ++i) {
    EXPECT_NE(world.state(), "ALARM") << i;
    world.advance(seconds(1));
    world.value(1, world.now());
  }
  EXPECT_EQ(world.state(), "ALARM");
  ASSERT_THAT(world.actions, SizeIs(1));
  EXPECT_EQ(world.actions[0].first, Time::from_seconds(1767225600) + seconds(10));
  EXPECT_EQ(world.alarms->stats().early_firings, 1);
}

TEST(Early, FiringLastsAsAWholePeriodWouldAndTellsOnce) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.treat_missing_data = "notBreaching";
  world.put(alarm);
  world.advance(seconds(20));
  world.value(1, world.now());
  for (int i = 0; i < 30; ++i) {  // late and irrelevant data must not make it flap
    world.advance(seconds(1));
    world.value(0, world.now() - minutes(1));
  }
  EXPECT_EQ(world.state(), "ALARM");
  world.advance(minutes(10));
  EXPECT_THAT(world.told(), ElementsAre("OK", "ALARM", "OK"));
}

TEST(Early, CountsTheOpenPeriodTogetherWithEarlierOnes) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.evaluation_periods = 3;
  alarm.datapoints_to_alarm = 2;
  world.put(alarm);
  world.value(1, world.now());
  world.advance(kSettled);
  EXPECT_NE(world.state(), "ALARM");
  world.advance(seconds(10));
  world.value(1, world.now());
  EXPECT_EQ(world.state(), "ALARM");
}

struct EarlyCase {
  std::string statistic;
  std::string comparison;
  double value;
  bool is_early;
};

TEST(Early, OnlyWhereLaterDataCannotTakeItBack) {
  const EarlyCase cases[] = {
      {"Sum", "GreaterThanThreshold", 6, true},
      {"Sum", "GreaterThanOrEqualToThreshold", 5, true},
      {"Sum", "LessThanThreshold", 1, false},
      {"Sum", "LessThanOrEqualToThreshold", 1, false},
      {"Average", "GreaterThanThreshold", 6, false},
      {"Maximum", "GreaterThanThreshold", 6, true},
      {"Maximum", "LessThanThreshold", 1, false},
      {"Minimum", "LessThanThreshold", 1, true},
      {"Minimum", "GreaterThanThreshold", 6, false},
      {"SampleCount", "GreaterThanOrEqualToThreshold", 1, false},  // one sample is not five
  };
  for (const EarlyCase& one : cases) {
    AlarmWorld world;
    auto alarm = world.valid();
    alarm.statistic = one.statistic;
    alarm.comparison_operator = one.comparison;
    alarm.threshold = 5;
    world.put(alarm);
    world.value(one.value, world.now());
    EXPECT_EQ(world.state() == "ALARM", one.is_early) << one.statistic << ' ' << one.comparison;
  }
}

TEST(Early, SampleCountFiresWithTheSampleThatCrosses) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.statistic = "SampleCount";
  alarm.threshold = 2;
  world.put(alarm);
  for (int i = 0; i < 3; ++i) world.value(-1, world.now());
  EXPECT_EQ(world.state(), "ALARM");
}

TEST(Early, SumOfASeriesWithNegativeValuesWaitsForTheEnd) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.threshold = 5;
  world.put(alarm);
  world.value(-1, world.now() - hours(5));
  world.value(6, world.now());
  EXPECT_NE(world.state(), "ALARM");
  world.value(-4, world.now());
  world.advance(kSettled);
  EXPECT_EQ(world.state(), "OK");
}

TEST(Early, CanBeSwitchedOff) {
  AlarmWorld world({.early_firing = false});
  world.put(world.valid());
  world.value(1, world.now());
  EXPECT_NE(world.state(), "ALARM");
  world.advance(kSettled);
  EXPECT_EQ(world.state(), "ALARM");
}

TEST(Early, NeverFiresByMissingDataAlone) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.evaluation_periods = 3;
  alarm.treat_missing_data = "breaching";
  world.value(0, world.now() - minutes(2));
  world.value(0, world.now() - minutes(3));
  world.advance(seconds(10));
  world.put(alarm);
  const auto before = world.state();
  world.value(1, world.now());
  EXPECT_EQ(world.state(), before);
}

// ---- On arrival, late

TEST(OnArrival, LateDataAreJudgedAtOnceAndCanTakeAnAlarmBack) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.statistic = "Average";
  world.put(alarm);
  world.value(4, world.now());
  world.advance(minutes(1) + seconds(30));
  ASSERT_EQ(world.state(), "ALARM");
  world.value(-4, world.now() - minutes(1) - seconds(30));
  EXPECT_EQ(world.state(), "OK");
}

TEST(OnArrival, FutureDataAreJudgedWhenTheirTimeComes) {
  AlarmWorld world;
  world.put(world.valid());
  world.value(1, world.now() + minutes(90));
  world.advance(minutes(89));
  EXPECT_EQ(world.state(), "INSUFFICIENT_DATA");
  world.advance(minutes(3));
  EXPECT_EQ(world.state(), "ALARM");
}

TEST(OnArrival, OtherMetricsWakeNobody) {
  AlarmWorld world;
  world.put(world.valid());
  world.advance(minutes(1));
  const auto before = world.alarms->stats().evaluations;
  for (int i = 0; i < 100; ++i) world.value(1, world.now(), "other");
  world.advance(hours(1));
  EXPECT_EQ(world.alarms->stats().evaluations, before);
}

TEST(OnArrival, UnitOfTheAlarmSelectsTheData) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.unit = "Bytes";
  world.put(alarm);
  world.value(1, world.now());
  EXPECT_EQ(world.state(), "INSUFFICIENT_DATA");
  ASSERT_TRUE(
      world.metrics->put(world.scope, "App", {{.metric_name = "m", .value = 1, .unit = "Bytes"}}));
  world.runtime.run_ready();
  EXPECT_EQ(world.state(), "ALARM");
}

// ---- A whole day

// Goal: a day of minutes with many alarms is played in an instant, alarms without data cost
// nothing, and each alarm changes exactly when its data say so.
TEST(SimulatedDay, ManyAlarmsCostOnlyWhatTheirDataCost) {
  AlarmWorld world({.evaluation_delay = Duration(0)});
  constexpr int kAlarms = 200;
  constexpr int kBusy = 5;
  for (int i = 0; i < kAlarms; ++i) {
    auto alarm = world.valid("alarm-" + std::to_string(i));
    alarm.metric_name = "m" + std::to_string(i);
    alarm.threshold = 5;
    alarm.treat_missing_data = "notBreaching";
    world.put(alarm);
  }
  world.actions.clear();
  const auto evaluations_before = world.alarms->stats().evaluations;
  const auto began = std::chrono::steady_clock::now();
  // Once an hour, at minute 10, the busy ones breach for two minutes; in between they report 1
  // every minute.
  for (int minute = 0; minute < 24 * 60; ++minute) {
    std::vector<metrics::Datum> data;
    for (int i = 0; i < kBusy; ++i) {
      const bool is_bad = minute % 60 == 10 || minute % 60 == 11;
      data.push_back({.metric_name = "m" + std::to_string(i), .value = is_bad ? 9 : 1});
    }
    ASSERT_TRUE(world.metrics->put(world.scope, "App", data));
    world.advance(minutes(1));
  }
  const auto took = std::chrono::steady_clock::now() - began;
  std::printf("a simulated day of %d alarms took %.3f s\n", kAlarms,
              std::chrono::duration<double>(took).count());

  EXPECT_THAT(world.actions, SizeIs(kBusy * 24 * 2));
  for (const auto& [time, action] : world.actions) {
    const auto minute = (time - Time::from_seconds(1767225600)).count() / 60'000;
    EXPECT_EQ(minute % 60, action.subject[0] == 'A' ? 10 : 13);
  }
  const auto evaluations = world.alarms->stats().evaluations - evaluations_before;
  EXPECT_LE(evaluations, kBusy * 24 * 60 * 2 + kAlarms);
  EXPECT_GE(evaluations, kBusy * 24 * 60);
}

// ---- Restart and outbox

TEST(Restart, ContinuesWithStateAndSchedule) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.treat_missing_data = "notBreaching";
  world.put(alarm);
  world.value(1, world.now());
  ASSERT_EQ(world.state(), "ALARM");
  const Alarm before = world.alarm();
  world.restart();
  EXPECT_EQ(world.alarm().state_value, "ALARM");
  EXPECT_EQ(world.alarm().state_reason, before.state_reason);
  EXPECT_EQ(world.alarm().state_updated, before.state_updated);
  EXPECT_EQ(static_cast<const AlarmConfig&>(world.alarm()),
            static_cast<const AlarmConfig&>(before));
  world.advance(minutes(10));
  EXPECT_THAT(world.told(), ElementsAre("OK", "ALARM", "OK"));
}

TEST(Restart, DataThatArrivedBeforeACrashAreJudgedAfterIt) {
  AlarmWorld world;
  world.put(world.valid());
  ASSERT_TRUE(world.metrics->put(world.scope, "App", {{.metric_name = "m", .value = 1}}));
  world.restart();  // before the evaluation ran
  world.runtime.run_ready();
  EXPECT_EQ(world.state(), "ALARM");
}

// Goal: a breach that nobody judged because the process was down is told when it is back, and then
// taken back.
TEST(Restart, BreachBeforeALongDowntimeIsToldAfterIt) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.treat_missing_data = "notBreaching";
  world.put(alarm);
  world.advance(minutes(5));
  ASSERT_TRUE(world.metrics->put(world.scope, "App", {{.metric_name = "m", .value = 1}}));
  world.stop();  // before the evaluation ran
  world.advance(minutes(20));
  world.start();
  world.runtime.run_ready();
  EXPECT_EQ(world.state(), "ALARM");
  world.advance(minutes(2));
  EXPECT_THAT(world.told(), ElementsAre("OK", "ALARM", "OK"));
  world.restart();
  world.advance(minutes(2));
  EXPECT_THAT(world.told(), SizeIs(3));
}

// Goal: whenever the process is restarted, what was told is not told again and nothing is left out.
TEST(Restart, AtAnyMomentTellsEachChangeOnce) {
  for (int offset_s = 0; offset_s < 600; offset_s += 17) {
    for (const int down_s : {0, 3, 50, 300}) {
      AlarmWorld world;
      auto alarm = world.valid();
      alarm.treat_missing_data = "notBreaching";
      world.put(alarm);
      world.advance(seconds(90));
      world.value(1, world.now());
      world.advance(seconds(offset_s));
      world.stop();
      world.advance(seconds(down_s));
      world.start();
      world.advance(minutes(20));
      EXPECT_THAT(world.told(), ElementsAre("OK", "ALARM", "OK")) << offset_s << ' ' << down_s;
    }
  }
}

TEST(Outbox, ActionsAreRetriedWithOneIdAndSurviveARestart) {
  AlarmWorld world;
  world.put(world.valid());
  world.sink_error = Error{ErrorKind::unavailable, "ServiceUnavailable", "not now"};
  world.value(1, world.now());
  ASSERT_EQ(world.state(), "ALARM");
  EXPECT_EQ(world.sink_calls, 1);
  world.advance(seconds(10));
  EXPECT_EQ(world.sink_calls, 4);  // after 1, 2 and 4 seconds more
  world.restart();
  world.sink_error.reset();
  world.runtime.run_ready();
  ASSERT_THAT(world.actions, SizeIs(1));
  const std::string id = world.actions[0].second.id;
  EXPECT_THAT(id, SizeIs(36));
  world.restart();
  world.advance(minutes(1));
  EXPECT_THAT(world.told(), ElementsAre("ALARM"));
  EXPECT_THAT(world.history("Action"), SizeIs(1));
}

TEST(Outbox, ACrashBetweenHandOverAndErasureRepeatsTheSameId) {
  AlarmWorld world;
  world.put(world.valid());
  world.sink_error = Error{ErrorKind::unavailable, "ServiceUnavailable", "not now"};
  world.value(1, world.now());
  // The store as it was before the action was handed over: what a kill -9 in that moment leaves.
  std::vector<std::pair<std::string, std::string>> image;
  ASSERT_TRUE(world.store->scan("", [&](std::string_view key, std::string_view value) {
    image.emplace_back(key, value);
    return true;
  }));
  world.sink_error.reset();
  world.advance(seconds(5));
  ASSERT_THAT(world.actions, SizeIs(1));
  world.stop();
  world.store = store::make_memory_store();
  for (auto& [key, value] : image) ASSERT_TRUE(world.store->put(key, value));
  world.start();
  world.runtime.run_ready();
  ASSERT_THAT(world.actions, SizeIs(2));
  EXPECT_EQ(world.actions[0].second.id, world.actions[1].second.id);
  EXPECT_EQ(world.actions[0].second.message, world.actions[1].second.message);
}

TEST(Outbox, FinalErrorsAreInTheHistoryAndNotRetried) {
  AlarmWorld world;
  world.put(world.valid());
  world.sink_error = Error{ErrorKind::not_found, "NotFound", "Topic does not exist"};
  world.value(1, world.now());
  world.advance(minutes(1));
  EXPECT_EQ(world.sink_calls, 1);
  const auto items = world.history("Action");
  ASSERT_THAT(items, SizeIs(1));
  EXPECT_EQ(items[0].summary,
            "Failed to execute action arn:aws:sns:us-east-1:123456789012:alarm. Received error: "
            "\"Topic does not exist\"");
  EXPECT_THAT(items[0].data, HasSubstr(R"("actionState":"Failed")"));
  EXPECT_EQ(world.alarms->stats().actions_failed, 1);
}

TEST(Outbox, GivesUpVisiblyAfterTheLastAttempt) {
  AlarmWorld world({.attempts_max = 3});
  auto alarm = world.valid();
  alarm.insufficient_data_actions = {};
  world.put(alarm);
  world.sink_error = Error{ErrorKind::internal, "InternalError", "down"};
  world.value(1, world.now());
  world.advance(hours(1));
  EXPECT_EQ(world.sink_calls, 3);
  EXPECT_THAT(world.history("Action"), SizeIs(1));
}

TEST(Outbox, FullOutboxFailsTheActionVisibly) {
  AlarmWorld world({.outbox_max = 1});
  world.sink_error = Error{ErrorKind::unavailable, "ServiceUnavailable", "not now"};
  auto alarm = world.valid();
  alarm.alarm_actions.push_back("arn:aws:sns:us-east-1:123456789012:second");
  world.put(alarm);
  world.value(1, world.now());
  const auto items = world.history("Action");
  ASSERT_THAT(items, SizeIs(1));
  EXPECT_THAT(items[0].summary, HasSubstr("second. Received error: \"too many actions"));
}

}  // namespace
}  // namespace weir::alarms
