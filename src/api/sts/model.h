// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/operation.h"

namespace weir::api {

/// AWS Security Token Service, API version 2011-06-15.
wire::ServiceModel sts_model();

}  // namespace weir::api
