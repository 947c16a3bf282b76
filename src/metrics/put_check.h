// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/types.h"

namespace weir::metrics {

/// What AWS checks of a PutMetricData, with its texts. `now` judges the time stamps.
Result<void> check_data(std::string_view namespace_name, const std::vector<Datum>& data, Time now);

}  // namespace weir::metrics
