// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/runtime.h"
#include "server/credentials.h"
#include "server/router.h"
#include "wire/aws_chunked.h"
#include "wire/dispatch.h"
#include "wire/http.h"
#include "wire/sigv4.h"

namespace weir::server {

/// Everything between the bytes and the handlers, without sockets: routes, checks signatures and
/// permissions, calls the handler. The listener asks `plan()` when a head has arrived and
/// `answer()` when the body has.
///
/// Threads: const and without state; may be called from any thread. answer() runs the handler.
class Gate {
 public:
  struct Limits {
    std::size_t api_body_bytes_max = 16u << 20;
    std::uint64_t object_bytes_max = 5ull << 30;
    bool allow_anonymous_s3 = false;
  };

  /// What to do with the request whose head has arrived.
  struct Plan {
    Router::Target target;
    wire::sigv4::Claim claim;
    std::optional<AccessKey> key;      // S3: verified already, so that no stranger's upload is read
    std::uint64_t body_bytes_max = 0;  // content; the framing of aws-chunked comes on top
    bool may_spool = false;
    std::optional<wire::AwsChunkedDecoder::Options> chunked;
    /// Set: answer this and close, the body is not wanted.
    std::optional<wire::HttpResponse> refusal;
  };

  Gate(const Runtime& runtime, const Credentials& credentials, const Router& router, Limits limits)
      : runtime_(runtime), credentials_(credentials), router_(router), limits_(limits) {}

  /// `head` has its caller's source_ip, endpoint and request_id; `has_body_length`: Content-Length
  /// or chunked.
  Plan plan(const wire::HttpRequest& head, bool has_body_length) const;
  /// `request` is the head with its body.
  wire::HttpResponse answer(const Plan& plan, wire::HttpRequest& request) const;
  /// The answer to a request that failed before it could be handled (body too large, server busy
  /// ...).
  wire::HttpResponse refuse(const Plan& plan, const wire::HttpRequest& request, Error error) const;

 private:
  void plan_s3(Plan& plan, const wire::HttpRequest& head, bool has_body_length) const;
  Result<void> authenticate_s3(Plan& plan, const wire::HttpRequest& head) const;
  Result<AccessKey> known_key(const wire::sigv4::Claim& claim) const;
  Result<void> authenticate_api(const wire::OperationTable& table, const wire::HttpRequest& sent,
                                std::string_view body_sha256, wire::HttpRequest& request) const;
  Result<void> check_signature(const wire::sigv4::Claim& claim, const AccessKey& key,
                               std::string_view service, const wire::HttpRequest& request,
                               std::string_view payload_hash) const;
  wire::HttpResponse answer_raw(const RawRoute& route, wire::HttpRequest& request) const;
  wire::HttpResponse answer_api(Plan plan, wire::HttpRequest& request) const;
  wire::HttpResponse answer_s3(const Plan& plan, wire::HttpRequest& request) const;

  const Runtime& runtime_;
  const Credentials& credentials_;
  const Router& router_;
  const Limits limits_;
};

/// What IAM calls an S3 request, as far as permissions tell them apart: GetObject, PutObject,
/// AbortMultipartUpload, or a name that only an admin may use.
std::string_view s3_operation(const wire::HttpRequest& request);

/// Is that the address of this machine's loopback?
bool is_loopback(std::string_view address);

}  // namespace weir::server
