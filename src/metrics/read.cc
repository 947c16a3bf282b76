// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "metrics/metrics_impl.h"

namespace weir::metrics {

namespace {

/// Sums points into the buckets of a query.
class Collector {
 public:
  explicit Collector(const BucketQuery& query)
      : from_s_(query.from.seconds()),
        period_s_(query.period_s),
        with_distribution_(query.with_distribution) {}

  void add(UnitIndex unit, std::int64_t start_s, const Aggregate& point) {
    const std::int64_t bucket = from_s_ + (start_s - from_s_) / period_s_ * period_s_;
    Aggregate& sum = buckets_[{bucket, unit}];
    if (with_distribution_) {
      sum.merge(point);
      return;
    }
    Aggregate plain;
    plain.sample_count = point.sample_count;
    plain.sum = point.sum;
    plain.minimum = point.minimum;
    plain.maximum = point.maximum;
    plain.has_distribution = false;
    sum.merge(plain);
  }

  std::vector<Bucket> take() {
    std::vector<Bucket> out;
    for (auto& [key, aggregate] : buckets_) {
      out.push_back(
          {Time::from_seconds(key.first), std::string(units()[key.second]), std::move(aggregate)});
    }
    std::stable_sort(out.begin(), out.end(), [](const Bucket& a, const Bucket& b) {
      return a.start != b.start ? a.start < b.start : a.unit < b.unit;
    });
    return out;
  }

 private:
  const std::int64_t from_s_;
  const std::int64_t period_s_;
  const bool with_distribution_;
  std::map<std::pair<std::int64_t, UnitIndex>, Aggregate> buckets_;
};

/// The tiers whose points fit whole into the buckets, finest first.
std::vector<Tier> tiers_of(const BucketQuery& query, const SeriesFacts& facts) {
  const auto fits = [&](Tier tier) {
    return query.period_s % length_s(tier) == 0 && query.from.seconds() % length_s(tier) == 0;
  };
  if (!fits(Tier::minute)) {
    return facts.has_seconds ? std::vector{Tier::second} : std::vector<Tier>{};
  }
  std::vector<Tier> tiers = {Tier::minute};
  for (const Tier tier : {Tier::five_minutes, Tier::hour}) {
    if (fits(tier)) tiers.push_back(tier);
  }
  return tiers;
}

/// Whether memory holds all points of the range; if so they are added.
bool add_from_memory(Collector& out, Metrics::Impl::State& state, Series& series, HotKey key,
                     std::int64_t from_s, std::int64_t to_s) {
  const auto hot = series.hot.find(key);
  if (hot == series.hot.end() || from_s < hot->second.from_s) return false;
  hot->second.last_used = ++state.uses;
  const auto& points = hot->second.points;
  for (auto at = points.lower_bound(from_s); at != points.end() && at->first < to_s; ++at) {
    out.add(key.second, at->first, at->second);
  }
  return true;
}

}  // namespace

Result<std::map<std::int64_t, Aggregate>> Metrics::Impl::stored_points(store::Cursor& cursor,
                                                                       const Scope& scope,
                                                                       std::int64_t id, HotKey key,
                                                                       std::int64_t from_s,
                                                                       std::int64_t to_s) const {
  std::map<std::int64_t, Aggregate> out;
  const std::string prefix = points_prefix(scope, id, key.first, key.second);
  cursor.seek(point_key(scope, id, key.first, key.second, std::max<std::int64_t>(from_s, 0)));
  for (; cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
    const auto start_s =
        static_cast<std::int64_t>(store::read_u64(cursor.key().substr(prefix.size())));
    if (start_s >= to_s) break;
    WEIR_TRY(Aggregate point, Aggregate::decode(cursor.value()));
    out.emplace_hint(out.end(), start_s, std::move(point));
  }
  WEIR_CHECK(cursor.status());
  return out;
}

Result<std::vector<Bucket>> Metrics::Impl::buckets(const Scope& scope,
                                                   const BucketQuery& query) const {
  WEIR_ASSERT(query.period_s > 0);
  Collector out(query);
  const std::int64_t from_s = query.from.seconds();
  const std::int64_t to_s = (query.to.ms + 999) / 1000;
  // Before this second the coarser tiers may hold data as well.
  const std::int64_t rolled_up_s = runtime.now().seconds() - kept_s(Tier::minute);
  SeriesFacts facts;
  std::vector<Tier> tiers;
  std::vector<UnitIndex> cold;
  {
    auto held = state.lock();
    Series* series = find_series(*held, scope, query.metric);
    if (series == nullptr) return std::vector<Bucket>{};
    facts = series->facts;
    tiers = tiers_of(query, facts);
    if (tiers.empty()) return std::vector<Bucket>{};
    const bool only_finest = tiers[0] == Tier::second || from_s > rolled_up_s;
    for (std::size_t i = 0; i < units().size(); ++i) {
      const auto unit = static_cast<UnitIndex>(i);
      if ((facts.units >> i & 1) == 0 || (query.unit && *query.unit != units()[i])) continue;
      if (only_finest && add_from_memory(out, *held, *series, {tiers[0], unit}, from_s, to_s)) {
        continue;
      }
      cold.push_back(unit);
    }
  }
  if (cold.empty()) return out.take();
  const auto cursor = store.cursor();
  for (const UnitIndex unit : cold) {
    for (const Tier tier : tiers) {
      WEIR_TRY(const auto points,
               stored_points(*cursor, scope, facts.id, {tier, unit}, from_s, to_s));
      for (const auto& [start_s, point] : points) out.add(unit, start_s, point);
    }
  }
  return out.take();
}

}  // namespace weir::metrics
