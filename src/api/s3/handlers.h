// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "objects/notifications.h"
#include "objects/objects.h"
#include "wire/dispatch.h"
#include "wire/http.h"

/// One function per operation. They are thin: headers and XML in, one call of the store, headers
/// and XML out.
namespace weir::api::s3 {

struct Call {
  Runtime& runtime;
  objects::Objects& objects;
  objects::Notifications* notifications;  // nullptr: this store tells nobody
  wire::HttpRequest& http;
  std::string bucket = {};  // decoded
  std::string key = {};     // decoded
  /// Of the bucket, if the caller may do this to it.
  Scope owner = {};

  const Scope& scope() const { return owner; }
  bool is_anonymous() const { return http.caller.access_key.empty(); }
  objects::Requester requester() const {
    return {"AWS:" + (is_anonymous() ? std::string("ANONYMOUS") : http.caller.scope.account),
            http.caller.source_ip, wire::s3_request_id(http.caller), wire::s3_host_id(http.caller)};
  }
  std::string version() const { return query("versionId"); }
  std::string query(std::string_view name) const {
    return std::string(http.query_value(name).value_or(std::string_view{}));
  }
  bool has(std::string_view name) const { return http.query_value(name).has_value(); }
  std::string_view header(std::string_view name) const { return http.headers.get(name); }
};
using Answer = Result<wire::HttpResponse>;

// buckets.cc
Answer list_buckets(Call& call);
Answer create_bucket(Call& call);
Answer head_bucket(Call& call);
Answer delete_bucket(Call& call);
Answer get_bucket_location(Call& call);
Answer get_bucket_policy(Call& call);
Answer get_bucket_policy_status(Call& call);
Answer put_bucket_policy(Call& call);
Answer delete_bucket_policy(Call& call);
Answer get_bucket_tagging(Call& call);
Answer put_bucket_tagging(Call& call);
Answer delete_bucket_tagging(Call& call);
Answer get_acl(Call& call);
Answer put_acl(Call& call);
Answer get_bucket_replication(Call& call);

// settings.cc
Answer get_setting(Call& call);
Answer put_setting(Call& call);
Answer delete_setting(Call& call);

// object_calls.cc
Answer put_object(Call& call);
Answer copy_object(Call& call);
Answer get_object(Call& call);
Answer head_object(Call& call);
Answer delete_object(Call& call);
Answer delete_objects(Call& call);
Answer get_object_tagging(Call& call);
Answer put_object_tagging(Call& call);
Answer delete_object_tagging(Call& call);
Answer get_object_attributes(Call& call);

// object_locks.cc
Answer get_object_retention(Call& call);
Answer put_object_retention(Call& call);
Answer get_object_legal_hold(Call& call);
Answer put_object_legal_hold(Call& call);

// lists.cc
Answer list_objects(Call& call);
Answer list_objects_v2(Call& call);
Answer list_object_versions(Call& call);

// uploads.cc
Answer create_multipart_upload(Call& call);
Answer upload_part(Call& call);
Answer upload_part_copy(Call& call);
Answer complete_multipart_upload(Call& call);
Answer abort_multipart_upload(Call& call);
Answer list_parts(Call& call);
Answer list_multipart_uploads(Call& call);

}  // namespace weir::api::s3
