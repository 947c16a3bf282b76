// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "alarms/alarms.h"
#include "base/result.h"
#include "charts/chart.h"
#include "widgets/queries.h"

/// Alarms on charts. Private to this module.
namespace weir::widgets {

/// Adds the threshold of a metric alarm as a level and, if wanted, queries for what it watches, in
/// the region of its ARN. Error: no metric alarm of this account has the ARN.
Result<void> add_alarm(const alarms::Alarms& alarms, const Scope& scope, const std::string& arn,
                       const Defaults& defaults, bool with_metrics,
                       std::map<std::string, Queries>& queries, charts::Chart& chart);

}  // namespace weir::widgets
