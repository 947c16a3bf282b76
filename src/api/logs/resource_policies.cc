// SPDX-License-Identifier: Apache-2.0
#include "api/logs/resource_policies.h"

#include <utility>

namespace weir::api::logs {
namespace {

constexpr int kListLimitDefault = 50;

ResourcePolicy shown(weir::logs::ResourcePolicy&& policy) {
  ResourcePolicy out;
  if (!policy.policy_name.empty()) out.policy_name = std::move(policy.policy_name);
  out.policy_document = std::move(policy.policy_document);
  out.last_updated_time = policy.last_updated_ms;
  out.policy_scope = kPolicyScopes[policy.resource_arn ? 1 : 0];
  out.resource_arn = std::move(policy.resource_arn);
  out.revision_id = std::move(policy.revision_id);
  return out;
}

}  // namespace

void ResourcePoliciesApi::add_to(wire::OperationTable& table) {
  table.add<PutResourcePolicy>(*this, &ResourcePoliciesApi::put);
  table.add<DescribeResourcePolicies>(*this, &ResourcePoliciesApi::describe);
  table.add<DeleteResourcePolicy>(*this, &ResourcePoliciesApi::remove);
}

Result<PutResourcePolicy::Output> ResourcePoliciesApi::put(const Request& request,
                                                           const PutResourcePolicy::Input& in) {
  weir::logs::ResourcePolicy policy;
  policy.policy_name = in.policy_name.value_or("");
  policy.policy_document = in.policy_document.value_or("");
  policy.resource_arn = in.resource_arn;
  WEIR_TRY(auto made, policies_.put(request.scope, std::move(policy), in.expected_revision_id));
  PutResourcePolicy::Output out;
  out.revision_id = made.revision_id;
  out.resource_policy = shown(std::move(made));
  return out;
}

Result<DescribeResourcePolicies::Output> ResourcePoliciesApi::describe(
    const Request& request, const DescribeResourcePolicies::Input& in) {
  weir::logs::ResourcePolicies::Query query;
  query.resource_arn = in.resource_arn.value_or("");
  query.of_resources = in.policy_scope == kPolicyScopes[1];
  query.limit = static_cast<std::size_t>(in.limit.value_or(kListLimitDefault));
  WEIR_TRY(query.after, page_start(in.next_token));
  WEIR_TRY(auto page, policies_.list(request.scope, query));
  DescribeResourcePolicies::Output out;
  for (weir::logs::ResourcePolicy& policy : page.items) {
    out.resource_policies.push_back(shown(std::move(policy)));
  }
  out.next_token = page_token(page.next);
  return out;
}

Result<Empty> ResourcePoliciesApi::remove(const Request& request,
                                          const DeleteResourcePolicy::Input& in) {
  WEIR_CHECK(policies_.remove(request.scope, in.policy_name.value_or(""), in.resource_arn,
                              in.expected_revision_id));
  return Empty{};
}

}  // namespace weir::api::logs
