// SPDX-License-Identifier: Apache-2.0
#include "api/logs/delivery_destinations.h"

#include <utility>

#include "api/logs/deliveries.h"

namespace weir::api::logs {
namespace {

constexpr int kListDefault = 50;

DeliveryDestination shown(const Scope& scope, weir::logs::DeliveryDestination&& destination) {
  DeliveryDestination out;
  out.arn = delivery_arn(scope, weir::logs::DeliveryDestination::kKind, destination.name);
  out.name = std::move(destination.name);
  out.type = std::move(destination.type);
  out.output_format = std::move(destination.output_format);
  if (destination.resource_arn) {
    out.configuration =
        DeliveryDestinationConfiguration{.destination_resource_arn = *destination.resource_arn};
  }
  if (!destination.tags.empty()) out.tags = std::move(destination.tags);
  return out;
}

}  // namespace

Result<PutDeliveryDestination::Output> DeliveriesApi::put_destination(
    const Request& request, const PutDeliveryDestination::Input& in) {
  weir::logs::DeliveryDestination destination;
  destination.name = in.destination_name;
  destination.type = in.type.value_or("");
  destination.output_format = in.output_format;
  if (in.configuration) destination.resource_arn = in.configuration->destination_resource_arn;
  WEIR_TRY(destination.tags, delivery_tags(in.tags));
  WEIR_TRY(auto made, deliveries_.put_destination(request.scope, std::move(destination)));
  return PutDeliveryDestination::Output{.delivery_destination =
                                            shown(request.scope, std::move(made))};
}

Result<GetDeliveryDestination::Output> DeliveriesApi::get_destination(
    const Request& request, const GetDeliveryDestination::Input& in) {
  WEIR_TRY(auto found, deliveries_.destinations().find(request.scope, in.destination_name));
  return GetDeliveryDestination::Output{.delivery_destination =
                                            shown(request.scope, std::move(found))};
}

Result<DescribeDeliveryDestinations::Output> DeliveriesApi::describe_destinations(
    const Request& request, const DescribeDeliveryDestinations::Input& in) {
  WEIR_TRY(const std::string after, delivery_page_start(in.next_token));
  WEIR_TRY(auto page,
           deliveries_.destinations().list(
               request.scope, after, static_cast<std::size_t>(in.limit.value_or(kListDefault))));
  DescribeDeliveryDestinations::Output out;
  for (auto& destination : page.items) {
    out.delivery_destinations.push_back(shown(request.scope, std::move(destination)));
  }
  out.next_token = page_token(page.next);
  return out;
}

Result<Empty> DeliveriesApi::delete_destination(const Request& request,
                                                const DeleteDeliveryDestination::Input& in) {
  WEIR_CHECK(deliveries_.remove_destination(request.scope, in.destination_name));
  return Empty{};
}

Result<PutDeliveryDestinationPolicy::Output> DeliveriesApi::put_policy(
    const Request& request, const PutDeliveryDestinationPolicy::Input& in) {
  WEIR_CHECK(deliveries_.set_policy(request.scope, in.destination_name, in.policy));
  return PutDeliveryDestinationPolicy::Output{.policy = {.policy = in.policy}};
}

Result<GetDeliveryDestinationPolicy::Output> DeliveriesApi::get_policy(
    const Request& request, const GetDeliveryDestinationPolicy::Input& in) {
  WEIR_TRY(auto found, deliveries_.destinations().find(request.scope, in.destination_name));
  return GetDeliveryDestinationPolicy::Output{.policy = {.policy = std::move(found.policy)}};
}

Result<Empty> DeliveriesApi::delete_policy(const Request& request,
                                           const DeleteDeliveryDestinationPolicy::Input& in) {
  WEIR_CHECK(deliveries_.set_policy(request.scope, in.destination_name, ""));
  return Empty{};
}

}  // namespace weir::api::logs
