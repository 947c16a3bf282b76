// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "logs/taggable.h"
#include "logs/types.h"
#include "store/kv_store.h"

namespace weir::logs {

/// A resource of AWS that sends logs (API type DeliverySource).
struct DeliverySource {
  static constexpr std::string_view kKind = "delivery-source";  // in ARNs
  std::string name;
  std::string resource_arn;
  std::string service;  // of the resource
  std::string log_type;
  std::optional<Tags> configuration;
  Tags tags;
  static Shape shape();
};

/// Where logs can go (API type DeliveryDestination).
struct DeliveryDestination {
  static constexpr std::string_view kKind = "delivery-destination";
  std::string name;
  std::string type;  // S3, CWL, FH or XRAY
  std::optional<std::string> output_format;
  std::optional<std::string> resource_arn;  // none: XRAY
  std::optional<std::string> policy;
  Tags tags;
  static Shape shape();
};

/// How objects in a bucket are named.
struct S3DeliveryConfiguration {
  std::optional<std::string> suffix_path;
  std::optional<bool> enable_hive_compatible_path;
  static Shape shape();
};

/// A source connected with a destination (API type Delivery).
struct VendedDelivery {
  static constexpr std::string_view kKind = "delivery";
  std::string name;  // its id
  std::string source_name;
  std::string destination_name;
  std::string destination_type;
  std::optional<std::vector<std::string>> record_fields;
  std::optional<std::string> field_delimiter;
  std::optional<S3DeliveryConfiguration> s3_configuration;
  Tags tags;
  static Shape shape();
};

/// Resources of one kind in the store, by name.
template <class T>
class ResourceStore final : public Taggable {
 public:
  ResourceStore(store::KvStore& store, std::mutex& control) : store_(store), control_(control) {}
  /// Error: ResourceNotFoundException.
  Result<T> find(const Scope& scope, std::string_view name) const;
  Result<Page<T>> list(const Scope& scope, std::string_view after, std::size_t limit) const;
  /// All of them.
  Result<std::vector<T>> all(const Scope& scope) const;
  Result<void> put(const Scope& scope, const T& resource);
  Result<void> erase(const Scope& scope, std::string_view name);

  Result<Tags> tags(const Scope& scope, std::string_view name) const override;
  Result<void> tag(const Scope& scope, std::string_view name, const Tags& tags) override;
  Result<void> untag(const Scope& scope, std::string_view name,
                     const std::vector<std::string>& keys) override;

 private:
  store::KvStore& store_;
  std::mutex& control_;  // one change at a time
};

/// Deliveries of vended logs (API reference, PutDeliverySource, PutDeliveryDestination,
/// CreateDelivery and their neighbours): kept and shown. No service here is a source, so nothing is
/// delivered by them; flow logs have CreateFlowLogs.
///
/// Threads: every function from any thread. Errors: ResourceNotFoundException, ConflictException,
/// ServiceQuotaExceededException, ValidationException; their texts are unverified.
class VendedDeliveries {
 public:
  static constexpr std::size_t kResourcesMax = 1000;  // of each kind in an account and region

  VendedDeliveries(Runtime& runtime, store::KvStore& store)
      : runtime_(runtime),
        sources_(store, control_),
        destinations_(store, control_),
        deliveries_(store, control_) {}

  /// Creates or replaces; one resource has one source for each log type. The service follows from
  /// the ARN. What is replaced keeps its tags if none are given.
  Result<DeliverySource> put_source(const Scope& scope, DeliverySource source);
  /// Creates or replaces. A type that is not given follows from the ARN.
  Result<DeliveryDestination> put_destination(const Scope& scope, DeliveryDestination destination);
  /// "" takes the policy away.
  Result<void> set_policy(const Scope& scope, std::string_view destination, std::string policy);
  /// Name and destination type are made here.
  Result<VendedDelivery> create(const Scope& scope, VendedDelivery delivery);
  /// Replaces what is given of the fields, the delimiter and the names of objects.
  Result<void> update(const Scope& scope, const VendedDelivery& changes);

  /// Refused while a delivery uses it.
  Result<void> remove_source(const Scope& scope, std::string_view name);
  Result<void> remove_destination(const Scope& scope, std::string_view name);
  Result<void> remove_delivery(const Scope& scope, std::string_view id);

  ResourceStore<DeliverySource>& sources() { return sources_; }
  ResourceStore<DeliveryDestination>& destinations() { return destinations_; }
  ResourceStore<VendedDelivery>& deliveries() { return deliveries_; }

 private:
  Runtime& runtime_;
  std::mutex control_;
  ResourceStore<DeliverySource> sources_;
  ResourceStore<DeliveryDestination> destinations_;
  ResourceStore<VendedDelivery> deliveries_;
};

}  // namespace weir::logs
