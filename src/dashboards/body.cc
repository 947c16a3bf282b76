// SPDX-License-Identifier: Apache-2.0
#include "dashboards/body.h"

#include <set>

#include "dashboards/schema.h"

namespace weir::dashboards {

namespace {

constexpr std::size_t kWidgetsMax = 500;
constexpr std::size_t kWidgetMetricsMax = 500;
constexpr std::size_t kImageMetricsMax = 100;  // API reference, GetMetricWidgetImage
constexpr std::size_t kMetricsMax = 2500;      // of a dashboard
constexpr std::size_t kVariablesMax = 25;
constexpr std::size_t kAnnotationsMax = 100;
constexpr std::size_t kAlarmsMax = 100;
constexpr double kColumns = 24;
constexpr double kRowsMax = 1000;

void check_axis(const Node& axes, std::string_view side) {
  if (!axes.object(side)) return;
  const Node axis = axes.at(side);
  axis.only({"label", "min", "max", "showUnits"});
  axis.string("label");
  axis.number("min");
  axis.number("max");
  axis.boolean("showUnits");
}

/// One end of an annotation.
void check_mark(const Node& mark, bool is_horizontal) {
  if (!mark.is_object()) return;
  mark.only({"value", "label", "color", "fill", "visible", "yAxis"});
  if (mark.requires_member("value")) {
    is_horizontal ? mark.number("value") : mark.time("value");
  }
  mark.string("label");
  mark.color("color");
  mark.boolean("visible");
  if (is_horizontal) {
    mark.one_of("fill", {"above", "below", "none"});
    mark.one_of("yAxis", {"left", "right"});
  } else {
    mark.one_of("fill", {"before", "after", "none"});
  }
}

void check_marks(const Node& annotations, std::string_view kind) {
  if (!annotations.array(kind, 0, kAnnotationsMax)) return;
  const Node list = annotations.at(kind);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Node one = list.item(i);
    if (one.value().list() == nullptr) {
      check_mark(one, kind == "horizontal");
      continue;
    }
    // A band is a pair.
    if (one.size() != 2) {
      one.error(one.size() < 2 ? "Should NOT have fewer than 2 items"
                               : "Should NOT have more than 2 items");
      continue;
    }
    check_mark(one.item(0), kind == "horizontal");
    check_mark(one.item(1), kind == "horizontal");
  }
}

void check_annotations(const Node& widget) {
  if (!widget.object("annotations")) return;
  const Node annotations = widget.at("annotations");
  annotations.only({"horizontal", "vertical", "alarms"});
  check_marks(annotations, "horizontal");
  check_marks(annotations, "vertical");
  annotations.strings("alarms", 0, 1);
}

bool has_alarm(const Document& widget) {
  const Document* const annotations = widget.find("annotations");
  const Document* const alarms = annotations == nullptr ? nullptr : annotations->find("alarms");
  return alarms != nullptr && alarms->list() != nullptr && !alarms->list()->empty();
}

// ---- The other widgets

void check_text_widget(const Node& properties) {
  properties.only({"markdown", "background"});
  if (properties.requires_member("markdown")) properties.string("markdown");
  properties.one_of("background", {"solid", "transparent"});
}

void check_log_widget(const Node& properties) {
  properties.string("region");
  properties.requires_member("region");
  if (properties.requires_member("query")) properties.string("query");
  properties.string("title");
  properties.string("queryLanguage");
  properties.string("accountId");
  properties.boolean("stacked");
  properties.one_of("view", {"table", "timeSeries", "bar", "pie"});
}

void check_alarm_widget(const Node& properties) {
  properties.only({"alarms", "states", "sortBy", "title"});
  if (properties.requires_member("alarms")) properties.strings("alarms", 1, kAlarmsMax);
  properties.one_of("sortBy", {"default", "stateUpdatedTimestamp", "timestamp"});
  properties.string("title");
  if (!properties.array("states", 0, 3)) return;
  for (std::size_t i = 0; i < properties.at("states").size(); ++i) {
    const Node state = properties.at("states").item(i);
    const std::string* const text = state.value().string();
    if (text == nullptr || (*text != "ALARM" && *text != "OK" && *text != "INSUFFICIENT_DATA")) {
      state.error("Should be equal to one of the allowed values");
    }
  }
}

void check_explorer_widget(const Node& properties) {
  if (properties.requires_member("metrics") && properties.array("metrics", 1, kWidgetMetricsMax)) {
    for (std::size_t i = 0; i < properties.at("metrics").size(); ++i) {
      const Node metric = properties.at("metrics").item(i);
      if (!metric.is_object()) continue;
      for (const std::string_view name : {"metricName", "resourceType", "stat"}) {
        if (metric.requires_member(name)) metric.string(name);
      }
    }
  }
  properties.requires_member("labels");
  properties.array("labels", 0, kWidgetMetricsMax);
  properties.period("period");
  properties.object("widgetOptions");
  properties.object("aggregateBy");
  properties.string("splitBy");
  properties.string("title");
}

void check_custom_widget(const Node& properties) {
  properties.only({"endpoint", "params", "updateOn", "title"});
  if (properties.requires_member("endpoint")) properties.string("endpoint");
  properties.string("title");
  if (!properties.object("updateOn")) return;
  for (const std::string_view name : {"refresh", "resize", "timeRange"}) {
    properties.at("updateOn").boolean(name);
  }
}

void check_place(const Node& widget) {
  widget.integer("x", 0, kColumns - 1);
  widget.integer("y", 0, 1e9);
  widget.integer("width", 1, kColumns);
  widget.integer("height", 1, kRowsMax);
  if (widget.has("x") && !widget.has("y")) {
    widget.error("Should have property y when property x is present");
  }
  if (widget.has("y") && !widget.has("x")) {
    widget.error("Should have property x when property y is present");
  }
}

/// Returns the number of its metrics.
std::size_t check_widget(const Node& widget) {
  if (!widget.is_object()) return 0;
  widget.only({"type", "x", "y", "width", "height", "properties"});
  check_place(widget);
  const bool has_type = widget.requires_member("type");
  const bool has_properties = widget.requires_member("properties");
  if (!has_type || !has_properties || !widget.object("properties")) return 0;
  const Node properties = widget.at("properties");
  const std::string* const type = widget.at("type").value().string();
  if (type == nullptr) {
    widget.at("type").error("Should be string");
  } else if (*type == "metric") {
    return check_metric_widget(properties.value(), properties.path(), Usage::dashboard,
                               properties.messages());
  } else if (*type == "text") {
    check_text_widget(properties);
  } else if (*type == "log") {
    check_log_widget(properties);
  } else if (*type == "alarm") {
    check_alarm_widget(properties);
  } else if (*type == "explorer") {
    check_explorer_widget(properties);
  } else if (*type == "custom") {
    check_custom_widget(properties);
  } else if (*type != "chart") {  // newer than its documentation: taken as it is
    widget.at("type").error("Should be equal to one of the allowed values");
  }
  return 0;
}

void check_variables(const Node& body) {
  if (!body.array("variables", 0, kVariablesMax)) return;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < body.at("variables").size(); ++i) {
    const Node variable = body.at("variables").item(i);
    if (!variable.is_object()) continue;
    for (const std::string_view name : {"type", "id", "inputType"}) variable.requires_member(name);
    variable.one_of("type", {"property", "pattern"});
    variable.one_of("inputType", {"input", "select", "radio"});
    variable.string("id", 255);
    variable.string("label");
    variable.string("defaultValue");
    variable.boolean("visible");
    const std::string* const type = variable.at("type").value().string();
    if (type != nullptr && (*type == "property" || *type == "pattern")) {
      if (variable.requires_member(*type)) variable.string(*type);
    }
    const std::string* const id = variable.at("id").value().string();
    if (id != nullptr && !ids.insert(*id).second) variable.at("id").error("Should be unique");
    if (!variable.array("values", 0, 200)) continue;
    for (std::size_t k = 0; k < variable.at("values").size(); ++k) {
      const Node value = variable.at("values").item(k);
      if (value.is_object() && value.requires_member("value")) value.string("value");
    }
  }
}

}  // namespace

