// SPDX-License-Identifier: Apache-2.0
#include "widgets/queries.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "widgets/widgets.h"

namespace weir::widgets {

namespace {

constexpr std::int64_t kDay_s = 86'400;

std::string free_id(std::set<std::string>& taken, std::size_t number) {
  std::string id = "m" + std::to_string(number + 1);
  while (!taken.insert(id).second) id += "_";
  return id;
}

metric_math::DataQuery query_of(const dashboards::MetricRow& row, const Defaults& defaults) {
  metric_math::DataQuery query;
  query.label = string_of(row.options, "label", "");
  if (query.label->empty()) query.label.reset();
  query.return_data = boolean_of(row.options, "visible", true);
  const int wanted_s = integer_of(row.options, "period", defaults.period_s);
  const int period_s = period_for(wanted_s, defaults);
  if (row.is_expression()) {
    query.expression = string_of(row.options, "expression", "");
    query.period_s = period_s;
    return query;
  }
  std::vector<metrics::Dimension> dimensions;
  for (const auto& [name, value] : row.dimensions) dimensions.push_back({name, value});
  query.metric_stat.emplace();
  query.metric_stat->metric = {row.namespace_name, row.metric_name, std::move(dimensions)};
  query.metric_stat->period_s = period_s;
  query.metric_stat->stat = string_of(row.options, "stat", defaults.stat);
  return query;
}

}  // namespace

std::string string_of(const Document& object, std::string_view name, std::string_view fallback) {
  const Document* const member = object.find(name);
  const std::string* const text = member == nullptr ? nullptr : member->string();
  return text == nullptr ? std::string(fallback) : *text;
}

bool boolean_of(const Document& object, std::string_view name, bool fallback) {
  const Document* const member = object.find(name);
  const bool* const truth = member == nullptr ? nullptr : member->boolean();
  return truth == nullptr ? fallback : *truth;
}

std::optional<double> number_of(const Document& object, std::string_view name) {
  const Document* const member = object.find(name);
  if (member == nullptr) return {};
  if (const auto* integer = member->integer()) return static_cast<double>(*integer);
  if (const auto* real = member->real()) return *real;
  return {};
}

int integer_of(const Document& object, std::string_view name, int fallback) {
  const auto number = number_of(object, name);
  return number && std::abs(*number) < 1e9 ? static_cast<int>(*number) : fallback;
}

std::optional<charts::Color> color_of(const Document& object) {
  return charts::Color::parse(string_of(object, "color", ""));
}

int period_for(int wanted_s, const Defaults& defaults) {
  const std::int64_t span_s =
      std::max<std::int64_t>((defaults.end - defaults.start).count() / 1000, 1);
  if (defaults.is_whole_range) {
    constexpr std::int64_t kPeriodMax_s = 86'400 * 365;
    return static_cast<int>(std::min((span_s + 59) / 60 * 60, kPeriodMax_s));
  }
  // CloudWatch User Guide, "Metrics retention".
  const std::int64_t age_s = (defaults.now - defaults.start).count() / 1000;
  std::int64_t grain_s = 1;
  if (age_s > 3 * 3600) grain_s = 60;
  if (age_s > 15 * kDay_s) grain_s = 300;
  if (age_s > 63 * kDay_s) grain_s = 3600;
  const std::int64_t least_s = (span_s + Widgets::kPointsMax - 1) / Widgets::kPointsMax;
  std::int64_t period_s = std::max<std::int64_t>({wanted_s, grain_s, least_s});
  if (period_s == wanted_s && period_s % grain_s == 0) return wanted_s;
  const std::int64_t step_s = std::max<std::int64_t>(grain_s, 60);
  period_s = (period_s + step_s - 1) / step_s * step_s;
  return static_cast<int>(period_s);
}

Result<std::map<std::string, Queries>> make_queries(const std::vector<dashboards::MetricRow>& rows,
                                                    const Defaults& defaults) {
  std::set<std::string> taken;
  for (const dashboards::MetricRow& row : rows) {
    const std::string id = string_of(row.options, "id", "");
    if (!id.empty()) taken.insert(id);
  }
  std::map<std::string, Queries> out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Document& options = rows[i].options;
    metric_math::DataQuery query = query_of(rows[i], defaults);
    query.id = string_of(options, "id", "");
    if (query.id.empty()) query.id = free_id(taken, i);
    Queries& of_region = out[string_of(options, "region", defaults.region)];
    of_region.looks[query.id] = {color_of(options), string_of(options, "yAxis", "left") == "right"};
    of_region.queries.push_back(std::move(query));
  }
  return out;
}

}  // namespace weir::widgets
