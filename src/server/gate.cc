// SPDX-License-Identifier: Apache-2.0
#include "server/gate.h"

#include <algorithm>

#include "base/scope.h"
#include "wire/digest.h"
#include "wire/text.h"

namespace weir::server {
namespace {

using wire::HttpRequest;
using wire::HttpResponse;
namespace sigv4 = wire::sigv4;
using Kind = Router::Target::Kind;

constexpr std::size_t kRegionMax = 32;

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= kRegionMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

bool is_hex_sha256(std::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return wire::hex_digit(c) >= 0; });
}

Error error_of(ErrorKind kind, std::string code, std::string message) {
  return {kind, std::move(code), std::move(message)};
}

/// The service whose words are used where none is known.
const wire::ServiceModel& nobody() {
  static const wire::ServiceModel model{};
  return model;
}

wire::Protocol protocol_of(const Router::Target& target, const HttpRequest& request) {
  if (target.kind == Kind::s3) return wire::Protocol::rest_xml;
  const auto call = wire::recognise(request);
  if (!call) return wire::Protocol::json_1_1;
  const bool is_query =
      call->protocol == wire::Protocol::query || call->protocol == wire::Protocol::ec2_query;
  if (!is_query || target.table == nullptr) return call->protocol;
  return target.table->model().protocols.ec2_query ? wire::Protocol::ec2_query
                                                   : wire::Protocol::query;
}

sigv4::Family family_of(wire::Protocol protocol) {
  switch (protocol) {
    case wire::Protocol::query:
      return sigv4::Family::query;
    case wire::Protocol::ec2_query:
      return sigv4::Family::ec2;
    case wire::Protocol::rest_xml:
      return sigv4::Family::s3;
    default:
      return sigv4::Family::json;
  }
}

HttpResponse plain_text(int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(text);
  return response;
}

Error not_allowed(const AccessKey& key, std::string_view service, std::string_view operation) {
  // SNS has a code of its own for this (SNS API Reference, errors of every operation).
  const char* const code = service == "sns" ? "AuthorizationError" : "AccessDenied";
  return error_of(ErrorKind::forbidden, code,
                  "User: arn:aws:iam::" + key.account + ":user/" + key.name +
                      " is not authorized to perform: " + std::string(service) + ':' +
                      std::string(operation) + " because the key is " +
                      std::string(to_string(key.permission)));
}

// SNS sends links to people, who have no keys: both must work unsigned (SNS API Reference,
// ConfirmSubscription and Unsubscribe). SNS itself refuses an unsigned Unsubscribe where the
// subscription demands a signature.
bool works_unsigned(const wire::OperationTable& table, std::string_view operation) {
  return table.model().signing_name == "sns" &&
         (operation == "ConfirmSubscription" || operation == "Unsubscribe");
}

// An unsigned call says account and region in the ARN that it is about.
Scope scope_of_arns(const HttpRequest& request) {
  const auto look = [](const auto& parameters) -> std::optional<Scope> {
    for (const auto& [name, value] : parameters) {
      if (name != "TopicArn" && name != "SubscriptionArn") continue;
      if (const auto arn = Arn::parse(value); arn && is_region(arn->scope.region)) {
        return arn->scope;
      }
    }
    return std::nullopt;
  };
  if (const auto scope = look(request.query)) return *scope;
  if (request.method == "POST" && request.body.in_memory()) {
    if (const auto scope = look(wire::parse_form(request.body.text()))) return *scope;
  }
  return {};
}

// A page in a browser must not reach the loopback routes, neither directly nor through a name that
// it has pointed at 127.0.0.1: Host must name this machine, and so must Origin if there is one.
bool is_local_request(const HttpRequest& request) {
  const auto is_local = [](std::string_view host) {
    if (const std::size_t scheme = host.find("://"); scheme != std::string_view::npos) {
      host.remove_prefix(scheme + 3);
    }
    if (host.starts_with("[::1]")) return true;
    host = host.substr(0, host.find(':'));
    return host == "localhost" || host.ends_with(".localhost") || is_loopback(host);
  };
  const auto origin = request.headers.find("Origin");
  return is_loopback(request.caller.source_ip) && is_local(request.headers.get("Host")) &&
         (!origin || is_local(*origin));
}

// Content-Encoding without aws-chunked, which was only the way here.
void strip_aws_chunked(wire::Headers& headers) {
  wire::Headers kept;
  for (const auto& [name, value] : headers.all()) {
    if (!wire::equals_ignoring_case(name, "Content-Encoding")) {
      kept.add(name, value);
      continue;
    }
    std::string rest;
    std::string_view text = value;
    while (!text.empty()) {
      const std::size_t comma = text.find(',');
      const std::string_view coding = wire::trimmed(text.substr(0, comma));
      text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
      if (coding.empty() || wire::equals_ignoring_case(coding, "aws-chunked")) continue;
      rest.append(rest.empty() ? "" : ",").append(coding);
    }
    if (!rest.empty()) kept.add(name, rest);
  }
  headers = std::move(kept);
}

}  // namespace

