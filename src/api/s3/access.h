// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "api/s3/handlers.h"

namespace weir::api::s3 {

/// Error AccessDenied unless the caller may do `action` (`s3:GetObject`) to the bucket, or to the
/// key in it.
Result<void> authorize(const Call& call, std::string_view action, const std::string& bucket,
                       std::string_view key);

/// The answer to OPTIONS (S3 User Guide, "Using cross-origin resource sharing").
wire::HttpResponse preflight(const Call& call);
/// What an answer to a request with an Origin carries if the bucket's rules allow it.
void add_cors_headers(const Call& call, wire::HttpResponse& response);

}  // namespace weir::api::s3
