// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "metric_math/evaluate.h"
#include "metric_math/insights_query.h"
#include "metrics/metrics.h"

namespace weir::metric_math {

/// Anomaly detection, for ANOMALY_DETECTION_BAND().
class Bands {
 public:
  struct Query {
    const Scope& scope;
    std::span<const DataQuery> queries;  // of the whole request
    std::string_view id;                 // of the one that the band is for
    Grid grid;
    std::optional<std::string> unit = {};  // that the query reads
    double deviations = 2;
  };
  struct Band {
    std::array<Series, 2> sides;              // upper and lower, on the grid
    std::optional<DataMessage> message = {};  // why it has no points
  };
  virtual ~Bands() = default;
  /// Error: kind invalid refuses the request.
  virtual Result<Band> band(const Query& query) = 0;
};

/// Contributor Insights, for INSIGHT_RULE_METRIC().
class InsightRules {
 public:
  virtual ~InsightRules() = default;
  virtual Result<Series> metric(const Scope& scope, std::string_view rule, std::string_view metric,
                                const Grid& grid) = 0;
};

/// What expressions may use besides metrics; what is null they cannot. Not owned.
struct Sources {
  Bands* bands = nullptr;
  InsightRules* insight_rules = nullptr;
};

/// A list of queries that refer to each other by id, as in GetMetricData and in an alarm's Metrics.
/// Immutable.
class Program {
 public:
  static constexpr std::size_t kQueriesMax = 500;
  static constexpr std::size_t kSearchesMax = 100;

  /// Parses all expressions. Error (ValidationError): a bad or double id, neither or both of
  /// MetricStat and Expression, an unknown statistic, a bad period, a syntax error, an id that is
  /// not there, a circle, more than one Metrics Insights query.
  static Result<Program> make(std::vector<DataQuery> queries);

  const std::vector<DataQuery>& queries() const { return queries_; }
  /// Nothing for an unknown id.
  std::optional<std::size_t> find(std::string_view id) const;
  /// Of a query with an expression of metric math, else nullptr.
  const Expression* expression(std::size_t query) const;
  /// Of a query with a Metrics Insights SELECT, else nullptr.
  const InsightsQuery* insights(std::size_t query) const;
  /// Whether the query or one that it refers to uses the function.
  bool uses(std::size_t query, Function function) const;
  /// The query and those that it refers to, also by METRICS(), each after its own references.
  std::vector<std::size_t> needed_by(std::size_t query) const;

 private:
  struct Parsed {
    std::optional<Expression> expression = {};
    std::optional<InsightsQuery> insights = {};
  };
  enum class Mark : std::uint8_t { unseen, open, done };
  Result<void> add(const DataQuery& query);
  Result<void> put_in_order(std::size_t query, std::vector<Mark>& marks);
  /// The queries that one refers to itself.
  std::vector<std::size_t> references(std::size_t query) const;

  std::vector<DataQuery> queries_;
  std::vector<Parsed> parsed_;
  std::map<std::string, std::size_t, std::less<>> by_id_;
  std::vector<std::size_t> order_;  // each after those that it refers to
};

/// One evaluation of a program on the data of a metric store: each query at most once, when it is
/// asked for. One thread at a time; reads what the store has at that moment. What an alarm watches
/// is the same with an own grid: the buckets of its sliding window.
class Evaluation : private Environment {
 public:
  /// Gives the grid on which series of a period are read. GetMetricData rounds its start by age
  /// (metrics::round_start()), alarms have their own.
  using GridOf = std::function<Grid(int period_s)>;

  /// Everything must outlive this.
  Evaluation(const Program& program, const metrics::Metrics& metrics, const Scope& scope,
             GridOf grid_of, Sources sources = {});
  ~Evaluation() override;

  /// Whatever the query yields. Errors: see evaluate(); the message names the query.
  Result<Value> value(std::size_t query);
  /// A time series, or the series of an array. Error also: it is a number or a text.
  Result<Value> result(std::size_t query);
  /// What was left out: API type MessageData.
  const std::vector<DataMessage>& messages() const { return messages_; }

 private:
  Grid grid() const override;
  Result<Value> value(std::string_view id) override;
  Result<int> period(std::string_view id) override;
  Result<SeriesArray> metrics(std::string_view part) override;
  Result<SeriesArray> search(std::string_view query, std::string_view stat,
                             std::optional<int> period_s) override;
  Result<std::array<Series, 2>> band(std::string_view id, double deviations) override;
  Result<Series> insight_rule_metric(std::string_view rule, std::string_view metric) override;

  Result<Value> compute(std::size_t query);
  Result<Series> read(const MetricStat& stat);
  Result<Value> select(const DataQuery& query, const InsightsQuery& insights);
  /// The series that match, of which there may be at most `count_max`; says so if there are more.
  std::vector<metrics::MetricId> find(const std::optional<std::string>& namespace_name,
                                      const std::function<bool(const metrics::MetricId&)>& matches,
                                      std::size_t count_max);
  /// Of the query that is being evaluated.
  int default_period() const;

  const Program& program_;
  const metrics::Metrics& metrics_;
  const Scope& scope_;
  GridOf grid_of_;
  Sources sources_;
  std::vector<std::optional<Result<Value>>> values_;
  std::size_t current_ = 0;  // the query that is being evaluated
  std::size_t searches_ = 0;
  std::vector<DataMessage> messages_;
};

}  // namespace weir::metric_math
