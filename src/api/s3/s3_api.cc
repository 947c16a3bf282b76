// SPDX-License-Identifier: Apache-2.0
#include "api/s3/s3_api.h"

#include <algorithm>

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
};
constexpr Route kRoutes[] = {
    {"GET", Level::service, "", list_buckets},
    {"PUT", Level::bucket, "", create_bucket},
    {"HEAD", Level::bucket, "", head_bucket},
    {"DELETE", Level::bucket, "", delete_bucket},
    {"GET", Level::bucket, "", list_objects},
    {"GET", Level::bucket, "list-type", list_objects_v2},
    {"GET", Level::bucket, "versions", list_object_versions},
    {"GET", Level::bucket, "uploads", list_multipart_uploads},
    {"GET", Level::bucket, "location", get_bucket_location},
    {"GET", Level::bucket, "versioning", get_bucket_versioning},
    {"PUT", Level::bucket, "versioning", put_bucket_versioning},
    {"GET", Level::bucket, "policy", get_bucket_policy},
    {"GET", Level::bucket, "policyStatus", get_bucket_policy_status},
    {"PUT", Level::bucket, "policy", put_bucket_policy},
    {"DELETE", Level::bucket, "policy", delete_bucket_policy},
    {"GET", Level::bucket, "tagging", get_bucket_tagging},
    {"PUT", Level::bucket, "tagging", put_bucket_tagging},
    {"DELETE", Level::bucket, "tagging", delete_bucket_tagging},
    {"GET", Level::bucket, "acl", get_acl},
    {"PUT", Level::bucket, "acl", put_acl},
    {"GET", Level::bucket, "cors", get_unset_configuration},
    {"GET", Level::bucket, "website", get_unset_configuration},
    {"GET", Level::bucket, "lifecycle", get_unset_configuration},
    {"GET", Level::bucket, "replication", get_unset_configuration},
    {"GET", Level::bucket, "encryption", get_unset_configuration},
    {"GET", Level::bucket, "object-lock", get_unset_configuration},
    {"GET", Level::bucket, "publicAccessBlock", get_unset_configuration},
    {"GET", Level::bucket, "logging", get_unset_configuration},
    {"GET", Level::bucket, "accelerate", get_unset_configuration},
    {"GET", Level::bucket, "notification", get_unset_configuration},
    {"GET", Level::bucket, "requestPayment", get_unset_configuration},
    {"GET", Level::bucket, "ownershipControls", get_unset_configuration},
    {"POST", Level::bucket, "delete", delete_objects},
    {"GET", Level::object, "", get_object},
    {"HEAD", Level::object, "", head_object},
    {"PUT", Level::object, "", put_object},
    {"DELETE", Level::object, "", delete_object},
    {"GET", Level::object, "tagging", get_object_tagging},
    {"PUT", Level::object, "tagging", put_object_tagging},
    {"DELETE", Level::object, "tagging", delete_object_tagging},
    {"GET", Level::object, "acl", get_acl},
    {"PUT", Level::object, "acl", put_acl},
    {"GET", Level::object, "attributes", get_object_attributes},
    {"POST", Level::object, "uploads", create_multipart_upload},
    {"PUT", Level::object, "uploadId", upload_part},
    {"POST", Level::object, "uploadId", complete_multipart_upload},
    {"DELETE", Level::object, "uploadId", abort_multipart_upload},
    {"GET", Level::object, "uploadId", list_parts},
};
/// Sub-resources that no operation here has; without this list a PUT of one would be taken for
/// PutObject.
constexpr std::string_view kOtherSubResources[] = {
    "analytics",    "intelligent-tiering",
    "inventory",    "legal-hold",
    "metrics",      "metadataConfiguration",
    "restore",      "retention",
    "select",       "torrent",
    "renameObject", "abac",
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

Answer (*find_handler(const Call& call, Level level, std::string_view sub))(Call&) {
  // A copy is a put with a header.
  const bool is_copy = call.http.method == "PUT" && !call.header("x-amz-copy-source").empty();
  for (const Route& route : kRoutes) {
    if (route.method != call.http.method || route.level != level || route.sub_resource != sub)
      continue;
    if (is_copy && route.handle == put_object) return copy_object;
    if (is_copy && route.handle == upload_part) return upload_part_copy;
    return route.handle;
  }
  return nullptr;
}

Answer answer(objects::Objects& objects, wire::HttpRequest& request) {
  std::string_view path = request.path;
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  Call call{objects, request, wire::percent_decode(path.substr(0, slash)), ""};
  if (slash != std::string_view::npos) call.key = wire::percent_decode(path.substr(slash + 1));
  const Level level = call.bucket.empty() ? Level::service
                      : call.key.empty()  ? Level::bucket
                                          : Level::object;

  const std::string_view sub = sub_resource(request);
  const auto handler = find_handler(call, level, sub);
  if (handler == nullptr) {
    if (sub.empty() || level == Level::service) return method_not_allowed(request, level);
    return Error{ErrorKind::invalid, "NotImplemented",
                 "A header or query you provided implies functionality that is not implemented: " +
                     std::string(sub)};
  }
  const std::string_view owner = call.header("x-amz-expected-bucket-owner");
  if (!owner.empty() && owner != call.scope().account)
    return Error{ErrorKind::forbidden, "AccessDenied", "Access Denied"};
  return handler(call);
}

}  // namespace

wire::HttpResponse S3Api::handle(wire::HttpRequest& request) {
  Answer result = answer(objects_, request);
  if (!result) return wire::s3_error_response(result.error(), request);
  return *std::move(result);
}

}  // namespace weir::api::s3
