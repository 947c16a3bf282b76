// SPDX-License-Identifier: Apache-2.0
#include "api/logs/delivery_sources.h"

#include <utility>

#include "api/logs/deliveries.h"

namespace weir::api::logs {
namespace {

constexpr int kListDefault = 50;

DeliverySource shown(const Scope& scope, weir::logs::DeliverySource&& source) {
  DeliverySource out;
  out.arn = delivery_arn(scope, weir::logs::DeliverySource::kKind, source.name);
  out.name = std::move(source.name);
  out.resource_arns = {std::move(source.resource_arn)};
  out.service = std::move(source.service);
  out.log_type = std::move(source.log_type);
  out.configuration = std::move(source.configuration);
  if (!source.tags.empty()) out.tags = std::move(source.tags);
  return out;
}

}  // namespace

Result<PutDeliverySource::Output> DeliveriesApi::put_source(const Request& request,
                                                            const PutDeliverySource::Input& in) {
  weir::logs::DeliverySource source;
  source.name = in.source_name;
  source.resource_arn = in.resource_arn;
  source.log_type = in.log_type;
  source.configuration = in.configuration;
  WEIR_TRY(source.tags, delivery_tags(in.tags));
  WEIR_TRY(auto made, deliveries_.put_source(request.scope, std::move(source)));
  return PutDeliverySource::Output{.delivery_source = shown(request.scope, std::move(made))};
}

Result<GetDeliverySource::Output> DeliveriesApi::get_source(const Request& request,
                                                            const GetDeliverySource::Input& in) {
  WEIR_TRY(auto found, deliveries_.sources().find(request.scope, in.source_name));
  return GetDeliverySource::Output{.delivery_source = shown(request.scope, std::move(found))};
}

Result<DescribeDeliverySources::Output> DeliveriesApi::describe_sources(
    const Request& request, const DescribeDeliverySources::Input& in) {
  WEIR_TRY(const std::string after, delivery_page_start(in.next_token));
  WEIR_TRY(auto page,
           deliveries_.sources().list(request.scope, after,
                                      static_cast<std::size_t>(in.limit.value_or(kListDefault))));
  DescribeDeliverySources::Output out;
  for (auto& source : page.items) {
    out.delivery_sources.push_back(shown(request.scope, std::move(source)));
  }
  out.next_token = page_token(page.next);
  return out;
}

Result<Empty> DeliveriesApi::delete_source(const Request& request,
                                           const DeleteDeliverySource::Input& in) {
  WEIR_CHECK(deliveries_.remove_source(request.scope, in.source_name));
  return Empty{};
}

}  // namespace weir::api::logs
