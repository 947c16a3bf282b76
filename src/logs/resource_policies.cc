// SPDX-License-Identifier: Apache-2.0
#include "logs/resource_policies.h"

#include <utility>

#include "base/document.h"
#include "logs/errors.h"
#include "logs/listing.h"

namespace weir::logs {
namespace {

std::string prefix_of(const Scope& scope, bool of_resources) {
  return "logs.policies/" + scope.key() + (of_resources ? "resource/" : "account/");
}

std::string key_of(const Scope& scope, std::string_view name,
                   const std::optional<std::string>& resource_arn) {
  return prefix_of(scope, resource_arn.has_value()) +
         (resource_arn ? *resource_arn : std::string(name));
}

Error no_such_policy(std::string_view name) {
  return not_found("Policy with name [" + std::string(name) + "] does not exist.");
}

/// Text unverified.
Result<void> check_revision(const std::optional<ResourcePolicy>& found,
                            const std::optional<std::string>& expected) {
  const std::string now = found ? found->revision_id.value_or("") : "";
  if (expected.value_or("") == now) return {};
  return Error{ErrorKind::conflict, "OperationAbortedException",
               "The expectedRevisionId is not that of the policy as it is."};
}

}  // namespace

Shape ResourcePolicy::shape() {
  using S = ResourcePolicy;
  static constexpr Member members[] = {
      optional<&S::policy_name>("policyName"),
      required<&S::policy_document>("policyDocument"),
      optional<&S::resource_arn>("resourceArn"),
      optional<&S::revision_id>("revisionId"),
      required<&S::last_updated_ms>("lastUpdatedTime"),
  };
  return {"StoredResourcePolicy", members};
}

Result<ResourcePolicy> ResourcePolicies::put(
    const Scope& scope, ResourcePolicy policy,
    const std::optional<std::string>& expected_revision_id) {
  if (policy.policy_name.empty() && !policy.resource_arn) {
    return invalid_parameter("A policy needs a policyName or a resourceArn.");
  }
  const auto document = parse_json(policy.policy_document);
  if (!document || document->map() == nullptr) {
    return invalid_parameter("This resource policy contains invalid Json");
  }
  const std::string key = key_of(scope, policy.policy_name, policy.resource_arn);
  const std::lock_guard control(control_);
  WEIR_TRY(const auto found, find(key));
  if (!found) WEIR_CHECK(check_quota(scope, policy.resource_arn.has_value()));
  policy.revision_id.reset();
  if (policy.resource_arn) {
    WEIR_CHECK(check_revision(found, expected_revision_id));
    policy.revision_id = runtime_.hex(32);
  }
  policy.last_updated_ms = runtime_.now().ms;
  WEIR_CHECK(store_.put(key, to_json_text(policy)));
  return policy;
}

Result<std::optional<ResourcePolicy>> ResourcePolicies::find(const std::string& key) const {
  WEIR_TRY(const auto bytes, store_.get(key));
  if (!bytes) return std::optional<ResourcePolicy>();
  WEIR_TRY(ResourcePolicy policy, from_json_text<ResourcePolicy>(*bytes));
  return std::optional(std::move(policy));
}

Result<void> ResourcePolicies::check_quota(const Scope& scope, bool of_resources) const {
  std::size_t count = 0;
  const std::size_t max =
      of_resources ? config_.resource_policies_max : config_.account_policies_max;
  WEIR_CHECK(store_.scan(prefix_of(scope, of_resources),
                         [&](std::string_view, std::string_view) { return ++count < max; }));
  if (count >= max) return limit_exceeded();
  return {};
}

Result<Page<ResourcePolicy>> ResourcePolicies::list(const Scope& scope, const Query& query) const {
  if (!query.resource_arn.empty()) {
    Page<ResourcePolicy> page;
    WEIR_TRY(auto found, find(key_of(scope, {}, query.resource_arn)));
    if (found) page.items.push_back(*std::move(found));
    return page;
  }
  return stored_page<ResourcePolicy>(store_, prefix_of(scope, query.of_resources), "", query.after,
                                     query.limit);
}

Result<void> ResourcePolicies::remove(const Scope& scope, std::string_view policy_name,
                                      const std::optional<std::string>& resource_arn,
                                      const std::optional<std::string>& expected_revision_id) {
  if (policy_name.empty() && !resource_arn) {
    return invalid_parameter("policyName or resourceArn is required.");  // text unverified
  }
  const std::string key = key_of(scope, policy_name, resource_arn);
  const std::lock_guard control(control_);
  WEIR_TRY(const auto found, find(key));
  if (!found) return no_such_policy(resource_arn ? *resource_arn : policy_name);
  if (resource_arn) WEIR_CHECK(check_revision(found, expected_revision_id));
  return store_.erase(key);
}

}  // namespace weir::logs
