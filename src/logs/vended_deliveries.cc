// SPDX-License-Identifier: Apache-2.0
#include "logs/vended_deliveries.h"

#include <algorithm>
#include <utility>

#include "base/document.h"
#include "logs/errors.h"
#include "logs/listing.h"

namespace weir::logs {
namespace {

constexpr std::size_t kIdCharacters = 16;

Error invalid(std::string message) {
  return {ErrorKind::invalid, "ValidationException", std::move(message)};
}
Error conflict(std::string message) {
  return {ErrorKind::conflict, "ConflictException", std::move(message)};
}

template <class T>
std::string prefix_of(const Scope& scope) {
  return "logs.deliveries/" + scope.key() + std::string(T::kKind) + '/';
}

std::string_view type_of_target(const Arn& target) {
  if (target.service == "s3") return "S3";
  if (target.service == "firehose") return "FH";
  if (target.service == "logs" && target.resource.starts_with("log-group:")) return "CWL";
  return {};
}

Result<void> check_target(DeliveryDestination& destination) {
  if (!destination.resource_arn) {
    if (destination.type == "XRAY") return {};
    return invalid("A destination other than XRAY needs a destinationResourceArn.");
  }
  const auto target = Arn::parse(*destination.resource_arn);
  const std::string_view type = target ? type_of_target(*target) : std::string_view();
  if (type.empty()) {
    return invalid("destinationResourceArn " + *destination.resource_arn +
                   " is no bucket, log group or delivery stream.");
  }
  if (!destination.type.empty() && destination.type != type) {
    return invalid("deliveryDestinationType " + destination.type +
                   " does not fit the destinationResourceArn, which is " + std::string(type) + '.');
  }
  destination.type = type;
  return {};
}

Result<void> check_form(const VendedDelivery& delivery, const DeliveryDestination& destination) {
  if (delivery.s3_configuration && destination.type != "S3") {
    return invalid("s3DeliveryConfiguration is for destinations of type S3 only.");
  }
  const std::string format = destination.output_format.value_or("");
  if (delivery.field_delimiter && (format == "json" || format == "parquet")) {
    return invalid("fieldDelimiter is for the output formats plain, w3c and raw only.");
  }
  return {};
}

/// With the lock of changes. A name that is there already is no new resource.
template <class T>
Result<void> check_quota(const ResourceStore<T>& resources, const Scope& scope,
                         std::string_view name) {
  WEIR_TRY(const auto all, resources.all(scope));
  if (std::ranges::find(all, name, &T::name) != all.end()) return {};
  if (all.size() < VendedDeliveries::kResourcesMax) return {};
  return Error{ErrorKind::limit, "ServiceQuotaExceededException",
               "The quota of " + std::to_string(VendedDeliveries::kResourcesMax) +
                   " resources of this kind is reached."};
}

}  // namespace

Shape DeliverySource::shape() {
  using S = DeliverySource;
  static constexpr Member members[] = {
      required<&S::name>("name"),
      required<&S::resource_arn>("resourceArn"),
      required<&S::service>("service"),
      required<&S::log_type>("logType"),
      optional<&S::configuration>("deliverySourceConfiguration"),
      required<&S::tags>("tags"),
  };
  return {"StoredDeliverySource", members};
}

Shape DeliveryDestination::shape() {
  using S = DeliveryDestination;
  static constexpr Member members[] = {
      required<&S::name>("name"),
      required<&S::type>("deliveryDestinationType"),
      optional<&S::output_format>("outputFormat"),
      optional<&S::resource_arn>("destinationResourceArn"),
      optional<&S::policy>("deliveryDestinationPolicy"),
      required<&S::tags>("tags"),
  };
  return {"StoredDeliveryDestination", members};
}

Shape S3DeliveryConfiguration::shape() {
  using S = S3DeliveryConfiguration;
  static constexpr Member members[] = {
      optional<&S::suffix_path>("suffixPath", length(1, 256)),
      optional<&S::enable_hive_compatible_path>("enableHiveCompatiblePath"),
  };
  return {"S3DeliveryConfiguration", members};
}

Shape VendedDelivery::shape() {
  using S = VendedDelivery;
  static constexpr Member members[] = {
      required<&S::name>("id"),
      required<&S::source_name>("deliverySourceName"),
      required<&S::destination_name>("deliveryDestinationName"),
      required<&S::destination_type>("deliveryDestinationType"),
      optional<&S::record_fields>("recordFields"),
      optional<&S::field_delimiter>("fieldDelimiter"),
      optional<&S::s3_configuration>("s3DeliveryConfiguration"),
      required<&S::tags>("tags"),
  };
  return {"StoredDelivery", members};
}

// ---- The store ----------------------------------------------------------------------------------

template <class T>
Result<T> ResourceStore<T>::find(const Scope& scope, std::string_view name) const {
  WEIR_TRY(const auto bytes, store_.get(prefix_of<T>(scope).append(name)));
  if (!bytes) {
    return not_found("The specified " + std::string(T::kKind) + " '" + std::string(name) +
                     "' does not exist.");
  }
  return from_json_text<T>(*bytes);
}

template <class T>
Result<Page<T>> ResourceStore<T>::list(const Scope& scope, std::string_view after,
                                       std::size_t limit) const {
  return stored_page<T>(store_, prefix_of<T>(scope), "", after, limit);
}

template <class T>
Result<std::vector<T>> ResourceStore<T>::all(const Scope& scope) const {
  WEIR_TRY(auto page, list(scope, "", VendedDeliveries::kResourcesMax));
  return std::move(page.items);
}

template <class T>
Result<void> ResourceStore<T>::put(const Scope& scope, const T& resource) {
  return store_.put(prefix_of<T>(scope).append(resource.name), to_json_text(resource));
}

template <class T>
Result<void> ResourceStore<T>::erase(const Scope& scope, std::string_view name) {
  WEIR_CHECK(find(scope, name));
  return store_.erase(prefix_of<T>(scope).append(name));
}

template <class T>
Result<Tags> ResourceStore<T>::tags(const Scope& scope, std::string_view name) const {
  WEIR_TRY(auto found, find(scope, name));
  return std::move(found.tags);
}

template <class T>
Result<void> ResourceStore<T>::tag(const Scope& scope, std::string_view name, const Tags& tags) {
  const std::lock_guard control(control_);
  WEIR_TRY(T found, find(scope, name));
  WEIR_CHECK(merge(found.tags, tags, name));
  return put(scope, found);
}

template <class T>
Result<void> ResourceStore<T>::untag(const Scope& scope, std::string_view name,
                                     const std::vector<std::string>& keys) {
  const std::lock_guard control(control_);
  WEIR_TRY(T found, find(scope, name));
  for (const std::string& key : keys) found.tags.erase(key);
  return put(scope, found);
}

template class ResourceStore<DeliverySource>;
template class ResourceStore<DeliveryDestination>;
template class ResourceStore<VendedDelivery>;

// ---- The rules ----------------------------------------------------------------------------------

Result<DeliverySource> VendedDeliveries::put_source(const Scope& scope, DeliverySource source) {
  const auto resource = Arn::parse(source.resource_arn);
  if (!resource) return invalid("resourceArn " + source.resource_arn + " is no ARN.");
  source.service = resource->service;
  const std::lock_guard control(control_);
  WEIR_CHECK(check_quota(sources_, scope, source.name));
  WEIR_TRY(const auto all, sources_.all(scope));
  for (const DeliverySource& other : all) {
    if (other.name == source.name) {
      if (source.tags.empty()) source.tags = other.tags;
    } else if (other.resource_arn == source.resource_arn && other.log_type == source.log_type) {
      return conflict("The resource has the delivery source '" + other.name +
                      "' for this log type already.");
    }
  }
  WEIR_CHECK(sources_.put(scope, source));
  return source;
}

Result<DeliveryDestination> VendedDeliveries::put_destination(const Scope& scope,
                                                              DeliveryDestination destination) {
  WEIR_CHECK(check_target(destination));
  const std::lock_guard control(control_);
  WEIR_CHECK(check_quota(destinations_, scope, destination.name));
  if (const auto found = destinations_.find(scope, destination.name)) {
    WEIR_TRY(const auto deliveries, deliveries_.all(scope));
    const bool is_used = std::ranges::find(deliveries, destination.name,
                                           &VendedDelivery::destination_name) != deliveries.end();
    if (is_used && found->type != destination.type) {
      return conflict("The delivery destination is used by a delivery; its type cannot change.");
    }
    destination.policy = found->policy;
    if (destination.tags.empty()) destination.tags = found->tags;
  }
  WEIR_CHECK(destinations_.put(scope, destination));
  return destination;
}

Result<void> VendedDeliveries::set_policy(const Scope& scope, std::string_view destination,
                                          std::string policy) {
  const auto document = parse_json(policy);
  if (!policy.empty() && (!document || document->map() == nullptr)) {
    return invalid("The policy is no JSON object.");
  }
  const std::lock_guard control(control_);
  WEIR_TRY(DeliveryDestination found, destinations_.find(scope, destination));
  found.policy = policy.empty() ? std::nullopt : std::optional(std::move(policy));
  return destinations_.put(scope, found);
}

Result<VendedDelivery> VendedDeliveries::create(const Scope& scope, VendedDelivery delivery) {
  const std::lock_guard control(control_);
  WEIR_CHECK(sources_.find(scope, delivery.source_name));
  WEIR_TRY(const auto destination, destinations_.find(scope, delivery.destination_name));
  WEIR_CHECK(check_form(delivery, destination));
  WEIR_CHECK(check_quota(deliveries_, scope, ""));
  WEIR_TRY(const auto all, deliveries_.all(scope));
  for (const VendedDelivery& other : all) {
    if (other.source_name == delivery.source_name &&
        other.destination_name == delivery.destination_name) {
      return conflict("The delivery '" + other.name +
                      "' connects this source with this destination already.");
    }
  }
  delivery.name = runtime_.hex(kIdCharacters);
  delivery.destination_type = destination.type;
  WEIR_CHECK(deliveries_.put(scope, delivery));
  return delivery;
}

Result<void> VendedDeliveries::update(const Scope& scope, const VendedDelivery& changes) {
  const std::lock_guard control(control_);
  WEIR_TRY(VendedDelivery found, deliveries_.find(scope, changes.name));
  WEIR_TRY(const auto destination, destinations_.find(scope, found.destination_name));
  WEIR_CHECK(check_form(changes, destination));
  if (changes.record_fields) found.record_fields = changes.record_fields;
  if (changes.field_delimiter) found.field_delimiter = changes.field_delimiter;
  if (changes.s3_configuration) found.s3_configuration = changes.s3_configuration;
  return deliveries_.put(scope, found);
}

Result<void> VendedDeliveries::remove_source(const Scope& scope, std::string_view name) {
  const std::lock_guard control(control_);
  WEIR_TRY(const auto deliveries, deliveries_.all(scope));
  if (std::ranges::find(deliveries, name, &VendedDelivery::source_name) != deliveries.end()) {
    return conflict("The delivery source is used by a delivery.");
  }
  return sources_.erase(scope, name);
}

Result<void> VendedDeliveries::remove_destination(const Scope& scope, std::string_view name) {
  const std::lock_guard control(control_);
  WEIR_TRY(const auto deliveries, deliveries_.all(scope));
  if (std::ranges::find(deliveries, name, &VendedDelivery::destination_name) != deliveries.end()) {
    return conflict("The delivery destination is used by a delivery.");
  }
  return destinations_.erase(scope, name);
}

Result<void> VendedDeliveries::remove_delivery(const Scope& scope, std::string_view id) {
  const std::lock_guard control(control_);
  return deliveries_.erase(scope, id);
}

}  // namespace weir::logs
