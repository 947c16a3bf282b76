// SPDX-License-Identifier: Apache-2.0
#include "contributors/report.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "contributors/contributors_impl.h"

namespace weir::contributors {
namespace {

constexpr Summary::Limits kReportLimits{.contributors_max = Contributors::kReportContributorsMax,
                                        .key_bytes_max = 8u << 20};
constexpr int kContributorsShownMax = 100;

double unique_contributors(const Summary& of) { return of.unique_count(); }
double max_contributor_value(const Summary& of) {
  double most = 0;
  bool is_first = true;
  for (const auto& contributor : of.contributors()) {
    most = is_first ? contributor.sum : std::max(most, contributor.sum);
    is_first = false;
  }
  return most;
}
double sample_count(const Summary& of) { return static_cast<double>(of.count()); }
double sum(const Summary& of) { return of.sum(); }
double minimum(const Summary& of) { return of.minimum(); }
double maximum(const Summary& of) { return of.maximum(); }
double average(const Summary& of) { return of.sum() / static_cast<double>(of.count()); }

/// The metrics of a report. Average is that of the single values (AWS says "from all contributors"
/// and no more).
struct Metric {
  std::string_view name;
  double (*value)(const Summary&);
  std::optional<double> MetricDatapoint::*member;
};
constexpr std::array<Metric, 7> kMetrics = {{
    {"UniqueContributors", unique_contributors, &MetricDatapoint::unique_contributors},
    {"MaxContributorValue", max_contributor_value, &MetricDatapoint::max_contributor_value},
    {"SampleCount", sample_count, &MetricDatapoint::sample_count},
    {"Sum", sum, &MetricDatapoint::sum},
    {"Minimum", minimum, &MetricDatapoint::minimum},
    {"Maximum", maximum, &MetricDatapoint::maximum},
    {"Average", average, &MetricDatapoint::average},
}};

Result<const Metric*> metric_of(std::string_view name) {
  for (const Metric& metric : kMetrics) {
    if (metric.name == name) return &metric;
  }
  return invalid_value("The value " + std::string(name) +
                       " for parameter Metrics is invalid. It must be one of UniqueContributors, "
                       "MaxContributorValue, SampleCount, Sum, Minimum, Maximum and Average.");
}

Result<void> check_period(std::int64_t period_s) {
  if (period_s >= kMinute_s && period_s % kMinute_s == 0) return {};
  return invalid_value("The value " + std::to_string(period_s) +
                       " for parameter Period is invalid. It must be a multiple of 60 seconds.");
}

Result<void> check(const ReportQuery& query, Time now) {
  WEIR_CHECK(check_period(query.period_s));
  if (query.start >= query.end) {
    return invalid_value("The parameter StartTime must be less than the parameter EndTime.");
  }
  if (query.end - query.start > Contributors::kReportSpanMax) {
    return invalid_value("The time between StartTime and EndTime must be at most 24 hours.");
  }
  if (query.start < now - Contributors::kKept) {
    return invalid_value("The parameter StartTime must be within the last 15 days.");
  }
  if (query.contributors_max < 1 || query.contributors_max > kContributorsShownMax) {
    return invalid_value("The value " + std::to_string(query.contributors_max) +
                         " for parameter MaxContributorCount is invalid. It must be between 1 and "
                         "100.");
  }
  if (query.order_by != "Sum" && query.order_by != "Maximum") {
    return invalid_value("The value " + query.order_by +
                         " for parameter OrderBy is invalid. It must be Sum or Maximum.");
  }
  for (const std::string& metric : query.metrics) WEIR_CHECK(metric_of(metric));
  return {};
}

/// The minutes of a range, put together to periods that begin at the range's beginning.
class Periods {
 public:
  using Visit = std::function<void(std::int64_t start_s, const Summary& summary)>;
  Periods(std::uint64_t seed, std::int64_t from_s, std::int64_t period_s, Visit visit)
      : seed_(seed), from_s_(from_s), period_s_(period_s), visit_(std::move(visit)) {}

  std::int64_t start_of(std::int64_t minute_s) const {
    return from_s_ + (minute_s - from_s_) / period_s_ * period_s_;
  }
  void add(std::int64_t minute_s, const Summary& minute) {
    if (period_s_ == kMinute_s) {
      visit_(minute_s, minute);
      return;
    }
    if (const std::int64_t start_s = start_of(minute_s); !summary_ || start_s != start_s_) {
      finish();
      start_s_ = start_s;
      summary_.emplace(seed_, kReportLimits);
    }
    summary_->merge(minute);
  }
  void finish() {
    if (summary_) visit_(start_s_, *summary_);
    summary_.reset();
  }

