// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/scope.h"

namespace weir::daemon {

/// A call of GetMetricWidgetImage that answers a picture of the metric around an alarm's change.
struct GraphCall {
  Scope scope;        // of the alarm
  std::string query;  // Query protocol, percent-encoded
};

/// From the JSON that an alarm publishes. Error: it is no alarm on a single metric.
Result<GraphCall> graph_call(std::string_view message);

}  // namespace weir::daemon
