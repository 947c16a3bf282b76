// SPDX-License-Identifier: Apache-2.0
// The metric store: durable puts per second, memory of many metrics, a page of ListMetrics, and an
// expression over many series.
//
//     weir_bench_metrics [metrics] [threads] [seconds] [folder]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "metric_math/metric_data.h"
#include "metrics/metrics.h"
#include "store/kv_store.h"

namespace {

using namespace weir;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPut = 1000;  // data of one PutMetricData

void check(bool is_good, const char* what) {
  if (is_good) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double resident_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
  }
  return 0;
}

/// One put of metrics `first` ... `first + kPut`.
std::vector<metrics::Datum> data(std::size_t first, double value) {
  std::vector<metrics::Datum> out(kPut);
  for (std::size_t i = 0; i < kPut; ++i) {
    const std::size_t number = first + i;
    out[i].metric_name = "RequestCount";
    out[i].dimensions = {{"InstanceId", "i-" + std::to_string(10'000'000 + number)},
                         {"Service", "service-" + std::to_string(number % 50)}};
    out[i].value = value;
    out[i].unit = "Count";
  }
  return out;
}

double median_ms(int rounds, const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    const auto start = Clock::now();
    work();
    times.push_back(1000 * seconds_since(start));
  }
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[static_cast<std::size_t>(rounds / 2)];
}

void steady_puts(metrics::Metrics& store, const Scope& scope, std::size_t threads, double seconds) {
  std::atomic<std::size_t> puts{0};
  const auto start = Clock::now();
  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < threads; ++worker) {
    workers.emplace_back([&, worker] {
      const auto mine = data(worker * kPut, 1.5);
      while (seconds_since(start) < seconds) {
        check(static_cast<bool>(store.put(scope, "App", mine)), "a put failed");
        ++puts;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  const double rate = static_cast<double>(puts * kPut) / seconds_since(start);
  std::printf("puts of %zu data to known metrics, %zu threads: %.0f data/s\n", kPut, threads, rate);
}

void many_metrics(metrics::Metrics& store, const Scope& scope, std::size_t from, std::size_t to) {
  const double before = resident_megabytes();
  const auto start = Clock::now();
  for (std::size_t first = from; first < to; first += kPut) {
    check(static_cast<bool>(store.put(scope, "Many", data(first, 1))), "a put failed");
  }
  std::printf("%zu new metrics: %.0f data/s, memory %.0f MB before, %.0f MB after\n", to - from,
              static_cast<double>(to - from) / seconds_since(start), before, resident_megabytes());
}

void pages(const metrics::Metrics& store, const Scope& scope) {
  const auto page = [&](metrics::ListQuery query) {
    const auto found = store.list_metrics(scope, query);
    check(static_cast<bool>(found), "ListMetrics failed");
    return *found;
  };
  const metrics::MetricPage first = page({});
  std::printf(
      "ListMetrics, a page of %zu: first %.2f ms, next %.2f ms, no match for a dimension "
      "%.2f ms\n",
      first.metrics.size(), median_ms(9, [&] { page({}); }),
      median_ms(9, [&] { page({.next_token = first.next_token}); }), median_ms(9, [&] {
        page({.namespace_name = "Many", .dimensions = {{"InstanceId", "none"}}});
      }));
}

void expression(const metrics::Metrics& store, const Scope& scope) {
  metric_math::DataRequest request;
  request.queries = {
      {.id = "s", .expression = "SUM(SEARCH('{App,InstanceId,Service} service-7', 'Sum', 60))"}};
  request.end = store.now() + std::chrono::minutes(1);
  request.start = request.end - std::chrono::hours(3);
  const metric_math::MetricData reader(store);
  std::printf("GetMetricData of SUM(SEARCH()): %.2f ms\n", median_ms(9, [&] {
                check(static_cast<bool>(reader.get(scope, request)), "GetMetricData failed");
              }));
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
  const std::size_t threads = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 4;
  const double seconds = argc > 3 ? std::atof(argv[3]) : 5;
  const auto folder = std::filesystem::path(argc > 4 ? argv[4] : ".") / "weir-bench-metrics";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  {
    SystemRuntime runtime(2);
    auto kv = store::open_rocksdb_store(folder / "store");
    check(static_cast<bool>(kv), "the store does not open");
    metrics::Config config;
    config.series_max = count + threads * kPut;
    metrics::Metrics store(runtime, **kv, config);
    check(static_cast<bool>(store.load()), "the metrics do not load");
    const Scope scope;
    steady_puts(store, scope, threads, seconds);
    expression(store, scope);
    many_metrics(store, scope, 0, 100'000);
    pages(store, scope);
    many_metrics(store, scope, 100'000, count);
    pages(store, scope);
    runtime.quiesce();
  }
  std::filesystem::remove_all(folder);
}
