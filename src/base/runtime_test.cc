// SPDX-License-Identifier: Apache-2.0
#include "base/runtime.h"

#include <gmock/gmock.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "base/base64.h"
#include "base/scope.h"

namespace weir {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;

TEST(SimulatedRuntime, TimersRunInTheOrderOfTheirMoments) {
  SimulatedRuntime runtime(1);
  std::vector<std::int64_t> seen;
  const Time start = runtime.now();
  const auto note = [&] { seen.push_back((runtime.now() - start).count()); };
  runtime.after(seconds(2), note);
  runtime.after(seconds(1), [&] {
    note();
    runtime.after(milliseconds(500), note);
  });
  runtime.advance(minutes(1));
  EXPECT_THAT(seen, ElementsAre(1000, 1500, 2000));
  EXPECT_EQ((runtime.now() - start), minutes(1));
}

TEST(SimulatedRuntime, ASeedReplaysARun) {
  SimulatedRuntime a(7);
  SimulatedRuntime b(7);
  EXPECT_EQ(a.uuid(), b.uuid());
  EXPECT_EQ(a.hex(17).size(), 17u);
}

TEST(SimulatedRuntime, ACancelledTimerDoesNotRun) {
  SimulatedRuntime runtime(1);
  bool ran = false;
  runtime.cancel(runtime.after(seconds(1), [&] { ran = true; }));
  runtime.advance(seconds(2));
  EXPECT_FALSE(ran);
}

TEST(Timer, RepeatsUntilDestroyed) {
  SimulatedRuntime runtime(1);
  int runs = 0;
  {
    const Timer timer(runtime, minutes(1), [&] { ++runs; });
    runtime.advance(hours(1));
  }
  EXPECT_EQ(runs, 60);
  runtime.advance(hours(1));
  EXPECT_EQ(runs, 60);
}

TEST(SystemRuntime, PostedWorkRunsOnAWorker) {
  SystemRuntime runtime(2);
  std::promise<std::thread::id> promise;
  runtime.post([&] { promise.set_value(std::this_thread::get_id()); });
  EXPECT_TRUE(promise.get_future().get() != std::this_thread::get_id());
}

TEST(SystemRuntime, BackgroundWorkRunsAtLowPriorityBesideABusyPool) {
  SystemRuntime runtime(1);
  std::promise<void> release;
  runtime.post([&] { release.get_future().wait(); });
  std::promise<int> policy;
  runtime.post_background([&] { policy.set_value(sched_getscheduler(0)); });
  EXPECT_EQ(policy.get_future().get(), SCHED_IDLE);
  EXPECT_NE(sched_getscheduler(0), SCHED_IDLE);
  release.set_value();
}

TEST(SystemRuntime, QuiesceWaitsForBackgroundWork) {
  SystemRuntime runtime(1);
  std::promise<void> started;
  std::promise<void> release;
  std::atomic<bool> is_done = false;
  runtime.post_background([&] {
    started.set_value();
    release.get_future().wait();
    is_done = true;
  });
  started.get_future().wait();
  auto quiet = std::async(std::launch::async, [&] { runtime.quiesce(); });
  release.set_value();
  quiet.get();
  EXPECT_TRUE(is_done);
}

TEST(SimulatedRuntime, BackgroundWorkRunsInTheOrderOfPosting) {
  SimulatedRuntime runtime(1);
  std::vector<int> order;
  runtime.post_background([&] { order.push_back(1); });
  runtime.post([&] { order.push_back(2); });
  runtime.post_background([&] { order.push_back(3); });
  runtime.run_ready();
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST(SystemRuntime, AdvanceRunsTimersInOrderAndMovesTheClock) {
  SystemRuntime runtime(2);
  const Time before = runtime.now();
  std::vector<int> order;
  runtime.after(hours(2), [&] { order.push_back(2); });
  runtime.after(hours(1), [&] { order.push_back(1); });
  runtime.advance(hours(3));
  EXPECT_THAT(order, ElementsAre(1, 2));
  EXPECT_GE(runtime.now() - before, hours(3));
}

TEST(SystemRuntime, AfterQuiesceNothingRuns) {
  SystemRuntime runtime(2);
  std::atomic<int> runs{0};
  for (int i = 0; i < 1000; ++i) runtime.post([&] { ++runs; });
  runtime.after(milliseconds(1), [&] { ++runs; });
  runtime.quiesce();
  const int at_quiesce = runs;
  std::promise<void> later;
  runtime.post([&] { later.set_value(); });
  later.get_future().get();
  EXPECT_EQ(runs, at_quiesce);
}

TEST(SystemRuntime, RandomNumbersDiffer) {
  SystemRuntime runtime(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(runtime.uuid());
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(Time, Iso8601ReadAndWrittenIsTheSame) {
  for (const char* text : {"2020-02-04T11:46:13.831Z", "1970-01-01T00:00:00.000Z",
                           "2024-02-29T23:59:59.999Z", "1969-12-31T23:59:59.999Z"}) {
    const auto time = parse_iso8601(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(to_iso8601(*time), text);
  }
  EXPECT_EQ(to_iso8601_offset(Time{0}), "1970-01-01T00:00:00.000+0000");
}

TEST(Time, OffsetsAndShortFormsAreUnderstood) {
  EXPECT_EQ(parse_iso8601("2020-01-01")->ms, 1577836800000);
  EXPECT_EQ(parse_iso8601("2020-01-01T02:00+02:00")->ms, 1577836800000);
  EXPECT_EQ(parse_iso8601("2019-12-31T22:00:00.5-0200")->ms, 1577836800500);
  for (const char* wrong : {"", "2020", "2020-13-01", "2020-02-30", "2020-01-01T25:00:00Z",
                            "2020-01-01T00:00:00X", "2020-01-01T00:00:00Zx"}) {
    EXPECT_FALSE(parse_iso8601(wrong)) << wrong;
  }
}

TEST(Time, SecondsRoundTowardsThePast) {
  EXPECT_EQ(Time{-1}.seconds(), -1);
  EXPECT_EQ(Time{1999}.seconds(), 1);
}

TEST(Arn, ReadAndWrittenIsTheSame) {
  const std::string text = "arn:aws:logs:eu-west-1:123456789012:log-group:/a:b";
  const auto parsed = Arn::parse(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->resource, "log-group:/a:b");
  EXPECT_EQ(parsed->text(), text);
  EXPECT_FALSE(Arn::parse("arn:aws:sns"));
}

TEST(Base64, RoundTripAndBadCharacters) {
  for (const std::string text : {"", "a", "ab", "abc", "abcd"})
    EXPECT_EQ(base64_decode(base64_encode(text)), text);
  EXPECT_EQ(base64_encode("ab"), "YWI=");
  EXPECT_FALSE(base64_decode("a"));
  EXPECT_FALSE(base64_decode("a*=="));
}

}  // namespace
}  // namespace weir
