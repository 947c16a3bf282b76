// SPDX-License-Identifier: Apache-2.0
#include "anomaly/detector.h"

#include <algorithm>
#include <utility>

#include "base/time_zone.h"
#include "metric_math/program.h"
#include "metrics/statistic.h"

namespace weir::anomaly {

namespace {

using metric_math::DataQuery;
using metric_math::Function;
using metric_math::Program;

constexpr int kPeriodDefault = 300;
constexpr std::size_t kMetricsMax = 10;  // in one expression
constexpr std::size_t kTimezoneMax = 50;
constexpr std::string_view kSingle = "SingleMetricAnomalyDetector.";

Error missing(std::string_view parameter) {
  return {ErrorKind::invalid, "MissingParameter",
          "The parameter " + std::string(parameter) + " is required."};
}
Error invalid(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterValue", std::move(message)};
}

Result<void> check(const Scope& scope, const SingleMetric& metric) {
  const std::string prefix(kSingle);
  if (!metric.namespace_name) return missing(prefix + "Namespace");
  if (!metric.metric_name) return missing(prefix + "MetricName");
  if (!metric.stat) return missing(prefix + "Stat");
  if (!metrics::Statistic::parse(*metric.stat)) {
    return invalid("The value " + *metric.stat + " for parameter Stat is not supported.");
  }
  if (metric.account_id && *metric.account_id != scope.account) {
    return invalid(
        "The value " + *metric.account_id +
        " for parameter AccountId is invalid: only metrics of the own account are here.");
  }
  return {};
}

Result<std::size_t> returning(const std::vector<DataQuery>& queries) {
  const auto returns = [](const DataQuery& query) { return query.return_data; };
  if (std::count_if(queries.begin(), queries.end(), returns) != 1) {
    return invalid("Exactly one element of MetricDataQueries must have ReturnData set to true.");
  }
  return static_cast<std::size_t>(std::find_if(queries.begin(), queries.end(), returns) -
                                  queries.begin());
}

/// User Guide, "Creating an anomaly detector on metric math": one period, no search, at most ten
/// metrics, no high resolution.
Result<void> check_expression(const Program& program, std::size_t watched) {
  for (const auto& [function, name] :
       {std::pair{Function::search, "SEARCH"}, std::pair{Function::metrics, "METRICS"},
        std::pair{Function::anomaly_detection_band, "ANOMALY_DETECTION_BAND"}}) {
    if (program.uses(watched, function)) {
      return invalid(std::string(name) + " is not supported in an anomaly detector.");
    }
  }
  std::size_t metric_count = 0;
  std::optional<int> period_s;
  for (const std::size_t i : program.needed_by(watched)) {
    const DataQuery& query = program.queries()[i];
    if (program.insights(i) != nullptr) {
      return invalid("Metrics Insights queries are not supported in an anomaly detector.");
    }
    if (!query.metric_stat) continue;
    ++metric_count;
    const int its = query.metric_stat->period_s;
    if (period_s && *period_s != its) {
      return invalid("All metrics of an anomaly detector must have the same Period.");
    }
    period_s = its;
  }
  if (metric_count == 0) return invalid("The expression of an anomaly detector must use a metric.");
  if (metric_count > kMetricsMax) {
    return invalid("The expression of an anomaly detector can use at most 10 metrics.");
  }
  if (*period_s < 60) {
    return invalid("The Period of an anomaly detector must be at least 60 seconds.");
  }
  return {};
}

Result<void> check(const MetricMath& math) {
  if (math.queries.empty()) return missing("MetricMathAnomalyDetector.MetricDataQueries");
  WEIR_TRY(const std::size_t watched, returning(math.queries));
  WEIR_TRY(const Program program, Program::make(math.queries));
  return check_expression(program, watched);
}

/// The queries that one needs, in one order, without what does not matter.
std::vector<DataQuery> essential(const Program& program, std::size_t watched) {
  std::vector<DataQuery> out;
  for (const std::size_t i : program.needed_by(watched)) {
    DataQuery query = program.queries()[i];
    query.label.reset();
    query.account_id.reset();
    query.return_data = i == watched;
    if (query.metric_stat) {
      auto& metric = query.metric_stat->metric;
      metric =
          metrics::MetricId::make(metric.namespace_name, metric.metric_name, metric.dimensions);
    }
    out.push_back(std::move(query));
  }
  // The one that is watched comes behind all that it needs; their order does not matter.
  std::sort(out.begin(), out.end() - 1,
            [](const DataQuery& a, const DataQuery& b) { return a.id < b.id; });
  return out;
}

Result<void> check(const Configuration& configuration) {
  if (configuration.excluded.size() > Configuration::kRangesMax) {
    return invalid("The collection ExcludedTimeRanges must not have a size greater than 10.");
  }
  for (const TimeRange& range : configuration.excluded) {
    if (range.start >= range.end) {
      return invalid("The StartTime of each of the ExcludedTimeRanges must be before its EndTime.");
    }
  }
  if (!configuration.timezone) return {};
  if (configuration.timezone->size() > kTimezoneMax || !TimeZone::find(*configuration.timezone)) {
    return invalid("The value " + *configuration.timezone +
                   " for parameter MetricTimezone is invalid: it is no name of a time zone.");
  }
  return {};
}

}  // namespace

Shape SingleMetric::shape() {
  using S = SingleMetric;
  static constexpr Member members[] = {
      optional<&S::account_id>("AccountId", length(1, 255)),
      optional<&S::namespace_name>("Namespace", length(1, 255), pattern("[^:].*")),
      optional<&S::metric_name>("MetricName", length(1, 255)),
      optional<&S::dimensions>("Dimensions", items(0, 30)),
      optional<&S::stat>("Stat", length(0, 50)),
  };
  return {"SingleMetricAnomalyDetector", members};
}

Shape MetricMath::shape() {
  using S = MetricMath;
  static constexpr Member members[] = {
      optional<&S::queries>("MetricDataQueries", items(0, Program::kQueriesMax)),
  };
  return {"MetricMathAnomalyDetector", members};
}

Shape TimeRange::shape() {
  using S = TimeRange;
  static constexpr Member members[] = {
      required<&S::start>("StartTime"),
      required<&S::end>("EndTime"),
  };
  return {"Range", members};
}

Shape Configuration::shape() {
  using S = Configuration;
  static constexpr Member members[] = {
      optional<&S::excluded>("ExcludedTimeRanges"),
      optional<&S::timezone>("MetricTimezone"),
  };
  return {"AnomalyDetectorConfiguration", members};
}

Shape Characteristics::shape() {
  using S = Characteristics;
  static constexpr Member members[] = {optional<&S::periodic_spikes>("PeriodicSpikes")};
  return {"MetricCharacteristics", members};
}

Shape Subject::shape() {
  using S = Subject;
  static constexpr Member members[] = {
      optional<&S::single>("single"),
      optional<&S::math>("math"),
  };
  return {"Subject", members};
}

Shape Definition::shape() {
  using S = Definition;
  static constexpr Member members[] = {
      required<&S::subject>("subject"),
      optional<&S::configuration>("configuration"),
      optional<&S::characteristics>("characteristics"),
  };
  return {"Definition", members};
}

Shape StoredDetector::shape() {
  using S = StoredDetector;
  static constexpr Member members[] = {
      required<&S::id>("id"),
      required<&S::definition>("definition"),
  };
  return {"StoredDetector", members};
}

Result<void> check(const Scope& scope, const Subject& subject) {
  if (subject.single && subject.math) {
    return Error{ErrorKind::invalid, "InvalidParameterCombination",
                 "SingleMetricAnomalyDetector and MetricMathAnomalyDetector cannot be specified "
                 "together."};
  }
  if (subject.single) return check(scope, *subject.single);
  if (subject.math) return check(*subject.math);
  return missing("SingleMetricAnomalyDetector or MetricMathAnomalyDetector");
}

Result<void> check(const Scope& scope, const Definition& definition) {
  WEIR_CHECK(check(scope, definition.subject));
  if (definition.configuration) return check(*definition.configuration);
  return {};
}

std::string key_of(const Subject& subject) {
  if (subject.single) {
    const SingleMetric& metric = *subject.single;
    return "metric " +
           to_json_text(metrics::MetricId::make(*metric.namespace_name, *metric.metric_name,
                                                metric.dimensions)) +
           ' ' + *metric.stat;
  }
  const auto program = Program::make(subject.math->queries);
  const auto watched = returning(subject.math->queries);
  WEIR_ASSERT(program && watched);
  std::string out = "math";
  for (const DataQuery& query : essential(*program, *watched)) out += ' ' + to_json_text(query);
  return out;
}

Result<Subject> subject_of(std::span<const DataQuery> queries, std::string_view id) {
  const auto found = std::find_if(queries.begin(), queries.end(),
                                  [&](const DataQuery& query) { return query.id == id; });
  WEIR_ASSERT(found != queries.end());  // the program that asks has it
  Subject out;
  if (found->metric_stat) {
    const auto& [metric, period_s, stat, unit] = *found->metric_stat;
    out.single.emplace();
    out.single->namespace_name = metric.namespace_name;
    out.single->metric_name = metric.metric_name;
    out.single->dimensions = metric.dimensions;
    out.single->stat = stat;
    return out;
  }
  WEIR_TRY(const Program program, Program::make({queries.begin(), queries.end()}));
  const std::size_t watched = *program.find(id);
  WEIR_CHECK(check_expression(program, watched));
  out.math.emplace(MetricMath{essential(program, watched)});
  return out;
}

std::vector<DataQuery> queries_of(const Subject& subject, int period_s,
                                  const std::optional<std::string>& unit) {
  if (subject.single) {
    const SingleMetric& metric = *subject.single;
    DataQuery query{.id = "m"};
    query.metric_stat = metric_math::MetricStat{
        .metric = {*metric.namespace_name, *metric.metric_name, metric.dimensions},
        .period_s = period_s,
        .stat = *metric.stat,
        .unit = unit};
    return {std::move(query)};
  }
  const auto program = Program::make(subject.math->queries);
  const auto watched = returning(subject.math->queries);
  WEIR_ASSERT(program && watched);
  return essential(*program, *watched);
}

int usual_period(const Subject& subject) {
  if (subject.single) return kPeriodDefault;
  for (const DataQuery& query : subject.math->queries) {
    if (query.metric_stat) return query.metric_stat->period_s;
  }
  return kPeriodDefault;
}

}  // namespace weir::anomaly
