// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/scope.h"
#include "metric_math/data.h"

/// Labels of GetMetricData. Private to this module.
namespace weir::metric_math {

/// One returned series, oldest point first.
struct LabelInput {
  const Scope& scope;
  const MetricStat* metric;  // null: of an expression
  std::span<const Time> timestamps;
  std::span<const double> values;
  std::string default_label;
  Time now;
  std::string_view timezone;  // +HHMM
};

/// Replaces the dynamic parts (`${MAX}`, `${PROP('Period')}` ...) of a label (User Guide, "Using
/// dynamic labels").
Result<std::string> expand_label(std::string_view label, const LabelInput& input);

/// `+HHMM` or `-HHMM` as minutes.
Result<int> parse_timezone(std::string_view text);

}  // namespace weir::metric_math
