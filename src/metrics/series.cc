// SPDX-License-Identifier: Apache-2.0
#include "metrics/series.h"

#include <algorithm>

#include "store/kv_store.h"

namespace weir::metrics {

std::optional<UnitIndex> unit_index(std::string_view unit) {
  const auto known = units();
  const auto found = std::find(known.begin(), known.end(), unit);
  if (found == known.end()) return {};
  return static_cast<UnitIndex>(found - known.begin());
}

SeriesRecord SeriesRecord::of(const MetricId& metric, const SeriesFacts& facts) {
  return {facts.id, metric, facts.last_put, facts.units, facts.has_seconds, facts.has_negative};
}

Shape SeriesRecord::shape() {
  using S = SeriesRecord;
  static constexpr Member members[] = {
      required<&S::id>("id"),
      required<&S::metric>("metric"),
      required<&S::last_put>("lastPut"),
      required<&S::units>("units"),
      optional<&S::has_seconds>("hasSeconds"),
      optional<&S::has_negative>("hasNegative"),
  };
  return {"SeriesRecord", members};
}

std::string series_key(const Scope& scope, std::int64_t id) {
  std::string key = "metrics/" + scope.key() + "series/";
  store::append_u64(key, static_cast<std::uint64_t>(id));
  return key;
}

std::string batch_key(const Scope& scope, std::uint64_t number) {
  std::string key = "metrics/" + scope.key() + "batch/";
  store::append_u64(key, number);
  return key;
}

std::string points_prefix(const Scope& scope, std::int64_t id, Tier tier, UnitIndex unit) {
  constexpr std::string_view kSpace = "metrics.points/";
  std::string key;
  key.reserve(kSpace.size() + scope.account.size() + scope.region.size() + 2 + 8 + 2 + 8);
  key += kSpace;
  key += scope.key();
  store::append_u64(key, static_cast<std::uint64_t>(id));
  key += static_cast<char>(tier);
  key += static_cast<char>(unit);
  return key;
}

std::string point_key(const Scope& scope, std::int64_t id, Tier tier, UnitIndex unit,
                      std::int64_t start_s) {
  std::string key = points_prefix(scope, id, tier, unit);
  store::append_u64(key, static_cast<std::uint64_t>(start_s));
  return key;
}

}  // namespace weir::metrics
