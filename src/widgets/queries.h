// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/runtime.h"
#include "charts/color.h"
#include "dashboards/body.h"
#include "metric_math/data.h"

/// From the rows of a widget to queries. Private to this module.
namespace weir::widgets {

/// How the series of a query are drawn.
struct Look {
  std::optional<charts::Color> color = {};
  bool is_on_right = false;
};

/// The queries of one region, and the looks of their series by id.
struct Queries {
  std::vector<metric_math::DataQuery> queries;
  std::map<std::string, Look> looks;
};

/// What a widget says for all of its metrics.
struct Defaults {
  std::string region;
  std::string stat = "Average";
  int period_s = 300;
  bool is_whole_range = false;  // one point for the whole range
  Time start;
  Time end;
  Time now;
};

// Members of a widget that was checked.
std::string string_of(const Document& object, std::string_view name, std::string_view fallback);
bool boolean_of(const Document& object, std::string_view name, bool fallback);
std::optional<double> number_of(const Document& object, std::string_view name);
int integer_of(const Document& object, std::string_view name, int fallback);
std::optional<charts::Color> color_of(const Document& object);

/// The period with which a range is read: as wanted, or as long as age and number of points need.
int period_for(int wanted_s, const Defaults& defaults);

/// By region; ids that the widget does not give are made.
Result<std::map<std::string, Queries>> make_queries(const std::vector<dashboards::MetricRow>& rows,
                                                    const Defaults& defaults);

}  // namespace weir::widgets
