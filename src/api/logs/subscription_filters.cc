// SPDX-License-Identifier: Apache-2.0
#include "api/logs/subscription_filters.h"

#include <utility>

namespace weir::api::logs {
namespace {

constexpr int kListLimitDefault = 50;

}  // namespace

void SubscriptionFiltersApi::add_to(wire::OperationTable& table) {
  table.add<PutSubscriptionFilter>(*this, &SubscriptionFiltersApi::put);
  table.add<DescribeSubscriptionFilters>(*this, &SubscriptionFiltersApi::describe);
  table.add<DeleteSubscriptionFilter>(*this, &SubscriptionFiltersApi::remove);
}

Result<Empty> SubscriptionFiltersApi::put(const Request& request,
                                          const PutSubscriptionFilter::Input& in) {
  weir::logs::SubscriptionFilter filter;
  filter.filter_name = in.filter_name;
  filter.log_group_name = in.log_group_name;
  filter.filter_pattern = in.filter_pattern;
  filter.destination_arn = in.destination_arn;
  filter.role_arn = in.role_arn;
  if (in.distribution) filter.distribution = *in.distribution;
  filter.apply_on_transformed_logs = in.apply_on_transformed_logs;
  filter.field_selection_criteria = in.field_selection_criteria;
  filter.emit_system_fields = in.emit_system_fields;
  WEIR_CHECK(subscriptions_.put(request.scope, std::move(filter)));
  return Empty{};
}

Result<DescribeSubscriptionFilters::Output> SubscriptionFiltersApi::describe(
    const Request& request, const DescribeSubscriptionFilters::Input& in) {
  WEIR_TRY(const std::string after, page_start(in.next_token));
  WEIR_TRY(auto page, subscriptions_.list(
                          request.scope, in.log_group_name, in.filter_name_prefix.value_or(""),
                          after, static_cast<std::size_t>(in.limit.value_or(kListLimitDefault))));
  return DescribeSubscriptionFilters::Output{.subscription_filters = std::move(page.items),
                                             .next_token = page_token(page.next)};
}

Result<Empty> SubscriptionFiltersApi::remove(const Request& request,
                                             const DeleteSubscriptionFilter::Input& in) {
  WEIR_CHECK(subscriptions_.remove(request.scope, in.log_group_name, in.filter_name));
  return Empty{};
}

}  // namespace weir::api::logs
