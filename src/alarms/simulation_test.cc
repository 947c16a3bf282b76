// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <random>

#include "alarms/test_support.h"
#include "alarms/twin_test_support.h"

// Goal: whatever the data do, every alarm changes when an independent twin that sees the whole
// history says so, and at no other time. Method: virtual time; data of a seed; the histories of the
// alarms and the actions that the sink got are compared with the twin's.
namespace weir::alarms {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using twin::Change;

constexpr std::int64_t kBegin = 1767225600;  // of SimulatedRuntime
constexpr std::int64_t kDayS = 86'400;
constexpr std::int64_t kDelayS = 5;

AlarmConfig config_of(const std::string& name, const std::string& metric, const twin::Rule& rule) {
  AlarmConfig out;
  out.alarm_name = name;
  out.namespace_name = "App";
  out.metric_name = metric;
  out.statistic = rule.statistic;
  out.period_s = rule.period_s;
  out.evaluation_periods = rule.n;
  out.datapoints_to_alarm = rule.m;
  out.threshold = rule.threshold;
  out.comparison_operator = rule.comparison == ">" ? "GreaterThanThreshold" : "LessThanThreshold";
  out.treat_missing_data = rule.missing;
  return out;
}

/// The changes of all alarms as their histories tell them. Nobody prunes these within a week.
std::map<std::string, std::vector<Change>> changes_in_history(const AlarmWorld& world) {
  std::map<std::string, std::vector<Change>> out;
  HistoryQuery query{.item_type = "StateUpdate", .ascending = true};
  do {
    const auto page = world.alarms->history(world.scope, query);
    EXPECT_TRUE(page);
    for (const HistoryItem& item : page->items) {
      constexpr std::string_view kFrom = "Alarm updated from ";
      const std::string states = item.summary.substr(kFrom.size());
      const std::size_t to = states.find(" to ");
      out[item.alarm_name].push_back(
          {item.timestamp.seconds(), states.substr(0, to), states.substr(to + 4)});
    }
    query.next_token = page->next_token;
  } while (!query.next_token.empty());
  return out;
}

void put(AlarmWorld& world, const std::string& metric, double value, std::int64_t stamp_s) {
  ASSERT_TRUE(world.metrics->put(
      world.scope, "App",
      {{.metric_name = metric, .timestamp = Time::from_seconds(stamp_s), .value = value}}));
  world.runtime.run_ready();
}

// ---- All short sequences

// Every sequence of three minutes and more of nothing, good and bad, for all M <= N <= 3 and all
// treatments, from its beginning over what comes behind its end: the real engine with its
// timers, dormant alarms and states that stay.
TEST(AllShortSequences, ChangeAsTheTwinSays) {
  constexpr int kLength = 4;
  constexpr std::string_view kSymbols = "-0X";
  int sequences = 1;
  for (int i = 0; i < kLength; ++i) sequences *= 3;
  AlarmWorld world({.early_firing = false});
  std::map<std::string, std::pair<twin::Rule, int>> rules;
  for (int code = 0; code < sequences; ++code) {
    for (int n = 1; n <= 3; ++n) {
      for (int m = 1; m <= n; ++m) {
        for (const char* missing : {"missing", "ignore", "breaching", "notBreaching"}) {
          const twin::Rule rule{.threshold = 0.5, .n = n, .m = m, .missing = missing};
          const std::string name = std::to_string(code) + '-' + std::to_string(n) + '-' +
                                   std::to_string(m) + '-' + missing;
          rules.emplace(name, std::pair(rule, code));
          const auto done = world.alarms->put_metric_alarm(
              world.scope, config_of(name, std::to_string(code), rule));
          ASSERT_TRUE(done);
        }
      }
    }
  }
  world.runtime.run_ready();
  std::map<int, std::vector<twin::Datum>> data;
  world.advance(seconds(10));
  for (int minute = 0; minute < kLength; ++minute) {
    for (int code = 0; code < sequences; ++code) {
      int rest = code;
      for (int i = 0; i < minute; ++i) rest /= 3;
      const char symbol = kSymbols[static_cast<std::size_t>(rest % 3)];
      if (symbol == '-') continue;
      const std::int64_t now_s = world.now().seconds();
      data[code].push_back({now_s, now_s, symbol == 'X' ? 1.0 : 0.0});
      put(world, std::to_string(code), symbol == 'X' ? 1 : 0, now_s);
    }
    world.advance(minutes(1));
  }
  world.advance(minutes(8));
  const std::int64_t end_s = world.now().seconds();
  auto seen = changes_in_history(world);
  for (const auto& [name, rule] : rules) {
    ASSERT_EQ(seen[name], twin::changes(rule.first, data[rule.second], kBegin, end_s, kDelayS))
        << name;
  }
}

// ---- A week

/// A day's season with noise, spikes, gaps and late data, every five minutes.
std::vector<twin::Datum> week_of(std::mt19937& random) {
  const auto unit = [&random] { return static_cast<double>(random() % 10'000) / 10'000; };
  std::vector<twin::Datum> data;
  std::int64_t gap_until = 0;
  for (std::int64_t s = 0; s < 7 * kDayS; s += 300) {
    const double hour = static_cast<double>(s % kDayS) / 3600;
    double value = 50 + 40 * std::sin((hour - 9) / 24 * 2 * 3.14159265) + 10 * unit();
    if (unit() < 0.01) value += 60;  // a spike
    if (unit() < 0.005) gap_until = s + 300 * static_cast<std::int64_t>(random() % 30);
    const std::int64_t stamp = kBegin + s + static_cast<std::int64_t>(random() % 60);
    if (s < gap_until) continue;
    std::int64_t came = stamp;
    if (unit() < 0.03) came += static_cast<std::int64_t>(random() % 1500);  // late
    data.push_back({came, stamp, value});
  }
  std::stable_sort(data.begin(), data.end(),
                   [](const auto& a, const auto& b) { return a.came_s < b.came_s; });
  return data;
}

constexpr std::int64_t kWaitS = 97;  // no multiple of anything, so that no two things coincide
constexpr std::int64_t kExtensionS = 211;

void play_a_week(unsigned seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<twin::Datum> data = week_of(random);
  const std::map<std::string, twin::Rule> rules = {
      {"high", {.statistic = "Average", .threshold = 85, .period_s = 300, .n = 3, .m = 2}},
      {"low",
       {.statistic = "Minimum",
        .comparison = "<",
        .threshold = 15,
        .period_s = 300,
        .n = 2,
        .m = 2,
        .missing = "breaching",
        .fires_early = true}},
      {"much",
       {.statistic = "Sum",
        .threshold = 95,
        .period_s = 300,
        .missing = "notBreaching",
        .fires_early = true}}};
  AlarmWorld world;
  for (const auto& [name, rule] : rules) {
    ASSERT_TRUE(world.alarms->put_metric_alarm(world.scope, config_of(name, "m", rule)));
  }
  world.runtime.run_ready();
  AlarmConfig above;
  above.alarm_name = "above";
  above.ok_actions = above.alarm_actions = {"arn:aws:sns:us-east-1:123456789012:t"};
  ASSERT_TRUE(world.alarms->put_composite_alarm(
      world.scope, above,
      {"(ALARM(high) OR ALARM(much)) AND NOT INSUFFICIENT_DATA(high)", "low",
       static_cast<int>(kWaitS), static_cast<int>(kExtensionS)}));
  world.runtime.run_ready();
  for (const twin::Datum& datum : data) {
    const Time came = Time::from_seconds(datum.came_s);
    if (came > world.now()) world.advance(came - world.now());
    put(world, "m", datum.value, datum.stamped_s);
  }
  const std::int64_t end_s = kBegin + 7 * kDayS + 3600;
  world.advance(Time::from_seconds(end_s) - world.now());

  auto seen = changes_in_history(world);
  std::map<std::string, std::vector<Change>> expected;
  std::vector<std::int64_t> moments;
  for (const auto& [name, rule] : rules) {
    expected[name] = twin::changes(rule, data, kBegin, end_s, kDelayS);
    ASSERT_EQ(seen[name], expected[name]) << name;
    for (const Change& change : expected[name]) moments.push_back(change.time_s);
  }
  std::sort(moments.begin(), moments.end());
  moments.insert(moments.begin(), kBegin);
  std::string state = "INSUFFICIENT_DATA";
  for (const std::int64_t t : moments) {
    const auto of = [&](const char* name) {
      return twin::state_at(expected[name], t, "INSUFFICIENT_DATA");
    };
    const bool is_true =
        (of("high") == "ALARM" || of("much") == "ALARM") && of("high") != "INSUFFICIENT_DATA";
    const std::string to = is_true ? "ALARM" : "OK";
    if (to != state) expected["above"].push_back({t, state, to});
    state = to;
  }
  ASSERT_EQ(seen["above"], expected["above"]);
  std::vector<Change> told;
  for (const auto& [time, action] : world.actions) {
    const auto message = parse_json(action.message);
    told.push_back({time.seconds(), *message->find("OldStateValue")->string(),
                    *message->find("NewStateValue")->string()});
  }
  ASSERT_EQ(told, twin::acted(expected["above"], expected["low"], kWaitS, kExtensionS, end_s));
  EXPECT_GT(expected["high"].size(), 7U);
  EXPECT_GT(told.size(), 3U);
}

TEST(SimulatedWeek, HundredSeedsChangeAsTheTwinSays) {
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  constexpr unsigned kSeeds = 100;
#else
  constexpr unsigned kSeeds = 3;  // here each takes seconds
#endif
  const auto began = std::chrono::steady_clock::now();
  for (unsigned seed = 1; seed <= kSeeds && !testing::Test::HasFatalFailure(); ++seed) {
    play_a_week(seed);
  }
  const auto took = std::chrono::steady_clock::now() - began;
  std::printf("%u simulated weeks took %.1f s\n", kSeeds,
              std::chrono::duration<double>(took).count());
}

// ---- Clocks that step, metrics that never come

/// Simulated time whose wall clock can be set, as by an operator; timers do not see it.
class SteppingRuntime final : public Runtime {
 public:
  Time now() const override { return inner_.now() + step_; }
  std::chrono::nanoseconds monotonic() const override { return inner_.monotonic(); }
  std::uint64_t random() override { return inner_.random(); }
  TimerId after(Duration delay, Task task) override { return inner_.after(delay, std::move(task)); }
  void cancel(TimerId timer) override { inner_.cancel(timer); }
  void post(Task task) override { inner_.post(std::move(task)); }
  void post_background(Task task) override { inner_.post_background(std::move(task)); }
  void quiesce() override { inner_.quiesce(); }
  void advance(Duration by) { inner_.advance(by); }
  void step(Duration by) { step_ += by; }

 private:
  SimulatedRuntime inner_{1};
  Duration step_{0};
};

struct SteppingWorld {
  SteppingRuntime runtime;
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope{"123456789012", "us-east-1"};
  metrics::Metrics metrics{runtime, *store};
  Alarms alarms{runtime, *store, metrics,
                [](const Scope&, const Action&) -> Result<void> { return {}; }};

  SteppingWorld() {
    EXPECT_TRUE(metrics.load());
    EXPECT_TRUE(alarms.load());
    const twin::Rule rule{.threshold = 5, .missing = "notBreaching"};
    EXPECT_TRUE(alarms.put_metric_alarm(scope, config_of("a", "m", rule)));
  }
  ~SteppingWorld() { runtime.quiesce(); }
  void value(double number) {
    EXPECT_TRUE(metrics.put(scope, "App", {{.metric_name = "m", .value = number}}));
  }
  std::string state() const {
    return alarms.describe(scope, {.names = {"a"}})->alarms.at(0).state_value;
  }
};

// No arrival helps here: only the timers can find that the metric is silent.
TEST(SteppingClock, SilenceIsToldWithinMinutesOfAnyStep) {
  for (const auto step : {minutes(-170), minutes(-61), minutes(61), minutes(24 * 60)}) {
    SCOPED_TRACE(step.count());
    SteppingWorld world;
    twin::Rule rule{.threshold = 5, .missing = "breaching"};
    ASSERT_TRUE(world.alarms.put_metric_alarm(world.scope, config_of("a", "m", rule)));
    world.runtime.advance(minutes(10));
    world.value(1);
    world.runtime.advance(minutes(2));
    EXPECT_EQ(world.state(), "OK");
    world.runtime.step(step);
    world.runtime.advance(minutes(6));
    EXPECT_EQ(world.state(), "ALARM");
  }
}

TEST(SteppingClock, AlarmsAreJudgedWithinMinutesOfAnyStep) {
  for (const auto step :
       {minutes(-180), minutes(-61), minutes(-1), minutes(1), minutes(61), minutes(24 * 60)}) {
    SCOPED_TRACE(step.count());
    SteppingWorld world;
    world.runtime.advance(minutes(10));
    world.value(1);
    world.runtime.advance(minutes(2));
    EXPECT_EQ(world.state(), "OK");
    world.runtime.step(step);
    world.runtime.advance(minutes(2));
    // Two ends of the minute by its own clock: no arrival makes these.
    world.value(9);
    world.runtime.advance(minutes(2));
    EXPECT_EQ(world.state(), "ALARM");
    world.runtime.advance(minutes(4));
    EXPECT_EQ(world.state(), "OK");
  }
}

TEST(SteppingClock, BackAndForthLosesAndAddsNothing) {
  SteppingWorld world;
  world.runtime.advance(minutes(10));
  for (int round = 0; round < 20; ++round) {
    world.runtime.step(minutes(round % 2 == 0 ? -30 : 30));
    world.value(9);
    world.runtime.advance(minutes(2));
    EXPECT_EQ(world.state(), "ALARM") << round;
    world.runtime.advance(minutes(35));
    EXPECT_EQ(world.state(), "OK") << round;
  }
}

TEST(NoMetric, AlarmsOnMetricsThatNeverComeCostNothingAndSayWhatTheyShould) {
  AlarmWorld world;
  for (const char* missing : {"missing", "ignore", "breaching", "notBreaching"}) {
    const twin::Rule rule{.threshold = 5, .missing = missing};
    ASSERT_TRUE(world.alarms->put_metric_alarm(world.scope, config_of(missing, "never", rule)));
  }
  world.runtime.run_ready();
  const auto judged = world.alarms->stats().evaluations;
  world.advance(std::chrono::hours(24 * 30));
  EXPECT_EQ(world.state("missing"), "INSUFFICIENT_DATA");
  EXPECT_EQ(world.state("ignore"), "INSUFFICIENT_DATA");
  EXPECT_EQ(world.state("breaching"), "ALARM");
  EXPECT_EQ(world.state("notBreaching"), "OK");
  EXPECT_LE(world.alarms->stats().evaluations, judged + 8);
}

}  // namespace
}  // namespace weir::alarms
