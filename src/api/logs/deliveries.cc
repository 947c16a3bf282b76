// SPDX-License-Identifier: Apache-2.0
#include "api/logs/deliveries.h"

#include <utility>

namespace weir::api::logs {
namespace {

constexpr int kListDefault = 50;

Error as_validation(Error error) {
  error.code = kDeliveryValidation;
  return error;
}

Delivery shown(const Scope& scope, weir::logs::VendedDelivery&& delivery) {
  Delivery out;
  out.arn = delivery_arn(scope, weir::logs::VendedDelivery::kKind, delivery.name);
  out.id = std::move(delivery.name);
  out.source_name = std::move(delivery.source_name);
  out.destination_arn =
      delivery_arn(scope, weir::logs::DeliveryDestination::kKind, delivery.destination_name);
  out.destination_type = std::move(delivery.destination_type);
  out.record_fields = std::move(delivery.record_fields);
  out.field_delimiter = std::move(delivery.field_delimiter);
  out.s3_configuration = std::move(delivery.s3_configuration);
  if (!delivery.tags.empty()) out.tags = std::move(delivery.tags);
  return out;
}

/// The name in the ARN of a delivery destination of this account and region.
Result<std::string> destination_in(const Scope& scope, std::string_view text) {
  const std::string kind = std::string(weir::logs::DeliveryDestination::kKind) + ':';
  const auto arn = Arn::parse(text);
  if (!arn || arn->service != "logs" || !arn->resource.starts_with(kind)) {
    return as_validation(invalid_parameter(
        "deliveryDestinationArn is not the ARN of a delivery destination: " + std::string(text)));
  }
  if (arn->scope != scope) {
    return Error{ErrorKind::not_found, "ResourceNotFoundException",
                 "The delivery destination does not exist in this account and region."};
  }
  return arn->resource.substr(kind.size());
}

}  // namespace

std::string delivery_arn(const Scope& scope, std::string_view kind, std::string_view name) {
  return arn("logs", scope, std::string(kind).append(":").append(name));
}

Result<std::string> delivery_page_start(const std::optional<std::string>& token) {
  auto start = page_start(token);
  if (!start) return as_validation(std::move(start).error());
  return start;
}

Result<weir::logs::Tags> delivery_tags(const std::optional<weir::logs::Tags>& tags) {
  if (!tags) return weir::logs::Tags();
  if (auto checked = check_tags(*tags); !checked) return as_validation(std::move(checked).error());
  return *tags;
}

void DeliveriesApi::add_to(wire::OperationTable& table) {
  table.add<PutDeliverySource>(*this, &DeliveriesApi::put_source);
  table.add<GetDeliverySource>(*this, &DeliveriesApi::get_source);
  table.add<DescribeDeliverySources>(*this, &DeliveriesApi::describe_sources);
  table.add<DeleteDeliverySource>(*this, &DeliveriesApi::delete_source);

  table.add<PutDeliveryDestination>(*this, &DeliveriesApi::put_destination);
  table.add<GetDeliveryDestination>(*this, &DeliveriesApi::get_destination);
  table.add<DescribeDeliveryDestinations>(*this, &DeliveriesApi::describe_destinations);
  table.add<DeleteDeliveryDestination>(*this, &DeliveriesApi::delete_destination);
  table.add<PutDeliveryDestinationPolicy>(*this, &DeliveriesApi::put_policy);
  table.add<GetDeliveryDestinationPolicy>(*this, &DeliveriesApi::get_policy);
  table.add<DeleteDeliveryDestinationPolicy>(*this, &DeliveriesApi::delete_policy);

  table.add<CreateDelivery>(*this, &DeliveriesApi::create);
  table.add<GetDelivery>(*this, &DeliveriesApi::get);
  table.add<DescribeDeliveries>(*this, &DeliveriesApi::describe);
  table.add<DeleteDelivery>(*this, &DeliveriesApi::remove);
  table.add<UpdateDeliveryConfiguration>(*this, &DeliveriesApi::update);
}

Result<CreateDelivery::Output> DeliveriesApi::create(const Request& request,
                                                     const CreateDelivery::Input& in) {
  weir::logs::VendedDelivery delivery;
  delivery.source_name = in.source_name;
  WEIR_TRY(delivery.destination_name, destination_in(request.scope, in.destination_arn));
  delivery.record_fields = in.record_fields;
  delivery.field_delimiter = in.field_delimiter;
  delivery.s3_configuration = in.s3_configuration;
  WEIR_TRY(delivery.tags, delivery_tags(in.tags));
  WEIR_TRY(auto made, deliveries_.create(request.scope, std::move(delivery)));
  return CreateDelivery::Output{.delivery = shown(request.scope, std::move(made))};
}

Result<GetDelivery::Output> DeliveriesApi::get(const Request& request,
                                               const GetDelivery::Input& in) {
  WEIR_TRY(auto found, deliveries_.deliveries().find(request.scope, in.id));
  return GetDelivery::Output{.delivery = shown(request.scope, std::move(found))};
}

Result<DescribeDeliveries::Output> DeliveriesApi::describe(const Request& request,
                                                           const DescribeDeliveries::Input& in) {
  WEIR_TRY(const std::string after, delivery_page_start(in.next_token));
  WEIR_TRY(auto page,
           deliveries_.deliveries().list(
               request.scope, after, static_cast<std::size_t>(in.limit.value_or(kListDefault))));
  DescribeDeliveries::Output out;
  for (auto& delivery : page.items) {
    out.deliveries.push_back(shown(request.scope, std::move(delivery)));
  }
  out.next_token = page_token(page.next);
  return out;
}

Result<Empty> DeliveriesApi::remove(const Request& request, const DeleteDelivery::Input& in) {
  WEIR_CHECK(deliveries_.remove_delivery(request.scope, in.id));
  return Empty{};
}

Result<Empty> DeliveriesApi::update(const Request& request,
                                    const UpdateDeliveryConfiguration::Input& in) {
  weir::logs::VendedDelivery changes;
  changes.name = in.id;
  changes.record_fields = in.record_fields;
  changes.field_delimiter = in.field_delimiter;
  changes.s3_configuration = in.s3_configuration;
  WEIR_CHECK(deliveries_.update(request.scope, changes));
  return Empty{};
}

}  // namespace weir::api::logs
