// SPDX-License-Identifier: Apache-2.0
#include "metric_math/metric_data.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

#include "metric_math/errors.h"
#include "metric_math/label.h"
#include "metrics/page_token.h"
#include "metrics/query.h"

namespace weir::metric_math {

namespace {

constexpr int kDatapointsDefault = 100'800;

Result<void> check_request(const DataRequest& request) {
  if (request.start == request.end) {
    return validation_error("The parameter StartTime must not equal parameter EndTime.");
  }
  if (request.start > request.end) {
    return validation_error("The parameter EndTime must be greater than StartTime.");
  }
  WEIR_CHECK(parse_timezone(request.timezone));
  return {};
}

/// Metric name; where several series would read the same, what tells them apart is added.
std::string default_label(const DataQuery& query, const std::vector<DataQuery>& all) {
  const MetricStat& mine = *query.metric_stat;
  bool same_name = false;
  bool same_dimensions = false;
  bool same_stat = false;
  for (const DataQuery& other : all) {
    if (&other == &query || !other.return_data || !other.metric_stat) continue;
    const MetricStat& theirs = *other.metric_stat;
    if (theirs.metric.metric_name != mine.metric.metric_name) continue;
    same_name = true;
    if (metrics::MetricId::make("", "", theirs.metric.dimensions) !=
        metrics::MetricId::make("", "", mine.metric.dimensions)) {
      continue;
    }
    same_dimensions = true;
    same_stat = same_stat || theirs.stat == mine.stat;
  }
  if (!same_name) return mine.metric.metric_name;
  std::string label;
  for (const auto& dimension : mine.metric.dimensions) label += dimension.value + ' ';
  label += mine.metric.metric_name;
  if (same_dimensions) label += ' ' + mine.stat;
  if (same_stat) label += ' ' + std::to_string(mine.period_s);
  return label;
}

/// Where a page begins: the index of the query, of the series in its array, and the last time stamp
/// given of that.
struct Position {
  std::size_t query = 0;
  std::size_t series = 0;
  std::optional<Time> after = {};

  std::string text() const {
    return std::to_string(query) + ':' + std::to_string(series) + ':' +
           (after ? std::to_string(after->ms) : "");
  }
  static std::optional<Position> parse(std::string_view text) {
    Position out;
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    for (std::size_t* number : {&out.query, &out.series}) {
      const auto [rest, error] = std::from_chars(at, end, *number);
      if (error != std::errc{} || rest == end || *rest != ':') return {};
      at = rest + 1;
    }
    if (at == end) return out;
    out.after.emplace();
    if (std::from_chars(at, end, out.after->ms).ec != std::errc{}) return {};
    return out;
  }
};

/// Everything that a token must be replayed with.
std::string purpose_of(const DataRequest& request) {
  std::string text = "GetMetricData " + std::to_string(request.start.ms) + ' ' +
                     std::to_string(request.end.ms) + (request.ascending ? " up" : " down");
  for (const DataQuery& query : request.queries) text += to_json_text(query);
  return text;
}

std::optional<std::vector<DataMessage>> unit_message(const std::vector<std::string>& units) {
  if (units.size() < 2) return {};
  std::string list;
  for (const std::string& unit : units) list += (list.empty() ? "" : ", ") + unit;
  return std::vector<DataMessage>{{"MultipleUnits", "Multiple units returned: '[" + list + "]'"}};
}

/// Moves points behind `after` (in the order of the scan) to `out` while there is room. True if all
/// went.
bool take_points(std::span<const Time> times, const std::vector<double>& values, bool ascending,
                 const std::optional<Time>& after, std::size_t room, DataResult& out) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t at = ascending ? i : values.size() - 1 - i;
    const Time time = times[at];
    if (after && (ascending ? time <= *after : time >= *after)) continue;
    if (out.values.size() == room) return false;
    out.timestamps.push_back(time);
    out.values.push_back(values[at]);
  }
  return true;
}

/// One page under construction.
class PageBuilder {
 public:
  PageBuilder(const Program& program, Evaluation& evaluation, const Scope& scope,
              const DataRequest& request, Time now)
      : program_(program), evaluation_(evaluation), scope_(scope), request_(request), now_(now) {
    const int room = request.datapoints_max.value_or(kDatapointsDefault);
    room_ = request.is_one_page ? Environment::kPointsMax
                                : static_cast<std::size_t>(std::clamp(room, 1, kDatapointsDefault));
  }

