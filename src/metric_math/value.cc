// SPDX-License-Identifier: Apache-2.0
#include "metric_math/value.h"

#include <utility>

namespace weir::metric_math {

Series::Times Series::empty_times() {
  static const Times none = std::make_shared<const std::vector<std::int64_t>>();
  return none;
}

Series::Values Series::empty_values() {
  static const Values none = std::make_shared<const std::vector<double>>();
  return none;
}

Series::Series(const Grid& where, std::vector<std::int64_t> times_in, std::vector<double> values_in)
    : times(std::make_shared<const std::vector<std::int64_t>>(std::move(times_in))),
      values(std::make_shared<const std::vector<double>>(std::move(values_in))),
      grid(where) {}

const char* type_name(const Value& value) {
  constexpr const char* kNames[] = {"a number", "a time series", "an array of time series",
                                    "a text"};
  return kNames[value.index()];
}

}  // namespace weir::metric_math
