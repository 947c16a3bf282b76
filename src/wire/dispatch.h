// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http.h"
#include "wire/operation.h"

namespace weir::wire {

/// The protocol families that AWS clients speak.
enum class Protocol : std::uint8_t { json_1_0, json_1_1, query, ec2_query, cbor, rest_xml };

/// How a request names its operation; as `recognise()` found it.
struct Call {
  Protocol protocol = Protocol::query;
  /// Target prefix, CBOR service name, or "" (in Query nothing says it).
  std::string service = {};
  /// "" if the client left it out.
  std::string operation = {};
  /// Of Query, the parameter Version.
  std::string version = {};
};

/// The protocol and operation that headers and path (JSON, CBOR), query string or form body (Query)
/// name; nothing if it is no call of these protocols (then it is S3 or a raw route). Looks at the
/// body only for a form. EC2 Query is told from Query by `Version` alone here; `dispatch()` goes by
/// the model.
std::optional<Call> recognise(const HttpRequest& request);

/// Bounds of a decoded API request.
struct DispatchLimits {
  /// After gzip Content-Encoding is undone. PutMetricData and PutLogEvents carry 1 MB; escaped it
  /// is more.
  std::size_t inflated_bytes_max = 16u << 20;
};

/// Inflates a body with Content-Encoding gzip in place and sets the header to `identity`. To be
/// called before `recognise()`: the form of a Query call may be compressed. Errors: see gunzip();
/// invalid for other codings.
Result<void> undo_content_encoding(HttpRequest& request, const DispatchLimits& limits = {});

/// Decodes the request in its protocol, calls the operation, encodes the answer or the error. Never
/// fails: what goes wrong is an answer. Signature, permission and content coding have been dealt
/// with; the body is in memory.
HttpResponse dispatch(const OperationTable& table, const HttpRequest& request);

/// The answer that tells `error` as the service does in that protocol: body, headers, status,
/// request id.
HttpResponse error_response(const ServiceModel& model, Protocol protocol, const Error& error,
                            const HttpRequest& request);
/// The same for S3 (REST-XML). `details` of the error become further elements. HEAD has no body.
HttpResponse s3_error_response(const Error& error, const HttpRequest& request);

/// What S3 answers carry: `x-amz-request-id` and `x-amz-id-2`, made from the UUID of the request.
std::string s3_request_id(const Caller& caller);
std::string s3_host_id(const Caller& caller);

/// The HTTP status of an error. Codes with a status of their own come from a table, others by kind.
int http_status(Protocol protocol, const Error& error);

/// Markdown tables of the operations, one section for each service: for the generated reference
/// pages.
std::string operations_markdown(std::span<const OperationTable* const> tables);

/// A Markdown table of the states of a service's operations: `full`, and `part` with what is
/// missing.
std::string states_markdown(const OperationTable& table);

}  // namespace weir::wire
