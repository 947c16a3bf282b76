// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/security_group_rules.h"

#include <algorithm>

namespace weir::api::ec2 {
namespace {

using vpc::GroupRuleSpec;
using vpc::ScopeState;
using vpc::SecurityGroupRule;

constexpr FilterField<SecurityGroupRule> kFields[] = {
    {"group-id",
     [](const SecurityGroupRule& r, const ScopeState&, Values& out) { out.push_back(r.group_id); }},
    {"security-group-rule-id",
     [](const SecurityGroupRule& r, const ScopeState&, Values& out) { out.push_back(r.id); }},
};

bool has_old_form(const GroupRulesInput& in) {
  return in.cidr || in.from_port || in.to_port || in.protocol || in.source_group_name;
}

/// A source group alone means all TCP, UDP and ICMP traffic from it (EC2-Classic's rule, kept by
/// the default VPC).
std::vector<GroupRuleSpec> specs_of_old_form(const GroupRulesInput& in) {
  GroupRuleSpec spec;
  spec.ip_protocol = in.protocol.value_or("");
  spec.from_port = in.from_port;
  spec.to_port = in.to_port;
  spec.cidr_ipv4 = in.cidr;
  if (!in.source_group_name) return {spec};
  spec.group = vpc::GroupName{"", *in.source_group_name};
  spec.group_owner_id = in.source_group_owner;
  if (in.protocol) return {spec};
  std::vector<GroupRuleSpec> specs;
  for (const char* protocol : {"tcp", "udp", "icmp"}) {
    const bool is_icmp = std::string_view(protocol) == "icmp";
    spec.ip_protocol = protocol;
    spec.from_port = is_icmp ? -1 : 0;
    spec.to_port = is_icmp ? -1 : 65535;
    specs.push_back(spec);
  }
  return specs;
}

Result<std::vector<GroupRuleSpec>> specs_in(const GroupRulesInput& in) {
  if (!has_old_form(in)) return specs_of(in.permissions);
  if (in.permissions.empty()) return specs_of_old_form(in);
  return Error{ErrorKind::invalid, "InvalidParameterCombination",
               "The parameter 'ipPermissions' may not be used in combination with 'ipProtocol'"};
}

RevokedRule revoked(const SecurityGroupRule& rule) {
  RevokedRule out;
  out.id = rule.id;
  out.group_id = rule.group_id;
  out.is_egress = rule.is_egress;
  out.protocol = rule.ip_protocol;
  out.from_port = rule.from_port;
  out.to_port = rule.to_port;
  out.cidr_ipv4 = rule.cidr_ipv4;
  out.cidr_ipv6 = rule.cidr_ipv6;
  if (rule.referenced_group) out.referenced_group_id = rule.referenced_group->group_id;
  out.description = rule.description;
  return out;
}

GroupRuleSpec spec_of(const ModifySecurityGroupRules::Rule& rule) {
  GroupRuleSpec spec;
  spec.ip_protocol = rule.protocol;
  spec.from_port = rule.from_port;
  spec.to_port = rule.to_port;
  spec.cidr_ipv4 = rule.cidr_ipv4;
  spec.cidr_ipv6 = rule.cidr_ipv6;
  spec.prefix_list_id = rule.prefix_list_id;
  if (rule.referenced_group_id) spec.group = vpc::GroupName{*rule.referenced_group_id, ""};
  spec.description = rule.description;
  return spec;
}

}  // namespace

Shape DescribeSecurityGroupRules::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::filters>("Filters").query("Filter"),
      optional<&S::rule_ids>("SecurityGroupRuleIds").query("SecurityGroupRuleId"),
      optional<&S::dry_run>("DryRun"),
      optional<&S::next_token>("NextToken"),
      optional<&S::max_results>("MaxResults"),
  };
  return {"DescribeSecurityGroupRulesRequest", members};
}

Shape DescribeSecurityGroupRules::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::rules>("securityGroupRuleSet"),
      optional<&S::next_token>("nextToken"),
  };
  return {"DescribeSecurityGroupRulesResult", members};
}

Shape AuthorizeSecurityGroupIngress::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::cidr>("CidrIp"),
      optional<&S::from_port>("FromPort"),
      optional<&S::group_id>("GroupId"),
      optional<&S::group_name>("GroupName"),
      optional<&S::permissions>("IpPermissions"),
      optional<&S::protocol>("IpProtocol"),
      optional<&S::source_group_name>("SourceSecurityGroupName"),
      optional<&S::source_group_owner>("SourceSecurityGroupOwnerId"),
      optional<&S::to_port>("ToPort"),
      optional<&S::tag_specifications>("TagSpecifications").query("TagSpecification"),
      optional<&S::dry_run>("DryRun"),
  };
  return {"AuthorizeSecurityGroupIngressRequest", members};
}

Shape AuthorizeSecurityGroupEgress::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      required<&S::group_id>("GroupId"),
      optional<&S::permissions>("IpPermissions"),
      optional<&S::tag_specifications>("TagSpecifications").query("TagSpecification"),
      optional<&S::dry_run>("DryRun"),
  };
  return {"AuthorizeSecurityGroupEgressRequest", members};
}