bool is_loopback(std::string_view address) {
  return address == "::1" || address.starts_with("127.") || address.starts_with("::ffff:127.");
}

std::string_view s3_operation(const HttpRequest& request) {
  if (request.method == "GET" || request.method == "HEAD") return "GetObject";
  const std::size_t slash = request.path.find('/', 1);
  const bool has_key = slash != std::string::npos && slash + 1 < request.path.size();
  bool only_parts = true;
  for (const auto& [name, value] : request.query) {
    // Names that choose another operation; x-id, X-Amz-* and unknown ones do not.
    constexpr std::string_view kOthers[] = {"acl",     "tagging", "retention", "legal-hold",
                                            "restore", "select",  "delete",    "torrent"};
    if (std::find(std::begin(kOthers), std::end(kOthers), name) != std::end(kOthers)) {
      only_parts = false;
    }
  }
  if (!has_key || !only_parts) return "AdministerBucket";
  if (request.method == "PUT") return "PutObject";
  const bool is_upload = request.query_value("uploadId").has_value();
  if (request.method == "POST" && (is_upload || request.query_value("uploads"))) return "PutObject";
  if (request.method == "DELETE") return is_upload ? "AbortMultipartUpload" : "DeleteObject";
  return "AdministerBucket";
}

Gate::Plan Gate::plan(const HttpRequest& head, bool has_body_length) const {
  Plan plan;
  const auto claim = sigv4::read_claim(head);
  plan.target = router_.find(head, claim ? std::string_view(claim->service) : std::string_view{});
  switch (plan.target.kind) {
    case Kind::raw:
      plan.body_bytes_max = plan.target.raw->body_bytes_max;
      if (plan.target.raw->loopback_only && !is_local_request(head)) {
        plan.refusal = plain_text(403, "only from this machine\n");
      } else if (plan.target.raw->admit) {
        plan.refusal = plan.target.raw->admit(head);
      }
      break;
    case Kind::service:
    case Kind::query:
      plan.body_bytes_max = limits_.api_body_bytes_max;
      break;
    case Kind::s3:
      plan_s3(plan, head, has_body_length);
      break;
    case Kind::none:
      plan.refusal =
          wire::recognise(head)
              ? refuse(plan, head, error_of(ErrorKind::not_found, "UnknownOperationException", ""))
              : plain_text(404, "nothing answers to this address\n");
      break;
  }
  return plan;
}

HttpResponse Gate::refuse(const Plan& plan, const HttpRequest& request, Error error) const {
  if (plan.target.kind == Kind::raw) {
    return plain_text(wire::http_status(wire::Protocol::rest_xml, error), error.message + '\n');
  }
  const wire::Protocol protocol = protocol_of(plan.target, request);
  if (protocol != wire::Protocol::rest_xml && error.code == "EntityTooLarge") {
    error.code = "RequestEntityTooLarge";
    error.details.clear();
  }
  const auto& model = plan.target.table != nullptr ? plan.target.table->model() : nobody();
  return wire::error_response(model, protocol,
                              sigv4::as_told_by(family_of(protocol), std::move(error)), request);
}

HttpResponse Gate::answer(const Plan& plan, HttpRequest& request) const {
  switch (plan.target.kind) {
    case Kind::raw:
      return answer_raw(*plan.target.raw, request);
    case Kind::service:
    case Kind::query:
      return answer_api(plan, request);
    case Kind::s3:
      return answer_s3(plan, request);
    case Kind::none:
      break;
  }
  return *plan.refusal;
}

HttpResponse Gate::answer_raw(const RawRoute& route, HttpRequest& request) const {
  return route.handler(request);
}

// ---- Signatures
// -----------------------------------------------------------------------------------

Result<AccessKey> Gate::known_key(const sigv4::Claim& claim) const {
  if (claim.form == sigv4::Claim::Form::none && credentials_.accepts_any()) {
    return *credentials_.find("anonymous");
  }
  if (claim.form == sigv4::Claim::Form::none) {
    return error_of(ErrorKind::unauthorized, "MissingAuthenticationToken", "");
  }
  auto key = credentials_.find(claim.access_key);
  if (!key) {
    Error error = error_of(ErrorKind::unauthorized, "InvalidClientTokenId", "");
    error.details = {{"AWSAccessKeyId", claim.access_key}};
    return error;
  }
  return *std::move(key);
}

