// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <functional>
#include <tuple>
#include <unordered_map>

#include "metrics/metrics_impl.h"

namespace weir::metrics {

namespace {

/// How far the stored time of the last put may be behind, so that not every put rewrites the
/// record.
constexpr Duration kLastPutSlack = std::chrono::minutes(5);
/// Minutes (or seconds) in memory per series and unit: a day and a bit.
constexpr std::size_t kHotPointsOfSeriesMax = 1500;
constexpr Duration kHotLoadedBack = std::chrono::hours(3);

Aggregate aggregate_of(const Datum& datum) {
  Aggregate out;
  if (datum.value) out.add(*datum.value, 1);
  if (datum.statistic_values) out.add(*datum.statistic_values);
  for (std::size_t i = 0; i < datum.values.size(); ++i) {
    out.add(datum.values[i], datum.counts.empty() ? 1 : datum.counts[i]);
  }
  return out;
}

std::size_t hash_of(const MetricId& metric) {
  const std::hash<std::string_view> hash;
  std::size_t out = hash(metric.metric_name);
  for (const Dimension& dimension : metric.dimensions) {
    out = out * 0x9e3779b97f4a7c15 + hash(dimension.name);
    out = out * 0x9e3779b97f4a7c15 + hash(dimension.value);
  }
  return out;
}

/// Finds the part of a series while a put is built. All of one namespace.
class PartsOfPut {
 public:
  explicit PartsOfPut(Put& put) : put_(put) {}

  Put::Part& of(MetricId metric, Time time) {
    const std::size_t hash = hash_of(metric);
    const auto [begin, end] = by_hash_.equal_range(hash);
    for (auto at = begin; at != end; ++at) {
      Put::Part& part = put_.parts[at->second];
      if (part.metric != metric) continue;
      part.oldest = std::min(part.oldest, time);
      return part;
    }
    by_hash_.emplace(hash, put_.parts.size());
    return put_.parts.emplace_back(Put::Part{std::move(metric), time});
  }

 private:
  Put& put_;
  std::unordered_multimap<std::size_t, std::size_t> by_hash_;
};

void add_to(Put::Part& part, HotKey place, Time time, const Aggregate& aggregate) {
  const std::int64_t start_s = floor_to(time.seconds(), length_s(place.first));
  const auto is_it = [&](const Put::Point& point) {
    return point.start_s == start_s && point.place == place;
  };
  const auto found = std::find_if(part.points.rbegin(), part.points.rend(), is_it);
  if (found == part.points.rend()) {
    part.points.push_back({place, start_s, aggregate});
  } else {
    found->aggregate.merge(aggregate);
  }
}

/// What a group of puts will change, built aside and published after it is stored.
class Staging {
 public:
  explicit Staging(Metrics::Impl& impl) : impl_(impl) {}

  void add(Put& put) {
    if (!put.batch_id.empty() && is_known(put)) {
      put.is_repeated = true;
      return;
    }
    auto changed = resolve(put);
    if (!changed) {
      put.result = std::move(changed).error();
      return;
    }
    for (std::size_t i = 0; i < put.parts.size(); ++i) {
      for (const Put::Point& point : put.parts[i].points) {
        if (auto added = add_point(put, *(*changed)[i], point); !added) {
          failure_ = added;
          return;
        }
      }
    }
    if (!put.batch_id.empty()) new_ids_[put.scope].push_back(put.batch_id);
  }

  Result<void> store() {
    WEIR_CHECK(failure_);
    store::WriteBatch batch;
    for (const Changed& changed : changed_) {
      if (changed.must_save) {
        batch.put(series_key(*changed.scope, changed.facts.id),
                  to_json_text(SeriesRecord::of(*changed.metric, changed.facts)));
      }
      for (const auto& [point, aggregate] : changed.points) {
        const auto& [place, start_s] = point;
        batch.put(point_key(*changed.scope, changed.facts.id, place.first, place.second, start_s),
                  aggregate.encode());
      }
    }
    save_batch_ids(batch);
    if (batch.empty()) return {};
    return impl_.store.write(batch);
  }

  void publish() {
    auto state = impl_.state.lock();
    state->next_id = std::max(state->next_id, next_id_);
    for (Changed& changed : changed_) publish_series(*state, changed);
    for (auto& [scope, ids] : new_ids_) {
      ScopeState& mine = state->scopes[scope];
      for (std::string& id : ids) {
        mine.batch_ids.insert(id);
        mine.batch_order.emplace_back(mine.next_batch++, std::move(id));
      }
      while (mine.batch_order.size() > impl_.config.batch_ids_max) {
        mine.batch_ids.erase(mine.batch_order.front().second);
        mine.batch_order.pop_front();
      }
    }
  }

