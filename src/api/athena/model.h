// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/operation.h"

namespace weir::api::athena {

/// Athena as its clients know it: JSON 1.1, `X-Amz-Target: AmazonAthena.<Operation>`.
wire::ServiceModel athena_model();

}  // namespace weir::api::athena
