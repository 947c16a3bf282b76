// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <set>

#include "metrics/label.h"
#include "metrics/metrics_impl.h"
#include "metrics/page_token.h"
#include "metrics/query.h"

namespace weir::metrics {

namespace {

constexpr std::size_t kQueriesMax = 500;
constexpr int kDatapointsDefault = 100'800;

bool is_valid_id(std::string_view id) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  return !id.empty() && id[0] >= 'a' && id[0] <= 'z' &&
         id.find_first_not_of(kLetters) == std::string_view::npos;
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
  if (query.expression) {
    return validation_error("Error in expression '" + query.id +
                            "': expressions are not supported here yet.");
  }
  if (!is_valid_period(query.metric_stat->period_s)) {
    return validation_error("Invalid value " + std::to_string(query.metric_stat->period_s) +
                            " for Period of the id " + query.id +
                            ": it must be 1, 5, 10, 20, 30 or a multiple of 60.");
  }
  if (!Statistic::parse(query.metric_stat->stat)) {
    return validation_error("The value " + query.metric_stat->stat +
                            " for parameter MetricDataQueries.member.MetricStat.Stat is not "
                            "supported.");
  }
  return {};
}

Result<void> check_request(const DataRequest& request) {
  if (request.start == request.end) {
    return validation_error("The parameter StartTime must not equal parameter EndTime.");
  }
  if (request.start > request.end) {
    return validation_error("The parameter EndTime must be greater than StartTime.");
  }
  if (request.queries.size() > kQueriesMax) {
    return validation_error(
        "The collection MetricDataQueries must not have a size greater than 500.");
  }
  std::set<std::string_view> ids;
  for (const DataQuery& query : request.queries) {
    WEIR_CHECK(check_query(query));
    if (!ids.insert(query.id).second) {
      return validation_error("The values for parameter id in MetricDataQueries are not unique.");
    }
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
    if (&other == &query || !other.return_data) continue;
    const MetricStat& theirs = *other.metric_stat;
    if (theirs.metric.metric_name != mine.metric.metric_name) continue;
    same_name = true;
    if (MetricId::make("", "", theirs.metric.dimensions) !=
        MetricId::make("", "", mine.metric.dimensions)) {
      continue;
    }
    same_dimensions = true;
    same_stat = same_stat || theirs.stat == mine.stat;
  }
  if (!same_name) return mine.metric.metric_name;
  std::string label;
  for (const Dimension& dimension : mine.metric.dimensions) label += dimension.value + ' ';
  label += mine.metric.metric_name;
  if (same_dimensions) label += ' ' + mine.stat;
  if (same_stat) label += ' ' + std::to_string(mine.period_s);
  return label;
}

/// Where a page begins: the index of the query and the last time stamp given of it.
struct Position {
  std::size_t query = 0;
  std::optional<Time> after = {};

  std::string text() const {
    return std::to_string(query) + ':' + (after ? std::to_string(after->ms) : "");
  }
  static std::optional<Position> parse(std::string_view text) {
    Position out;
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return {};
    const char* const end = text.data() + text.size();
    if (std::from_chars(text.data(), text.data() + colon, out.query).ec != std::errc{}) return {};
    if (colon + 1 == text.size()) return out;
    out.after.emplace();
    if (std::from_chars(text.data() + colon + 1, end, out.after->ms).ec != std::errc{}) return {};
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

struct SeriesPoints {
  std::vector<Time> timestamps;  // oldest first
  std::vector<double> values;
  std::vector<std::string> units;  // all that the series has in the range
};

SeriesPoints points_of(const std::vector<Bucket>& buckets, const Statistic& statistic) {
  SeriesPoints out;
  std::set<std::string> units;
  for (const Bucket& bucket : buckets) units.insert(bucket.unit);
  out.units.assign(units.begin(), units.end());
  for (const Bucket& bucket : buckets) {
    if (bucket.unit != out.units.front()) continue;
    if (const auto value = statistic.of(bucket.aggregate)) {
      out.timestamps.push_back(bucket.start);
      out.values.push_back(*value);
    }
  }
  return out;
}

std::optional<std::vector<DataMessage>> unit_message(const std::vector<std::string>& units) {
  if (units.size() < 2) return {};
  std::string list;
  for (const std::string& unit : units) list += (list.empty() ? "" : ", ") + unit;
  return std::vector<DataMessage>{{"MultipleUnits", "Multiple units returned: '[" + list + "]'"}};
}

/// Moves points of `from` behind `after` (in the order of the scan) to `out` while there is room.
/// True if all went.
bool take_points(const SeriesPoints& from, bool ascending, const std::optional<Time>& after,
                 std::size_t room, DataResult& out) {
  const std::size_t count = from.timestamps.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = ascending ? i : count - 1 - i;
    const Time time = from.timestamps[at];
    if (after && (ascending ? time <= *after : time >= *after)) continue;
    if (out.values.size() == room) return false;
    out.timestamps.push_back(time);
    out.values.push_back(from.values[at]);
  }
  return true;
}

/// One page under construction.
class PageBuilder {
 public:
  PageBuilder(const Metrics& metrics, const Scope& scope, const DataRequest& request, Time now)
      : metrics_(metrics), scope_(scope), request_(request), now_(now) {
    const int room = request.datapoints_max.value_or(kDatapointsDefault);
    room_ = static_cast<std::size_t>(std::clamp(room, 1, kDatapointsDefault));
  }

