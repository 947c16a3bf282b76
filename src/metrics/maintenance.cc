// SPDX-License-Identifier: Apache-2.0
#include "metrics/metrics_impl.h"

namespace weir::metrics {

namespace {

constexpr std::size_t kBatchPointsMax = 1000;  // rolled up in one store write

struct Work {
  Scope scope;
  std::int64_t id;
  std::int64_t units;
  bool has_seconds;
};

Tier coarser(Tier tier) { return static_cast<Tier>(static_cast<int>(tier) + 1); }

}  // namespace

Result<void> Metrics::Impl::maintain() {
  if (is_maintaining.exchange(true)) return {};
  struct Done {
    std::atomic<bool>& flag;
    ~Done() { flag = false; }
  } const done{is_maintaining};

  const Time now = runtime.now();
  std::vector<Work> work;
  {
    auto held = state.lock();
    for (const auto& [scope, mine] : held->scopes) {
      for (const auto& [metric, series] : mine.series) {
        const SeriesFacts& facts = series->facts;
        work.push_back({scope, facts.id, facts.units, facts.has_seconds});
      }
    }
  }
  // Puts never reach as far back as what is rolled up, so this needs no turn of the writer.
  for (const Work& series : work) {
    for (UnitIndex unit = 0; unit < units().size(); ++unit) {
      if ((series.units >> unit & 1) == 0) continue;
      WEIR_CHECK(roll_up(series.scope, series.id, unit, Tier::minute, now));
      WEIR_CHECK(roll_up(series.scope, series.id, unit, Tier::five_minutes, now));
      WEIR_CHECK(forget(series.scope, series.id, {Tier::hour, unit}, now));
      if (series.has_seconds) {
        WEIR_CHECK(forget(series.scope, series.id, {Tier::second, unit}, now));
      }
    }
  }
  Result<void> dropped;
  writer.alone([&] {
    trim_hot_points(now);
    dropped = drop_expired_series(now);
  });
  return dropped;
}

Result<void> Metrics::Impl::roll_up(const Scope& scope, std::int64_t id, UnitIndex unit, Tier from,
                                    Time now) {
  const Tier to = coarser(from);
  const std::int64_t cutoff_s = floor_to(now.seconds() - kept_s(from), length_s(to));
  const std::string prefix = points_prefix(scope, id, from, unit);
  while (true) {
    const auto cursor = store.cursor();
    cursor->seek(prefix);
    std::map<std::int64_t, Aggregate> sums;
    std::size_t count = 0;
    std::int64_t end_s = 0;  // what is before it goes into `sums` whole
    for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
      const auto start_s =
          static_cast<std::int64_t>(store::read_u64(cursor->key().substr(prefix.size())));
      const std::int64_t bucket = floor_to(start_s, length_s(to));
      if (start_s >= cutoff_s || (count >= kBatchPointsMax && bucket >= end_s)) break;
      WEIR_TRY(const Aggregate point, Aggregate::decode(cursor->value()));
      sums[bucket].merge(point);
      end_s = bucket + length_s(to);
      ++count;
    }
    WEIR_CHECK(cursor->status());
    if (sums.empty()) return {};
    store::WriteBatch batch;
    for (auto& [bucket, sum] : sums) {
      std::string key = point_key(scope, id, to, unit, bucket);
      WEIR_TRY(const auto present, store.get(key));
      if (present) {
        WEIR_TRY(Aggregate merged, Aggregate::decode(*present));
        merged.merge(sum);
        sum = std::move(merged);
      }
      batch.put(std::move(key), sum.encode());
    }
    batch.erase_range(point_key(scope, id, from, unit, 0), point_key(scope, id, from, unit, end_s));
    WEIR_CHECK(store.write(batch));
  }
}

Result<void> Metrics::Impl::forget(const Scope& scope, std::int64_t id, HotKey key, Time now) {
  const std::int64_t cutoff_s = now.seconds() - kept_s(key.first);
  const std::string prefix = points_prefix(scope, id, key.first, key.second);
  const auto cursor = store.cursor();
  cursor->seek(prefix);
  WEIR_CHECK(cursor->status());
  if (!cursor->valid() || !cursor->key().starts_with(prefix)) return {};
  const auto first_s =
      static_cast<std::int64_t>(store::read_u64(cursor->key().substr(prefix.size())));
  if (first_s >= cutoff_s) return {};
  store::WriteBatch batch;
  batch.erase_range(point_key(scope, id, key.first, key.second, 0),
                    point_key(scope, id, key.first, key.second, cutoff_s));
  return store.write(batch);
}

void Metrics::Impl::trim_hot_points(Time now) {
  auto held = state.lock();
  for (auto& [scope, mine] : held->scopes) {
    for (auto& [metric, series] : mine.series) {
      for (auto& [key, hot] : series->hot) {
        const std::int64_t cutoff_s = now.seconds() - kept_s(key.first);
        const auto end = hot.points.lower_bound(cutoff_s);
        held->hot_count -= static_cast<std::size_t>(std::distance(hot.points.begin(), end));
        hot.points.erase(hot.points.begin(), end);
        hot.from_s = std::max(hot.from_s, cutoff_s);
      }
    }
  }
}

Result<void> Metrics::Impl::drop_expired_series(Time now) {
  const Time cutoff = now - std::chrono::seconds(kept_s(Tier::hour));
  auto held = state.lock();
  store::WriteBatch batch;
  std::vector<std::pair<const Scope*, MetricId>> expired;
  for (auto& [scope, mine] : held->scopes) {
    for (auto& [metric, series] : mine.series) {
      if (series->last_put >= cutoff) continue;
      batch.erase(series_key(scope, series->facts.id));
      expired.emplace_back(&scope, metric);
    }
  }
  if (batch.empty()) return {};
  WEIR_CHECK(store.write(batch));
  for (const auto& [scope, metric] : expired) held->scopes[*scope].series.erase(metric);
  held->series_count -= expired.size();
  return {};
}

}  // namespace weir::metrics
