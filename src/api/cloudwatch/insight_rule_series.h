// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "contributors/contributors.h"
#include "metric_math/program.h"

namespace weir::api::cloudwatch {

/// INSIGHT_RULE_METRIC() out of the rules of Contributor Insights, for GetMetricData and alarms.
class InsightRuleSeries final : public metric_math::InsightRules {
 public:
  explicit InsightRuleSeries(contributors::Contributors& contributors)
      : contributors_(contributors) {}

  Result<metric_math::Series> metric(const Scope& scope, std::string_view rule,
                                     std::string_view metric,
                                     const metric_math::Grid& grid) override;

 private:
  contributors::Contributors& contributors_;
};

}  // namespace weir::api::cloudwatch
