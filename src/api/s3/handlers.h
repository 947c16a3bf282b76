// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/scope.h"
#include "objects/objects.h"
#include "wire/http.h"

/// One function per operation. They are thin: headers and XML in, one call of the store, headers
/// and XML out.
namespace weir::api::s3 {

struct Call {
  objects::Objects& objects;
  wire::HttpRequest& http;
  std::string bucket;  // decoded
  std::string key;     // decoded

  const Scope& scope() const { return http.caller.scope; }
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
Answer get_bucket_versioning(Call& call);
Answer put_bucket_versioning(Call& call);
Answer get_bucket_policy(Call& call);
Answer get_bucket_policy_status(Call& call);
Answer put_bucket_policy(Call& call);
Answer delete_bucket_policy(Call& call);
Answer get_bucket_tagging(Call& call);
Answer put_bucket_tagging(Call& call);
Answer delete_bucket_tagging(Call& call);
Answer get_acl(Call& call);
Answer put_acl(Call& call);
/// Settings that this store does not have: the answer of a bucket where they were never set.
Answer get_unset_configuration(Call& call);

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
