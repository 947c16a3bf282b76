// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sql/execution.h"

namespace weir::sql {

/// Of a failed execution: `TABLE_NOT_FOUND: line 1:15: ...`, or Hive's own words.
std::string failure_reason(const Error& error);
/// Category and number in Athena's catalogue of errors (Athena User Guide, "Athena error catalog").
AthenaError failure_details(const Error& error);

/// InvalidRequestException with AthenaErrorCode and ErrorCode.
Error invalid_request(std::string_view athena_code, std::string message);

}  // namespace weir::sql