Shape AuthorizeSecurityGroupOutput::shape() {
  using S = AuthorizeSecurityGroupOutput;
  static constexpr Member members[] = {
      optional<&S::is_done>("return"),
      optional<&S::rules>("securityGroupRuleSet"),
  };
  return {"AuthorizeSecurityGroupResult", members};
}

Shape RevokeSecurityGroupIngress::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::cidr>("CidrIp"),
      optional<&S::from_port>("FromPort"),
      optional<&S::group_id>("GroupId"),
      optional<&S::group_name>("GroupName"),
      optional<&S::permissions>("IpPermissions"),
      optional<&S::protocol>("IpProtocol"),
      optional<&S::source_group_name>("SourceSecurityGroupName"),
      optional<&S::source_group_owner>("SourceSecurityGroupOwnerId"),
      optional<&S::to_port>("ToPort"),
      optional<&S::rule_ids>("SecurityGroupRuleIds").query("SecurityGroupRuleId"),
      optional<&S::dry_run>("DryRun"),
  };
  return {"RevokeSecurityGroupIngressRequest", members};
}

Shape RevokeSecurityGroupEgress::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      required<&S::group_id>("GroupId"),
      optional<&S::permissions>("IpPermissions"),
      optional<&S::rule_ids>("SecurityGroupRuleIds").query("SecurityGroupRuleId"),
      optional<&S::dry_run>("DryRun"),
  };
  return {"RevokeSecurityGroupEgressRequest", members};
}

Shape RevokedRule::shape() {
  using S = RevokedRule;
  static constexpr Member members[] = {
      optional<&S::id>("securityGroupRuleId"),
      optional<&S::group_id>("groupId"),
      optional<&S::is_egress>("isEgress"),
      optional<&S::protocol>("ipProtocol"),
      optional<&S::from_port>("fromPort"),
      optional<&S::to_port>("toPort"),
      optional<&S::cidr_ipv4>("cidrIpv4"),
      optional<&S::cidr_ipv6>("cidrIpv6"),
      optional<&S::referenced_group_id>("referencedGroupId"),
      optional<&S::description>("description"),
  };
  return {"RevokedSecurityGroupRule", members};
}

Shape RevokeSecurityGroupOutput::shape() {
  using S = RevokeSecurityGroupOutput;
  static constexpr Member members[] = {
      optional<&S::is_done>("return"),
      optional<&S::unknown>("unknownIpPermissionSet"),
      optional<&S::revoked>("revokedSecurityGroupRuleSet"),
  };
  return {"RevokeSecurityGroupResult", members};
}

Shape ModifySecurityGroupRules::Rule::shape() {
  using S = Rule;
  static constexpr Member members[] = {
      optional<&S::protocol>("IpProtocol"),
      optional<&S::from_port>("FromPort"),
      optional<&S::to_port>("ToPort"),
      optional<&S::cidr_ipv4>("CidrIpv4"),
      optional<&S::cidr_ipv6>("CidrIpv6"),
      optional<&S::prefix_list_id>("PrefixListId"),
      optional<&S::referenced_group_id>("ReferencedGroupId"),
      optional<&S::description>("Description"),
  };
  return {"SecurityGroupRuleRequest", members};
}

Shape ModifySecurityGroupRules::Update::shape() {
  using S = Update;
  static constexpr Member members[] = {
      required<&S::rule_id>("SecurityGroupRuleId"),
      optional<&S::rule>("SecurityGroupRule"),
  };
  return {"SecurityGroupRuleUpdate", members};
}

Shape ModifySecurityGroupRules::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      required<&S::group_id>("GroupId"),
      required<&S::updates>("SecurityGroupRules").query("SecurityGroupRule"),
      optional<&S::dry_run>("DryRun"),
  };
  return {"ModifySecurityGroupRulesRequest", members};
}

Shape RuleDescriptionsInput::Description::shape() {
  using S = Description;
  static constexpr Member members[] = {
      optional<&S::rule_id>("SecurityGroupRuleId"),
      optional<&S::description>("Description"),
  };
  return {"SecurityGroupRuleDescription", members};
}

Shape RuleDescriptionsInput::shape() {
  using S = RuleDescriptionsInput;
  static constexpr Member members[] = {
      optional<&S::dry_run>("DryRun"),
      optional<&S::group_id>("GroupId"),
      optional<&S::group_name>("GroupName"),
      optional<&S::permissions>("IpPermissions"),
      optional<&S::descriptions>("SecurityGroupRuleDescriptions")
          .query("SecurityGroupRuleDescription"),
  };
  return {"UpdateSecurityGroupRuleDescriptionsRequest", members};
}

