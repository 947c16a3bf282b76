// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ec2/common.h"
#include "api/ec2/ip_permission.h"
#include "api/ec2/select.h"
#include "vpc/network.h"

namespace weir::api::ec2 {

struct DescribeSecurityGroupRules {
  static constexpr std::string_view name = "DescribeSecurityGroupRules";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::vector<Filter> filters;
    std::vector<std::string> rule_ids;
    bool dry_run = false;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape();
  };
  struct Output {
    std::vector<vpc::SecurityGroupRule> rules;
    std::optional<std::string> next_token;
    static Shape shape();
  };
};

/// Authorize and Revoke take the same, but for tags and rule ids; what an operation does not know
/// is ignored. The members from `cidr` to `source_group_owner` are one rule in the old form, for
/// ingress only.
struct GroupRulesInput {
  std::string group_id;
  std::string group_name;
  std::vector<IpPermission> permissions;
  std::vector<TagSpecification> tag_specifications;
  std::vector<std::string> rule_ids;
  bool dry_run = false;
  std::optional<std::string> cidr;
  std::optional<int> from_port;
  std::optional<int> to_port;
  std::optional<std::string> protocol;
  std::optional<std::string> source_group_name;
  std::string source_group_owner;
};

struct AuthorizeSecurityGroupOutput {
  bool is_done = true;
  std::vector<vpc::SecurityGroupRule> rules;
  static Shape shape();
};

struct AuthorizeSecurityGroupIngress {
  static constexpr std::string_view name = "AuthorizeSecurityGroupIngress";
  static constexpr bool has_dry_run_handler = true;
  struct Input : GroupRulesInput {
    static Shape shape();
  };
  using Output = AuthorizeSecurityGroupOutput;
};

struct AuthorizeSecurityGroupEgress {
  static constexpr std::string_view name = "AuthorizeSecurityGroupEgress";
  static constexpr bool has_dry_run_handler = true;
  struct Input : GroupRulesInput {
    static Shape shape();
  };
  using Output = AuthorizeSecurityGroupOutput;
};

struct RevokedRule {
  std::string id;
  std::string group_id;
  bool is_egress = false;
  std::string protocol;
  int from_port = -1;
  int to_port = -1;
  std::optional<std::string> cidr_ipv4;
  std::optional<std::string> cidr_ipv6;
  std::optional<std::string> referenced_group_id;
  std::optional<std::string> description;
  static Shape shape();
};

struct RevokeSecurityGroupOutput {
  bool is_done = true;
  std::vector<IpPermission> unknown;
  std::vector<RevokedRule> revoked;
  static Shape shape();
};

struct RevokeSecurityGroupIngress {
  static constexpr std::string_view name = "RevokeSecurityGroupIngress";
  static constexpr bool has_dry_run_handler = true;
  struct Input : GroupRulesInput {
    static Shape shape();
  };
  using Output = RevokeSecurityGroupOutput;
};

struct RevokeSecurityGroupEgress {
  static constexpr std::string_view name = "RevokeSecurityGroupEgress";
  static constexpr bool has_dry_run_handler = true;
  struct Input : GroupRulesInput {
    static Shape shape();
  };
  using Output = RevokeSecurityGroupOutput;
};

struct ModifySecurityGroupRules {
  static constexpr std::string_view name = "ModifySecurityGroupRules";
  static constexpr bool has_dry_run_handler = true;

  struct Rule {
    std::string protocol;
    std::optional<int> from_port;
    std::optional<int> to_port;
    std::optional<std::string> cidr_ipv4;
    std::optional<std::string> cidr_ipv6;
    std::optional<std::string> prefix_list_id;
    std::optional<std::string> referenced_group_id;
    std::optional<std::string> description;
    static Shape shape();
  };
  struct Update {
    std::string rule_id;
    Rule rule;
    static Shape shape();
  };
  struct Input {
    std::string group_id;
    std::vector<Update> updates;
    bool dry_run = false;
    static Shape shape();
  };
  using Output = Return;
};

struct RuleDescriptionsInput {
  struct Description {
    std::string rule_id;
    std::string description;
    static Shape shape();
  };
  std::string group_id;
  std::string group_name;
  std::vector<IpPermission> permissions;
  std::vector<Description> descriptions;
  bool dry_run = false;
  static Shape shape();
};

struct UpdateSecurityGroupRuleDescriptionsIngress {
  static constexpr std::string_view name = "UpdateSecurityGroupRuleDescriptionsIngress";
  static constexpr bool has_dry_run_handler = true;
  using Input = RuleDescriptionsInput;
  using Output = Return;
};

struct UpdateSecurityGroupRuleDescriptionsEgress {
  static constexpr std::string_view name = "UpdateSecurityGroupRuleDescriptionsEgress";
  static constexpr bool has_dry_run_handler = true;
  using Input = RuleDescriptionsInput;
  using Output = Return;
};

class SecurityGroupRulesApi {
 public:
  explicit SecurityGroupRulesApi(vpc::Network& network) : network_(network) {}
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<DescribeSecurityGroupRules::Output> describe(const Request&,
                                                      const DescribeSecurityGroupRules::Input&);
  Result<AuthorizeSecurityGroupOutput> authorize_ingress(
      const Request&, const AuthorizeSecurityGroupIngress::Input&);
  Result<AuthorizeSecurityGroupOutput> authorize_egress(const Request&,
                                                        const AuthorizeSecurityGroupEgress::Input&);
  Result<AuthorizeSecurityGroupOutput> authorize(const Request&, const GroupRulesInput&,
                                                 bool is_egress);
  Result<RevokeSecurityGroupOutput> revoke_ingress(const Request&,
                                                   const RevokeSecurityGroupIngress::Input&);
  Result<RevokeSecurityGroupOutput> revoke_egress(const Request&,
                                                  const RevokeSecurityGroupEgress::Input&);
  Result<RevokeSecurityGroupOutput> revoke(const Request&, const GroupRulesInput&, bool is_egress);
  Result<Return> modify(const Request&, const ModifySecurityGroupRules::Input&);
  Result<Return> describe_ingress(const Request&, const RuleDescriptionsInput&);
  Result<Return> describe_egress(const Request&, const RuleDescriptionsInput&);
  Result<Return> set_descriptions(const Request&, const RuleDescriptionsInput&, bool is_egress);

  vpc::Network& network_;
};

}  // namespace weir::api::ec2
