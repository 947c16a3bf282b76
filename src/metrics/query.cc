// SPDX-License-Identifier: Apache-2.0
#include "metrics/query.h"

#include <algorithm>

#include "metrics/metrics_impl.h"
#include "metrics/page_token.h"

namespace weir::metrics {

namespace {

constexpr std::size_t kListPage = 500;
constexpr std::size_t kDimensionFiltersMax = 10;
constexpr std::int64_t kDatapointsMax = 1440;
constexpr std::size_t kStatisticsMax = 5;
constexpr std::size_t kExtendedMax = 10;
constexpr Duration kListedFor = std::chrono::hours(14 * 24);
constexpr Duration kRecent = std::chrono::hours(3);

bool matches(const ListQuery& query, const MetricId& metric) {
  if (query.namespace_name && metric.namespace_name != *query.namespace_name) return false;
  if (query.metric_name && metric.metric_name != *query.metric_name) return false;
  return std::all_of(query.dimensions.begin(), query.dimensions.end(), [&](const auto& filter) {
    return std::any_of(metric.dimensions.begin(), metric.dimensions.end(), [&](const auto& has) {
      return has.name == filter.name && (!filter.value || has.value == *filter.value);
    });
  });
}

Result<std::vector<Statistic>> parse_statistics(const StatisticsQuery& query) {
  if (query.statistics.empty() == query.extended_statistics.empty() && query.statistics.empty()) {
    return invalid_combination("Must specify either Statistics or ExtendedStatistics");
  }
  if (query.statistics.size() > kStatisticsMax) {
    return invalid_value("The collection Statistics must not have a size greater than 5.");
  }
  if (query.extended_statistics.size() > kExtendedMax) {
    return invalid_value("The collection ExtendedStatistics must not have a size greater than 10.");
  }
  std::vector<Statistic> out;
  for (const std::string& name : query.statistics) {
    const auto statistic = Statistic::parse(name);
    if (!statistic || !statistic->is_basic()) {
      return invalid_value("The parameter Statistics.member." + std::to_string(out.size() + 1) +
                           " must be a value in the set [ SampleCount, Average, Sum, Minimum, "
                           "Maximum ].");
    }
    out.push_back(*statistic);
  }
  for (const std::string& name : query.extended_statistics) {
    const auto statistic = Statistic::parse(name);
    if (!statistic || statistic->is_basic()) {
      return invalid_value("The value " + name +
                           " for parameter ExtendedStatistics is not supported.");
    }
    out.push_back(*statistic);
  }
  return out;
}

Result<void> check_range(const StatisticsQuery& query) {
  if (query.start >= query.end) {
    return invalid_value("The parameter StartTime must be less than the parameter EndTime.");
  }
  if (!is_valid_period(query.period_s)) {
    return invalid_value("The value " + std::to_string(query.period_s) +
                         " for parameter Period is invalid. Period must be 1, 5, 10, 20, 30 or a "
                         "multiple of 60.");
  }
  if (query.unit && !is_unit(*query.unit)) return unknown_unit("Unit");
  const std::int64_t asked = (query.end - query.start).count() / 1000 / query.period_s;
  if (asked > kDatapointsMax) {
    return invalid_combination(
        "You have requested up to " + std::to_string(asked) +
        " datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by "
        "increasing Period, or decreasing the time range.");
  }
  return {};
}

/// Nothing if the bucket has none of the statistics.
std::optional<Datapoint> datapoint(const Bucket& bucket, const std::vector<Statistic>& wanted) {
  Datapoint out;
  out.timestamp = bucket.start;
  out.unit = bucket.unit;
  bool has_any = false;
  for (const Statistic& statistic : wanted) {
    const auto value = statistic.of(bucket.aggregate);
    if (!value) continue;
    has_any = true;
    switch (statistic.kind()) {
      case Statistic::Kind::sample_count:
        out.sample_count = value;
        break;
      case Statistic::Kind::average:
        out.average = value;
        break;
      case Statistic::Kind::sum:
        out.sum = value;
        break;
      case Statistic::Kind::minimum:
        out.minimum = value;
        break;
      case Statistic::Kind::maximum:
        out.maximum = value;
        break;
      default:
        if (!out.extended_statistics) out.extended_statistics.emplace();
        out.extended_statistics->insert_or_assign(statistic.name(), *value);
    }
  }
  return has_any ? std::optional(out) : std::nullopt;
}

}  // namespace

bool is_unit(std::string_view text) {
  const auto known = units();
  return std::find(known.begin(), known.end(), text) != known.end();
}

Error unknown_unit(std::string_view parameter) {
  std::string message =
      "The parameter " + std::string(parameter) + " must be a value in the set [ ";
  for (const std::string_view unit : units()) {
    if (unit != units().front()) message += ", ";
    message += unit;
  }
  return invalid_value(message + " ].");
}

Error invalid_value(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterValue", std::move(message)};
}
Error invalid_combination(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterCombination", std::move(message)};
}
Error validation_error(std::string message) {
  return {ErrorKind::invalid, "ValidationError", std::move(message)};
}

bool is_valid_period(int period_s) {
  constexpr int kShort[] = {1, 5, 10, 20, 30};
  return std::find(std::begin(kShort), std::end(kShort), period_s) != std::end(kShort) ||
         (period_s > 0 && period_s % 60 == 0);
}

Time round_start(Time start, int period_s, Time now) {
  constexpr std::int64_t kDay = 24 * 3600;
  const std::int64_t age_s = now.seconds() - start.seconds();
  std::int64_t step = 60;
  if (period_s < 60) {
    step = period_s;
  } else if (age_s > 63 * kDay) {
    step = 3600;
  } else if (age_s > 15 * kDay) {
    step = 300;
  }
  return Time::from_seconds(floor_to(start.seconds(), step));
}

Result<MetricPage> Metrics::list_metrics(const Scope& scope, const ListQuery& query) const {
  if (query.dimensions.size() > kDimensionFiltersMax) {
    return invalid_value("The collection Dimensions must not have a size greater than 10.");
  }
  std::optional<MetricId> after;
  if (!query.next_token.empty()) {
    const auto position = read_page_token("ListMetrics", query.next_token);
    auto metric =
        position ? from_json_text<MetricId>(*position) : Result<MetricId>(invalid_value(""));
    if (!metric) return invalid_value("Request parameter NextToken is invalid");
    after = *std::move(metric);
  }
  const Time now = impl_->runtime.now();
  const Time active_since = now - (query.recently_active ? kRecent : kListedFor);

  MetricPage page;
  auto state = impl_->state.lock();
  const auto mine = state->scopes.find(scope);
  if (mine == state->scopes.end()) return page;
  const auto& series = mine->second.series;
  auto at = series.lower_bound(MetricId{query.namespace_name.value_or(""), "", {}});
  if (after) at = series.upper_bound(*after);
  for (; at != series.end(); ++at) {
    if (query.namespace_name && at->first.namespace_name != *query.namespace_name) break;
    if (at->second->last_put < active_since || !matches(query, at->first)) continue;
    if (page.metrics.size() == kListPage) {
      page.next_token = make_page_token("ListMetrics", to_json_text(page.metrics.back()));
      break;
    }
    page.metrics.push_back(at->first);
  }
  return page;
}

std::vector<MetricId> Metrics::find(const Scope& scope,
                                    const std::optional<std::string>& namespace_name,
                                    const std::function<bool(const MetricId&)>& matches,
                                    std::size_t count_max) const {
  constexpr std::size_t kSeriesOfOneLock = 2000;
  const Time active_since = impl_->runtime.now() - kListedFor;
  std::vector<MetricId> out;
  std::optional<MetricId> after;
  while (out.size() < count_max) {
    auto state = impl_->state.lock();
    const auto mine = state->scopes.find(scope);
    if (mine == state->scopes.end()) return out;
    const auto& series = mine->second.series;
    auto at = after ? series.upper_bound(*after)
                    : series.lower_bound(MetricId{namespace_name.value_or(""), "", {}});
    for (std::size_t seen = 0; seen < kSeriesOfOneLock && out.size() < count_max; ++seen, ++at) {
      if (at == series.end()) return out;
      if (namespace_name && at->first.namespace_name != *namespace_name) return out;
      if (at->second->last_put >= active_since && matches(at->first)) out.push_back(at->first);
      if (seen + 1 == kSeriesOfOneLock) after = at->first;
    }
  }
  return out;
}

Result<std::vector<Datapoint>> Metrics::get_statistics(const Scope& scope,
                                                       const StatisticsQuery& query) const {
  WEIR_TRY(const std::vector<Statistic> wanted, parse_statistics(query));
  WEIR_CHECK(check_range(query));
  BucketQuery read;
  read.metric = MetricId::make(query.metric.namespace_name, query.metric.metric_name,
                               query.metric.dimensions);
  read.unit = query.unit;
  read.from = round_start(query.start, query.period_s, impl_->runtime.now());
  read.to = query.end;
  read.period_s = query.period_s;
  read.with_distribution = !query.extended_statistics.empty();
  WEIR_TRY(const std::vector<Bucket> buckets, impl_->buckets(scope, read));
  std::vector<Datapoint> out;
  for (const Bucket& bucket : buckets) {
    if (auto point = datapoint(bucket, wanted)) out.push_back(*std::move(point));
  }
  return out;
}

}  // namespace weir::metrics
