// SPDX-License-Identifier: Apache-2.0
#include "widgets/widgets.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "dashboards/body.h"
#include "dashboards/times.h"
#include "metric_math/expression.h"
#include "metric_math/metric_data.h"
#include "widgets/alarm_marks.h"
#include "widgets/queries.h"

namespace weir::widgets {

namespace {

using dashboards::read_time;

Error validation_error(std::string message) {
  return {ErrorKind::invalid, "ValidationError", std::move(message)};
}

const Document& member(const Document& object, std::string_view name) {
  static const Document kNothing;
  const Document* const found = object.find(name);
  return found == nullptr ? kNothing : *found;
}

Result<Document> read_widget(std::string_view text) {
  if (text.size() > Widgets::kTextMax) {
    return validation_error("The parameter MetricWidget must not be longer than " +
                            std::to_string(Widgets::kTextMax) + " bytes.");
  }
  auto document = parse_json(text);
  if (!document || document->map() == nullptr) {
    return validation_error("The parameter MetricWidget must be a valid JSON object.");
  }
  dashboards::Messages messages;
  (void)dashboards::check_metric_widget(*document, "", dashboards::Usage::image, messages);
  if (messages.errors.empty()) return document;
  return validation_error("The metric widget is invalid, there are " +
                          std::to_string(messages.errors.size()) + " validation errors:\n" +
                          dashboards::to_text(messages.errors));
}

/// Start and end. A relative start counts from the end.
Result<std::pair<Time, Time>> range_of(const Document& widget, Time now) {
  const auto end = read_time(string_of(widget, "end", "P0D"), now);
  if (!end) return validation_error("The end of the metric widget is no time.");
  const auto start = read_time(string_of(widget, "start", "-PT3H"), *end);
  if (!start) return validation_error("The start of the metric widget is no time.");
  if (*start >= *end || start->ms < 0) {
    return validation_error("The end of the metric widget must be after its start.");
  }
  return std::pair(*start, *end);
}

Result<int> offset_of(const std::string& timezone) {
  const bool is_shaped = timezone.size() == 5 && (timezone[0] == '+' || timezone[0] == '-') &&
                         timezone.find_first_not_of("0123456789", 1) == std::string::npos;
  if (!is_shaped) {
    return validation_error("The timezone of the metric widget must be of the form +0130.");
  }
  const auto digit = [&](std::size_t i) { return timezone[i] - '0'; };
  const int minutes = (digit(1) * 10 + digit(2)) * 60 + digit(3) * 10 + digit(4);
  return timezone[0] == '-' ? -minutes : minutes;
}

Result<charts::View> view_of(const Document& widget) {
  const std::string view = string_of(widget, "view", "timeSeries");
  if (view == "bar") return charts::View::bars;
  if (view == "pie") return charts::View::pie;
  if (view == "singleValue") return charts::View::numbers;
  if (view == "gauge") return charts::View::gauge;
  if (view == "table") return charts::View::table;
  return boolean_of(widget, "stacked", false) ? charts::View::stacked : charts::View::lines;
}

charts::Axis axis_of(const Document& widget, std::string_view side) {
  const Document& axis = member(member(widget, "yAxis"), side);
  return {number_of(axis, "min"), number_of(axis, "max"), string_of(axis, "label", "")};
}

/// The unit of all series of an axis, if they have but one; `seen` holds theirs.
void show_unit(const Document& widget, std::string_view side, const std::set<std::string>& seen,
               charts::Axis& axis) {
  const bool is_wanted = boolean_of(member(member(widget, "yAxis"), side), "showUnits", true);
  if (!is_wanted || !axis.label.empty() || seen.size() != 1 || *seen.begin() == "None") return;
  axis.label = *seen.begin();
}

// ---- Annotations

bool is_shown(const Document& mark) { return boolean_of(mark, "visible", true); }

charts::Level level_of(const Document& mark) {
  charts::Level level;
  level.value = number_of(mark, "value").value_or(0);
  level.label = string_of(mark, "label", "");
  level.color = color_of(mark);
  level.is_on_right = string_of(mark, "yAxis", "left") == "right";
  const std::string fill = string_of(mark, "fill", "none");
  if (fill == "above") level.fill = charts::Level::Fill::above;
  if (fill == "below") level.fill = charts::Level::Fill::below;
  return level;
}

charts::Moment moment_of(const Document& mark, Time now) {
  charts::Moment moment;
  moment.time_s = read_time(string_of(mark, "value", ""), now).value_or(now).seconds();
  moment.label = string_of(mark, "label", "");
  moment.color = color_of(mark);
  const std::string fill = string_of(mark, "fill", "none");
  if (fill == "before") moment.fill = charts::Moment::Fill::before;
  if (fill == "after") moment.fill = charts::Moment::Fill::after;
  return moment;
}

void add_annotations(const Document& widget, Time now, charts::Chart& chart) {
  const Document& annotations = member(widget, "annotations");
  if (const auto* list = member(annotations, "horizontal").list()) {
    for (const Document& mark : *list) {
      const bool is_pair = mark.list() != nullptr;
      const Document& first = is_pair ? (*mark.list())[0] : mark;
      if (!is_shown(first)) continue;
      charts::Level level = level_of(first);
      if (is_pair) {
        const charts::Level other = level_of((*mark.list())[1]);
        level.to = other.value;
        level.to_label = other.label;
      }
      chart.levels.push_back(std::move(level));
    }
  }
  if (const auto* list = member(annotations, "vertical").list()) {
    for (const Document& mark : *list) {
      const bool is_pair = mark.list() != nullptr;
      const Document& first = is_pair ? (*mark.list())[0] : mark;
      if (!is_shown(first)) continue;
      charts::Moment moment = moment_of(first, now);
      if (is_pair) {
        const charts::Moment other = moment_of((*mark.list())[1], now);
        moment.to_s = other.time_s;
        moment.to_label = other.label;
      }
      chart.moments.push_back(std::move(moment));
    }
  }
}

// ---- Data

/// The id that a query is the band of, if it is ANOMALY_DETECTION_BAND(id).
std::optional<std::string> band_of(const metric_math::DataQuery& query) {
  if (!query.expression) return {};
  const auto expression = metric_math::Expression::parse(*query.expression);
  if (!expression) return {};
  const metric_math::Node& root = expression->root();
  const bool is_band = root.kind == metric_math::Node::Kind::call &&
                       root.function == metric_math::Function::anomaly_detection_band;
  if (!is_band || root.children.empty()) return {};
  return root.children.front().text;
}

/// How far the points of a result are apart: as asked for, or what their smallest distance shows.
int spacing_of(const metric_math::DataQuery& query, const std::vector<Time>& timestamps) {
  if (query.metric_stat) return query.metric_stat->period_s;
  std::int64_t least_s = 0;
  for (std::size_t i = 1; i < timestamps.size(); ++i) {
    const std::int64_t apart_s = (timestamps[i] - timestamps[i - 1]).count() / 1000;
    if (apart_s > 0 && (least_s == 0 || apart_s < least_s)) least_s = apart_s;
  }
  return static_cast<int>(std::min<std::int64_t>(least_s, 1'000'000'000));
}

std::vector<std::int64_t> seconds_of(const std::vector<Time>& timestamps) {
  std::vector<std::int64_t> out;
  out.reserve(timestamps.size());
  for (const Time time : timestamps) out.push_back(time.seconds());
  return out;
}

/// Upper and lower side as a shaded band, on the times that both have.
charts::Band make_band(const metric_math::DataResult& upper, const metric_math::DataResult& lower) {
  charts::Band band;
  for (std::size_t i = 0, k = 0; i < upper.values.size() && k < lower.values.size();) {
    if (upper.timestamps[i] < lower.timestamps[k]) {
      ++i;
    } else if (lower.timestamps[k] < upper.timestamps[i]) {
      ++k;
    } else {
      band.times_s.push_back(upper.timestamps[i].seconds());
      band.upper.push_back(upper.values[i++]);
      band.lower.push_back(lower.values[k++]);
    }
  }
  return band;
}

/// A period that has not ended would look like a fall; a lonely point stays.
void hide_unfinished(charts::Series& series, Time now) {
  if (series.times_s.size() < 2 || series.times_s.back() + series.period_s <= now.seconds()) return;
  series.times_s.pop_back();
  series.values.pop_back();
}

/// Adds what the queries of one region yield, and to `units` those of the left and the right axis.
/// `finished_by`: only periods that have ended by then.
Result<void> add_series(const metric_math::MetricData& data, const Scope& scope,
                        const Queries& queries, const metric_math::DataRequest& request,
                        std::optional<Time> finished_by, charts::Chart& chart,
                        std::array<std::set<std::string>, 2>& units) {
  metric_math::DataRequest mine = request;
  mine.queries = queries.queries;
  WEIR_TRY(const metric_math::DataPage page, data.get(scope, mine));
  std::map<std::string, std::string> labels;
  for (const auto& result : page.results) labels.emplace(result.id, result.label);
  for (std::size_t i = 0; i < page.results.size(); ++i) {
    const metric_math::DataResult& result = page.results[i];
    const auto query = std::find_if(mine.queries.begin(), mine.queries.end(),
                                    [&](const auto& one) { return one.id == result.id; });
    WEIR_ASSERT(query != mine.queries.end());
    const Look& look = queries.looks.at(result.id);
    const auto of = band_of(*query);
    const bool is_pair = i + 1 < page.results.size() && page.results[i + 1].id == result.id;
    if (of && is_pair) {
      charts::Band band = make_band(result, page.results[++i]);
      const auto known = labels.find(*of);
      band.label = (known == labels.end() ? *of : known->second) + " (expected)";
      if (query->label) band.label = *query->label;
      band.period_s = spacing_of(*query, result.timestamps);
      band.color = look.color;
      band.is_on_right = look.is_on_right;
      chart.bands.push_back(std::move(band));
      continue;
    }
    charts::Series series{.label = result.label,
                          .times_s = seconds_of(result.timestamps),
                          .values = result.values,
                          .period_s = spacing_of(*query, result.timestamps)};
    series.color = look.color;
    series.is_on_right = look.is_on_right;
    series.is_incomplete = result.status_code != "Complete";
    if (finished_by) hide_unfinished(series, *finished_by);
    if (!result.units.empty()) units[look.is_on_right].insert(result.units.front());
    chart.series.push_back(std::move(series));
  }
  return {};
}

}  // namespace

Result<charts::Chart> Widgets::chart(const Scope& scope, std::string_view metric_widget) const {
  WEIR_TRY(const Document widget, read_widget(metric_widget));
  const Time now = metrics_.now();
  WEIR_TRY(const auto range, range_of(widget, now));
  charts::Chart chart;
  chart.width = integer_of(widget, "width", chart.width);
  chart.height = integer_of(widget, "height", chart.height);
  chart.title = string_of(widget, "title", "");
  if (string_of(widget, "theme", "light") == "dark") chart.theme = charts::Theme::dark;
  WEIR_TRY(chart.view, view_of(widget));
  const std::string legend = string_of(member(widget, "legend"), "position", "bottom");
  if (legend == "right") chart.legend = charts::Legend::right;
  if (legend == "hidden") chart.legend = charts::Legend::hidden;
  const std::string timezone = string_of(widget, "timezone", "+0000");
  WEIR_TRY(chart.utc_offset_minutes, offset_of(timezone));
  chart.from_s = range.first.seconds();
  chart.to_s = std::max(range.second.seconds(), chart.from_s + 1);
  chart.left = axis_of(widget, "left");
  chart.right = axis_of(widget, "right");
  chart.has_sparklines = boolean_of(widget, "sparkline", false);
  chart.is_precise = boolean_of(widget, "singleValueFullPrecision", false);
  add_annotations(widget, now, chart);

  const bool has_time = chart.view == charts::View::lines || chart.view == charts::View::stacked;
  Defaults defaults;
  defaults.region = string_of(widget, "region", scope.region);
  defaults.stat = string_of(widget, "stat", defaults.stat);
  defaults.period_s = integer_of(widget, "period", defaults.period_s);
  defaults.is_whole_range = !has_time && boolean_of(widget, "setPeriodToTimeRange", false);
  defaults.start = range.first;
  defaults.end = range.second;
  defaults.now = now;
  dashboards::Messages messages;
  const Document& metrics = member(widget, "metrics");
  std::vector<dashboards::MetricRow> rows;
  if (metrics.list() != nullptr) rows = dashboards::read_rows(metrics, "/metrics", messages);
  WEIR_TRY(auto queries, make_queries(rows, defaults));
  const Document& alarms = member(member(widget, "annotations"), "alarms");
  if (alarms.list() != nullptr) {
    for (const Document& arn : *alarms.list()) {
      WEIR_CHECK(add_alarm(alarms_, scope, *arn.string(), defaults, rows.empty(), queries, chart));
    }
  }
  metric_math::DataRequest request;
  request.start = range.first;
  request.end = Time::from_seconds(chart.to_s);
  request.ascending = true;
  request.timezone = timezone;
  request.is_one_page = true;
  // An alarm may have fired in the middle of a period.
  const bool is_live =
      boolean_of(widget, "liveData", false) || rows.empty() || defaults.is_whole_range;
  const auto finished_by = is_live ? std::nullopt : std::optional(now);
  const metric_math::MetricData data(metrics_, sources_);
  std::array<std::set<std::string>, 2> units;
  for (const auto& [region, of_region] : queries) {
    const Scope of{scope.account, region};
    WEIR_CHECK(add_series(data, of, of_region, request, finished_by, chart, units));
  }
  show_unit(widget, "left", units[0], chart.left);
  show_unit(widget, "right", units[1], chart.right);
  return chart;
}

Result<std::string> Widgets::image(const Scope& scope, std::string_view metric_widget) const {
  WEIR_TRY(const charts::Chart drawn, chart(scope, metric_widget));
  return charts::render_png(drawn);
}

}  // namespace weir::widgets
