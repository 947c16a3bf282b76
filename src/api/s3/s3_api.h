// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "objects/objects.h"
#include "wire/http.h"

namespace weir::api::s3 {

/// The S3 face: REST and XML over objects::Objects. Requests arrive in path style (the router has
/// turned virtual hosts into it), their signature, payload hash and aws-chunked framing already
/// dealt with.
///
/// Threads: handle() may be called from any thread.
class S3Api {
 public:
  S3Api(Runtime& runtime, objects::Objects& objects) : runtime_(runtime), objects_(objects) {}

  /// Never fails: errors become S3's XML. A large object comes as a FileBody.
  wire::HttpResponse handle(wire::HttpRequest& request);

 private:
  Runtime& runtime_;
  objects::Objects& objects_;
};

/// The answer of S3 for an error: status by code, XML body (none for HEAD). For the server too:
/// signatures, admission limits.
wire::HttpResponse error_response(const Error& error, const wire::HttpRequest& request);

}  // namespace weir::api::s3
