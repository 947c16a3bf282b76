// SPDX-License-Identifier: Apache-2.0
// Expressions, searches and Metrics Insights queries: any text is either one or an error, and
// whatever parses can be evaluated, to finite points in order.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "metric_math/evaluate.h"
#include "metric_math/insights_query.h"
#include "metric_math/search.h"

namespace {

using namespace weir;
using namespace weir::metric_math;

class Fixed : public Environment {
 public:
  Grid grid() const override { return {0, 600, 60}; }
  Result<Value> value(std::string_view id) override {
    if (id.size() % 3 == 0) return Value(1.5);
    return Value(one());
  }
  Result<int> period(std::string_view) override { return 60; }
  Result<SeriesArray> metrics(std::string_view) override { return SeriesArray{one(), Series()}; }
  Result<SeriesArray> search(std::string_view query, std::string_view,
                             std::optional<int>) override {
    WEIR_TRY(const Search search, Search::parse(query));
    const auto metric = weir::metrics::MetricId::make("App", "CustomCount1", {{"Host", "web-1"}});
    return search.matches(metric, "123456789012") ? SeriesArray{one()} : SeriesArray{};
  }
  Result<std::array<Series, 2>> band(std::string_view, double) override {
    return std::array{one(), one()};
  }
  Result<Series> insight_rule_metric(std::string_view, std::string_view) override { return one(); }

 private:
  static Series one() { return Series({0, 600, 60}, {0, 60, 240, 300}, {1, -2, 0, 4}); }
};

void check(const Series& series) {
  WEIR_ASSERT(series.times->size() == series.values->size());
  for (std::size_t i = 0; i < series.size(); ++i) {
    WEIR_ASSERT(std::isfinite((*series.values)[i]));
    WEIR_ASSERT(i == 0 || (*series.times)[i - 1] < (*series.times)[i]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto search = Search::parse(text)) {
    static_cast<void>(search->matches(
        weir::metrics::MetricId::make("App", "SDBFailure", {{"Project2", "Trial333"}}), "1"));
  }
  if (const auto query = InsightsQuery::parse(text)) {
    WEIR_ASSERT(InsightsQuery::is_one(text));
    static_cast<void>(query->matches(weir::metrics::MetricId::make("App", "m", {{"d", "v"}})));
  }
  const auto expression = Expression::parse(text);
  if (!expression) return 0;
  Fixed environment;
  const auto value = evaluate(*expression, environment);
  if (!value) return 0;
  if (const auto* series = std::get_if<Series>(&*value)) check(*series);
  if (const auto* array = std::get_if<SeriesArray>(&*value)) {
    for (const Series& series : *array) check(series);
  }
  return 0;
}
