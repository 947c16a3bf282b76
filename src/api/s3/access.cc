// SPDX-License-Identifier: Apache-2.0
// Who may do what to a bucket: its own account everything that its policy does not deny, others
// what the policy allows. And what browsers are told about it (CORS).
#include "api/s3/access.h"

#include <algorithm>

#include "api/s3/parse.h"
#include "objects/policy.h"
#include "wire/text.h"

namespace weir::api::s3 {
namespace {

using objects::AccessRequest;
using objects::BucketPolicy;

Error access_denied() { return {ErrorKind::forbidden, "AccessDenied", "Access Denied"}; }

std::map<std::string, std::optional<std::string>> context_of(const Call& call) {
  const auto header = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = call.http.headers.find(name);
    return found ? std::optional(std::string(*found)) : std::nullopt;
  };
  const auto query = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = call.http.query_value(name);
    return found ? std::optional(std::string(*found)) : std::nullopt;
  };
  const std::string& account = call.http.caller.scope.account;
  const bool is_anonymous = call.is_anonymous();
  const auto unless_anonymous = [&](std::string text) -> std::optional<std::string> {
    return is_anonymous ? std::nullopt : std::optional(std::move(text));
  };
  return {
      {"aws:securetransport", call.http.caller.endpoint.starts_with("https:") ? "true" : "false"},
      {"aws:sourceip", call.http.caller.source_ip},
      {"aws:principalaccount", unless_anonymous(account)},
      {"aws:principalarn", unless_anonymous("arn:aws:iam::" + account + ":root")},
      {"aws:principaltype", is_anonymous ? "Anonymous" : "Account"},
      {"aws:useragent", header("User-Agent")},
      {"aws:referer", header("Referer")},
      {"aws:currenttime", to_iso8601(call.runtime.now())},
      {"aws:epochtime", std::to_string(call.runtime.now().seconds())},
      {"aws:multifactorauthpresent", std::nullopt},
      {"aws:sourcevpc", std::nullopt},
      {"aws:sourcevpce", std::nullopt},
      {"s3:prefix", query("prefix")},
      {"s3:delimiter", query("delimiter")},
      {"s3:max-keys", query("max-keys")},
      {"s3:versionid", query("versionId")},
      {"s3:x-amz-acl", header("x-amz-acl")},
      {"s3:x-amz-copy-source", header("x-amz-copy-source")},
      {"s3:x-amz-metadata-directive", header("x-amz-metadata-directive")},
      {"s3:x-amz-content-sha256", header("x-amz-content-sha256")},
      {"s3:x-amz-server-side-encryption", header("x-amz-server-side-encryption")},
      {"s3:x-amz-storage-class", header("x-amz-storage-class")},
      {"s3:authtype", call.http.caller.is_presigned ? "REST-QUERY-STRING" : "REST-HEADER"},
      {"s3:object-lock-mode", header("x-amz-object-lock-mode")},
  };
}

/// The owner of an account is never locked out of its policies (S3 User Guide, "Bucket policies").
bool is_policy_call(std::string_view action) {
  return action == "s3:GetBucketPolicy" || action == "s3:PutBucketPolicy" ||
         action == "s3:DeleteBucketPolicy";
}

std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view name = wire::trimmed(text.substr(0, comma));
    if (!name.empty()) names.push_back(wire::to_lower(name));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return names;
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text.append(text.empty() ? "" : ", ").append(item);
  return text;
}

void add_cors(wire::Headers& headers, const objects::CorsRule& rule, std::string_view origin) {
  const bool is_any = std::find(rule.allowed_origins.begin(), rule.allowed_origins.end(), "*") !=
                      rule.allowed_origins.end();
  headers.add("Access-Control-Allow-Origin", is_any ? "*" : std::string(origin));
  headers.add("Access-Control-Allow-Methods", joined(rule.allowed_methods));
  if (!rule.expose_headers.empty()) {
    headers.add("Access-Control-Expose-Headers", joined(rule.expose_headers));
  }
  if (rule.max_age_s) headers.add("Access-Control-Max-Age", std::to_string(*rule.max_age_s));
  if (!is_any) headers.add("Access-Control-Allow-Credentials", "true");
  headers.add("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
}

}  // namespace

