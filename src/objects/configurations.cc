// SPDX-License-Identifier: Apache-2.0
#include "objects/configurations.h"

namespace weir::objects {
namespace {

constexpr std::string_view kOnOff[] = {"Enabled", "Disabled"};
constexpr std::string_view kEnabledOnly[] = {"Enabled"};
constexpr std::string_view kEnabledSuspended[] = {"Enabled", "Suspended"};
constexpr std::string_view kModes[] = {"GOVERNANCE", "COMPLIANCE"};
constexpr std::string_view kAlgorithms[] = {"AES256", "aws:kms", "aws:kms:dsse"};
constexpr std::string_view kOwnerships[] = {"BucketOwnerEnforced", "BucketOwnerPreferred",
                                            "ObjectWriter"};
constexpr std::string_view kPayers[] = {"Requester", "BucketOwner"};
constexpr std::string_view kStorageClasses[] = {
    "GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR"};
constexpr std::string_view kProtocols[] = {"http", "https"};

}  // namespace

Shape CorsRule::shape() {
  using S = CorsRule;
  static constexpr Member members[] = {
      optional<&S::id>("ID", length(0, 255)),
      optional<&S::allowed_headers>("AllowedHeader").flattened(),
      required<&S::allowed_methods>("AllowedMethod").flattened(),
      required<&S::allowed_origins>("AllowedOrigin").flattened(),
      optional<&S::expose_headers>("ExposeHeader").flattened(),
      optional<&S::max_age_s>("MaxAgeSeconds"),
  };
  return {"CORSRule", members};
}
Shape Cors::shape() {
  using S = Cors;
  static constexpr Member members[] = {
      required<&S::rules>("CORSRule", items(1, kRulesMax)).flattened()};
  return {"CORSConfiguration", members};
}

Shape LifecycleTag::shape() {
  using S = LifecycleTag;
  static constexpr Member members[] = {required<&S::key>("Key", length(1, 128)),
                                       required<&S::value>("Value", length(0, 256))};
  return {"Tag", members};
}
Shape LifecycleAnd::shape() {
  using S = LifecycleAnd;
  static constexpr Member members[] = {
      optional<&S::prefix>("Prefix"),
      optional<&S::tags>("Tag").flattened(),
      optional<&S::larger_than>("ObjectSizeGreaterThan", range(0, 1e15)),
      optional<&S::less_than>("ObjectSizeLessThan", range(1, 1e15)),
  };
  return {"LifecycleRuleAndOperator", members};
}
Shape LifecycleFilter::shape() {
  using S = LifecycleFilter;
  static constexpr Member members[] = {
      optional<&S::prefix>("Prefix"),
      optional<&S::tag>("Tag"),
      optional<&S::larger_than>("ObjectSizeGreaterThan", range(0, 1e15)),
      optional<&S::less_than>("ObjectSizeLessThan", range(1, 1e15)),
      optional<&S::all_of>("And"),
  };
  return {"LifecycleRuleFilter", members};
}
Shape LifecycleExpiration::shape() {
  using S = LifecycleExpiration;
  static constexpr Member members[] = {
      optional<&S::date>("Date"),
      optional<&S::days>("Days"),
      optional<&S::expired_object_delete_marker>("ExpiredObjectDeleteMarker"),
  };
  return {"LifecycleExpiration", members};
}
Shape NoncurrentExpiration::shape() {
  using S = NoncurrentExpiration;
  static constexpr Member members[] = {optional<&S::days>("NoncurrentDays"),
                                       optional<&S::newer_versions>("NewerNoncurrentVersions")};
  return {"NoncurrentVersionExpiration", members};
}
Shape AbortUploads::shape() {
  using S = AbortUploads;
  static constexpr Member members[] = {optional<&S::days>("DaysAfterInitiation")};
  return {"AbortIncompleteMultipartUpload", members};
}
Shape LifecycleTransition::shape() {
  using S = LifecycleTransition;
  static constexpr Member members[] = {
      optional<&S::date>("Date"),
      optional<&S::days>("Days"),
      optional<&S::noncurrent_days>("NoncurrentDays"),
      optional<&S::newer_versions>("NewerNoncurrentVersions"),
      required<&S::storage_class>("StorageClass", one_of(kStorageClasses)),
  };
  return {"Transition", members};
}
Shape LifecycleRule::shape() {
  using S = LifecycleRule;
  static constexpr Member members[] = {
      optional<&S::id>("ID"),
      optional<&S::prefix>("Prefix"),
      optional<&S::filter>("Filter"),
      required<&S::status>("Status", one_of(kOnOff)),
      optional<&S::transitions>("Transition").flattened(),
      optional<&S::noncurrent_transitions>("NoncurrentVersionTransition").flattened(),
      optional<&S::expiration>("Expiration"),
      optional<&S::noncurrent_expiration>("NoncurrentVersionExpiration"),
      optional<&S::abort_uploads>("AbortIncompleteMultipartUpload"),
  };
  return {"LifecycleRule", members};
}
Shape Lifecycle::shape() {
  using S = Lifecycle;
  static constexpr Member members[] = {
      required<&S::rules>("Rule", items(1, kRulesMax)).flattened()};
  return {"LifecycleConfiguration", members};
}

Shape PublicAccessBlock::shape() {
  using S = PublicAccessBlock;
  static constexpr Member members[] = {
      optional<&S::block_public_acls>("BlockPublicAcls"),
      optional<&S::ignore_public_acls>("IgnorePublicAcls"),
      optional<&S::block_public_policy>("BlockPublicPolicy"),
      optional<&S::restrict_public_buckets>("RestrictPublicBuckets"),
  };
  return {"PublicAccessBlockConfiguration", members};
}

Shape EncryptionDefault::shape() {
  using S = EncryptionDefault;
  static constexpr Member members[] = {
      required<&S::algorithm>("SSEAlgorithm", one_of(kAlgorithms)),
      optional<&S::kms_key>("KMSMasterKeyID"),
  };
  return {"ServerSideEncryptionByDefault", members};
}
Shape EncryptionRule::shape() {
  using S = EncryptionRule;
  static constexpr Member members[] = {
      optional<&S::by_default>("ApplyServerSideEncryptionByDefault"),
      optional<&S::bucket_key>("BucketKeyEnabled"),
  };
  return {"ServerSideEncryptionRule", members};
}
Shape Encryption::shape() {
  using S = Encryption;
  static constexpr Member members[] = {required<&S::rules>("Rule", items(1, 1)).flattened()};
  return {"ServerSideEncryptionConfiguration", members};
}

Shape OwnershipRule::shape() {
  using S = OwnershipRule;
  static constexpr Member members[] = {
      required<&S::ownership>("ObjectOwnership", one_of(kOwnerships))};
  return {"OwnershipControlsRule", members};
}
Shape Ownership::shape() {
  using S = Ownership;
  static constexpr Member members[] = {required<&S::rules>("Rule", items(1, 1)).flattened()};
  return {"OwnershipControls", members};
}

Shape FilterRule::shape() {
  using S = FilterRule;
  static constexpr Member members[] = {required<&S::name>("Name"),
                                       required<&S::value>("Value", length(0, 1024))};
  return {"FilterRule", members};
}
Shape KeyFilter::shape() {
  using S = KeyFilter;
  static constexpr Member members[] = {optional<&S::rules>("FilterRule").flattened()};
  return {"S3KeyFilter", members};
}
Shape NotificationFilter::shape() {
  using S = NotificationFilter;
  static constexpr Member members[] = {optional<&S::key>("S3Key")};
  return {"NotificationConfigurationFilter", members};
}
Shape NotificationTarget::shape() {
  using S = NotificationTarget;
  static constexpr Member members[] = {
      optional<&S::id>("Id"),
      optional<&S::topic>("Topic"),
      optional<&S::queue>("Queue"),
      optional<&S::function>("CloudFunction"),
      required<&S::events>("Event").flattened(),
      optional<&S::filter>("Filter"),
  };
  return {"TopicConfiguration", members};
}
Shape Notification::shape() {
  using S = Notification;
  static constexpr Member members[] = {
      optional<&S::topics>("TopicConfiguration").flattened(),
      optional<&S::queues>("QueueConfiguration").flattened(),
      optional<&S::functions>("CloudFunctionConfiguration").flattened(),
      optional<&S::event_bridge>("EventBridgeConfiguration"),
  };
  return {"NotificationConfiguration", members};
}

Shape IndexDocument::shape() {
  using S = IndexDocument;
  static constexpr Member members[] = {required<&S::suffix>("Suffix")};
  return {"IndexDocument", members};
}
Shape ErrorDocument::shape() {
  using S = ErrorDocument;
  static constexpr Member members[] = {required<&S::key>("Key", length(1, 1024))};
  return {"ErrorDocument", members};
}
Shape RedirectAll::shape() {
  using S = RedirectAll;
  static constexpr Member members[] = {
      required<&S::host_name>("HostName"),
      optional<&S::protocol>("Protocol", one_of(kProtocols)),
  };
  return {"RedirectAllRequestsTo", members};
}
Shape Website::shape() {
  using S = Website;
  static constexpr Member members[] = {
      optional<&S::index>("IndexDocument"),
      optional<&S::error>("ErrorDocument"),
      optional<&S::redirect_all>("RedirectAllRequestsTo"),
      optional<&S::routing_rules>("RoutingRules"),
  };
  return {"WebsiteConfiguration", members};
}

Shape LoggingEnabled::shape() {
  using S = LoggingEnabled;
  static constexpr Member members[] = {
      required<&S::target_bucket>("TargetBucket"),
      required<&S::target_prefix>("TargetPrefix"),
  };
  return {"LoggingEnabled", members};
}
Shape Logging::shape() {
  using S = Logging;
  static constexpr Member members[] = {optional<&S::enabled>("LoggingEnabled")};
  return {"BucketLoggingStatus", members};
}
Shape Accelerate::shape() {
  using S = Accelerate;
  static constexpr Member members[] = {optional<&S::status>("Status", one_of(kEnabledSuspended))};
  return {"AccelerateConfiguration", members};
}
Shape RequestPayment::shape() {
  using S = RequestPayment;
  static constexpr Member members[] = {required<&S::payer>("Payer", one_of(kPayers))};
  return {"RequestPaymentConfiguration", members};
}

Shape DefaultRetention::shape() {
  using S = DefaultRetention;
  static constexpr Member members[] = {
      required<&S::mode>("Mode", one_of(kModes)),
      optional<&S::days>("Days"),
      optional<&S::years>("Years"),
  };
  return {"DefaultRetention", members};
}
Shape ObjectLockRule::shape() {
  using S = ObjectLockRule;
  static constexpr Member members[] = {optional<&S::by_default>("DefaultRetention")};
  return {"ObjectLockRule", members};
}
Shape ObjectLock::shape() {
  using S = ObjectLock;
  static constexpr Member members[] = {
      optional<&S::enabled>("ObjectLockEnabled", one_of(kEnabledOnly)),
      optional<&S::rule>("Rule"),
  };
  return {"ObjectLockConfiguration", members};
}
Shape Versioning::shape() {
  using S = Versioning;
  static constexpr Member members[] = {
      optional<&S::status>("Status", one_of(kEnabledSuspended)),
      optional<&S::mfa_delete>("MfaDelete", one_of(kOnOff)),
  };
  return {"VersioningConfiguration", members};
}

Shape Configurations::shape() {
  using S = Configurations;
  static constexpr Member members[] = {
      optional<&S::cors>("cors"),
      optional<&S::lifecycle>("lifecycle"),
      optional<&S::public_access_block>("publicAccessBlock"),
      optional<&S::encryption>("encryption"),
      optional<&S::ownership>("ownershipControls"),
      optional<&S::notification>("notification"),
      optional<&S::website>("website"),
      optional<&S::logging>("logging"),
      optional<&S::accelerate>("accelerate"),
      optional<&S::request_payment>("requestPayment"),
      optional<&S::object_lock>("objectLock"),
      optional<&S::versioning>("versioning"),
  };
  return {"Configurations", members};
}

}  // namespace weir::objects