 private:
  struct Changed {
    const Scope* scope;  // of a put of the group, as the metric
    const MetricId* metric;
    Series* existing = nullptr;  // stays where it is while we have the writer's turn
    SeriesFacts facts = {};
    Time last_put = {};
    bool must_save = false;
    std::map<HotKey, HotPoints> loaded = {};  // was not in memory
    std::map<std::pair<HotKey, std::int64_t>, Aggregate> points = {};
  };
  /// New series by what they are.
  struct Name {
    const Scope* scope;
    const MetricId* metric;
    bool operator<(const Name& other) const {
      return std::tie(*metric, *scope) < std::tie(*other.metric, *other.scope);
    }
  };

  bool is_known(const Put& put) {
    const auto& fresh = new_ids_[put.scope];
    if (std::find(fresh.begin(), fresh.end(), put.batch_id) != fresh.end()) return true;
    auto state = impl_.state.lock();
    const auto mine = state->scopes.find(put.scope);
    return mine != state->scopes.end() && mine->second.batch_ids.contains(put.batch_id);
  }

  /// Finds or makes the series of the put's parts, all of them or none.
  Result<std::vector<Changed*>> resolve(const Put& put) {
    std::vector<Changed*> out;
    std::vector<std::size_t> unknown;
    auto state = impl_.state.lock();
    next_id_ = std::max(next_id_, state->next_id);
    for (const Put::Part& part : put.parts) {
      Series* series = find_series(*state, put.scope, part.metric);
      Changed*& changed = out.emplace_back();
      if (series != nullptr) {
        changed = of_series(put, part, *series);
        continue;
      }
      const auto made = new_.find({&put.scope, &part.metric});
      if (made != new_.end()) {
        changed = made->second;
      } else {
        unknown.push_back(out.size() - 1);
      }
    }
    if (state->series_count + new_.size() + unknown.size() > impl_.config.series_max) {
      return Error{ErrorKind::limit, "LimitExceeded",
                   "The maximum number of metrics (setting series_max) is reached."};
    }
    for (const std::size_t i : unknown) {
      Changed& changed = changed_.emplace_back(Changed{&put.scope, &put.parts[i].metric});
      changed.facts.id = next_id_++;
      changed.must_save = true;
      new_.emplace(Name{changed.scope, changed.metric}, &changed);
      out[i] = &changed;
    }
    return out;
  }

  Changed* of_series(const Put& put, const Put::Part& part, Series& series) {
    Changed*& changed = by_series_[&series];
    if (changed != nullptr) return changed;
    changed = &changed_.emplace_back(Changed{&put.scope, &part.metric, &series, series.facts});
    changed->last_put = series.last_put;
    return changed;
  }

  Result<void> add_point(const Put& put, Changed& changed, const Put::Point& point) {
    note_use(changed, put, point);
    const auto [at, is_new] = changed.points.try_emplace({point.place, point.start_s});
    if (is_new) {
      WEIR_TRY(at->second, current(put.scope, changed, point.place, point.start_s));
    }
    at->second.merge(point.aggregate);
    return {};
  }

  static void note_use(Changed& changed, const Put& put, const Put::Point& point) {
    SeriesFacts& facts = changed.facts;
    const auto& [tier, unit] = point.place;
    const std::int64_t unit_bit = std::int64_t{1} << unit;
    changed.last_put = std::max(changed.last_put, put.now);
    if ((facts.units & unit_bit) == 0 || changed.last_put > facts.last_put + kLastPutSlack ||
        (point.aggregate.minimum < 0 && !facts.has_negative) ||
        (tier == Tier::second && !facts.has_seconds)) {
      changed.must_save = true;
    }
    facts.units |= unit_bit;
    facts.has_negative = facts.has_negative || point.aggregate.minimum < 0;
    facts.has_seconds = facts.has_seconds || tier == Tier::second;
    if (changed.must_save) facts.last_put = changed.last_put;
  }

  /// The point as it is now; an empty one if there is none.
  Result<Aggregate> current(const Scope& scope, Changed& changed, HotKey hot,
                            std::int64_t start_s) {
    if (changed.existing == nullptr) return Aggregate{};
    if (!changed.loaded.contains(hot)) {
      auto state = impl_.state.lock();
      const auto in_memory = changed.existing->hot.find(hot);
      if (in_memory != changed.existing->hot.end()) {
        if (start_s >= in_memory->second.from_s) {
          const auto point = in_memory->second.points.find(start_s);
          return point == in_memory->second.points.end() ? Aggregate{} : point->second;
        }
        return read_point(scope, changed, hot, start_s);
      }
    }
    WEIR_TRY(const HotPoints* points, load(scope, changed, hot));
    if (start_s < points->from_s) return read_point(scope, changed, hot, start_s);
    const auto point = points->points.find(start_s);
    return point == points->points.end() ? Aggregate{} : point->second;
  }

  Result<Aggregate> read_point(const Scope& scope, const Changed& changed, HotKey hot,
                               std::int64_t start_s) const {
    WEIR_TRY(const auto bytes,
             impl_.store.get(point_key(scope, changed.facts.id, hot.first, hot.second, start_s)));
    if (!bytes) return Aggregate{};
    return Aggregate::decode(*bytes);
  }

