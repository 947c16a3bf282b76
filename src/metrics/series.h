// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/scope.h"
#include "base/shape.h"
#include "metrics/aggregate.h"
#include "metrics/types.h"

/// How series and points are kept, in memory and in the store. Private to this module.
///
///   metrics/<scope>series/<id>                            SeriesRecord as JSON
///   metrics/<scope>batch/<number>                         an accepted batch id
///   metrics.points/<scope><id><tier><unit><start>         Aggregate
///
/// <id>, <number> and <start> (Unix seconds) are 8 bytes, big-endian; <tier> and <unit> are one
/// byte.
namespace weir::metrics {

/// Stored resolutions. See Retention in the User Guide, "Metrics retention".
enum class Tier : std::uint8_t { second, minute, five_minutes, hour };
constexpr Tier kTiers[] = {Tier::second, Tier::minute, Tier::five_minutes, Tier::hour};
constexpr std::int64_t length_s(Tier tier) {
  constexpr std::int64_t kLengths[] = {1, 60, 300, 3600};
  return kLengths[static_cast<int>(tier)];
}
constexpr std::int64_t kept_s(Tier tier) {
  constexpr std::int64_t kHour = 3600;
  constexpr std::int64_t kDay = 24 * kHour;
  constexpr std::int64_t kKept[] = {3 * kHour, 15 * kDay, 63 * kDay, 455 * kDay};
  return kKept[static_cast<int>(tier)];
}
constexpr std::int64_t floor_to(std::int64_t seconds, std::int64_t step) {
  const std::int64_t rest = seconds % step;
  return seconds - (rest < 0 ? rest + step : rest);
}

using UnitIndex = std::uint8_t;  // into units()
constexpr UnitIndex kUnitNone = 26;
std::optional<UnitIndex> unit_index(std::string_view unit);

/// What is stored of a series besides its metric.
struct SeriesFacts {
  std::int64_t id = 0;
  Time last_put;           // not newer than stated; at most kLastPutSlack older
  std::int64_t units = 0;  // bit i: has data in units()[i]
  bool has_seconds = false;
  bool has_negative = false;
};

/// The stored form.
struct SeriesRecord {
  std::int64_t id = 0;
  MetricId metric;
  Time last_put;
  std::int64_t units = 0;
  bool has_seconds = false;
  bool has_negative = false;

  static SeriesRecord of(const MetricId& metric, const SeriesFacts& facts);
  SeriesFacts facts() const { return {id, last_put, units, has_seconds, has_negative}; }
  static Shape shape();
};

/// Points of one tier and unit that are in memory too: all whose start is at least `from_s`.
struct HotPoints {
  std::int64_t from_s = std::numeric_limits<std::int64_t>::min();
  std::map<std::int64_t, Aggregate> points;
  std::uint64_t last_used = 0;
};

using HotKey = std::pair<Tier, UnitIndex>;

struct Series {
  SeriesFacts facts;
  Time last_put;  // exact
  std::map<HotKey, HotPoints> hot;
};

struct ScopeState {
  std::map<MetricId, std::unique_ptr<Series>> series;
  std::set<std::string, std::less<>> batch_ids;
  std::deque<std::pair<std::uint64_t, std::string>> batch_order;  // oldest first
  std::uint64_t next_batch = 0;
};

std::string series_key(const Scope& scope, std::int64_t id);
std::string batch_key(const Scope& scope, std::uint64_t number);
/// The beginning of the keys of all points of one tier and unit.
std::string points_prefix(const Scope& scope, std::int64_t id, Tier tier, UnitIndex unit);
std::string point_key(const Scope& scope, std::int64_t id, Tier tier, UnitIndex unit,
                      std::int64_t start_s);

}  // namespace weir::metrics
