// SPDX-License-Identifier: Apache-2.0
#include "api/logs/field_indexes.h"

#include <algorithm>

#include "api/logs/insights_api.h"

namespace weir::api::logs {
namespace {

IndexPolicy shown(const Scope& scope, std::string_view group, const insights::IndexPolicy& policy) {
  return {.log_group_identifier = group_arn(scope, group),
          .last_update_time = policy.last_update_ms,
          .policy_document = policy.document};
}

/// All is on one page, so nobody was given a token.
Result<void> refuse_token(const std::optional<std::string>& token) {
  if (!token) return {};
  return invalid_parameter("The specified nextToken is invalid.");
}

}  // namespace

Result<PutIndexPolicy::Output> InsightsApi::put_policy(const Request& request,
                                                       const PutIndexPolicy::Input& in) {
  WEIR_TRY(const std::string group, identified_group(request.scope, in.log_group_identifier));
  const auto found = logs_.log_group(request.scope, group);
  if (found && found->group.log_group_class != "STANDARD") {  // text unverified
    return invalid_parameter("Log groups of class " + found->group.log_group_class +
                             " do not support field indexes.");
  }
  WEIR_TRY(const auto policy, policies_.put(request.scope, group, in.policy_document));
  return PutIndexPolicy::Output{.index_policy = shown(request.scope, group, policy)};
}

Result<DescribeIndexPolicies::Output> InsightsApi::describe_policies(
    const Request& request, const DescribeIndexPolicies::Input& in) {
  WEIR_CHECK(refuse_token(in.next_token));
  DescribeIndexPolicies::Output out;
  for (const std::string& identifier : in.log_group_identifiers) {
    WEIR_TRY(const std::string group, identified_group(request.scope, identifier));
    WEIR_TRY(const auto policy, policies_.policy(request.scope, group));
    if (policy) out.index_policies.push_back(shown(request.scope, group, *policy));
  }
  return out;
}

Result<Empty> InsightsApi::delete_policy(const Request& request,
                                         const DeleteIndexPolicy::Input& in) {
  WEIR_TRY(const std::string group, identified_group(request.scope, in.log_group_identifier));
  WEIR_CHECK(policies_.remove(request.scope, group));
  return Empty{};
}

Result<DescribeFieldIndexes::Output> InsightsApi::describe_indexes(
    const Request& request, const DescribeFieldIndexes::Input& in) {
  WEIR_CHECK(refuse_token(in.next_token));
  DescribeFieldIndexes::Output out;
  const bool wants_custom =
      !in.index_categories || in.index_categories->empty() ||
      std::ranges::find(*in.index_categories, "CUSTOM") != in.index_categories->end();
  for (const std::string& identifier : in.log_group_identifiers) {
    WEIR_TRY(const std::string group, identified_group(request.scope, identifier));
    WEIR_TRY(const auto policy, policies_.policy(request.scope, group));
    if (!policy || !wants_custom) continue;
    for (const insights::IndexedField& field : policy->fields) {
      out.field_indexes.push_back({.log_group_identifier = group_arn(request.scope, group),
                                   .field_index_name = field.name,
                                   .type = field.type});
    }
  }
  return out;
}

}  // namespace weir::api::logs
