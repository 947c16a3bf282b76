// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/metrics.h"

namespace weir::metrics {

/// Metrics on virtual time and a store in memory.
struct MetricsWorld {
  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope{};
  std::unique_ptr<Metrics> metrics;

  explicit MetricsWorld(Config config = {}) { start(config); }
  ~MetricsWorld() { stop(); }

  void start(Config config = {}) {
    metrics = std::make_unique<Metrics>(runtime, *store, config);
    const auto loaded = metrics->load();
    EXPECT_TRUE(loaded) << loaded.error().message;
  }
  void stop() {
    runtime.quiesce();
    metrics.reset();
  }
  void restart(Config config = {}) {
    stop();
    start(config);
  }

  Time now() const { return runtime.now(); }

  Result<void> put(std::vector<Datum> data, std::string_view batch_id = {}) {
    return metrics->put(scope, "App", data, batch_id);
  }
  void put_value(double value, Time at) {
    const auto done = put({{.metric_name = "m", .timestamp = at, .value = value}});
    EXPECT_TRUE(done) << done.error().message;
  }

  std::vector<Bucket> buckets(Time from, Time to, int period_s, std::string name = "m") const {
    const auto found = metrics->buckets(
        scope,
        {.metric = MetricId::make("App", name, {}), .from = from, .to = to, .period_s = period_s});
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : std::vector<Bucket>{};
  }
  double sum(Time from, Time to, int period_s) const {
    double total = 0;
    for (const Bucket& bucket : buckets(from, to, period_s)) total += bucket.aggregate.sum;
    return total;
  }
};

}  // namespace weir::metrics
