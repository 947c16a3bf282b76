// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/s3/parse.h"
#include "base/base64.h"
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

/// What a bucket answers that never had the setting: an error, or a document that says so.
struct Unset {
  std::string_view name;  // of the sub-resource
  std::string_view code;  // error 404, or
  std::string_view message;
  std::string_view document;  // body of the answer 200
};
constexpr Unset kUnset[] = {
    {"cors", "NoSuchCORSConfiguration", "The CORS configuration does not exist", ""},
    {"website", "NoSuchWebsiteConfiguration",
     "The specified bucket does not have a website configuration", ""},
    {"lifecycle", "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", ""},
    {"replication", "ReplicationConfigurationNotFoundError",
     "The replication configuration was not found", ""},
    {"encryption", "ServerSideEncryptionConfigurationNotFoundError",
     "The server side encryption configuration was not found", ""},
    {"object-lock", "ObjectLockConfigurationNotFoundError",
     "Object Lock configuration does not exist for this bucket", ""},
    {"publicAccessBlock", "NoSuchPublicAccessBlockConfiguration",
     "The public access block configuration was not found", ""},
    {"logging", "", "",
     R"(<BucketLoggingStatus xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>)"},
    {"accelerate", "", "",
     R"(<AccelerateConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>)"},
    {"notification", "", "",
     R"(<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>)"},
    {"requestPayment", "", "",
     R"(<RequestPaymentConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Payer>BucketOwner</Payer></RequestPaymentConfiguration>)"},
    {"ownershipControls", "", "",
     R"(<OwnershipControls xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>)"},
};

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
  if (call.header("x-amz-bucket-object-lock-enabled") == "true") {
    return Error{ErrorKind::invalid,
                 "NotImplemented",
                 "A header you provided implies functionality that is not implemented",
                 {{"Header", "x-amz-bucket-object-lock-enabled"}}};
  }
  WEIR_CHECK(call.objects.create_bucket(scope, call.bucket));
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

Answer get_bucket_versioning(Call& call) {
  WEIR_CHECK(call.objects.bucket(call.scope(), call.bucket));
  wire::XmlWriter xml;
  xml.open("VersioningConfiguration", {{"xmlns", kNamespace}});
  xml.close();
  return xml_answer(xml.take());
}

Answer put_bucket_versioning(Call& call) {
  WEIR_CHECK(call.objects.bucket(call.scope(), call.bucket));
  WEIR_TRY(const std::string body, body_text(call));
  auto tree = wire::parse_xml(body);
  if (!tree) return malformed_xml();
  const Document* status = tree->find("Status");
  // Suspended is what a bucket without versions does anyway.
  if (status != nullptr && status->string() != nullptr && *status->string() == "Suspended")
    return empty_answer(200);
  return Error{ErrorKind::invalid, "NotImplemented", "Versioned buckets are not implemented."};
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
  xml.element("IsPublic", false);  // policies are kept, they open nothing
  xml.close();
  return xml_answer(xml.take());
}

Answer put_bucket_policy(Call& call) {
  WEIR_TRY(const std::string body, body_text(call));
  const auto policy = parse_json(body);
  if (!policy || policy->map() == nullptr) {
    return Error{ErrorKind::invalid, "MalformedPolicy",
                 "Policies must be valid JSON and the first byte must be '{'"};
  }
  if (policy->find("Statement") == nullptr) {
    return Error{ErrorKind::invalid, "MalformedPolicy", "Missing required field Statement"};
  }
  WEIR_CHECK(call.objects.update_bucket(call.scope(), call.bucket,
                                        [&](objects::Bucket& bucket) { bucket.policy = body; }));
  return empty_answer(204);
}

Answer delete_bucket_policy(Call& call) {
  WEIR_CHECK(call.objects.update_bucket(call.scope(), call.bucket,
                                        [](objects::Bucket& bucket) { bucket.policy.clear(); }));
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
  WEIR_CHECK(call.objects.update_bucket(
      call.scope(), call.bucket, [&](objects::Bucket& bucket) { bucket.tags = std::move(tags); }));
  return empty_answer(204);
}

Answer delete_bucket_tagging(Call& call) {
  WEIR_CHECK(call.objects.update_bucket(call.scope(), call.bucket,
                                        [](objects::Bucket& bucket) { bucket.tags.clear(); }));
  return empty_answer(204);
}

Answer get_acl(Call& call) {
  WEIR_TRY(const objects::Bucket bucket, call.objects.bucket(call.scope(), call.bucket));
  if (!call.key.empty()) WEIR_CHECK(call.objects.head(call.scope(), call.bucket, call.key));
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

Answer get_unset_configuration(Call& call) {
  WEIR_CHECK(call.objects.bucket(call.scope(), call.bucket));
  for (const Unset& unset : kUnset) {
    if (!call.has(unset.name)) continue;
    if (!unset.code.empty()) {
      return Error{ErrorKind::not_found,
                   std::string(unset.code),
                   std::string(unset.message),
                   {{"BucketName", call.bucket}}};
    }
    return xml_answer("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + std::string(unset.document));
  }
  return Error{ErrorKind::invalid, "NotImplemented",
               "A parameter you provided implies functionality that is not implemented"};
}

}  // namespace weir::api::s3
