// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/operation.h"

namespace weir::api::cloudwatch {

/// CloudWatch as its clients know it: AWS Query (version 2010-08-01), AWS JSON 1.0 and Smithy RPC
/// v2 CBOR.
wire::ServiceModel cloudwatch_model();

}  // namespace weir::api::cloudwatch
