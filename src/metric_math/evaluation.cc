// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "metric_math/errors.h"
#include "metric_math/program.h"
#include "metric_math/search.h"
#include "metrics/query.h"
#include "metrics/statistic.h"

namespace weir::metric_math {

namespace {

constexpr int kPeriodDefault = 300;
constexpr Duration kInsightsReach = std::chrono::hours(3);

/// The unit that comes first, where there are several.
Series points_of(const std::vector<metrics::Bucket>& buckets, const metrics::Statistic& statistic,
                 const Grid& grid) {
  std::set<std::string> units;
  for (const metrics::Bucket& bucket : buckets) units.insert(bucket.unit);
  std::vector<std::int64_t> times;
  std::vector<double> values;
  for (const metrics::Bucket& bucket : buckets) {
    if (bucket.unit != *units.begin()) continue;
    if (const auto value = statistic.of(bucket.aggregate)) {
      times.push_back(bucket.start.seconds());
      values.push_back(*value);
    }
  }
  Series out(grid, std::move(times), std::move(values));
  out.units.assign(units.begin(), units.end());
  return out;
}

metrics::BucketQuery bucket_query(const metrics::MetricId& metric, const Grid& grid) {
  metrics::BucketQuery query;
  query.metric =
      metrics::MetricId::make(metric.namespace_name, metric.metric_name, metric.dimensions);
  query.from = Time::from_seconds(grid.from_s);
  query.to = Time::from_seconds(grid.to_s);
  query.period_s = grid.period_s;
  return query;
}

/// What tells series of a search apart: the dimensions' values, and the name where it is not always
/// the same.
void set_labels(SeriesArray& found) {
  const auto name = [](const Series& series) { return series.metric->metric.metric_name; };
  const bool is_one_name = std::all_of(found.begin(), found.end(), [&](const Series& series) {
    return name(series) == name(found.front());
  });
  for (Series& series : found) {
    std::string label;
    for (const auto& dimension : series.metric->metric.dimensions) {
      label += (label.empty() ? "" : " ") + dimension.value;
    }
    if (label.empty() || !is_one_name) label += (label.empty() ? "" : " ") + name(series);
    series.label = std::move(label);
  }
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : " ") + part;
  return out;
}

/// One row of a Metrics Insights query.
struct Group {
  std::map<std::int64_t, metrics::Aggregate> buckets = {};
  metrics::Aggregate total = {};
};

}  // namespace

Evaluation::Evaluation(const Program& program, const metrics::Metrics& metrics, const Scope& scope,
                       GridOf grid_of, Sources sources)
    : program_(program),
      metrics_(metrics),
      scope_(scope),
      grid_of_(std::move(grid_of)),
      sources_(sources),
      values_(program.queries().size()) {}

Evaluation::~Evaluation() = default;

Result<Value> Evaluation::value(std::size_t query) {
  for (const std::size_t one : program_.needed_by(query)) {
    if (values_[one]) continue;
    current_ = one;
    values_[one] = compute(one);
  }
  return *values_[query];
}

Result<Value> Evaluation::result(std::size_t query) {
  WEIR_TRY(Value out, value(query));
  if (std::holds_alternative<Series>(out) || std::holds_alternative<SeriesArray>(out)) return out;
  return in_query(program_.queries()[query].id,
                  validation_error("The result must be a time series or an array of them, not " +
                                   std::string(type_name(out))));
}

Result<Value> Evaluation::compute(std::size_t index) {
  const DataQuery& query = program_.queries()[index];
  if (query.metric_stat) {
    WEIR_TRY(Series series, read(*query.metric_stat));
    return Value(std::move(series));
  }
  const InsightsQuery* insights = program_.insights(index);
  Result<Value> out =
      insights != nullptr ? select(query, *insights) : evaluate(*program_.expression(index), *this);
  if (out || out.error().message.starts_with("Error in expression '")) return out;
  return in_query(query.id, std::move(out).error());
}