Result<void> Gate::check_signature(const sigv4::Claim& claim, const AccessKey& key,
                                   std::string_view service, const HttpRequest& request,
                                   std::string_view payload_hash) const {
  if (credentials_.accepts_any()) return {};
  using Form = sigv4::Claim::Form;
  if (claim.form == Form::presigned_v2) {
    WEIR_CHECK(sigv4::check_time(claim, runtime_.now()));
    return sigv4::verify_v2(request, claim, key.secret_key,
                            router_.virtual_host_bucket(request.headers.get("Host")));
  }
  if (claim.service != service) {
    return error_of(
        ErrorKind::unauthorized, "WrongService",
        "Credential should be scoped to correct service: '" + std::string(service) + "'. ");
  }
  if (!is_region(claim.region)) {
    return error_of(ErrorKind::invalid, "IncompleteSignature",
                    "Credential should be scoped to a valid region. ");
  }
  WEIR_CHECK(sigv4::check_time(claim, runtime_.now()));
  return sigv4::verify(request, claim, key.secret_key, sigv4::PathRule::of_service(service),
                       payload_hash);
}

// ---- API services
// -----------------------------------------------------------------------------------

// `sent` is the head as it came, which the signature covers; `request` has its content coding
// undone.
Result<void> Gate::authenticate_api(const wire::OperationTable& table, const HttpRequest& sent,
                                    std::string_view body_sha256, HttpRequest& request) const {
  const std::string_view service = table.model().signing_name;
  const auto call = wire::recognise(request);
  const std::string operation = call ? call->operation : std::string();
  WEIR_TRY(const sigv4::Claim claim, sigv4::read_claim(sent));
  request.caller.service = service;
  if (claim.form == sigv4::Claim::Form::none && works_unsigned(table, operation)) {
    request.caller.scope = scope_of_arns(request);
    return {};
  }
  WEIR_TRY(const AccessKey key, known_key(claim));
  if (is_hex_sha256(claim.payload_hash) &&
      !wire::equals_ignoring_case(claim.payload_hash, body_sha256)) {
    return error_of(ErrorKind::unauthorized, "SignatureDoesNotMatch",
                    "The request body is not the one that was signed: its hash is not "
                    "x-amz-content-sha256.");
  }
  WEIR_CHECK(check_signature(claim, key, service, sent,
                             claim.payload_hash.empty() ? body_sha256 : claim.payload_hash));
  if (!allows(key.permission, service, operation)) return not_allowed(key, service, operation);
  request.caller.access_key = key.access_key;
  request.caller.scope.account = key.account;
  if (is_region(claim.region)) request.caller.scope.region = claim.region;
  request.caller.is_presigned = claim.form == sigv4::Claim::Form::presigned;
  return {};
}

HttpResponse Gate::answer_api(Plan plan, HttpRequest& request) const {
  const std::string body_sha256 = wire::sha256_hex(request.body.text());
  const HttpRequest sent{.method = request.method,
                         .target = request.target,
                         .path = request.path,
                         .query = request.query,
                         .headers = request.headers,
                         .body = {},
                         .caller = request.caller};
  if (auto undone = wire::undo_content_encoding(request); !undone) {
    return refuse(plan, request, undone.error());
  }
  if (plan.target.kind == Kind::query) {
    const auto claim = sigv4::read_claim(sent);
    const wire::Call call = wire::recognise(request).value_or(wire::Call{});
    plan.target.table = router_.query_service(call, claim ? claim->service : "");
    if (plan.target.table == nullptr) {
      return refuse(plan, request,
                    error_of(ErrorKind::invalid, "InvalidAction",
                             "Could not find operation " + call.operation));
    }
  }
  const wire::OperationTable& table = *plan.target.table;
  if (auto known = authenticate_api(table, sent, body_sha256, request); !known) {
    return refuse(plan, request, known.error());
  }
  return wire::dispatch(table, request);
}

// ---- S3
// -----------------------------------------------------------------------------------------------

Result<void> Gate::authenticate_s3(Plan& plan, const HttpRequest& head) const {
  WEIR_TRY(plan.claim, sigv4::read_claim(head));
  const bool is_anonymous = plan.claim.form == sigv4::Claim::Form::none;
  if (is_anonymous && limits_.allow_anonymous_s3 && !credentials_.accepts_any()) return {};
  WEIR_TRY(plan.key, known_key(plan.claim));
  const bool is_header = plan.claim.form == sigv4::Claim::Form::header;
  if (is_header && plan.claim.service == "s3" && plan.claim.payload_hash.empty() &&
      !credentials_.accepts_any()) {
    return error_of(ErrorKind::invalid, "InvalidRequest",
                    "Missing required header for this request: x-amz-content-sha256");
  }
  WEIR_CHECK(check_signature(plan.claim, *plan.key, "s3", head, plan.claim.payload_hash));
  if (!credentials_.accepts_any() && plan.claim.form != sigv4::Claim::Form::presigned_v2) {
    WEIR_CHECK(sigv4::check_headers_signed(head, plan.claim));
  }
  HttpRequest styled = head;
  const std::string bucket = router_.virtual_host_bucket(head.headers.get("Host"));
  if (!bucket.empty()) styled.path = '/' + bucket + head.path;
  const std::string_view operation = s3_operation(styled);
  if (!allows(plan.key->permission, "s3", operation)) {
    return not_allowed(*plan.key, "s3", operation);
  }
  return {};
}

