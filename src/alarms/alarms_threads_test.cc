// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include "alarms/alarms.h"
#include "alarms/test_support.h"

namespace weir::alarms {
namespace {

// Goal: data, configuration, states by hand, evaluation and actions from many threads leave one
// truth: what is in memory is what the store has, and the sink saw every id once.
TEST(Threads, MemoryAndStoreAgreeAfterConcurrentUse) {
  SystemRuntime runtime(3);
  const auto store = store::make_memory_store();
  const Scope scope;
  metrics::Metrics metrics(runtime, *store);
  ASSERT_TRUE(metrics.load());
  std::atomic<int> taken{0};
  const auto sink = [&](const Scope&, const Action&) -> Result<void> {
    ++taken;
    return {};
  };
  const AlarmConfig valid = AlarmWorld().valid();
  std::vector<std::string> in_memory;
  {
    Alarms alarms(runtime, *store, metrics, sink);
    ASSERT_TRUE(alarms.load());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 40; ++i) {
          AlarmConfig alarm = valid;
          alarm.alarm_name = "alarm-" + std::to_string(i % 7);
          EXPECT_TRUE(alarms.put_metric_alarm(scope, alarm));
          EXPECT_TRUE(metrics.put(scope, "App", {{.metric_name = "m", .value = 1}}));
          const auto state = i % 2 == 0 ? StateValue::ok : StateValue::alarm;
          const auto set = alarms.set_state(scope, alarm.alarm_name, state, "by hand");
          EXPECT_TRUE(set || set.error().code == "ResourceNotFound");
          if (i % 10 == t) {
            EXPECT_TRUE(alarms.remove(scope, {alarm.alarm_name}));
          }
          EXPECT_TRUE(alarms.history(scope, {}));
        }
      });
    }
    for (auto& thread : threads) thread.join();
    runtime.quiesce();
    const auto page = alarms.describe(scope, {});
    for (const Alarm& alarm : page->alarms) in_memory.push_back(to_json_text(alarm));
  }
  EXPECT_GT(taken.load(), 0);
  SimulatedRuntime still(1, runtime.now());
  Alarms again(still, *store, metrics, sink);
  ASSERT_TRUE(again.load());
  std::vector<std::string> in_store;
  const auto page = again.describe(scope, {});
  for (const Alarm& alarm : page->alarms) in_store.push_back(to_json_text(alarm));
  EXPECT_EQ(in_memory, in_store);
  still.quiesce();
}

}  // namespace
}  // namespace weir::alarms
