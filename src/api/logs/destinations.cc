// SPDX-License-Identifier: Apache-2.0
#include "api/logs/destinations.h"

#include <utility>

namespace weir::api::logs {
namespace {

constexpr int kListLimitDefault = 50;

Destination shown(const Scope& scope, weir::logs::Destination&& destination) {
  Destination out;
  out.arn = weir::logs::destination_arn(scope, destination.destination_name);
  out.destination_name = std::move(destination.destination_name);
  out.target_arn = std::move(destination.target_arn);
  out.role_arn = std::move(destination.role_arn);
  if (!destination.access_policy.empty()) out.access_policy = std::move(destination.access_policy);
  out.creation_time = destination.creation_time_ms;
  return out;
}

}  // namespace

void DestinationsApi::add_to(wire::OperationTable& table) {
  table.add<PutDestination>(*this, &DestinationsApi::put);
  table.add<PutDestinationPolicy>(*this, &DestinationsApi::put_policy);
  table.add<DescribeDestinations>(*this, &DestinationsApi::describe);
  table.add<DeleteDestination>(*this, &DestinationsApi::remove);
}

Result<PutDestination::Output> DestinationsApi::put(const Request& request,
                                                    const PutDestination::Input& in) {
  weir::logs::Destination destination;
  destination.destination_name = in.destination_name;
  destination.target_arn = in.target_arn;
  destination.role_arn = in.role_arn;
  if (in.tags) {
    WEIR_CHECK(check_tags(*in.tags));
    destination.tags = *in.tags;
  }
  WEIR_TRY(auto made, subscriptions_.put_destination(request.scope, std::move(destination)));
  return PutDestination::Output{.destination = shown(request.scope, std::move(made))};
}

Result<Empty> DestinationsApi::put_policy(const Request& request,
                                          const PutDestinationPolicy::Input& in) {
  WEIR_CHECK(destinations_.put_policy(request.scope, in.destination_name, in.access_policy));
  return Empty{};
}

Result<DescribeDestinations::Output> DestinationsApi::describe(
    const Request& request, const DescribeDestinations::Input& in) {
  WEIR_TRY(const std::string after, page_start(in.next_token));
  WEIR_TRY(auto page,
           destinations_.list(request.scope, in.destination_name_prefix.value_or(""), after,
                              static_cast<std::size_t>(in.limit.value_or(kListLimitDefault))));
  DescribeDestinations::Output out;
  for (weir::logs::Destination& destination : page.items) {
    out.destinations.push_back(shown(request.scope, std::move(destination)));
  }
  out.next_token = page_token(page.next);
  return out;
}

Result<Empty> DestinationsApi::remove(const Request& request, const DeleteDestination::Input& in) {
  WEIR_CHECK(destinations_.remove(request.scope, in.destination_name));
  return Empty{};
}

}  // namespace weir::api::logs