Result<Series> Evaluation::read(const MetricStat& stat) {
  const auto statistic = metrics::Statistic::parse(stat.stat);
  WEIR_ASSERT(statistic);  // checked by Program and search()
  const Grid grid = grid_of_(stat.period_s);
  metrics::BucketQuery query = bucket_query(stat.metric, grid);
  query.unit = stat.unit;
  query.with_distribution = !statistic->is_basic();
  WEIR_TRY(const std::vector<metrics::Bucket> buckets, metrics_.buckets(scope_, query));
  WEIR_CHECK(spend(buckets.size()));
  Series out = points_of(buckets, *statistic, grid);
  out.metric = std::make_shared<const MetricStat>(stat);
  out.label = stat.metric.metric_name;
  return out;
}

Grid Evaluation::grid() const { return grid_of_(default_period()); }

int Evaluation::default_period() const {
  const DataQuery& query = program_.queries()[current_];
  if (query.period_s) return *query.period_s;
  int period_s = 0;
  for (const DataQuery& other : program_.queries()) {
    if (!other.metric_stat) continue;
    const int its = other.metric_stat->period_s;
    period_s = period_s == 0 ? its : std::min(period_s, its);
  }
  return period_s == 0 ? kPeriodDefault : period_s;
}

Result<Value> Evaluation::value(std::string_view id) {
  const auto query = program_.find(id);
  WEIR_ASSERT(query && values_[*query]);  // Program checks, and puts them in order
  return *values_[*query];
}

Result<int> Evaluation::period(std::string_view id) {
  const DataQuery& query = program_.queries()[*program_.find(id)];
  if (query.metric_stat) return query.metric_stat->period_s;
  return validation_error("Function 'PERIOD' takes the id of a metric; '" + query.id +
                          "' is an expression");
}

Result<SeriesArray> Evaluation::metrics(std::string_view part) {
  SeriesArray out;
  for (std::size_t i = 0; i < program_.queries().size(); ++i) {
    const DataQuery& query = program_.queries()[i];
    if (!query.metric_stat || query.id.find(part) == std::string::npos) continue;
    WEIR_TRY(const Value value, *values_[i]);
    out.push_back(std::get<Series>(value));
  }
  return out;
}

std::vector<metrics::MetricId> Evaluation::find(
    const std::optional<std::string>& namespace_name,
    const std::function<bool(const metrics::MetricId&)>& matches, std::size_t count_max) {
  auto found = metrics_.find(scope_, namespace_name, matches, count_max + 1);
  if (found.size() > count_max) {
    found.pop_back();
    if (messages_.empty()) {
      messages_.push_back({"MaxMetricsExceeded", "Maximum number of allowed metrics exceeded"});
    }
  }
  return found;
}

Result<SeriesArray> Evaluation::search(std::string_view text, std::string_view stat,
                                       std::optional<int> period_s) {
  if (++searches_ > Program::kSearchesMax) {
    return validation_error("A request can have at most " + std::to_string(Program::kSearchesMax) +
                            " SEARCH functions");
  }
  WEIR_TRY(const Search query, Search::parse(text));
  if (!metrics::Statistic::parse(stat)) {
    return validation_error("The statistic '" + std::string(stat) + "' of SEARCH is not supported");
  }
  const int period = period_s.value_or(default_period());
  if (!metrics::is_valid_period(period)) {
    return validation_error("Invalid period " + std::to_string(period) + " of SEARCH");
  }
  const auto found = find(
      query.namespace_name(),
      [&](const metrics::MetricId& metric) { return query.matches(metric, scope_.account); },
      kArrayMax);
  SeriesArray out;
  for (const metrics::MetricId& metric : found) {
    WEIR_TRY(Series series, read({metric, period, std::string(stat), {}}));
    out.push_back(std::move(series));
  }
  set_labels(out);
  return out;
}