void Gate::plan_s3(Plan& plan, const HttpRequest& head, bool has_body_length) const {
  const auto refused = [&](Error error) { plan.refusal = refuse(plan, head, std::move(error)); };
  plan.body_bytes_max = limits_.object_bytes_max;
  plan.may_spool = true;
  if (auto known = authenticate_s3(plan, head); !known) return refused(known.error());
  if (!plan.key && router_.s3_admission()) {
    HttpRequest styled = head;
    const std::string bucket = router_.virtual_host_bucket(head.headers.get("Host"));
    if (!bucket.empty()) styled.path = '/' + bucket + head.path;
    plan.refusal = router_.s3_admission()(styled);
    if (plan.refusal) return;
  }
  if (head.method == "PUT" && !has_body_length) {
    return refused(error_of(ErrorKind::invalid, "MissingContentLength",
                            "You must provide the Content-Length HTTP header."));
  }
  const std::string& payload = plan.claim.payload_hash;
  const bool is_streaming = payload.starts_with("STREAMING-");
  if (!is_streaming) {
    if (!payload.empty() && payload != sigv4::kUnsigned && !is_hex_sha256(payload)) {
      refused(error_of(ErrorKind::invalid, "InvalidArgument",
                       "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                       "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                       "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."));
    }
    return;
  }
  const bool is_signed = payload == sigv4::kStreaming || payload == sigv4::kStreamingTrailer;
  if (!is_signed && payload != sigv4::kStreamingUnsignedTrailer) {
    return refused(error_of(ErrorKind::invalid, "NotImplemented",
                            "A header you provided implies functionality that is not implemented: "
                            "x-amz-content-sha256 " +
                                payload));
  }
  if (is_signed && !plan.key) {  // chunks are signed with the key of the request, which has none
    return refused(error_of(ErrorKind::forbidden, "AccessDenied", "Access Denied"));
  }
  auto& chunked = plan.chunked.emplace();
  chunked.has_trailers = payload.ends_with("-TRAILER");
  const auto length = head.headers.find("x-amz-decoded-content-length");
  if (length && !length->empty() && length->size() <= 15 &&
      std::all_of(length->begin(), length->end(), [](char c) { return c >= '0' && c <= '9'; })) {
    chunked.decoded_length = std::stoull(std::string(*length));
  } else {
    return refused(error_of(ErrorKind::invalid, "MissingContentLength",
                            "You must provide the x-amz-decoded-content-length HTTP header."));
  }
  if (is_signed && !credentials_.accepts_any()) {
    chunked.signer.emplace(plan.claim, sigv4::signing_key(plan.key->secret_key, plan.claim));
  }
}

HttpResponse Gate::answer_s3(const Plan& plan, HttpRequest& request) const {
  const std::string& claimed = plan.claim.payload_hash;
  if (is_hex_sha256(claimed) && !wire::equals_ignoring_case(claimed, request.body.sha256_hex)) {
    Error error = error_of(ErrorKind::invalid, "XAmzContentSHA256Mismatch",
                           "The provided 'x-amz-content-sha256' header does not match what was "
                           "computed.");
    error.details = {{"ClientComputedContentSHA256", claimed},
                     {"S3ComputedContentSHA256", request.body.sha256_hex}};
    return refuse(plan, request, std::move(error));
  }
  strip_aws_chunked(request.headers);
  request.caller.service = "s3";
  if (plan.key) {
    request.caller.access_key = plan.key->access_key;
    request.caller.scope.account = plan.key->account;
  }
  if (is_region(plan.claim.region)) request.caller.scope.region = plan.claim.region;
  using Form = sigv4::Claim::Form;
  request.caller.is_presigned =
      plan.claim.form == Form::presigned || plan.claim.form == Form::presigned_v2;
  const std::string bucket = router_.virtual_host_bucket(request.headers.get("Host"));
  if (!bucket.empty()) request.path = '/' + bucket + request.path;

  HttpResponse response = router_.s3()(request);
  if (!response.headers.find("x-amz-request-id")) {
    response.headers.add("x-amz-request-id", wire::s3_request_id(request.caller));
    response.headers.add("x-amz-id-2", wire::s3_host_id(request.caller));
  }
  return response;
}

}  // namespace weir::server
