// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "anomaly/detectors.h"
#include "anomaly/model.h"
#include "anomaly/test_support.h"
#include "metric_math/metric_data.h"

namespace weir::anomaly {
namespace {

const Traffic kTraffic{.period_s = 60, .noise = 0.2, .kind = Traffic::Noise::multiplicative};

/// Two weeks of values every `range(0)` seconds.
void LearnModel(benchmark::State& state) {
  Traffic traffic = kTraffic;
  traffic.period_s = static_cast<int>(state.range(0));
  const Points points = Points::of(traffic, kStart, kStart + 14 * kDay);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        Model::fit(points.times, points.values, {.period_s = traffic.period_s}));
  }
  state.counters["points"] = static_cast<double>(points.times.size());
}
BENCHMARK(LearnModel)->Arg(60)->Arg(300)->Arg(3600)->Unit(benchmark::kMillisecond);

/// One point of a band.
void BandPoint(benchmark::State& state) {
  const Points points = Points::of(kTraffic, kStart, kStart + 14 * kDay);
  const auto model = Model::fit(points.times, points.values, {.period_s = 60});
  std::int64_t at = kStart;
  for (auto _ : state) {
    benchmark::DoNotOptimize(model->at(at, 2));
    at += 60;
  }
}
BENCHMARK(BandPoint);

/// Metrics with two weeks of minutes in the store, and a detector.
struct World {
  SimulatedRuntime runtime{1, Time::from_seconds(kStart + 14 * kDay)};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope{};
  metrics::Metrics metrics{runtime, *store};
  Detectors detectors{runtime, *store, metrics};
  Definition definition;
  std::vector<metric_math::DataQuery> queries;

  World() {
    if (!metrics.load() || !detectors.load()) std::abort();
    const Points points = Points::of(kTraffic, kStart, kStart + 14 * kDay);
    std::vector<metrics::Datum> data;
    for (std::size_t i = 0; i < points.times.size(); ++i) {
      data.push_back({.metric_name = "m",
                      .timestamp = Time::from_seconds(points.times[i]),
                      .value = points.values[i]});
      if (data.size() < 1000 && i + 1 < points.times.size()) continue;
      if (!metrics.put(scope, "App", data)) std::abort();
      data.clear();
    }
    definition.subject.single.emplace();
    definition.subject.single->namespace_name = "App";
    definition.subject.single->metric_name = "m";
    definition.subject.single->stat = "Average";
    metric_math::DataQuery query{.id = "m1"};
    query.metric_stat =
        metric_math::MetricStat{.metric = {"App", "m", {}}, .period_s = 60, .stat = "Average"};
    queries = {query};
  }
  ~World() { runtime.quiesce(); }
  auto band(metric_math::Bands& bands, std::int64_t minutes) {
    const std::int64_t now_s = runtime.now().seconds();
    return bands.band({scope, queries, "m1", {now_s - minutes * 60, now_s, 60}, {}, 2});
  }
};

/// From changed settings to a band: the points are read and the model is learnt.
void ReadAndLearn(benchmark::State& state) {
  World world;
  for (auto _ : state) {
    if (!world.detectors.put(world.scope, world.definition)) std::abort();
    benchmark::DoNotOptimize(world.band(world.detectors.bands(), 60));
  }
}
BENCHMARK(ReadAndLearn)->Unit(benchmark::kMillisecond);

/// What an alarm of three periods asks for at each evaluation.
void BandOfAlarm(benchmark::State& state) {
  World world;
  if (!world.detectors.put(world.scope, world.definition)) std::abort();
  if (!world.band(world.detectors.bands(), 60)) std::abort();
  for (auto _ : state) {
    benchmark::DoNotOptimize(world.band(world.detectors.alarm_bands(), 5));
  }
}
BENCHMARK(BandOfAlarm)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace weir::anomaly
