// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "dashboards/schema.h"

namespace weir::dashboards {

namespace {

constexpr std::size_t kFieldsMax = 2 + 2 * 30;  // namespace, name and 30 dimensions
constexpr std::string_view kSame = ".";
constexpr std::string_view kSameAll = "...";

void check_options(const Node& options, bool is_metric) {
  options.only({"color", "label", "period", "stat", "visible", "yAxis", "id", "region", "accountId",
                "expression"});
  options.color("color");
  options.string("label");
  options.period("period");
  options.string("stat");
  options.boolean("visible");
  options.one_of("yAxis", {"left", "right"});
  options.string("id", 255);
  options.string("region");
  options.string("accountId");
  options.string("expression", 2048);
  if (!is_metric) options.requires_member("expression");
}

/// The row's texts, its shorthand written out from those of the row before.
std::optional<std::vector<std::string>> fields_of(const Node& row, std::size_t count,
                                                  const std::vector<std::string>& before) {
  std::vector<std::string> out;
  const auto given = [&](std::size_t i) { return row.item(i).value().string(); };
  for (std::size_t i = 0; i < count; ++i) {
    if (given(i) == nullptr) {
      row.item(i).error("Invalid metric field type, only \"String\" type is allowed");
      return {};
    }
    if (*given(i) == kSameAll) {
      const std::size_t rest = count - i - 1;
      if (i != 0 || rest > before.size() || before.empty()) {
        row.item(i).error("\"...\" needs a metric above it that has the fields it stands for");
        return {};
      }
      out.assign(before.begin(), before.end() - static_cast<std::ptrdiff_t>(rest));
      continue;
    }
    if (*given(i) == kSame) {
      if (out.size() >= before.size()) {
        row.item(i).error("\".\" needs a metric above it that has the field it stands for");
        return {};
      }
      out.push_back(before[out.size()]);
      continue;
    }
    out.push_back(*given(i));
  }
  return out;
}

std::optional<MetricRow> read_row(const Node& row, std::vector<std::string>& before) {
  if (!row.is_array()) return {};
  if (row.size() == 0) {
    row.error("Should NOT have fewer than 1 items");
    return {};
  }
  const bool has_options = row.item(row.size() - 1).value().map() != nullptr;
  const std::size_t count = row.size() - (has_options ? 1 : 0);
  MetricRow out;
  if (has_options) {
    check_options(row.item(row.size() - 1), count != 0);
    out.options = row.item(row.size() - 1).value();
  }
  if (count == 0) return out;
  if (has_options && out.options.find("expression") != nullptr) {
    row.error("Should have either a metric or an expression");
    return {};
  }
  auto fields = fields_of(row, count, before);
  if (!fields) return {};
  if (fields->size() < 2 || fields->size() > kFieldsMax) {
    row.error(fields->size() < 2
                  ? "Should NOT have fewer than 2 items"
                  : "Should NOT have more than " + std::to_string(kFieldsMax) + " items");
    return {};
  }
  if (fields->size() % 2 != 0) {
    row.error("Should have a value for each dimension");
    return {};
  }
  for (std::size_t i = 0; i < fields->size(); ++i) {
    if (!(*fields)[i].empty()) continue;
    row.error("Should NOT have an empty namespace, metric name or dimension");
    return {};
  }
  out.namespace_name = (*fields)[0];
  out.metric_name = (*fields)[1];
  for (std::size_t i = 2; i < fields->size(); i += 2) {
    out.dimensions.emplace_back((*fields)[i], (*fields)[i + 1]);
  }
  before = std::move(*fields);
  return out;
}

}  // namespace

std::vector<MetricRow> read_rows(const Document& metrics, const std::string& path,
                                 Messages& messages) {
  std::vector<MetricRow> out;
  const Node list(metrics, path, messages);
  if (!list.is_array()) return out;
  std::vector<std::string> before;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (auto row = read_row(list.item(i), before)) out.push_back(std::move(*row));
  }
  return out;
}

}  // namespace weir::dashboards
