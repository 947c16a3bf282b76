// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/s3/parse.h"
#include "base/base64.h"
#include "objects/policy.h"
#include "wire/xml.h"

namespace weir::api::s3 {
namespace {

constexpr std::size_t kBucketTagsMax = 50;

wire::HttpResponse empty_answer(int status) {
  wire::HttpResponse response;
  response.status = status;
  return response;
}

void write_tag_set(wire::XmlWriter& xml, const std::map<std::string, std::string>& tags) {
  xml.open("TagSet");
  for (const auto& [key, value] : tags) {
    xml.open("Tag");
    xml.element("Key", key);
    xml.element("Value", value);
    xml.close();
  }
  xml.close();
}

}  // namespace

Answer list_buckets(Call& call) {
  constexpr int kBucketsMax = 10000;
  WEIR_TRY(const int max, number_in_query(call, "max-buckets", kBucketsMax, 1, kBucketsMax));
  const std::string prefix = call.query("prefix");
  const std::string region = call.query("bucket-region");
  const std::string after = base64_decode(call.query("continuation-token")).value_or("");
  wire::XmlWriter xml;
  xml.open("ListAllMyBucketsResult", {{"xmlns", kNamespace}});
  xml.open("Owner");
  xml.element("ID", owner_id(call.scope().account));
  xml.close();
  xml.open("Buckets");
  int count = 0;
  std::string next;
  std::string last;
  for (const objects::Bucket& bucket : call.objects.buckets(call.scope())) {
    const bool is_wanted = bucket.name.starts_with(prefix) &&
                           (region.empty() || bucket.region == region) &&
                           (after.empty() || bucket.name > after);
    if (!is_wanted) continue;
    if (count++ == max) {
      next = base64_encode(last);
      break;
    }
    last = bucket.name;
    xml.open("Bucket");
    xml.element("BucketArn", "arn:aws:s3:::" + bucket.name);
    xml.element("BucketRegion", bucket.region);
    xml.element("CreationDate", to_iso8601(bucket.created));
    xml.element("Name", bucket.name);
    xml.close();
  }
  xml.close();
  if (!next.empty()) xml.element("ContinuationToken", next);
  if (!prefix.empty()) xml.element("Prefix", prefix);
  xml.close();
  return xml_answer(xml.take());
}

Answer create_bucket(Call& call) {
  WEIR_TRY(const std::string body, body_text(call));
  WEIR_TRY(const std::string location, parse_location_constraint(body));
  Scope scope = call.scope();
  if (!location.empty()) scope.region = location;
  const bool has_lock =
      wire::equals_ignoring_case(call.header("x-amz-bucket-object-lock-enabled"), "true");
  WEIR_CHECK(call.objects.create_bucket(scope, call.bucket, has_lock));
  wire::HttpResponse response = empty_answer(200);
  response.headers.add("Location", '/' + call.bucket);
  return response;
}

Answer head_bucket(Call& call) {
  WEIR_TRY(const objects::Bucket bucket, call.objects.bucket(call.scope(), call.bucket));
  wire::HttpResponse response = empty_answer(200);
  response.headers.add("x-amz-bucket-region", bucket.region);
  response.headers.add("x-amz-access-point-alias", "false");
  response.headers.add("Content-Type", "application/xml");
  return response;
}

Answer delete_bucket(Call& call) {
  WEIR_CHECK(call.objects.delete_bucket(call.scope(), call.bucket));
  return empty_answer(204);
}

Answer get_bucket_location(Call& call) {
  WEIR_TRY(const objects::Bucket bucket, call.objects.bucket(call.scope(), call.bucket));
  wire::XmlWriter xml;
  xml.open("LocationConstraint", {{"xmlns", kNamespace}});
  if (bucket.region != "us-east-1") xml.text(bucket.region);
  xml.close();
  return xml_answer(xml.take());
}

Answer get_bucket_policy(Call& call) {
  WEIR_TRY(const objects::Bucket bucket, call.objects.bucket(call.scope(), call.bucket));
  if (bucket.policy.empty()) {
    return Error{ErrorKind::not_found,
                 "NoSuchBucketPolicy",
                 "The bucket policy does not exist",
                 {{"BucketName", call.bucket}}};
  }
  wire::HttpResponse response = empty_answer(200);
  response.headers.add("Content-Type", "application/json");
  response.body = bucket.policy;
  return response;
}

Answer get_bucket_policy_status(Call& call) {
  WEIR_TRY(const objects::Bucket bucket, call.objects.bucket(call.scope(), call.bucket));
  if (bucket.policy.empty()) {
    return Error{ErrorKind::not_found,
                 "NoSuchBucketPolicy",
                 "The bucket policy does not exist",
                 {{"BucketName", call.bucket}}};
  }
  wire::XmlWriter xml;
  xml.open("PolicyStatus", {{"xmlns", kNamespace}});
  WEIR_TRY(const auto policy, objects::BucketPolicy::parse(bucket.policy, call.bucket));
  xml.element("IsPublic", policy.is_public());
  xml.close();
  return xml_answer(xml.take());
}

Answer put_bucket_policy(Call& call) {
  WEIR_TRY(const std::string body, body_text(call));
  WEIR_TRY(const auto policy, objects::BucketPolicy::parse(body, call.bucket));
  WEIR_CHECK(call.objects.update_bucket(
      call.scope(), call.bucket, [&](objects::Bucket& bucket) -> Result<void> {
        const auto& block = bucket.settings.public_access_block;
        if (block && block->block_public_policy && policy.is_public()) {
          return Error{ErrorKind::forbidden, "AccessDenied",
                       "User: arn:aws:iam::" + call.scope().account +
                           ":root is not authorized to perform: s3:PutBucketPolicy on resource: "
                           "\"arn:aws:s3:::" +
                           call.bucket +
                           "\" because public policies are prevented by the BlockPublicPolicy "
                           "setting in S3 Block Public Access."};
        }
        bucket.policy = body;
        return {};
      }));
  return empty_answer(204);
}

Answer delete_bucket_policy(Call& call) {
  WEIR_CHECK(call.objects.update_bucket(call.scope(), call.bucket,
                                        [](objects::Bucket& bucket) -> Result<void> {
                                          bucket.policy.clear();
                                          return {};
                                        }));
  return empty_answer(204);
}

Answer get_bucket_tagging(Call& call) {
  WEIR_TRY(const objects::Bucket bucket, call.objects.bucket(call.scope(), call.bucket));
  if (bucket.tags.empty()) {
    return Error{ErrorKind::not_found,
                 "NoSuchTagSet",
                 "The TagSet does not exist",
                 {{"BucketName", call.bucket}}};
  }
  wire::XmlWriter xml;
  xml.open("Tagging", {{"xmlns", kNamespace}});
  write_tag_set(xml, bucket.tags);
  xml.close();
  return xml_answer(xml.take());
}

Answer put_bucket_tagging(Call& call) {
  WEIR_TRY(const std::string body, body_text(call));
  WEIR_TRY(auto tags, parse_tagging(body, kBucketTagsMax));
  WEIR_CHECK(call.objects.update_bucket(call.scope(), call.bucket,
                                        [&](objects::Bucket& bucket) -> Result<void> {
                                          bucket.tags = std::move(tags);
                                          return {};
                                        }));
  return empty_answer(204);
}

Answer delete_bucket_tagging(Call& call) {
  WEIR_CHECK(call.objects.update_bucket(call.scope(), call.bucket,
                                        [](objects::Bucket& bucket) -> Result<void> {
                                          bucket.tags.clear();
                                          return {};
                                        }));
  return empty_answer(204);
}

Answer get_acl(Call& call) {
  WEIR_TRY(const objects::Bucket bucket, call.objects.bucket(call.scope(), call.bucket));
  if (!call.key.empty())
    WEIR_CHECK(call.objects.head(call.scope(), call.bucket, call.key, call.version()));
  const std::string owner = owner_id(bucket.account);
  wire::XmlWriter xml;
  xml.open("AccessControlPolicy", {{"xmlns", kNamespace}});
  xml.open("Owner");
  xml.element("ID", owner);
  xml.close();
  xml.open("AccessControlList");
  xml.open("Grant");
  xml.open("Grantee", {{"xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"},
                       {"xsi:type", "CanonicalUser"}});
  xml.element("ID", owner);
  xml.close();
  xml.element("Permission", "FULL_CONTROL");
  xml.close();
  xml.close();
  xml.close();
  return xml_answer(xml.take());
}

Answer put_acl(Call& call) {
  WEIR_CHECK(call.objects.bucket(call.scope(), call.bucket));
  const std::string_view canned = call.header("x-amz-acl");
  if (canned == "private" || canned == "bucket-owner-full-control") return empty_answer(200);
  return Error{ErrorKind::invalid, "AccessControlListNotSupported",
               "The bucket does not allow ACLs"};
}

Answer get_bucket_replication(Call& call) {
  WEIR_CHECK(call.objects.bucket(call.scope(), call.bucket));
  return Error{ErrorKind::not_found,
               "ReplicationConfigurationNotFoundError",
               "The replication configuration was not found",
               {{"BucketName", call.bucket}}};
}

}  // namespace weir::api::s3
