// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "metrics/aggregate.h"
#include "metrics/statistic.h"
#include "metrics/types.h"
#include "store/kv_store.h"

namespace weir::metrics {

struct Config {
  std::size_t series_max = 1'000'000;    // more are refused with LimitExceeded
  std::size_t batch_ids_max = 10'000;    // remembered batch ids per scope
  std::size_t hot_points_max = 200'000;  // minutes kept in memory, over all series
  Duration maintenance_period = std::chrono::hours(1);
};

/// One bucket of a query: only buckets with samples exist.
struct Bucket {
  Time start;
  std::string unit;
  Aggregate aggregate;
};

struct BucketQuery {
  MetricId metric;
  std::optional<std::string> unit = {};  // all units, each its own bucket, if absent
  Time from;                             // inclusive; buckets are anchored here
  Time to;                               // exclusive
  int period_s = 60;
  bool with_distribution = true;  // false saves work where percentiles are not asked for
};

struct DimensionFilter {
  std::string name;
  std::optional<std::string> value = {};
  static Shape shape();
};

struct ListQuery {
  std::optional<std::string> namespace_name = {};
  std::optional<std::string> metric_name = {};
  std::vector<DimensionFilter> dimensions = {};
  bool recently_active = false;  // data within the last three hours
  std::string next_token = {};
};
struct MetricPage {
  std::vector<MetricId> metrics;
  std::string next_token;  // "" at the end
};

struct StatisticsQuery {
  MetricId metric;
  Time start;
  Time end;
  int period_s = 60;
  std::vector<std::string> statistics = {};
  std::vector<std::string> extended_statistics = {};
  std::optional<std::string> unit = {};
};
/// Only what was asked for is set.
struct Datapoint {
  Time timestamp;
  std::optional<double> sample_count;
  std::optional<double> average;
  std::optional<double> sum;
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::string unit;
  std::optional<std::map<std::string, double>> extended_statistics;
  static Shape shape();
};

/// The metric store: takes data, aggregates them per second or minute, unit and series, and answers
/// statistics.
///
/// Kept as on CloudWatch: 1 s for 3 hours, 60 s for 15 days, 300 s for 63 days, 3600 s for 455
/// days; the coarser ones are made from the finer ones by the maintenance that runs every
/// `maintenance_period`. Threads:    all functions from any thread; concurrent put() calls share
/// one store write. Durability: put() returns when all of it is stored; nothing of a refused or
/// failed put() is visible. Memory:     `Config::hot_points_max` recent points and one small record
/// per series.
class Metrics {
 public:
  /// Called on the putting thread, without a lock, after the data are durable; once per series of a
  /// put(), with the oldest time stamp of its data.
  using ArrivalCallback = std::function<void(const Scope&, const MetricId&, Time)>;

  Metrics(Runtime& runtime, store::KvStore& store, Config config = {});
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Reads back the series; call once before anything else. Errors are the store's.
  Result<void> load();

  /// All or nothing. A `batch_id` that was accepted before is answered with success and changes
  /// nothing.
  Result<void> put(const Scope& scope, std::string_view namespace_name,
                   const std::vector<Datum>& data, std::string_view batch_id = {});

  /// Register before the first put().
  void on_arrival(ArrivalCallback callback);

  Result<MetricPage> list_metrics(const Scope& scope, const ListQuery& query) const;
  Result<std::vector<Datapoint>> get_statistics(const Scope& scope,
                                                const StatisticsQuery& query) const;
  /// The first `count_max` series with data in the last two weeks that match, in order of their
  /// ids. Within one namespace if one is given. Takes the lock for a few thousand series at a time.
  std::vector<MetricId> find(const Scope& scope, const std::optional<std::string>& namespace_name,
                             const std::function<bool(const MetricId&)>& matches,
                             std::size_t count_max) const;

  /// The buckets of one series in time order (equal starts: by unit). What statistics and alarms
  /// are made of.
  Result<std::vector<Bucket>> buckets(const Scope& scope, const BucketQuery& query) const;
  /// Whether the series ever held a value below zero. False for a series that does not exist.
  bool has_negative_values(const Scope& scope, const MetricId& metric) const;

  /// The time by which ages are judged.
  Time now() const;

  /// Rolls up and forgets what is old. Runs by itself every `maintenance_period`.
  Result<void> maintain();

  struct Impl;  // the inside, see metrics_impl.h

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::metrics
