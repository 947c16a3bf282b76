// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

/// EC2's errors that several files give.
namespace weir::vpc {

/// InvalidParameterValue: `Value (x) for parameter y is invalid. <hint>`.
Error invalid_value(std::string_view value, std::string_view parameter, std::string_view hint = {});
/// MissingParameter: `The request must contain the parameter y`.
Error missing_parameter(std::string_view parameter);
/// `InvalidVpcID.NotFound` and so on for an id that names nothing. `type` is the prefix of the
/// wanted type
/// (`vpc-`); "": the id's own prefix tells.
Error no_such(std::string_view id, std::string_view type = {});
/// InvalidGroup.NotFound for a name, which counts in the default VPC only.
Error no_such_group_name(std::string_view name, std::string_view default_vpc_id);

}  // namespace weir::vpc
