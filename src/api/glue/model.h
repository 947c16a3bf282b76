// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/operation.h"

namespace weir::api::glue {

/// Glue as its clients know it: JSON 1.1, `X-Amz-Target: AWSGlue.<Operation>`.
wire::ServiceModel glue_model();

}  // namespace weir::api::glue
