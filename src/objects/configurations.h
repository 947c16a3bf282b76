// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/shape.h"

/// The configurations that a bucket may have: what the XML of the S3 API Reference says, member by
/// member. A document that does not fit its shape is MalformedXML; check() finds what fits and is
/// wrong all the same, with S3's codes.
namespace weir::objects {

struct CorsRule {
  std::optional<std::string> id;
  std::vector<std::string> allowed_headers;  // may hold one `*` each
  std::vector<std::string> allowed_methods;
  std::vector<std::string> allowed_origins;  // may hold one `*` each
  std::vector<std::string> expose_headers;
  std::optional<int> max_age_s;
  static Shape shape();
};
struct Cors {
  static constexpr std::size_t kRulesMax = 100;
  std::vector<CorsRule> rules;
  static Shape shape();
};
Result<void> check(const Cors& cors);
/// The first rule that allows the request; nullptr: none does. `headers`: names, lower case.
const CorsRule* find_rule(const Cors& cors, std::string_view origin, std::string_view method,
                          const std::vector<std::string>& headers);

struct LifecycleTag {
  std::string key;
  std::string value;
  static Shape shape();
};
struct LifecycleAnd {
  std::optional<std::string> prefix;
  std::vector<LifecycleTag> tags;
  std::optional<std::int64_t> larger_than;
  std::optional<std::int64_t> less_than;
  static Shape shape();
};
struct LifecycleFilter {
  std::optional<std::string> prefix;
  std::optional<LifecycleTag> tag;
  std::optional<std::int64_t> larger_than;
  std::optional<std::int64_t> less_than;
  std::optional<LifecycleAnd> all_of;
  static Shape shape();
};
struct LifecycleExpiration {
  std::optional<std::string> date;  // ISO 8601, midnight UTC
  std::optional<int> days;
  std::optional<bool> expired_object_delete_marker;
  static Shape shape();
};
struct NoncurrentExpiration {
  std::optional<int> days;
  std::optional<int> newer_versions;
  static Shape shape();
};
struct AbortUploads {
  std::optional<int> days;
  static Shape shape();
};
/// Kept and returned; there is one storage class only.
struct LifecycleTransition {
  std::optional<std::string> date;
  std::optional<int> days;
  std::optional<int> noncurrent_days;
  std::optional<int> newer_versions;
  std::string storage_class;
  static Shape shape();
};
struct LifecycleRule {
  std::optional<std::string> id;
  std::optional<std::string> prefix;  // the old form of `filter`
  std::optional<LifecycleFilter> filter;
  std::string status;
  std::vector<LifecycleTransition> transitions;
  std::vector<LifecycleTransition> noncurrent_transitions;
  std::optional<LifecycleExpiration> expiration;
  std::optional<NoncurrentExpiration> noncurrent_expiration;
  std::optional<AbortUploads> abort_uploads;
  static Shape shape();
};
struct Lifecycle {
  static constexpr std::size_t kRulesMax = 1000;
  std::vector<LifecycleRule> rules;
  static Shape shape();
};
Result<void> check(const Lifecycle& lifecycle);

struct PublicAccessBlock {
  bool block_public_acls = false;
  bool ignore_public_acls = false;
  bool block_public_policy = false;
  bool restrict_public_buckets = false;
  static Shape shape();
};
Result<void> check(const PublicAccessBlock& block);

struct EncryptionDefault {
  std::string algorithm;
  std::optional<std::string> kms_key;
  static Shape shape();
};
struct EncryptionRule {
  std::optional<EncryptionDefault> by_default;
  std::optional<bool> bucket_key;
  static Shape shape();
};
struct Encryption {
  std::vector<EncryptionRule> rules;
  static Shape shape();
};
Result<void> check(const Encryption& encryption);

struct OwnershipRule {
  std::string ownership;
  static Shape shape();
};
struct Ownership {
  std::vector<OwnershipRule> rules;
  static Shape shape();
};
Result<void> check(const Ownership& ownership);

struct FilterRule {
  std::string name;  // prefix or suffix, in any case
  std::string value;
  static Shape shape();
};
struct KeyFilter {
  std::vector<FilterRule> rules;
  static Shape shape();
};
struct NotificationFilter {
  std::optional<KeyFilter> key;
  static Shape shape();
};
/// One destination of events, in XML by its kind: `Topic`, `Queue` or `CloudFunction`.
struct NotificationTarget {
  std::optional<std::string> id;
  std::optional<std::string> topic;
  std::optional<std::string> queue;
  std::optional<std::string> function;
  std::vector<std::string> events;  // `s3:ObjectCreated:*`
  std::optional<NotificationFilter> filter;
  const std::string& arn() const;
  /// Whether the key's beginning and end are as the filter says.
  bool takes_key(std::string_view key) const;
  /// `event` as in records: without `s3:`.
  bool takes_event(std::string_view event) const;
  static Shape shape();
};
struct Notification {
  static constexpr std::size_t kTargetsMax = 100;
  std::vector<NotificationTarget> topics;
  std::vector<NotificationTarget> queues;
  std::vector<NotificationTarget> functions;
  std::optional<Empty> event_bridge;
  /// In the order of the three lists.
  std::vector<const NotificationTarget*> targets() const;
  static Shape shape();
};
Result<void> check(const Notification& notification);

struct IndexDocument {
  std::string suffix;
  static Shape shape();
};
struct ErrorDocument {
  std::string key;
  static Shape shape();
};
struct RedirectAll {
  std::string host_name;
  std::optional<std::string> protocol;
  static Shape shape();
};
struct Website {
  std::optional<IndexDocument> index;
  std::optional<ErrorDocument> error;
  std::optional<RedirectAll> redirect_all;
  Document routing_rules;  // kept as they are, and refused by check()
  static Shape shape();
};
Result<void> check(const Website& website);

struct LoggingEnabled {
  std::string target_bucket;
  std::string target_prefix;
  static Shape shape();
};
struct Logging {
  std::optional<LoggingEnabled> enabled;
  static Shape shape();
};
Result<void> check(const Logging& logging);

struct Accelerate {
  std::optional<std::string> status;
  static Shape shape();
};
Result<void> check(const Accelerate& accelerate);

struct RequestPayment {
  std::string payer;
  static Shape shape();
};
Result<void> check(const RequestPayment& payment);

struct DefaultRetention {
  std::string mode;
  std::optional<int> days;
  std::optional<int> years;
  static Shape shape();
};
struct ObjectLockRule {
  std::optional<DefaultRetention> by_default;
  static Shape shape();
};
struct ObjectLock {
  static constexpr int kDaysMax = 36500;
  static constexpr int kYearsMax = 100;
  std::optional<std::string> enabled;
  std::optional<ObjectLockRule> rule;
  static Shape shape();
};
Result<void> check(const ObjectLock& lock);

struct Versioning {
  std::optional<std::string> status;
  std::optional<std::string> mfa_delete;
  static Shape shape();
};
Result<void> check(const Versioning& versioning);

/// Everything that PUTs of a bucket's sub-resources have set. An unset member was never set, or was
/// deleted.
struct Configurations {
  std::optional<Cors> cors;
  std::optional<Lifecycle> lifecycle;
  std::optional<PublicAccessBlock> public_access_block;
  std::optional<Encryption> encryption;
  std::optional<Ownership> ownership;
  std::optional<Notification> notification;
  std::optional<Website> website;
  std::optional<Logging> logging;
  std::optional<Accelerate> accelerate;
  std::optional<RequestPayment> request_payment;
  std::optional<ObjectLock> object_lock;
  std::optional<Versioning> versioning;
  static Shape shape();
};

}  // namespace weir::objects