  /// Adds what follows the position within its query. False if the page is full; the position then
  /// is where the next one begins.
  Result<bool> add(Position& at) {
    const DataQuery& query = program_.queries()[at.query];
    auto value = evaluation_.result(at.query);
    if (!value) {
      if (value.error().kind == ErrorKind::invalid) return std::move(value).error();
      DataResult failed;
      failed.id = query.id;
      failed.label = query.label.value_or(query.id);
      failed.status_code = "InternalError";
      failed.messages.emplace({DataMessage{value.error().code, value.error().message}});
      page.results.push_back(std::move(failed));
      return true;
    }
    if (const auto* one = std::get_if<Series>(&*value)) return add_series(query, *one, false, at);
    const auto& array = std::get<SeriesArray>(*value);
    for (; at.series < array.size(); ++at.series) {
      WEIR_TRY(const bool has_room, add_series(query, array[at.series], true, at));
      if (!has_room) return false;
    }
    return true;
  }

  DataPage page;

 private:
  Result<bool> add_series(const DataQuery& query, const Series& series, bool is_of_array,
                          Position& at) {
    const bool is_metric = query.metric_stat.has_value();
    if (!is_metric && series.size() > room_ && !page.results.empty()) return false;
    std::vector<Time> times;
    for (const std::int64_t second : *series.times) times.push_back(Time::from_seconds(second));
    DataResult result;
    result.id = query.id;
    if (is_metric) result.messages = unit_message(series.units);
    result.units = series.units;
    WEIR_TRY(result.label, label_of(query, series, is_of_array, times));
    const bool is_complete = take_points(times, *series.values, request_.ascending, at.after,
                                         is_metric ? room_ : series.size(), result);
    room_ -= std::min(room_, result.values.size());
    result.status_code = is_complete ? "Complete" : "PartialData";
    if (!is_complete && !result.timestamps.empty()) at.after = result.timestamps.back();
    page.results.push_back(std::move(result));
    return is_complete;
  }

  Result<std::string> label_of(const DataQuery& query, const Series& series, bool is_of_array,
                               std::span<const Time> times) const {
    std::string fallback = query.id;
    if (query.metric_stat) fallback = default_label(query, program_.queries());
    if (is_of_array && !series.label.empty()) fallback = series.label;
    std::string text = query.label.value_or("${LABEL}");
    // A plain label would not tell the series apart.
    if (is_of_array && query.label && text.find("${") == std::string::npos) text += " ${LABEL}";
    const LabelInput input{scope_, series.metric.get(), times, *series.values, fallback,
                           now_,   request_.timezone};
    return expand_label(text, input);
  }

  const Program& program_;
  Evaluation& evaluation_;
  const Scope& scope_;
  const DataRequest& request_;
  const Time now_;
  std::size_t room_ = 0;
};

}  // namespace

Result<DataPage> MetricData::get(const Scope& scope, const DataRequest& request) const {
  WEIR_CHECK(check_request(request));
  WEIR_TRY(const Program program, Program::make(request.queries));
  const std::string purpose = purpose_of(request);
  Position at;
  if (!request.next_token.empty()) {
    const auto text = metrics::read_page_token(purpose, request.next_token);
    const auto position = text ? Position::parse(*text) : std::nullopt;
    if (!position) {
      return Error{ErrorKind::invalid, "InvalidNextToken", "The next token is invalid."};
    }
    at = *position;
  }
  const Time now = metrics_.now();
  const auto grid_of = [&](int period_s) {
    const Time start = metrics::round_start(request.start, period_s, now);
    return Grid{start.seconds(), (request.end.ms + 999) / 1000, period_s};
  };
  Evaluation evaluation(program, metrics_, scope, grid_of, sources_);
  PageBuilder builder(program, evaluation, scope, request, now);
  for (; at.query < request.queries.size(); ++at.query, at.series = 0, at.after.reset()) {
    const DataQuery& query = request.queries[at.query];
    if (!query.return_data) {
      // What is wrong with an expression shows even where nobody looks at it.
      const auto value = query.expression ? evaluation.value(at.query) : Result<Value>(Value(0.0));
      if (!value && value.error().kind == ErrorKind::invalid) return value.error();
      continue;
    }
    WEIR_TRY(const bool has_room, builder.add(at));
    if (has_room) continue;
    builder.page.next_token = metrics::make_page_token(purpose, at.text());
    break;
  }
  builder.page.messages = evaluation.messages();
  return std::move(builder.page);
}

}  // namespace weir::metric_math
