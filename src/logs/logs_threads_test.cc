// SPDX-License-Identifier: Apache-2.0

// Goal: concurrent callers lose nothing and see nothing torn (run under TSan to see races).
// Method: real threads put, read and change one group; the sums are checked afterwards and after a
// restart.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "logs/logs_test_world.h"

namespace weir::logs {
namespace {

constexpr int kThreads = 4;
constexpr int kPuts = 40;

TEST(LogsThreads, ConcurrentPutsAreAllKept) {
  SimulatedRuntime runtime{5};
  const auto store = store::make_memory_store();
  const Scope scope;
  std::atomic<int> samples = 0;
  const MetricSink sink = [&](const Scope&, std::string_view,
                              std::span<const MetricValue> values) -> Result<void> {
    for (const MetricValue& value : values) samples += static_cast<int>(value.count);
    return {};
  };
  const auto total = [&](const Logs& logs) {
    return logs.log_group(scope, "/vpc/flow")->stored_bytes;
  };
  Logs logs(runtime, *store, sink, {});
  ASSERT_TRUE(logs.load());
  ASSERT_TRUE(logs.ensure_group(scope, "/vpc/flow"));
  MetricFilter filter;
  filter.filter_name = "all";
  filter.metric_transformations.resize(1);
  filter.metric_transformations[0].metric_value = "1";
  ASSERT_TRUE(logs.put_metric_filter(scope, "/vpc/flow", filter));

  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const std::string stream = "eni-" + std::to_string(thread % 2);
      const std::vector<InputLogEvent> events = {{runtime.now().ms, "a"}, {runtime.now().ms, "b"}};
      for (int i = 0; i < kPuts; ++i) {
        EXPECT_TRUE(logs.ensure_stream(scope, "/vpc/flow", stream));
        EXPECT_TRUE(logs.put_log_events(scope, "/vpc/flow", stream, events));
        EXPECT_TRUE(logs.filter_events(scope, "/vpc/flow", {.limit = 10}));
        EXPECT_TRUE(logs.log_streams(scope, "/vpc/flow", {}));
        EXPECT_TRUE(logs.put_metric_filter(scope, "/vpc/flow", filter));
        EXPECT_TRUE(logs.set_retention(scope, "/vpc/flow", i % 2 == 0 ? 1 : 3));
      }
    });
  }
  threads.emplace_back([&] {  // streams that come and go beside the others
    for (int i = 0; i < kPuts; ++i) {
      EXPECT_TRUE(logs.ensure_stream(scope, "/vpc/flow", "short"));
      EXPECT_TRUE(logs.delete_log_stream(scope, "/vpc/flow", "short"));
    }
  });
  for (std::thread& thread : threads) thread.join();

  constexpr int kEvents = kThreads * kPuts * 2;
  EXPECT_EQ(samples, kEvents);
  EXPECT_EQ(total(logs), kEvents * 27);
  EXPECT_EQ(logs.filter_events(scope, "/vpc/flow", {})->events.size(),
            static_cast<std::size_t>(kEvents));
  Logs second(runtime, *store, sink, {});
  ASSERT_TRUE(second.load());
  EXPECT_EQ(total(second), kEvents * 27);
}

}  // namespace
}  // namespace weir::logs