 private:
  std::uint64_t seed_;
  std::int64_t from_s_;
  std::int64_t period_s_;
  Visit visit_;
  std::optional<Summary> summary_;
  std::int64_t start_s_ = 0;
};

struct Candidate {
  std::string key;
  double rank = 0;
};

/// The `count` first by rank, highest first; equal ones in order of their keys.
void keep_first(std::vector<Candidate>& candidates, std::size_t count) {
  const auto end =
      candidates.begin() + static_cast<std::ptrdiff_t>(std::min(count, candidates.size()));
  std::partial_sort(candidates.begin(), end, candidates.end(),
                    [](const Candidate& a, const Candidate& b) {
                      return a.rank != b.rank ? a.rank > b.rank : a.key < b.key;
                    });
  candidates.erase(end, candidates.end());
}

std::vector<Candidate> first_by_sum(const Summary& summary, std::size_t count) {
  std::vector<Candidate> all;
  all.reserve(summary.contributors().size());
  for (const auto& contributor : summary.contributors()) {
    all.push_back({std::string(summary.key(contributor)), contributor.sum});
  }
  keep_first(all, count);
  return all;
}

/// The contributors with the greatest value of one period. Who is among the first of all is among
/// the first of the period of that value, so those of each period are enough.
class Peaks {
 public:
  explicit Peaks(std::size_t count) : count_(count) {}
  void add(const Summary& period) {
    for (Candidate& one : first_by_sum(period, count_)) {
      const auto [at, is_new] = peaks_.try_emplace(std::move(one.key), one.rank);
      if (!is_new) at->second = std::max(at->second, one.rank);
    }
    if (peaks_.size() > kPeaksMax) keep();
  }
  std::vector<Candidate> take() {
    keep();
    std::vector<Candidate> all;
    for (const auto& [key, rank] : peaks_) all.push_back({key, rank});
    keep_first(all, count_);
    return all;
  }

 private:
  static constexpr std::size_t kPeaksMax = 16'384;
  void keep() {
    std::vector<Candidate> all;
    for (const auto& [key, rank] : peaks_) all.push_back({key, rank});
    keep_first(all, count_);
    peaks_.clear();
    for (Candidate& one : all) peaks_.emplace(std::move(one.key), one.rank);
  }