  /// Brings the newest points of a series that was not in memory there.
  Result<const HotPoints*> load(const Scope& scope, Changed& changed, HotKey hot) {
    const auto [at, is_new] = changed.loaded.try_emplace(hot);
    HotPoints& points = at->second;
    if (!is_new) return &points;
    points.from_s = floor_to((impl_.runtime.now() - kHotLoadedBack).seconds(), 60);
    const auto cursor = impl_.store.cursor();
    WEIR_TRY(points.points,
             impl_.stored_points(*cursor, scope, changed.facts.id, hot, points.from_s,
                                 std::numeric_limits<std::int64_t>::max()));
    return &points;
  }

  void save_batch_ids(store::WriteBatch& batch) {
    auto state = impl_.state.lock();
    for (const auto& [scope, ids] : new_ids_) {
      const ScopeState& mine = state->scopes[scope];
      std::uint64_t number = mine.next_batch;
      for (const std::string& id : ids) batch.put(batch_key(scope, number++), id);
      const std::size_t kept = mine.batch_order.size() + ids.size();
      if (kept <= impl_.config.batch_ids_max || mine.batch_order.empty()) continue;
      const std::size_t surplus = kept - impl_.config.batch_ids_max;
      batch.erase_range(batch_key(scope, mine.batch_order.front().first),
                        batch_key(scope, mine.batch_order.front().first + surplus));
    }
  }

  static void publish_series(Metrics::Impl::State& state, Changed& changed) {
    Series* series = changed.existing;
    if (series == nullptr) {
      auto made = std::make_unique<Series>();
      series = made.get();
      state.scopes[*changed.scope].series.insert_or_assign(*changed.metric, std::move(made));
      ++state.series_count;
    }
    series->facts = changed.facts;
    series->last_put = changed.last_put;
    for (auto& [hot, points] : changed.loaded) {
      state.hot_count += points.points.size();
      series->hot.insert_or_assign(hot, std::move(points));
    }
    for (auto& [point, aggregate] : changed.points) {
      // A new series has no points elsewhere, so the default `from_s` is right for it.
      HotPoints& mine = series->hot[point.first];
      mine.last_used = ++state.uses;
      if (point.second < mine.from_s) continue;
      state.hot_count += mine.points.contains(point.second) ? 0 : 1;
      mine.points.insert_or_assign(point.second, std::move(aggregate));
      while (mine.points.size() > kHotPointsOfSeriesMax) {
        mine.from_s = mine.points.begin()->first + 1;
        mine.points.erase(mine.points.begin());
        --state.hot_count;
      }
    }
  }

  Metrics::Impl& impl_;
  Result<void> failure_;
  std::int64_t next_id_ = 1;
  std::deque<Changed> changed_;
  std::unordered_map<const Series*, Changed*> by_series_;
  std::map<Name, Changed*> new_;
  std::map<Scope, std::vector<std::string>> new_ids_;
};

}  // namespace

Put Metrics::Impl::prepare(const Scope& scope, std::string_view namespace_name,
                           const std::vector<Datum>& data, std::string_view batch_id) const {
  Put put;
  put.scope = scope;
  put.batch_id = batch_id;
  put.now = runtime.now();
  const std::int64_t oldest_second = put.now.seconds() - kept_s(Tier::second);
  PartsOfPut parts(put);
  for (const Datum& datum : data) {
    const Time time = datum.timestamp.value_or(put.now);
    Put::Part& part =
        parts.of(MetricId::make(namespace_name, datum.metric_name, datum.dimensions), time);
    const UnitIndex unit = unit_index(datum.unit.value_or("None")).value_or(kUnitNone);
    const Aggregate aggregate = aggregate_of(datum);
    if (aggregate.empty()) continue;
    add_to(part, {Tier::minute, unit}, time, aggregate);
    if (datum.storage_resolution == 1 && time.seconds() >= oldest_second) {
      add_to(part, {Tier::second, unit}, time, aggregate);
    }
  }
  return put;
}

void Metrics::Impl::commit(std::span<Put* const> group) {
  Staging staging(*this);
  for (Put* put : group) staging.add(*put);
  if (const auto stored = staging.store(); !stored) {
    for (Put* put : group) put->result = stored;
    return;
  }
  staging.publish();
  evict_hot_points();
}

void Metrics::Impl::evict_hot_points() {
  auto held = state.lock();
  if (held->hot_count <= config.hot_points_max) return;
  struct Candidate {
    std::uint64_t last_used;
    Series* series;
    HotKey key;
  };
  std::vector<Candidate> candidates;
  for (auto& [scope, mine] : held->scopes) {
    for (auto& [metric, series] : mine.series) {
      for (const auto& [key, points] : series->hot) {
        candidates.push_back({points.last_used, series.get(), key});
      }
    }
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const auto& a, const auto& b) { return a.last_used < b.last_used; });
  for (const Candidate& candidate : candidates) {
    if (held->hot_count <= config.hot_points_max / 4 * 3) break;
    const auto at = candidate.series->hot.find(candidate.key);
    held->hot_count -= at->second.points.size();
    candidate.series->hot.erase(at);
  }
}

}  // namespace weir::metrics