void SecurityGroupRulesApi::add_to(wire::OperationTable& table) {
  using Api = SecurityGroupRulesApi;
  add<DescribeSecurityGroupRules>(table, *this, &Api::describe);
  add<AuthorizeSecurityGroupIngress>(table, *this, &Api::authorize_ingress);
  add<AuthorizeSecurityGroupEgress>(table, *this, &Api::authorize_egress);
  add<RevokeSecurityGroupIngress>(table, *this, &Api::revoke_ingress);
  add<RevokeSecurityGroupEgress>(table, *this, &Api::revoke_egress);
  add<ModifySecurityGroupRules>(table, *this, &Api::modify);
  add<UpdateSecurityGroupRuleDescriptionsIngress>(table, *this, &Api::describe_ingress);
  add<UpdateSecurityGroupRuleDescriptionsEgress>(table, *this, &Api::describe_egress);
}

Result<DescribeSecurityGroupRules::Output> SecurityGroupRulesApi::describe(
    const Request& request, const DescribeSecurityGroupRules::Input& in) {
  WEIR_TRY(const auto state, network_.state(request.scope));
  const Selection selection{in.rule_ids, "sgr-", in.filters, in.max_results, in.next_token};
  WEIR_TRY(auto page, select<SecurityGroupRule>(state->group_rules, selection, kFields, *state));
  return DescribeSecurityGroupRules::Output{std::move(page.items), std::move(page.next_token)};
}

Result<AuthorizeSecurityGroupOutput> SecurityGroupRulesApi::authorize_ingress(
    const Request& request, const AuthorizeSecurityGroupIngress::Input& in) {
  return authorize(request, in, false);
}

Result<AuthorizeSecurityGroupOutput> SecurityGroupRulesApi::authorize_egress(
    const Request& request, const AuthorizeSecurityGroupEgress::Input& in) {
  return authorize(request, in, true);
}

Result<AuthorizeSecurityGroupOutput> SecurityGroupRulesApi::authorize(const Request& request,
                                                                      const GroupRulesInput& in,
                                                                      bool is_egress) {
  WEIR_TRY(const auto tags, tags_for("security-group-rule", in.tag_specifications));
  WEIR_TRY(const auto specs, specs_in(in));
  WEIR_TRY(auto rules,
           network_.authorize_group(request.scope, {in.group_id, in.group_name}, is_egress, specs,
                                    tags, origin_of(request, in.dry_run)));
  return AuthorizeSecurityGroupOutput{true, std::move(rules)};
}

Result<RevokeSecurityGroupOutput> SecurityGroupRulesApi::revoke_ingress(
    const Request& request, const RevokeSecurityGroupIngress::Input& in) {
  return revoke(request, in, false);
}

Result<RevokeSecurityGroupOutput> SecurityGroupRulesApi::revoke_egress(
    const Request& request, const RevokeSecurityGroupEgress::Input& in) {
  return revoke(request, in, true);
}

Result<RevokeSecurityGroupOutput> SecurityGroupRulesApi::revoke(const Request& request,
                                                                const GroupRulesInput& in,
                                                                bool is_egress) {
  WEIR_TRY(const auto specs, specs_in(in));
  if (!specs.empty() && !in.rule_ids.empty()) {
    return Error{ErrorKind::invalid, "InvalidParameterCombination",
                 "The parameter 'ipPermissions' may not be used in combination with "
                 "'securityGroupRuleIds'"};
  }
  const vpc::GroupName group{in.group_id, in.group_name};
  const vpc::Origin origin = origin_of(request, in.dry_run);
  WEIR_TRY(const auto done,
           in.rule_ids.empty()
               ? network_.revoke_group(request.scope, group, is_egress, specs, origin)
               : network_.revoke_group_rules(request.scope, group, is_egress, in.rule_ids, origin));
  RevokeSecurityGroupOutput out;
  for (const std::size_t index : done.unknown) add_spec(out.unknown, specs[index]);
  for (const SecurityGroupRule& rule : done.revoked) out.revoked.push_back(revoked(rule));
  return out;
}

Result<Return> SecurityGroupRulesApi::modify(const Request& request,
                                             const ModifySecurityGroupRules::Input& in) {
  std::vector<vpc::RuleChange> changes;
  for (const auto& update : in.updates) {
    changes.push_back({update.rule_id, spec_of(update.rule)});
  }
  WEIR_CHECK(network_.modify_group_rules(request.scope, in.group_id, changes,
                                         origin_of(request, in.dry_run)));
  return Return{};
}

Result<Return> SecurityGroupRulesApi::describe_ingress(const Request& request,
                                                       const RuleDescriptionsInput& in) {
  return set_descriptions(request, in, false);
}

Result<Return> SecurityGroupRulesApi::describe_egress(const Request& request,
                                                      const RuleDescriptionsInput& in) {
  return set_descriptions(request, in, true);
}

Result<Return> SecurityGroupRulesApi::set_descriptions(const Request& request,
                                                       const RuleDescriptionsInput& in,
                                                       bool is_egress) {
  std::vector<vpc::RuleDescription> by_id;
  for (const auto& one : in.descriptions) by_id.push_back({one.rule_id, one.description});
  WEIR_CHECK(network_.describe_group_rules(request.scope, {in.group_id, in.group_name}, is_egress,
                                           specs_of(in.permissions), by_id,
                                           origin_of(request, in.dry_run)));
  return Return{};
}

}  // namespace weir::api::ec2
