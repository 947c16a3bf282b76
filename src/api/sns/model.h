// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/operation.h"

namespace weir::api::sns {

/// SNS as its clients know it: AWS Query, version 2010-03-31.
wire::ServiceModel sns_model();

}  // namespace weir::api::sns
