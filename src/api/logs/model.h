// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/operation.h"

namespace weir::api::logs {

/// CloudWatch Logs as its clients know it: JSON 1.1, version 2014-03-28.
wire::ServiceModel logs_model();

}  // namespace weir::api::logs
