// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/runtime.h"

namespace weir::server {

/// `Sun, 30 Aug 2015 12:36:00 GMT` (RFC 9110, IMF-fixdate).
std::string http_date(Time time);

/// `text` without line breaks and NUL, which would end the header: an answer may carry what a
/// client asked for in its query string (S3's response-content-type).
std::string header_value(std::string_view text);

/// The whole answer to a connection beyond the limit.
extern const std::string_view kTooManyConnections;

}  // namespace weir::server
