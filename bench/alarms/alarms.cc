// SPDX-License-Identifier: Apache-2.0
// Alarms: what it costs to judge many every minute, and how long lookups and pages take beside it.
//
//     weir_bench_alarms [alarms] [minutes] [folder]
//
// Time is simulated, so that a minute takes as long as its work; the processor time of a minute of
// that many data with and without alarms on them is measured, on a durable store in memory
// (/dev/shm), so that making so many alarms one after the other does not wait for a disk.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "alarms/alarms.h"
#include "metrics/metrics.h"
#include "store/kv_store.h"

namespace {

using namespace weir;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPut = 1000;  // data of one PutMetricData
constexpr int kRounds = 5;
const Scope kScope{"123456789012", "us-east-1"};

void check(bool is_good, const char* what) {
  if (is_good) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string number(std::size_t i) {
  const std::string digits = std::to_string(i);
  return std::string(6 - std::min<std::size_t>(6, digits.size()), '0') + digits;
}

struct World {
  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store;
  std::unique_ptr<metrics::Metrics> metrics;
  std::unique_ptr<alarms::Alarms> alarms;

  explicit World(const std::string& folder) {
    std::filesystem::remove_all(folder);
    auto opened = store::open_rocksdb_store(folder);
    check(static_cast<bool>(opened), "the store cannot be opened");
    store = *std::move(opened);
    metrics = std::make_unique<metrics::Metrics>(runtime, *store);
    check(static_cast<bool>(metrics->load()), "no metrics");
  }
  ~World() {
    runtime.quiesce();
    alarms.reset();
    metrics.reset();
  }
  void add_alarms(std::size_t count) {
    alarms = std::make_unique<alarms::Alarms>(
        runtime, *store, *metrics,
        [](const Scope&, const alarms::Action&) -> Result<void> { return {}; });
    check(static_cast<bool>(alarms->load()), "no alarms");
    for (std::size_t i = 0; i < count; ++i) {
      alarms::AlarmConfig config;
      config.alarm_name = "alarm-" + number(i);
      config.namespace_name = "App";
      config.metric_name = "m" + number(i);
      config.statistic = "Average";
      config.period_s = 60;
      config.evaluation_periods = 3;
      config.datapoints_to_alarm = 2;
      config.threshold = 50;
      config.comparison_operator = "GreaterThanThreshold";
      config.alarm_actions = {"arn:aws:sns:us-east-1:123456789012:t"};
      check(static_cast<bool>(alarms->put_metric_alarm(kScope, config)), "no alarm");
    }
    runtime.run_ready();
  }
  /// A datum of each metric; 1 in 1,000 of them breaches.
  void minute(std::size_t count, std::size_t round) {
    std::vector<metrics::Datum> data;
    for (std::size_t i = 0; i < count; ++i) {
      const bool is_high = i % 1000 == 0 && round % 4 < 2;
      data.push_back({.metric_name = "m" + number(i), .value = is_high ? 90.0 : 10.0});
      if (data.size() < kPut && i + 1 < count) continue;
      check(static_cast<bool>(metrics->put(kScope, "App", data)), "no datum");
      data.clear();
      runtime.run_ready();
    }
    runtime.advance(std::chrono::minutes(1));
  }
};

double per_minute(World& world, std::size_t count, std::size_t minutes) {
  std::vector<double> took;
  for (std::size_t round = 0; round < minutes; ++round) {
    const double began = processor_seconds();
    world.minute(count, round);
    took.push_back(processor_seconds() - began);
  }
  return median(took);
}

void time(const char* what, const std::function<void()>& work) {
  std::vector<double> took;
  for (int round = 0; round < kRounds; ++round) {
    const auto began = Clock::now();
    work();
    took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - began).count());
  }
  std::printf("%-58s %9.3f ms\n", what, median(took));
}

void lookups(World& world, std::size_t count) {
  using Page = Result<alarms::AlarmPage>;
  const auto describe = [&](alarms::AlarmQuery query) {
    query.records_max = 100;
    const Page page = world.alarms->describe(kScope, query);
    check(static_cast<bool>(page), "no page");
    return page->alarms.size();
  };
  const std::string middle = "alarm-" + number(count / 2);
  time("one alarm by its name", [&] { check(describe({.names = {middle}}) == 1, "not found"); });
  time("a page of 100 alarms", [&] { check(describe({}) == 100, "not full"); });
  time("a page of 100 alarms with a prefix in the middle",
       [&] { check(describe({.name_prefix = middle.substr(0, 8)}) > 0, "not found"); });
  time("all in INSUFFICIENT_DATA: none, so all are looked at",
       [&] { check(describe({.state_value = "INSUFFICIENT_DATA"}) == 0, "found"); });
  time("alarms for one metric", [&] {
    alarms::MetricAlarmQuery query;
    query.metric = {"App", "m" + number(count / 2), {}};
    check(world.alarms->describe_for_metric(kScope, query).size() == 1, "not found");
  });
  time("a page of the history of one alarm", [&] {
    check(static_cast<bool>(world.alarms->history(kScope, {.alarm_name = "alarm-000000"})),
          "no history");
  });
  time("a page of ListMetrics", [&] {
    const auto page = world.metrics->list_metrics(kScope, {.namespace_name = "App"});
    check(page && page->metrics.size() == 500, "not full");
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  const std::size_t minutes = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 5;
  const std::string folder = argc > 3 ? argv[3] : "/dev/shm/weir-bench-alarms";
  double puts = 0;
  {
    World world(folder);
    puts = per_minute(world, count, minutes);
  }
  World world(folder);
  world.add_alarms(count);
  world.minute(count, 3);  // all of them leave INSUFFICIENT_DATA
  world.minute(count, 3);
  const double both = per_minute(world, count, minutes);
  const auto judged = world.alarms->stats().evaluations;
  world.minute(count, 3);
  std::printf("%zu alarms, a datum for each every minute\n", count);
  std::printf("%-58s %9.3f s\n", "processor time of a minute of data, no alarms", puts);
  std::printf("%-58s %9.3f s\n", "the same with an alarm on each", both);
  std::printf("%-58s %9.1f %% of a core (%.1f us for each of %zu judged windows)\n", "judging",
              (both - puts) / 60 * 100,
              (both - puts) * 1e6 / static_cast<double>(world.alarms->stats().evaluations - judged),
              static_cast<std::size_t>(world.alarms->stats().evaluations - judged));
  lookups(world, count);
  std::filesystem::remove_all(folder);
  return 0;
}
