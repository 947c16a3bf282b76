// SPDX-License-Identifier: Apache-2.0
#include "metric_math/data.h"

namespace weir::metric_math {

Shape MetricStat::shape() {
  using S = MetricStat;
  static constexpr Member members[] = {
      required<&S::metric>("Metric"),
      required<&S::period_s>("Period", range(1, kUnbounded)),
      required<&S::stat>("Stat"),
      optional<&S::unit>("Unit"),
  };
  return {"MetricStat", members};
}

Shape DataQuery::shape() {
  using S = DataQuery;
  static constexpr Member members[] = {
      required<&S::id>("Id", length(1, 255)),
      optional<&S::metric_stat>("MetricStat"),
      optional<&S::expression>("Expression", length(1, 2048)),
      optional<&S::label>("Label"),
      optional<&S::return_data>("ReturnData"),
      optional<&S::period_s>("Period", range(1, kUnbounded)),
      optional<&S::account_id>("AccountId", length(1, 255)),
  };
  return {"MetricDataQuery", members};
}

Shape DataMessage::shape() {
  using S = DataMessage;
  static constexpr Member members[] = {
      optional<&S::code>("Code"),
      optional<&S::value>("Value"),
  };
  return {"MessageData", members};
}

Shape DataResult::shape() {
  using S = DataResult;
  static constexpr Member members[] = {
      optional<&S::id>("Id"),
      optional<&S::label>("Label"),
      optional<&S::timestamps>("Timestamps"),
      optional<&S::values>("Values"),
      optional<&S::status_code>("StatusCode"),
      optional<&S::messages>("Messages"),
  };
  return {"MetricDataResult", members};
}

}  // namespace weir::metric_math
