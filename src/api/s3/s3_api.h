// SPDX-License-Identifier: Apache-2.0
#pragma once

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
  explicit S3Api(objects::Objects& objects) : objects_(objects) {}

  /// Never fails: errors become S3's XML. A large object comes as a FileBody that keeps its bytes.
  wire::HttpResponse handle(wire::HttpRequest& request);

 private:
  objects::Objects& objects_;
};

}  // namespace weir::api::s3
