// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

/// The reference pages that are made from the code.
namespace weir::daemon {

/// The reference page of all API operations.
std::string operations_markdown();

/// docs/compatibility.md with the tables of operations as the code has them: what stands between
/// `<!-- operations: <service> -->` and `<!-- end -->` is replaced. Error: an unknown service, a
/// service without a table, a mark without its end.
Result<std::string> with_operation_tables(std::string_view page);

}  // namespace weir::daemon
