// SPDX-License-Identifier: Apache-2.0
#include "metrics/metrics.h"

namespace weir::metrics {

Shape DimensionFilter::shape() {
  using S = DimensionFilter;
  static constexpr Member members[] = {
      required<&S::name>("Name", length(1, 255)),
      optional<&S::value>("Value", length(1, 1024)),
  };
  return {"DimensionFilter", members};
}

Shape Datapoint::shape() {
  using S = Datapoint;
  static constexpr Member members[] = {
      optional<&S::timestamp>("Timestamp"), optional<&S::sample_count>("SampleCount"),
      optional<&S::average>("Average"),     optional<&S::sum>("Sum"),
      optional<&S::minimum>("Minimum"),     optional<&S::maximum>("Maximum"),
      optional<&S::unit>("Unit"),           optional<&S::extended_statistics>("ExtendedStatistics"),
  };
  return {"Datapoint", members};
}

}  // namespace weir::metrics
