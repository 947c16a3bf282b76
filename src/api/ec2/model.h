// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/operation.h"

namespace weir::api {

/// Amazon EC2, API version 2016-11-15: the part around flow logs.
wire::ServiceModel ec2_model();

}  // namespace weir::api
