// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/shape.h"
#include "logs/resource_policies.h"
#include "wire/operation.h"

namespace weir::api::logs {

inline constexpr std::string_view kPolicyScopes[] = {"ACCOUNT", "RESOURCE"};
inline constexpr Constraint kPolicyDocumentLength =
    length(1, static_cast<double>(weir::logs::ResourcePolicies::kDocumentCharactersMax));

/// A resource policy as it is shown.
struct ResourcePolicy {
  std::optional<std::string> policy_name;
  std::string policy_document;
  std::int64_t last_updated_time = 0;
  std::string policy_scope;
  std::optional<std::string> resource_arn;
  std::optional<std::string> revision_id;
  static Shape shape() {
    using S = ResourcePolicy;
    static constexpr Member members[] = {
        optional<&S::policy_name>("policyName"),
        required<&S::policy_document>("policyDocument"),
        required<&S::last_updated_time>("lastUpdatedTime"),
        required<&S::policy_scope>("policyScope"),
        optional<&S::resource_arn>("resourceArn"),
        optional<&S::revision_id>("revisionId"),
    };
    return {"ResourcePolicy", members};
  }
};

/// Creates or replaces a resource policy; it is kept and shown, not evaluated.
struct PutResourcePolicy {
  static constexpr std::string_view name = "PutResourcePolicy";
  static constexpr std::string_view partial = "policies are kept and shown, not evaluated";
  struct Input {
    std::optional<std::string> policy_name;
    std::optional<std::string> policy_document;
    std::optional<std::string> resource_arn;
    std::optional<std::string> expected_revision_id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::policy_name>("policyName"),
          optional<&S::policy_document>("policyDocument", kPolicyDocumentLength),
          optional<&S::resource_arn>("resourceArn"),
          optional<&S::expected_revision_id>("expectedRevisionId"),
      };
      return {"PutResourcePolicyRequest", members};
    }
  };
  struct Output {
    ResourcePolicy resource_policy;
    std::optional<std::string> revision_id;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::resource_policy>("resourcePolicy"),
          optional<&S::revision_id>("revisionId"),
      };
      return {"PutResourcePolicyResponse", members};
    }
  };
};

/// Lists resource policies in order of name.
struct DescribeResourcePolicies {
  static constexpr std::string_view name = "DescribeResourcePolicies";
  struct Input {
    std::optional<std::string> next_token;
    std::optional<int> limit;
    std::optional<std::string> resource_arn;
    std::optional<std::string> policy_scope;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::limit>("limit", kListLimit),
          optional<&S::resource_arn>("resourceArn"),
          optional<&S::policy_scope>("policyScope", one_of(kPolicyScopes)),
      };
      return {"DescribeResourcePoliciesRequest", members};
    }
  };
  struct Output {
    std::vector<ResourcePolicy> resource_policies;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::resource_policies>("resourcePolicies"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeResourcePoliciesResponse", members};
    }
  };
};

/// Deletes a resource policy.
struct DeleteResourcePolicy {
  static constexpr std::string_view name = "DeleteResourcePolicy";
  struct Input {
    std::optional<std::string> policy_name;
    std::optional<std::string> resource_arn;
    std::optional<std::string> expected_revision_id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::policy_name>("policyName"),
          optional<&S::resource_arn>("resourceArn"),
          optional<&S::expected_revision_id>("expectedRevisionId"),
      };
      return {"DeleteResourcePolicyRequest", members};
    }
  };
  using Output = Empty;
};

/// The AWS face of resource policies.
class ResourcePoliciesApi {
 public:
  explicit ResourcePoliciesApi(weir::logs::ResourcePolicies& policies) : policies_(policies) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<PutResourcePolicy::Output> put(const Request&, const PutResourcePolicy::Input&);
  Result<DescribeResourcePolicies::Output> describe(const Request&,
                                                    const DescribeResourcePolicies::Input&);
  Result<Empty> remove(const Request&, const DeleteResourcePolicy::Input&);

  weir::logs::ResourcePolicies& policies_;
};

}  // namespace weir::api::logs
