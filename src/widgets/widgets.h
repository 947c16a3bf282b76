// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "alarms/alarms.h"
#include "base/result.h"
#include "base/scope.h"
#include "charts/chart.h"
#include "metric_math/program.h"
#include "metrics/metrics.h"

namespace weir::widgets {

/// Draws metric widgets: the JSON that GetMetricWidgetImage takes (API reference, "Metric widget
/// structure and syntax") and that `properties` of a dashboard's metric widget is.
///
/// Points are at least as far apart as kPointsMax of them in the range need, and as far as data of
/// that age are kept. A widget without metrics and with an alarm shows what the alarm watches.
///
/// Threads: any number. Errors: ValidationError, with all that is wrong with the widget.
class Widgets {
 public:
  static constexpr std::size_t kTextMax = 100u << 10;  // bytes of JSON
  static constexpr int kPointsMax = 1440;              // of one series

  /// Everything must outlive this.
  Widgets(const metrics::Metrics& metrics, const alarms::Alarms& alarms,
          metric_math::Sources sources = {})
      : metrics_(metrics), alarms_(alarms), sources_(sources) {}

  /// The bytes of a PNG file.
  Result<std::string> image(const Scope& scope, std::string_view metric_widget) const;
  /// The same before it is drawn.
  Result<charts::Chart> chart(const Scope& scope, std::string_view metric_widget) const;

 private:
  const metrics::Metrics& metrics_;
  const alarms::Alarms& alarms_;
  metric_math::Sources sources_;
};

}  // namespace weir::widgets
