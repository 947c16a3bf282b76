// SPDX-License-Identifier: Apache-2.0
#include "metric_math/functions.h"

#include <algorithm>

#include "base/result.h"

namespace weir::metric_math {

namespace {

using F = Function;

// In the order of the enumeration.
constexpr FunctionInfo kFunctions[] = {
    {"ABS", F::abs, 1, 1},
    {"ANOMALY_DETECTION_BAND", F::anomaly_detection_band, 1, 2},
    {"AVG", F::avg, 1, 1},
    {"CEIL", F::ceil, 1, 1},
    {"DATAPOINT_COUNT", F::datapoint_count, 1, 1},
    {"DATE", F::date, 1, 1},
    {"DAY", F::day, 1, 1},
    {"DB_PERF_INSIGHTS", F::db_perf_insights, 3, 3},
    {"DIFF", F::diff, 1, 1},
    {"DIFF_TIME", F::diff_time, 1, 1},
    {"EPOCH", F::epoch, 1, 1},
    {"FILL", F::fill, 2, 2},
    {"FIRST", F::first, 1, 1},
    {"FLOOR", F::floor, 1, 1},
    {"HOUR", F::hour, 1, 1},
    {"IF", F::if_else, 2, 3},
    {"INSIGHT_RULE_METRIC", F::insight_rule_metric, 2, 2},
    {"LAMBDA", F::lambda, 1, 10},
    {"LAST", F::last, 1, 1},
    {"LOG", F::log, 1, 1},
    {"LOG10", F::log10, 1, 1},
    {"MAX", F::max, 1, 1},
    {"METRIC_COUNT", F::metric_count, 1, 1},
    {"METRICS", F::metrics, 0, 1},
    {"MIN", F::min, 1, 1},
    {"MINUTE", F::minute, 1, 1},
    {"MONTH", F::month, 1, 1},
    {"PERIOD", F::period, 1, 1},
    {"RATE", F::rate, 1, 1},
    {"REMOVE_EMPTY", F::remove_empty, 1, 1},
    {"RUNNING_SUM", F::running_sum, 1, 1},
    {"SEARCH", F::search, 2, 3},
    {"SERVICE_QUOTA", F::service_quota, 1, 1},
    {"SLICE", F::slice, 2, 3},
    {"SORT", F::sort, 3, 4},
    {"STDDEV", F::stddev, 1, 1},
    {"SUM", F::sum, 1, 1},
    {"TIME_SERIES", F::time_series, 1, 1},
    {"YEAR", F::year, 1, 1},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < std::size(kFunctions); ++i) {
    if (static_cast<std::size_t>(kFunctions[i].function) != i) return false;
  }
  return true;
}
static_assert(is_in_order());

constexpr std::string_view kOperators[] = {
    "+", "-", "*", "/", "^", "==", "!=", "<", "<=", ">", ">=", "AND", "OR"};
constexpr std::string_view kKeywords[] = {"REPEAT", "LINEAR", "AVG", "MIN",
                                          "MAX",    "SUM",    "ASC", "DESC"};

}  // namespace

std::span<const FunctionInfo> functions() { return kFunctions; }

const FunctionInfo& info_of(Function function) {
  return kFunctions[static_cast<std::size_t>(function)];
}

const FunctionInfo* find_function(std::string_view name) {
  const auto found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                  [&](const FunctionInfo& info) { return info.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

bool is_keyword(std::string_view text) {
  return std::find(std::begin(kKeywords), std::end(kKeywords), text) != std::end(kKeywords);
}

std::string_view name_of(Function function) { return info_of(function).name; }
std::string_view name_of(Operator op) { return kOperators[static_cast<std::size_t>(op)]; }

}  // namespace weir::metric_math