Result<void> authorize(const Call& call, std::string_view action, const std::string& bucket,
                       std::string_view key) {
  if (bucket.empty()) {
    if (call.is_anonymous()) return access_denied();
    return {};
  }
  const auto found = call.objects.any_bucket(bucket);
  if (!found) {
    if (call.is_anonymous()) return access_denied();
    return {};  // the operation says so, or makes it
  }
  const objects::Bucket& target = **found;
  const std::string& account = call.http.caller.scope.account;
  const bool is_owner = !call.is_anonymous() && account == target.account;
  if (target.policy.empty()) {
    if (is_owner || (action == "s3:CreateBucket" && !call.is_anonymous())) return {};
    return access_denied();
  }
  if (is_owner && is_policy_call(action)) return {};
  const auto policy = BucketPolicy::parse(target.policy, bucket);
  if (!policy) return policy.error();
  AccessRequest request;
  request.action = action;
  request.resource = "arn:aws:s3:::" + bucket;
  if (!key.empty()) request.resource.append("/").append(key);
  if (!call.is_anonymous()) request.account = account;
  request.context = context_of(call);
  const auto verdict = policy->evaluate(request);
  if (verdict == BucketPolicy::Verdict::deny) return access_denied();
  if (is_owner || (action == "s3:CreateBucket" && !call.is_anonymous())) return {};
  const auto& block = target.settings.public_access_block;
  const bool is_restricted = block && block->restrict_public_buckets && policy->is_public();
  if (verdict != BucketPolicy::Verdict::allow || is_restricted) return access_denied();
  return {};
}

Result<Scope> copy_scope(const Call& call, const CopySource& source) {
  WEIR_CHECK(authorize(call, source.version_id.empty() ? "s3:GetObject" : "s3:GetObjectVersion",
                       source.bucket, source.key));
  return call.scope();
}

wire::HttpResponse preflight(const Call& call) {
  const auto refused = [&](std::string message) {
    return wire::s3_error_response(
        {ErrorKind::forbidden, "AccessForbidden", "CORSResponse: " + std::move(message)},
        call.http);
  };
  const std::string_view origin = call.header("Origin");
  const std::string_view method = call.header("Access-Control-Request-Method");
  if (origin.empty() || method.empty()) {
    return wire::s3_error_response({ErrorKind::invalid, "BadRequest",
                                    "Insufficient information. Origin request header needed."},
                                   call.http);
  }
  const auto bucket = call.objects.any_bucket(call.bucket);
  if (!bucket) return wire::s3_error_response(bucket.error(), call.http);
  if (!(*bucket)->settings.cors) return refused("CORS is not enabled for this bucket.");
  const std::vector<std::string> headers = names_in(call.header("Access-Control-Request-Headers"));
  const auto* rule = objects::find_rule(*(*bucket)->settings.cors, origin, method, headers);
  if (rule == nullptr) {
    return refused(
        "This CORS request is not allowed. This is usually because the evalution of Origin, "
        "request method / Access-Control-Request-Method or Access-Control-Request-Headers are not "
        "whitelisted by the resource's CORS spec.");
  }
  wire::HttpResponse response;
  add_cors(response.headers, *rule, origin);
  if (!headers.empty()) response.headers.add("Access-Control-Allow-Headers", joined(headers));
  return response;
}

void add_cors_headers(const Call& call, wire::HttpResponse& response) {
  const std::string_view origin = call.header("Origin");
  if (origin.empty() || call.bucket.empty()) return;
  const auto bucket = call.objects.any_bucket(call.bucket);
  if (!bucket || !(*bucket)->settings.cors) return;
  const auto* rule = objects::find_rule(*(*bucket)->settings.cors, origin, call.http.method, {});
  if (rule != nullptr) add_cors(response.headers, *rule, origin);
}

}  // namespace weir::api::s3
