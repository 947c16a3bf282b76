// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/shape.h"

namespace weir::dashboards {

/// API type DashboardValidationMessage.
struct Message {
  std::string data_path;  // a JSON pointer: /widgets/3/properties/metrics/0
  std::string text;
  bool operator==(const Message&) const = default;
  static Shape shape();
};

/// What a check found.
struct Messages {
  static constexpr std::size_t kMax = 100;  // of each kind

  std::vector<Message> errors;
  std::vector<Message> warnings;

  void error(std::string path, std::string text) { add(errors, std::move(path), std::move(text)); }
  void warn(std::string path, std::string text) { add(warnings, std::move(path), std::move(text)); }

 private:
  static void add(std::vector<Message>& to, std::string path, std::string text) {
    if (to.size() < kMax) to.push_back({std::move(path), std::move(text)});
  }
};

/// An item of `metrics` with its shorthand written out: a metric, or (no name) an expression.
struct MetricRow {
  std::string namespace_name = {};
  std::string metric_name = {};
  std::vector<std::pair<std::string, std::string>> dimensions = {};
  Document options = Document(Document::Map{});  // the object at its end

  bool is_expression() const { return metric_name.empty(); }
};

/// Reads `metrics`: each item is `[namespace, name, dimension, value, ..., {options}]` or
/// `[{"expression": ...}]`; `"."` repeats the field above it, `"..."` all that the row before has
/// and this one does not. What is wrong with one is an error at its path.
std::vector<MetricRow> read_rows(const Document& metrics, const std::string& path,
                                 Messages& messages);

/// Where a metric widget is used.
enum class Usage { dashboard, image };

/// Checks `properties` of a metric widget, or the whole of the one that GetMetricWidgetImage draws.
/// Returns the number of its metrics.
std::size_t check_metric_widget(const Document& widget, const std::string& path, Usage usage,
                                Messages& messages);

/// Checks the body of a dashboard (CloudWatch API reference, "Dashboard body structure and
/// syntax"). Texts that AWS was seen to write are AWS's; others are in the same manner.
Messages check_body(const Document& body);

/// `[{"dataPath": ..., "message": ...}, ...]` over several lines, as in AWS's texts.
std::string to_text(const std::vector<Message>& messages);

}  // namespace weir::dashboards
