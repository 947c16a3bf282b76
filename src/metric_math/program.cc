// SPDX-License-Identifier: Apache-2.0
#include "metric_math/program.h"

#include <algorithm>
#include <set>
#include <utility>

#include "metric_math/errors.h"
#include "metrics/query.h"
#include "metrics/statistic.h"

namespace weir::metric_math {

namespace {

bool is_valid_id(std::string_view id) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  constexpr std::size_t kIdMax = 255;
  return !id.empty() && id.size() <= kIdMax && id[0] >= 'a' && id[0] <= 'z' &&
         id.find_first_not_of(kLetters) == std::string_view::npos;
}

Result<void> check_period(int period_s, const std::string& id) {
  if (metrics::is_valid_period(period_s)) return {};
  return validation_error("Invalid value " + std::to_string(period_s) + " for Period of the id " +
                          id + ": it must be 1, 5, 10, 20, 30 or a multiple of 60.");
}

Result<void> check_query(const DataQuery& query) {
  if (!is_valid_id(query.id)) {
    return validation_error("Invalid metrics list: The id " + query.id +
                            " must begin with a lowercase letter and hold only letters, digits "
                            "and underscores.");
  }
  if (query.metric_stat.has_value() == query.expression.has_value()) {
    return validation_error("Exactly one of MetricStat and Expression must be given for the id " +
                            query.id + ".");
  }
  if (query.period_s) WEIR_CHECK(check_period(*query.period_s, query.id));
  if (!query.metric_stat) return {};
  WEIR_CHECK(check_period(query.metric_stat->period_s, query.id));
  if (!metrics::Statistic::parse(query.metric_stat->stat)) {
    return validation_error("The value " + query.metric_stat->stat +
                            " for parameter MetricDataQueries.member.MetricStat.Stat is not "
                            "supported.");
  }
  return {};
}

}  // namespace

Error validation_error(std::string message) {
  return {ErrorKind::invalid, "ValidationError", std::move(message)};
}

Result<Program> Program::make(std::vector<DataQuery> queries) {
  if (queries.size() > kQueriesMax) {
    return validation_error(
        "The collection MetricDataQueries must not have a size greater than 500.");
  }
  Program out;
  out.queries_ = std::move(queries);
  for (const DataQuery& query : out.queries_) WEIR_CHECK(out.add(query));
  std::vector<Mark> marks(out.queries_.size(), Mark::unseen);
  for (std::size_t i = 0; i < out.queries_.size(); ++i) {
    for (const std::string& id : out.parsed_[i].expression ? out.parsed_[i].expression->ids()
                                                           : std::vector<std::string>{}) {
      if (out.find(id)) continue;
      return in_query(out.queries_[i].id, validation_error("Undefined variable '" + id + "'"));
    }
  }
  for (std::size_t i = 0; i < out.queries_.size(); ++i) WEIR_CHECK(out.put_in_order(i, marks));
  return out;
}

Result<void> Program::add(const DataQuery& query) {
  WEIR_CHECK(check_query(query));
  if (!by_id_.emplace(query.id, parsed_.size()).second) {
    return validation_error("The values for parameter id in MetricDataQueries are not unique.");
  }
  Parsed& parsed = parsed_.emplace_back();
  if (!query.expression) return {};
  if (!InsightsQuery::is_one(*query.expression)) {
    auto expression = Expression::parse(*query.expression);
    if (!expression) return in_query(query.id, std::move(expression).error());
    parsed.expression = *std::move(expression);
    return {};
  }
  auto insights = InsightsQuery::parse(*query.expression);
  if (!insights) return in_query(query.id, std::move(insights).error());
  if (!query.period_s) {
    return in_query(query.id, validation_error("A Metrics Insights query needs a Period"));
  }
  const auto is_insights = [](const Parsed& other) { return other.insights.has_value(); };
  if (std::any_of(parsed_.begin(), parsed_.end(), is_insights)) {
    return validation_error("A request can have at most one Metrics Insights query.");
  }
  parsed.insights = *std::move(insights);
  return {};
}

std::vector<std::size_t> Program::references(std::size_t query) const {
  std::vector<std::size_t> out;
  if (!parsed_[query].expression) return out;
  const Expression& expression = *parsed_[query].expression;
  for (const std::string& id : expression.ids()) out.push_back(by_id_.find(id)->second);
  if (!expression.uses(Function::metrics)) return out;
  for (std::size_t i = 0; i < queries_.size(); ++i) {
    if (queries_[i].metric_stat) out.push_back(i);
  }
  return out;
}

Result<void> Program::put_in_order(std::size_t query, std::vector<Mark>& marks) {
  if (marks[query] == Mark::done) return {};
  if (marks[query] == Mark::open) {
    return in_query(queries_[query].id, validation_error("The expression refers to itself"));
  }
  marks[query] = Mark::open;
  for (const std::size_t other : references(query)) WEIR_CHECK(put_in_order(other, marks));
  marks[query] = Mark::done;
  order_.push_back(query);
  return {};
}

std::optional<std::size_t> Program::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional(found->second);
}

const Expression* Program::expression(std::size_t query) const {
  return parsed_[query].expression ? &*parsed_[query].expression : nullptr;
}

const InsightsQuery* Program::insights(std::size_t query) const {
  return parsed_[query].insights ? &*parsed_[query].insights : nullptr;
}

std::vector<std::size_t> Program::needed_by(std::size_t query) const {
  std::vector<bool> is_needed(queries_.size(), false);
  is_needed[query] = true;
  for (auto at = order_.rbegin(); at != order_.rend(); ++at) {
    if (!is_needed[*at]) continue;
    for (const std::size_t other : references(*at)) is_needed[other] = true;
  }
  std::vector<std::size_t> out;
  for (const std::size_t one : order_) {
    if (is_needed[one]) out.push_back(one);
  }
  return out;
}

bool Program::uses(std::size_t query, Function function) const {
  const std::vector<std::size_t> needed = needed_by(query);
  return std::any_of(needed.begin(), needed.end(), [&](std::size_t one) {
    return parsed_[one].expression && parsed_[one].expression->uses(function);
  });
}

}  // namespace weir::metric_math
