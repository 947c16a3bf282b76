// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/runtime.h"
#include "objects/notifications.h"
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
  /// `notifications`: nullptr where nobody listens to buckets.
  S3Api(Runtime& runtime, objects::Objects& objects,
        objects::Notifications* notifications = nullptr)
      : runtime_(runtime), objects_(objects), notifications_(notifications) {}

  /// Asked with the head of a request that is not signed: the refusal, or nothing if a bucket
  /// policy lets it pass.
  std::optional<wire::HttpResponse> admit(const wire::HttpRequest& head);

  /// Never fails: errors become S3's XML. A large object comes as a FileBody that keeps its bytes.
  wire::HttpResponse handle(wire::HttpRequest& request);

 private:
  Runtime& runtime_;
  objects::Objects& objects_;
  objects::Notifications* notifications_;
};

}  // namespace weir::api::s3
