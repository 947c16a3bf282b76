// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::wire {

/// Undoes gzip (also several members in a row). Errors: invalid, MalformedHttpRequestException for
/// what is no gzip or ends early; too_large, RequestEntityTooLarge once more than `bytes_max` come
/// out.
Result<std::string> gunzip(std::string_view bytes, std::size_t bytes_max);

}  // namespace weir::wire