Shape Message::shape() {
  using S = Message;
  static constexpr Member members[] = {
      optional<&S::data_path>("DataPath"),
      optional<&S::text>("Message"),
  };
  return {"DashboardValidationMessage", members};
}

std::size_t check_metric_widget(const Document& document, const std::string& path, Usage usage,
                                Messages& messages) {
  const Node widget(document, path, messages);
  if (!widget.is_object()) return 0;
  const bool is_image = usage == Usage::image;
  std::size_t count = 0;
  if (widget.has("metrics")) {
    const std::size_t max = is_image ? kImageMetricsMax : kWidgetMetricsMax;
    if (widget.array("metrics", 0, max)) {
      count = read_rows(widget.at("metrics").value(), widget.at("metrics").path(), messages).size();
    }
  } else if (!has_alarm(document)) {
    // These three together, as AWS writes them.
    widget.requires_member("metrics");
    if (!is_image) {
      widget.error(
          "The metric widget should have specified a region and a data source or an alarm "
          "annotation");
    }
    widget.requires_member("annotations");
  }
  if (!is_image && widget.has("metrics")) widget.requires_member("region");
  widget.string("region");
  widget.string("accountId");
  widget.string("title");
  widget.string("stat");
  widget.period("period");
  widget.one_of("view", {"timeSeries", "singleValue", "gauge", "bar", "pie", "table"});
  for (const std::string_view name : {"stacked", "sparkline", "liveData", "setPeriodToTimeRange",
                                      "singleValueFullPrecision", "trend"}) {
    widget.boolean(name);
  }
  widget.time("start");
  widget.time("end");
  if (widget.object("legend")) {
    widget.at("legend").one_of("position", {"bottom", "right", "hidden"});
  }
  if (widget.object("yAxis")) {
    widget.at("yAxis").only({"left", "right"});
    check_axis(widget.at("yAxis"), "left");
    check_axis(widget.at("yAxis"), "right");
  }
  check_annotations(widget);
  widget.string("timezone");
  if (is_image) {
    constexpr double kPixelsMax = 2000;
    widget.integer("width", 1, kPixelsMax);
    widget.integer("height", 1, kPixelsMax);
    widget.one_of("theme", {"light", "dark"});
  }
  return count;
}

Messages check_body(const Document& document) {
  Messages messages;
  const Node body(document, "", messages);
  if (!body.is_object()) return messages;
  body.only({"widgets", "start", "end", "periodOverride", "variables"});
  body.time("start");
  body.time("end");
  if (body.has("end") && !body.has("start")) {
    body.error("Should have property start when property end is present");
  }
  body.one_of("periodOverride", {"auto", "inherit"});
  check_variables(body);
  if (!body.requires_member("widgets") || !body.array("widgets", 0, kWidgetsMax)) return messages;
  std::size_t metrics = 0;
  for (std::size_t i = 0; i < body.at("widgets").size(); ++i) {
    metrics += check_widget(body.at("widgets").item(i));
  }
  if (metrics > kMetricsMax) {
    body.error("Should NOT have more than " + std::to_string(kMetricsMax) +
               " metrics in all widgets together");
  }
  return messages;
}

std::string to_text(const std::vector<Message>& messages) {
  Document::List list;
  for (const Message& message : messages) {
    Document& one = list.emplace_back();
    one["dataPath"] = message.data_path;
    one["message"] = message.text;
  }
  return to_pretty_json(Document(std::move(list)));
}

}  // namespace weir::dashboards
