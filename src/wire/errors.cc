// SPDX-License-Identifier: Apache-2.0
// Error answers: codes, statuses and bodies of each protocol.
#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/document.h"
#include "wire/cbor.h"
#include "wire/digest.h"
#include "wire/dispatch.h"
#include "wire/xml.h"

namespace weir::wire {
namespace {

struct CodeStatus {
  std::string_view code;
  int status;
};

// Codes whose status does not follow from the kind. Amazon S3 API Reference, "Error responses"; SNS
// and CloudWatch API References, "Common errors" and the errors of each operation; EC2 API
// Reference, "Error codes".
constexpr CodeStatus kS3Statuses[] = {
    {"AccountProblem", 403},       {"BadDigest", 400},
    {"BucketAlreadyExists", 409},  {"BucketAlreadyOwnedByYou", 409},
    {"BucketNotEmpty", 409},       {"ConditionalRequestConflict", 409},
    {"EntityTooLarge", 400},       {"InvalidBucketState", 409},
    {"InvalidObjectState", 403},   {"InvalidPartNumber", 416},
    {"InvalidRange", 416},         {"MethodNotAllowed", 405},
    {"MissingContentLength", 411}, {"NotImplemented", 501},
    {"OperationAborted", 409},     {"PreconditionFailed", 412},
    {"RequestTimeout", 400},       {"SlowDown", 503},
};
constexpr CodeStatus kQueryStatuses[] = {
    {"ConcurrentModificationException", 429},
    {"FilterPolicyLimitExceeded", 403},
    {"InvalidSecurity", 403},
    {"KMSOptInRequired", 403},
    {"ReplayLimitExceeded", 403},
    {"SubscriptionLimitExceeded", 403},
    {"Throttled", 429},
    {"TopicLimitExceeded", 403},
};
constexpr CodeStatus kEc2Statuses[] = {
    {"AuthFailure", 401},     {"DryRunOperation", 412},       {"InternalError", 500},
    {"InternalFailure", 500}, {"RequestLimitExceeded", 503},  {"ServiceUnavailable", 503},
    {"Unavailable", 503},     {"UnauthorizedOperation", 403},
};
constexpr CodeStatus kJsonStatuses[] = {
    {"ServiceUnavailableException", 500},  // CloudWatch Logs model: httpError 500
};

int from_table(std::span<const CodeStatus> table, std::string_view code) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const CodeStatus& row) { return row.code == code; });
  return found == table.end() ? 0 : found->status;
}

int by_kind(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
    case ErrorKind::limit:
      return 400;
    case ErrorKind::unauthorized:
    case ErrorKind::forbidden:
      return 403;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::already_exists:
    case ErrorKind::conflict:
      return 409;
    case ErrorKind::too_large:
      return 413;
    case ErrorKind::unavailable:
      return 503;
    case ErrorKind::internal:
      return 500;
  }
  return 500;
}

// JSON, CBOR and EC2 answer 400 to everything that the client can mend.
int flat_status(ErrorKind kind) {
  const int status = by_kind(kind);
  return status < 500 && status != 413 ? 400 : status;
}

// CloudWatch: the names that its errors have in Query, and their shapes in JSON and CBOR. Other
// services have one name for both.
std::string_view query_code(const ServiceModel& model, std::string_view code) {
  for (const auto& [query, shape] : model.error_names) {
    if (shape == code) return query;
  }
  return code;
}

struct ShapeName {
  std::string_view space;  // namespace of the Smithy shape, "" if the code stands alone
  std::string_view name;
};
ShapeName shape_name(const ServiceModel& model, std::string_view code) {
  constexpr std::string_view kValidation = "com.amazon.coral.validate";
  if (model.error_names.empty()) return {{}, code};
  for (const auto& [query, shape] : model.error_names) {
    if (query == code || shape == code) return {model.error_namespace, shape};
  }
  if (code == "ValidationError" || code == "ValidationException") {
    return {kValidation, "ValidationException"};
  }
  return {{}, code};
}

// Members of the error structure beside type and message.
void add_details(Document& body, const Error& error) {
  for (const auto& [name, value] : error.details) body[name] = Document(value);
}