  std::size_t count_;
  std::unordered_map<std::string, double> peaks_;
};

}  // namespace

// ---- Shapes -------------------------------------------------------------------------------------

Shape ContributorDatapoint::shape() {
  using S = ContributorDatapoint;
  static constexpr Member members[] = {
      required<&S::timestamp>("Timestamp"),
      required<&S::approximate_value>("ApproximateValue"),
  };
  return {"InsightRuleContributorDatapoint", members};
}

Shape ReportContributor::shape() {
  using S = ReportContributor;
  static constexpr Member members[] = {
      required<&S::keys>("Keys"),
      required<&S::approximate_aggregate_value>("ApproximateAggregateValue"),
      required<&S::datapoints>("Datapoints"),
  };
  return {"InsightRuleContributor", members};
}

Shape MetricDatapoint::shape() {
  using S = MetricDatapoint;
  static constexpr Member members[] = {
      required<&S::timestamp>("Timestamp"),
      optional<&S::unique_contributors>("UniqueContributors"),
      optional<&S::max_contributor_value>("MaxContributorValue"),
      optional<&S::sample_count>("SampleCount"),
      optional<&S::average>("Average"),
      optional<&S::sum>("Sum"),
      optional<&S::minimum>("Minimum"),
      optional<&S::maximum>("Maximum"),
  };
  return {"InsightRuleMetricDatapoint", members};
}

Shape Report::shape() {
  using S = Report;
  static constexpr Member members[] = {
      optional<&S::key_labels>("KeyLabels"),
      optional<&S::aggregation_statistic>("AggregationStatistic"),
      optional<&S::aggregate_value>("AggregateValue"),
      optional<&S::approximate_unique_count>("ApproximateUniqueCount"),
      optional<&S::contributors>("Contributors"),
      optional<&S::metric_datapoints>("MetricDatapoints"),
  };
  return {"GetInsightRuleReportOutput", members};
}

// ---- Reading ------------------------------------------------------------------------------------

Result<void> Contributors::Impl::each_minute(store::Cursor& cursor, const Scope& scope,
                                             std::int64_t id, std::int64_t from_s,
                                             std::int64_t to_s, const Visit& visit) const {
  const std::string prefix = numbered_key(scope, "m/", id);
  cursor.seek(minute_key(scope, id, from_s));
  for (; cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
    const auto minute_s =
        static_cast<std::int64_t>(store::read_u64(cursor.key().substr(prefix.size())));
    if (minute_s >= to_s) break;
    WEIR_TRY(const Summary summary, Summary::decode(cursor.value(), seed, kMinuteLimits));
    visit(minute_s, summary);
  }
  return cursor.status();
}

Result<Report> Contributors::Impl::report(const Scope& scope, const ReportQuery& query) {
  WEIR_TRY(const RulePtr rule, find(scope, query.rule_name));
  WEIR_CHECK(check(query, runtime.now()));
  WEIR_CHECK(catch_up(scope));
  const auto cursor = store.cursor();  // one for both readings, so that they see the same
  const std::int64_t id = rule->stored.id;
  const std::int64_t from_s = floor_to_minute(query.start.seconds());
  const std::int64_t to_s = (query.end.ms + 999) / 1000;
  const auto shown = static_cast<std::size_t>(query.contributors_max);

  Report report;
  report.key_labels = rule->definition->key_labels();
  const bool is_sum = rule->definition->aggregate() == Definition::Aggregate::sum;
  report.aggregation_statistic = is_sum ? "Sum" : "Count";
  Summary total(seed, kReportLimits);
  Peaks peaks(shown);
  const bool by_peak = query.order_by == "Maximum";
  Periods periods(seed, from_s, query.period_s, [&](std::int64_t start_s, const Summary& period) {
    total.merge(period);
    if (by_peak) peaks.add(period);
    if (query.metrics.empty()) return;
    MetricDatapoint& point = report.metric_datapoints.emplace_back();
    point.timestamp = Time::from_seconds(start_s);
    for (const Metric& metric : kMetrics) {
      const auto& wanted = query.metrics;
      if (std::find(wanted.begin(), wanted.end(), metric.name) == wanted.end()) continue;
      point.*metric.member = metric.value(period);
    }
  });
  WEIR_CHECK(each_minute(
      *cursor, scope, id, from_s, to_s,
      [&](std::int64_t minute_s, const Summary& minute) { periods.add(minute_s, minute); }));
  periods.finish();
  report.aggregate_value = total.sum();
  report.approximate_unique_count = static_cast<std::int64_t>(total.unique_count());

  const auto chosen = by_peak ? peaks.take() : first_by_sum(total, shown);
  for (const Candidate& one : chosen) report.contributors.push_back({unpack_keys(one.key), 0, {}});
  WEIR_CHECK(each_minute(*cursor, scope, id, from_s, to_s,
                         [&](std::int64_t minute_s, const Summary& minute) {
                           const Time start = Time::from_seconds(periods.start_of(minute_s));
                           for (std::size_t i = 0; i < chosen.size(); ++i) {
                             const auto* const found = minute.find(chosen[i].key);
                             if (found == nullptr) continue;
                             ReportContributor& to = report.contributors[i];
                             to.approximate_aggregate_value += found->sum;
                             if (to.datapoints.empty() || to.datapoints.back().timestamp != start) {
                               to.datapoints.push_back({start, 0});
                             }
                             to.datapoints.back().approximate_value += found->sum;
                           }
                         }));
  return report;
}

Result<Report> Contributors::report(const Scope& scope, const ReportQuery& query) {
  return impl_->report(scope, query);
}

Result<std::vector<Contributors::MetricPoint>> Contributors::metric(const Scope& scope,
                                                                    std::string_view rule,
                                                                    std::string_view metric,
                                                                    Time start, Time end,
                                                                    Duration period) {
  WEIR_TRY(const RulePtr found, impl_->find(scope, rule));
  WEIR_TRY(const Metric* const of, metric_of(metric));
  const std::int64_t period_s = period.count() / 1000;
  WEIR_CHECK(check_period(period_s));
  WEIR_CHECK(impl_->catch_up(scope));
  const auto cursor = impl_->store.cursor();
  std::vector<MetricPoint> points;
  const std::int64_t from_s = floor_to_minute(start.seconds());
  Periods periods(impl_->seed, from_s, period_s, [&](std::int64_t start_s, const Summary& in) {
    points.push_back({Time::from_seconds(start_s), of->value(in)});
  });
  WEIR_CHECK(impl_->each_minute(
      *cursor, scope, found->stored.id, from_s, (end.ms + 999) / 1000,
      [&](std::int64_t minute_s, const Summary& minute) { periods.add(minute_s, minute); }));
  periods.finish();
  return points;
}

}  // namespace weir::contributors
