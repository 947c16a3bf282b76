// SPDX-License-Identifier: Apache-2.0
#include "api/s3/s3_api.h"

#include <algorithm>

#include "api/s3/access.h"
#include "api/s3/handlers.h"
#include "api/s3/parse.h"
#include "wire/dispatch.h"

namespace weir::api::s3 {
namespace {

enum class Level : std::uint8_t { service, bucket, object };

/// An operation is told by method, level and the sub-resource in the query ("" if there is none).
struct Route {
  std::string_view method;
  Level level;
  std::string_view sub_resource;
  Answer (*handle)(Call&);
  /// What bucket policies call it; "": the operation asks for each of its keys.
  std::string_view action;
};
constexpr Route kRoutes[] = {
    {"GET", Level::service, "", list_buckets, "s3:ListAllMyBuckets"},
    {"PUT", Level::bucket, "", create_bucket, "s3:CreateBucket"},
    {"HEAD", Level::bucket, "", head_bucket, "s3:ListBucket"},
    {"DELETE", Level::bucket, "", delete_bucket, "s3:DeleteBucket"},
    {"GET", Level::bucket, "", list_objects, "s3:ListBucket"},
    {"GET", Level::bucket, "list-type", list_objects_v2, "s3:ListBucket"},
    {"GET", Level::bucket, "versions", list_object_versions, "s3:ListBucketVersions"},
    {"GET", Level::bucket, "uploads", list_multipart_uploads, "s3:ListBucketMultipartUploads"},
    {"GET", Level::bucket, "location", get_bucket_location, "s3:GetBucketLocation"},
    {"GET", Level::bucket, "policy", get_bucket_policy, "s3:GetBucketPolicy"},
    {"GET", Level::bucket, "policyStatus", get_bucket_policy_status, "s3:GetBucketPolicyStatus"},
    {"PUT", Level::bucket, "policy", put_bucket_policy, "s3:PutBucketPolicy"},
    {"DELETE", Level::bucket, "policy", delete_bucket_policy, "s3:DeleteBucketPolicy"},
    {"GET", Level::bucket, "tagging", get_bucket_tagging, "s3:GetBucketTagging"},
    {"PUT", Level::bucket, "tagging", put_bucket_tagging, "s3:PutBucketTagging"},
    {"DELETE", Level::bucket, "tagging", delete_bucket_tagging, "s3:PutBucketTagging"},
    {"GET", Level::bucket, "acl", get_acl, "s3:GetBucketAcl"},
    {"PUT", Level::bucket, "acl", put_acl, "s3:PutBucketAcl"},
    {"GET", Level::bucket, "replication", get_bucket_replication, "s3:GetReplicationConfiguration"},
    {"GET", Level::bucket, "cors", get_setting, "s3:GetBucketCORS"},
    {"PUT", Level::bucket, "cors", put_setting, "s3:PutBucketCORS"},
    {"DELETE", Level::bucket, "cors", delete_setting, "s3:PutBucketCORS"},
    {"GET", Level::bucket, "website", get_setting, "s3:GetBucketWebsite"},
    {"PUT", Level::bucket, "website", put_setting, "s3:PutBucketWebsite"},
    {"DELETE", Level::bucket, "website", delete_setting, "s3:DeleteBucketWebsite"},
    {"GET", Level::bucket, "lifecycle", get_setting, "s3:GetLifecycleConfiguration"},
    {"PUT", Level::bucket, "lifecycle", put_setting, "s3:PutLifecycleConfiguration"},
    {"DELETE", Level::bucket, "lifecycle", delete_setting, "s3:PutLifecycleConfiguration"},
    {"GET", Level::bucket, "encryption", get_setting, "s3:GetEncryptionConfiguration"},
    {"PUT", Level::bucket, "encryption", put_setting, "s3:PutEncryptionConfiguration"},
    {"DELETE", Level::bucket, "encryption", delete_setting, "s3:PutEncryptionConfiguration"},
    {"GET", Level::bucket, "object-lock", get_setting, "s3:GetBucketObjectLockConfiguration"},
    {"PUT", Level::bucket, "object-lock", put_setting, "s3:PutBucketObjectLockConfiguration"},
    {"GET", Level::bucket, "publicAccessBlock", get_setting, "s3:GetBucketPublicAccessBlock"},
    {"PUT", Level::bucket, "publicAccessBlock", put_setting, "s3:PutBucketPublicAccessBlock"},
    {"DELETE", Level::bucket, "publicAccessBlock", delete_setting, "s3:PutBucketPublicAccessBlock"},
    {"GET", Level::bucket, "logging", get_setting, "s3:GetBucketLogging"},
    {"PUT", Level::bucket, "logging", put_setting, "s3:PutBucketLogging"},
    {"GET", Level::bucket, "accelerate", get_setting, "s3:GetAccelerateConfiguration"},
    {"PUT", Level::bucket, "accelerate", put_setting, "s3:PutAccelerateConfiguration"},
    {"GET", Level::bucket, "notification", get_setting, "s3:GetBucketNotification"},
    {"PUT", Level::bucket, "notification", put_setting, "s3:PutBucketNotification"},
    {"GET", Level::bucket, "requestPayment", get_setting, "s3:GetBucketRequestPayment"},
    {"PUT", Level::bucket, "requestPayment", put_setting, "s3:PutBucketRequestPayment"},
    {"GET", Level::bucket, "ownershipControls", get_setting, "s3:GetBucketOwnershipControls"},
    {"PUT", Level::bucket, "ownershipControls", put_setting, "s3:PutBucketOwnershipControls"},
    {"DELETE", Level::bucket, "ownershipControls", delete_setting, "s3:PutBucketOwnershipControls"},
    {"GET", Level::bucket, "versioning", get_setting, "s3:GetBucketVersioning"},
    {"PUT", Level::bucket, "versioning", put_setting, "s3:PutBucketVersioning"},
    {"POST", Level::bucket, "delete", delete_objects, ""},
    {"GET", Level::object, "", get_object, "s3:GetObject"},
    {"HEAD", Level::object, "", head_object, "s3:GetObject"},
    {"PUT", Level::object, "", put_object, "s3:PutObject"},
    {"DELETE", Level::object, "", delete_object, "s3:DeleteObject"},
    {"GET", Level::object, "tagging", get_object_tagging, "s3:GetObjectTagging"},
    {"PUT", Level::object, "tagging", put_object_tagging, "s3:PutObjectTagging"},
    {"DELETE", Level::object, "tagging", delete_object_tagging, "s3:DeleteObjectTagging"},
    {"GET", Level::object, "acl", get_acl, "s3:GetObjectAcl"},
    {"PUT", Level::object, "acl", put_acl, "s3:PutObjectAcl"},
    {"GET", Level::object, "attributes", get_object_attributes, "s3:GetObjectAttributes"},
    {"GET", Level::object, "retention", get_object_retention, "s3:GetObjectRetention"},
    {"PUT", Level::object, "retention", put_object_retention, "s3:PutObjectRetention"},
    {"GET", Level::object, "legal-hold", get_object_legal_hold, "s3:GetObjectLegalHold"},
    {"PUT", Level::object, "legal-hold", put_object_legal_hold, "s3:PutObjectLegalHold"},
    {"POST", Level::object, "uploads", create_multipart_upload, "s3:PutObject"},
    {"PUT", Level::object, "uploadId", upload_part, "s3:PutObject"},
    {"POST", Level::object, "uploadId", complete_multipart_upload, "s3:PutObject"},
    {"DELETE", Level::object, "uploadId", abort_multipart_upload, "s3:AbortMultipartUpload"},
    {"GET", Level::object, "uploadId", list_parts, "s3:ListMultipartUploadParts"},
};
/// Sub-resources that no operation here has; without this list a PUT of one would be taken for
/// PutObject.
constexpr std::string_view kOtherSubResources[] = {
    "analytics",
    "intelligent-tiering",
    "inventory",
    "metrics",
    "metadataConfiguration",
    "restore",
    "select",
    "torrent",
    "renameObject",
    "abac",
};

/// The sub-resource that the query names. Unknown names (`x-id`, signature parameters) mean
/// nothing.
std::string_view sub_resource(const wire::HttpRequest& request) {
  for (const auto& [name, value] : request.query) {
    for (const Route& route : kRoutes) {
      if (!route.sub_resource.empty() && route.sub_resource == name) return route.sub_resource;
    }
    for (const std::string_view other : kOtherSubResources) {
      if (other == name) return other;
    }
  }
  return {};
}

Error method_not_allowed(const wire::HttpRequest& request, Level level) {
  return {ErrorKind::invalid,
          "MethodNotAllowed",
          "The specified method is not allowed against this resource.",
          {{"Method", request.method},
           {"ResourceType", level == Level::service  ? "SERVICE"
                            : level == Level::bucket ? "BUCKET"
                                                     : "OBJECT"}}};
}

const Route* find_route(const wire::HttpRequest& request, Level level, std::string_view sub) {
  for (const Route& route : kRoutes) {
    if (route.method == request.method && route.level == level && route.sub_resource == sub) {
      return &route;
    }
  }
  return nullptr;
}

void read_path(Call& call) {
  std::string_view path = call.http.path;
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  call.bucket = wire::percent_decode(path.substr(0, slash));
  if (slash != std::string_view::npos) call.key = wire::percent_decode(path.substr(slash + 1));
  call.owner = call.http.caller.scope;
}

Level level_of(const Call& call) {
  return call.bucket.empty() ? Level::service : call.key.empty() ? Level::bucket : Level::object;
}

/// With a version id, policies have names of their own.
std::string action_of(const Call& call, const Route& route) {
  std::string action(route.action);
  constexpr std::string_view kVersioned[] = {
      "s3:GetObject",           "s3:DeleteObject", "s3:GetObjectTagging", "s3:PutObjectTagging",
      "s3:DeleteObjectTagging", "s3:GetObjectAcl", "s3:PutObjectAcl",     "s3:GetObjectAttributes"};
  const bool has_version =
      call.has("versionId") && route.level == Level::object &&
      std::find(std::begin(kVersioned), std::end(kVersioned), action) != std::end(kVersioned);
  if (!has_version) return action;
  // s3:GetObjectVersion, s3:GetObjectVersionTagging.
  const std::size_t object = action.find("Object");
  return action.insert(object + std::string_view("Object").size(), "Version");
}

Result<const Route*> permitted_route(Call& call) {
  const Level level = level_of(call);
  const std::string_view sub = sub_resource(call.http);
  const Route* route = find_route(call.http, level, sub);
  if (route == nullptr) {
    if (sub.empty() || level == Level::service) return method_not_allowed(call.http, level);
    return Error{ErrorKind::invalid, "NotImplemented",
                 "A header or query you provided implies functionality that is not implemented: " +
                     std::string(sub)};
  }
  const auto bucket = call.objects.any_bucket(call.bucket);
  const std::string_view owner = call.header("x-amz-expected-bucket-owner");
  const std::string_view account = bucket ? (*bucket)->account : call.http.caller.scope.account;
  if (!owner.empty() && owner != account) {
    return Error{ErrorKind::forbidden, "AccessDenied", "Access Denied"};
  }
  if (!route->action.empty()) {
    WEIR_CHECK(authorize(call, action_of(call, *route), call.bucket, call.key));
  }
  if (bucket && route->handle != create_bucket) call.owner.account = (*bucket)->account;
  return route;
}

Answer answer(Call& call) {
  WEIR_TRY(const Route* route, permitted_route(call));
  // A copy is a put with a header.
  const bool is_copy = !call.header("x-amz-copy-source").empty();
  if (is_copy && route->handle == put_object) return copy_object(call);
  if (is_copy && route->handle == upload_part) return upload_part_copy(call);
  return route->handle(call);
}

/// Markers have headers in their errors, too.
void move_headers(Error& error, wire::HttpResponse& response) {
  for (const auto& [name, value] : error.details) {
    if (name.starts_with("x-amz-")) response.headers.add(name, value);
  }
}

}  // namespace

wire::HttpResponse S3Api::handle(wire::HttpRequest& request) {
  Call call{runtime_, objects_, notifications_, request};
  read_path(call);
  if (request.method == "OPTIONS") return preflight(call);
  Answer result = answer(call);
  wire::HttpResponse response;
  if (result) {
    response = *std::move(result);
  } else {
    Error error = result.error();
    Error shown = error;
    std::erase_if(shown.details,
                  [](const auto& detail) { return detail.first.starts_with("x-amz-"); });
    response = wire::s3_error_response(shown, request);
    move_headers(error, response);
  }
  add_cors_headers(call, response);
  return response;
}

std::optional<wire::HttpResponse> S3Api::admit(const wire::HttpRequest& head) {
  wire::HttpRequest copy = head;
  Call call{runtime_, objects_, notifications_, copy};
  read_path(call);
  if (copy.method == "OPTIONS") return std::nullopt;
  const auto route = permitted_route(call);
  if (route) return std::nullopt;
  return wire::s3_error_response(route.error(), copy);
}

}  // namespace weir::api::s3