HttpResponse structured_error(const ServiceModel& model, Protocol protocol, const Error& error,
                              const HttpRequest& request) {
  HttpResponse response;
  const bool is_query_mode = equals_ignoring_case(request.headers.get("x-amzn-query-mode"), "true");
  response.status =
      is_query_mode ? http_status(Protocol::query, error) : http_status(protocol, error);
  const ShapeName shape = shape_name(model, error.code);

  Document body{Document::Map{}};
  body["__type"] = shape.space.empty() ? std::string(shape.name)
                                       : std::string(shape.space) + '#' + std::string(shape.name);
  if (!error.message.empty()) body[model.message_name] = error.message;
  if (model.error_members == nullptr || !model.error_members(error, body)) {
    add_details(body, error);
  }

  response.headers.add("x-amzn-RequestId", request.caller.request_id);
  response.headers.add("x-amzn-ErrorType", std::string(shape.name));
  if (is_query_mode) {
    response.headers.add("x-amzn-query-error",
                         std::string(query_code(model, error.code)) +
                             (response.status < 500 ? ";Sender" : ";Receiver"));
  }
  if (protocol == Protocol::cbor) {
    response.headers.add("smithy-protocol", "rpc-v2-cbor");
    response.headers.add("Content-Type", "application/cbor");
    response.body = to_cbor(body);
  } else {
    response.headers.add("Content-Type", protocol == Protocol::json_1_0
                                             ? "application/x-amz-json-1.0"
                                             : "application/x-amz-json-1.1");
    response.body = to_json(body);
  }
  return response;
}

HttpResponse query_error(const ServiceModel& model, const Error& error,
                         const HttpRequest& request) {
  HttpResponse response;
  response.status = http_status(Protocol::query, error);
  XmlWriter xml(false);
  xml.open("ErrorResponse", {{"xmlns", model.xml_namespace}});
  xml.open("Error");
  xml.element("Type", response.status < 500 ? "Sender" : "Receiver");
  // What a JSON client calls SerializationException.
  const std::string_view code =
      error.code == "SerializationException" ? "MalformedInput" : query_code(model, error.code);
  xml.element("Code", code);
  if (!error.message.empty()) xml.element("Message", error.message);
  for (const auto& [name, value] : error.details) xml.element(name, value);
  xml.close();
  xml.element("RequestId", request.caller.request_id);
  xml.close();
  response.headers.add("x-amzn-RequestId", request.caller.request_id);
  response.headers.add("Content-Type", "text/xml");
  response.body = xml.take();
  return response;
}

HttpResponse ec2_error(const Error& error, const HttpRequest& request) {
  HttpResponse response;
  response.status = http_status(Protocol::ec2_query, error);
  XmlWriter xml;
  xml.open("Response");
  xml.open("Errors");
  xml.open("Error");
  xml.element("Code", error.code == "SerializationException"
                          ? std::string_view("InvalidParameterValue")
                          : std::string_view(error.code));
  xml.element("Message", error.message);
  xml.close();
  xml.close();
  xml.element("RequestID", request.caller.request_id);
  xml.close();
  response.headers.add("x-amzn-RequestId", request.caller.request_id);
  response.headers.add("Content-Type", "text/xml;charset=UTF-8");
  response.body = xml.take();
  return response;
}

}  // namespace

int http_status(Protocol protocol, const Error& error) {
  switch (protocol) {
    case Protocol::json_1_0:
    case Protocol::json_1_1:
    case Protocol::cbor: {
      const int status = from_table(kJsonStatuses, error.code);
      return status != 0 ? status : flat_status(error.kind);
    }
    case Protocol::ec2_query: {
      const int status = from_table(kEc2Statuses, error.code);
      return status != 0 ? status : flat_status(error.kind);
    }
    case Protocol::query: {
      const int status = from_table(kQueryStatuses, error.code);
      return status != 0 ? status : by_kind(error.kind);
    }
    case Protocol::rest_xml: {
      const int status = from_table(kS3Statuses, error.code);
      return status != 0 ? status : by_kind(error.kind);
    }
  }
  return 500;
}

HttpResponse error_response(const ServiceModel& model, Protocol protocol, const Error& error,
                            const HttpRequest& request) {
  switch (protocol) {
    case Protocol::query:
      return query_error(model, error, request);
    case Protocol::ec2_query:
      return ec2_error(error, request);
    case Protocol::rest_xml:
      return s3_error_response(error, request);
    default:
      return structured_error(model, protocol, error, request);
  }
}

std::string s3_request_id(const Caller& caller) {
  std::string id;
  for (const char c : caller.request_id) {
    if (id.size() == 16) break;
    if (c != '-') id.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return id;
}

std::string s3_host_id(const Caller& caller) {
  Digest digest(Digest::Algorithm::sha256);
  digest.update(caller.request_id);
  return base64_encode(digest.finish());
}

HttpResponse s3_error_response(const Error& error, const HttpRequest& request) {
  HttpResponse response;
  response.status = http_status(Protocol::rest_xml, error);
  response.headers.add("x-amz-request-id", s3_request_id(request.caller));
  response.headers.add("x-amz-id-2", s3_host_id(request.caller));
  if (request.method == "HEAD" || response.status == 304) return response;
  XmlWriter xml;
  xml.open("Error");
  xml.element("Code", error.code);
  xml.element("Message", error.message);
  for (const auto& [name, value] : error.details) xml.element(name, value);
  xml.element("RequestId", s3_request_id(request.caller));
  xml.element("HostId", s3_host_id(request.caller));
  xml.close();
  response.headers.add("Content-Type", "application/xml");
  response.body = xml.take();
  return response;
}

}  // namespace weir::wire