  /// Adds the points of one query behind `after`. Returns the last time stamp given, from which
  /// the next page goes on if this one is full.
  Result<std::optional<Time>> add(const DataQuery& query, std::optional<Time> after) {
    WEIR_TRY(const SeriesPoints points, read(*query.metric_stat));
    DataResult result;
    result.id = query.id;
    result.messages = unit_message(points.units);
    const LabelInput label{scope_,
                           query,
                           points.timestamps,
                           points.values,
                           default_label(query, request_.queries),
                           now_,
                           request_.timezone};
    WEIR_TRY(result.label, expand_label(query.label.value_or("${LABEL}"), label));
    const bool is_complete = take_points(points, request_.ascending, after, room_, result);
    room_ -= result.values.size();
    result.status_code = is_complete ? "Complete" : "PartialData";
    if (!is_complete && !result.timestamps.empty()) after = result.timestamps.back();
    page.results.push_back(std::move(result));
    is_full = !is_complete;
    return after;
  }

  DataPage page;
  bool is_full = false;

 private:
  Result<SeriesPoints> read(const MetricStat& stat) const {
    const Statistic statistic = *Statistic::parse(stat.stat);
    BucketQuery query;
    query.metric =
        MetricId::make(stat.metric.namespace_name, stat.metric.metric_name, stat.metric.dimensions);
    query.unit = stat.unit;
    query.from = round_start(request_.start, stat.period_s, now_);
    query.to = request_.end;
    query.period_s = stat.period_s;
    query.with_distribution = !statistic.is_basic();
    WEIR_TRY(const std::vector<Bucket> buckets, metrics_.buckets(scope_, query));
    return points_of(buckets, statistic);
  }

  const Metrics& metrics_;
  const Scope& scope_;
  const DataRequest& request_;
  const Time now_;
  std::size_t room_ = 0;
};

}  // namespace

Result<DataPage> Metrics::get_metric_data(const Scope& scope, const DataRequest& request) const {
  WEIR_CHECK(check_request(request));
  const std::string purpose = purpose_of(request);
  Position at;
  if (!request.next_token.empty()) {
    const auto text = read_page_token(purpose, request.next_token);
    const auto position = text ? Position::parse(*text) : std::nullopt;
    if (!position) {
      return Error{ErrorKind::invalid, "InvalidNextToken", "The next token is invalid."};
    }
    at = *position;
  }
  PageBuilder builder(*this, scope, request, impl_->runtime.now());
  for (; at.query < request.queries.size(); ++at.query, at.after.reset()) {
    if (!request.queries[at.query].return_data) continue;
    WEIR_TRY(at.after, builder.add(request.queries[at.query], at.after));
    if (!builder.is_full) continue;
    builder.page.next_token = make_page_token(purpose, at.text());
    break;
  }
  return std::move(builder.page);
}

}  // namespace weir::metrics
