// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"

/// Private to this module.
namespace weir::metric_math {

Error validation_error(std::string message);

}  // namespace weir::metric_math