Result<std::array<Series, 2>> Evaluation::band(std::string_view id, double deviations) {
  if (sources_.bands == nullptr) {
    return Error{ErrorKind::unavailable, "UnsupportedFunction",
                 "Function 'ANOMALY_DETECTION_BAND' needs anomaly detection, which this service "
                 "does not have"};
  }
  WEIR_TRY(const Value of, *values_[*program_.find(id)]);
  const auto* series = std::get_if<Series>(&of);
  if (series == nullptr) {
    return validation_error("Function 'ANOMALY_DETECTION_BAND' takes a time series, not " +
                            std::string(type_name(of)));
  }
  WEIR_CHECK(spend(2 * series->grid.size()));
  Bands::Query query{scope_, program_.queries(), id, series->grid, {}, deviations};
  if (series->metric) query.unit = series->metric->unit;
  WEIR_TRY(Bands::Band band, sources_.bands->band(query));
  if (band.message && messages_.empty()) messages_.push_back(*std::move(band.message));
  // Without a label of its own the id tells them apart from other bands (unverified).
  const DataQuery& asking = program_.queries()[current_];
  const std::string prefix = asking.label ? "" : asking.id + ' ';
  band.sides[0].label = prefix + "High";
  band.sides[1].label = prefix + "Low";
  return std::move(band.sides);
}

Result<Series> Evaluation::insight_rule_metric(std::string_view rule, std::string_view metric) {
  if (sources_.insight_rules == nullptr) {
    return Error{ErrorKind::unavailable, "UnsupportedFunction",
                 "Function 'INSIGHT_RULE_METRIC' needs Contributor Insights, which this service "
                 "does not have"};
  }
  return sources_.insight_rules->metric(scope_, rule, metric, grid());
}

Result<Value> Evaluation::select(const DataQuery& query, const InsightsQuery& insights) {
  const Grid asked = grid_of_(std::max(*query.period_s, 60));
  const std::int64_t reach_s = (metrics_.now() - kInsightsReach).seconds();
  Grid grid = asked;
  if (reach_s > grid.from_s) {
    grid.from_s += (reach_s - grid.from_s + grid.period_s - 1) / grid.period_s * grid.period_s;
  }
  const auto found = find(
      insights.namespace_name,
      [&](const metrics::MetricId& metric) { return insights.matches(metric); },
      InsightsQuery::kSeriesMax);
  std::map<std::vector<std::string>, Group> groups;
  if (insights.group_by.empty()) groups.emplace();
  for (const metrics::MetricId& metric : found) {
    metrics::BucketQuery read = bucket_query(metric, grid);
    read.with_distribution = false;
    WEIR_TRY(const auto buckets, metrics_.buckets(scope_, read));
    WEIR_CHECK(spend(buckets.size()));
    Group& group = groups[insights.group_of(metric)];
    for (const metrics::Bucket& bucket : buckets) {
      group.buckets[bucket.start.seconds()].merge(bucket.aggregate);
      group.total.merge(bucket.aggregate);
    }
  }
  std::vector<std::pair<double, Series>> rows;
  for (const auto& [keys, group] : groups) {
    std::vector<std::int64_t> times;
    std::vector<double> values;
    for (const auto& [start_s, bucket] : group.buckets) {
      times.push_back(start_s);
      values.push_back(value_of(insights.aggregation, bucket));
    }
    Series series(grid, std::move(times), std::move(values));
    series.label = joined(keys);
    if (insights.group_by.empty()) return Value(std::move(series));
    if (series.empty()) continue;
    const double rank = insights.order ? value_of(insights.order->by, group.total) : 0;
    rows.emplace_back(insights.order && insights.order->is_descending ? -rank : rank,
                      std::move(series));
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  SeriesArray out;
  for (auto& [rank, series] : rows) {
    if (out.size() < insights.limit) out.push_back(std::move(series));
  }
  return Value(std::move(out));
}

}  // namespace weir::metric_math
