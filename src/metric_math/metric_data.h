// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "base/scope.h"
#include "metric_math/data.h"
#include "metric_math/program.h"
#include "metrics/metrics.h"

namespace weir::metric_math {

/// GetMetricData: a page of what a list of queries yields.
///
/// A metric's points may be spread over pages; the series of an expression never are: one that does
/// not fit on what is left of a page begins the next. Each page evaluates anew.
///
/// Errors: ValidationError refuses the request, InvalidNextToken a token of another one. Where only
/// the data of a query cannot be had, its result says so: status InternalError and a message.
class MetricData {
 public:
  explicit MetricData(const metrics::Metrics& metrics, Sources sources = {})
      : metrics_(metrics), sources_(sources) {}

  Result<DataPage> get(const Scope& scope, const DataRequest& request) const;

 private:
  const metrics::Metrics& metrics_;
  Sources sources_;
};

}  // namespace weir::metric_math
