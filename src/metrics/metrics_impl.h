// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/counters.h"
#include "base/guarded.h"
#include "metrics/group_commit.h"
#include "metrics/metrics.h"
#include "metrics/series.h"

/// The inside of Metrics, shared by its source files. Private to this module.
namespace weir::metrics {

/// One put(): its data summed per series, unit, tier and bucket.
struct Put {
  struct Point {
    HotKey place;  // tier and unit
    std::int64_t start_s;
    Aggregate aggregate;
  };
  struct Part {
    MetricId metric;
    Time oldest;
    std::vector<Point> points = {};  // each bucket once
  };
  Scope scope;
  std::string batch_id;
  Time now;
  std::vector<Part> parts;  // each series once
  Result<void> result;
  bool is_repeated = false;  // its batch id was accepted before
};

struct Metrics::Impl {
  Impl(Runtime& runtime_in, store::KvStore& store_in, Config config_in);

  // put.cc
  Put prepare(const Scope& scope, std::string_view namespace_name, const std::vector<Datum>& data,
              std::string_view batch_id) const;
  void commit(std::span<Put* const> group);
  void evict_hot_points();

  // read.cc
  /// Points of one tier and unit with `from_s` <= start < `to_s`, from memory if all of them are
  /// there.
  Result<std::map<std::int64_t, Aggregate>> stored_points(store::Cursor& cursor, const Scope& scope,
                                                          std::int64_t id, HotKey key,
                                                          std::int64_t from_s,
                                                          std::int64_t to_s) const;
  Result<std::vector<Bucket>> buckets(const Scope& scope, const BucketQuery& query) const;

  // maintenance.cc
  Result<void> maintain();
  Result<void> roll_up(const Scope& scope, std::int64_t id, UnitIndex unit, Tier from, Time now);
  Result<void> forget(const Scope& scope, std::int64_t id, HotKey key, Time now);
  void trim_hot_points(Time now);
  /// Series that have been silent for so long that no point of them is left.
  Result<void> drop_expired_series(Time now);

  Runtime& runtime;
  store::KvStore& store;
  const Config config;
  std::vector<ArrivalCallback> callbacks;

  struct State {
    std::map<Scope, ScopeState> scopes;
    std::int64_t next_id = 1;
    std::size_t series_count = 0;
    std::size_t hot_count = 0;  // points in memory
    std::uint64_t uses = 0;     // a clock for HotPoints::last_used
  };
  /// Changed by whoever has the turn of `writer` only; everybody reads under the lock.
  Guarded<State> state;
  GroupCommit<Put> writer;
  std::atomic<bool> is_maintaining{false};
  Timer maintenance;

  Counter& data_counter;
};

/// The series, or nullptr.
Series* find_series(Metrics::Impl::State& state, const Scope& scope, const MetricId& metric);

}  // namespace weir::metrics
