// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/security_groups.h"

#include <algorithm>

#include "vpc/default_vpc.h"

namespace weir::api::ec2 {
namespace {

using vpc::ScopeState;
using vpc::SecurityGroup;
using vpc::SecurityGroupRule;

using Text = std::optional<std::string>;

// What a filter looks at in the rules of a group.
Text protocol_of(const SecurityGroupRule& rule, const ScopeState&) { return rule.ip_protocol; }
Text from_port_of(const SecurityGroupRule& rule, const ScopeState&) {
  return std::to_string(rule.from_port);
}
Text to_port_of(const SecurityGroupRule& rule, const ScopeState&) {
  return std::to_string(rule.to_port);
}
Text cidr_of(const SecurityGroupRule& rule, const ScopeState&) { return rule.cidr_ipv4; }
Text ipv6_cidr_of(const SecurityGroupRule& rule, const ScopeState&) { return rule.cidr_ipv6; }
Text prefix_list_of(const SecurityGroupRule&, const ScopeState&) { return std::nullopt; }
Text group_of(const SecurityGroupRule& rule, const ScopeState&) {
  return rule.referenced_group ? Text(rule.referenced_group->group_id) : std::nullopt;
}
Text user_of(const SecurityGroupRule& rule, const ScopeState&) {
  return rule.referenced_group ? Text(rule.referenced_group->user_id) : std::nullopt;
}
Text group_name_of(const SecurityGroupRule& rule, const ScopeState& state) {
  if (!rule.referenced_group) return std::nullopt;
  const auto group = state.groups.find(rule.referenced_group->group_id);
  return group == state.groups.end() ? std::nullopt : Text(group->second.name);
}

template <bool is_egress, Text (*Take)(const SecurityGroupRule&, const ScopeState&)>
void of_rules(const SecurityGroup& group, const ScopeState& state, Values& out) {
  for (const auto& [id, rule] : state.group_rules) {
    if (rule.group_id != group.id || rule.is_egress != is_egress) continue;
    if (Text value = Take(rule, state)) out.push_back(*std::move(value));
  }
}

constexpr FilterField<SecurityGroup> kFields[] = {
    {"group-id",
     [](const SecurityGroup& g, const ScopeState&, Values& out) { out.push_back(g.id); }},
    {"group-name",
     [](const SecurityGroup& g, const ScopeState&, Values& out) { out.push_back(g.name); }},
    {"description",
     [](const SecurityGroup& g, const ScopeState&, Values& out) { out.push_back(g.description); }},
    {"owner-id",
     [](const SecurityGroup& g, const ScopeState&, Values& out) { out.push_back(g.owner_id); }},
    {"vpc-id",
     [](const SecurityGroup& g, const ScopeState&, Values& out) { out.push_back(g.vpc_id); }},
    {"ip-permission.cidr", of_rules<false, cidr_of>},
    {"ip-permission.from-port", of_rules<false, from_port_of>},
    {"ip-permission.group-id", of_rules<false, group_of>},
    {"ip-permission.group-name", of_rules<false, group_name_of>},
    {"ip-permission.ipv6-cidr", of_rules<false, ipv6_cidr_of>},
    {"ip-permission.prefix-list-id", of_rules<false, prefix_list_of>},
    {"ip-permission.protocol", of_rules<false, protocol_of>},
    {"ip-permission.to-port", of_rules<false, to_port_of>},
    {"ip-permission.user-id", of_rules<false, user_of>},
    {"egress.ip-permission.cidr", of_rules<true, cidr_of>},
    {"egress.ip-permission.from-port", of_rules<true, from_port_of>},
    {"egress.ip-permission.group-id", of_rules<true, group_of>},
    {"egress.ip-permission.group-name", of_rules<true, group_name_of>},
    {"egress.ip-permission.ipv6-cidr", of_rules<true, ipv6_cidr_of>},
    {"egress.ip-permission.prefix-list-id", of_rules<true, prefix_list_of>},
    {"egress.ip-permission.protocol", of_rules<true, protocol_of>},
    {"egress.ip-permission.to-port", of_rules<true, to_port_of>},
    {"egress.ip-permission.user-id", of_rules<true, user_of>},
};

/// Without its rules.
SecurityGroupShown shown(const SecurityGroup& group) {
  SecurityGroupShown out;
  out.id = group.id;
  out.tags = group.tags;
  out.vpc_id = group.vpc_id;
  out.arn = group.arn;
  out.owner_id = group.owner_id;
  out.name = group.name;
  out.description = group.description;
  return out;
}

/// Puts the rules into their groups, which are in the order of their ids, in one pass.
void add_rules(const ScopeState& state, std::vector<SecurityGroupShown>& groups) {
  for (const auto& [id, rule] : state.group_rules) {
    const auto group = std::ranges::lower_bound(groups, rule.group_id, {}, &SecurityGroupShown::id);
    if (group == groups.end() || group->id != rule.group_id) continue;
    add_rule(rule.is_egress ? group->egress : group->ingress, rule);
  }
}

}  // namespace

Shape SecurityGroupShown::shape() {
  using S = SecurityGroupShown;
  static constexpr Member members[] = {
      optional<&S::id>("groupId"),
      optional<&S::egress>("ipPermissionsEgress"),
      optional<&S::tags>("tagSet"),
      optional<&S::vpc_id>("vpcId"),
      optional<&S::arn>("securityGroupArn"),
      optional<&S::owner_id>("ownerId"),
      optional<&S::name>("groupName"),
      optional<&S::description>("groupDescription"),
      optional<&S::ingress>("ipPermissions"),
  };
  return {"SecurityGroup", members};
}

Shape DescribeSecurityGroups::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::group_ids>("GroupIds").query("GroupId"),
      optional<&S::group_names>("GroupNames").query("GroupName"),
      optional<&S::next_token>("NextToken"),
      optional<&S::max_results>("MaxResults"),
      optional<&S::dry_run>("DryRun"),
      optional<&S::filters>("Filters").query("Filter"),
  };
  return {"DescribeSecurityGroupsRequest", members};
}

Shape DescribeSecurityGroups::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::next_token>("nextToken"),
      optional<&S::groups>("securityGroupInfo"),
  };
  return {"DescribeSecurityGroupsResult", members};
}

Shape CreateSecurityGroup::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      required<&S::description>("GroupDescription"),
      required<&S::group_name>("GroupName"),
      optional<&S::vpc_id>("VpcId"),
      optional<&S::tag_specifications>("TagSpecifications").query("TagSpecification"),
      optional<&S::dry_run>("DryRun"),
  };
  return {"CreateSecurityGroupRequest", members};
}

Shape CreateSecurityGroup::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::is_done>("return"),
      optional<&S::group_id>("groupId"),
      optional<&S::tags>("tagSet"),
      optional<&S::arn>("securityGroupArn"),
  };
  return {"CreateSecurityGroupResult", members};
}

Shape DeleteSecurityGroup::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::group_id>("GroupId"),
      optional<&S::group_name>("GroupName"),
      optional<&S::dry_run>("DryRun"),
  };
  return {"DeleteSecurityGroupRequest", members};
}

Shape DeleteSecurityGroup::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::is_done>("return"),
      optional<&S::group_id>("groupId"),
  };
  return {"DeleteSecurityGroupResult", members};
}

void SecurityGroupsApi::add_to(wire::OperationTable& table) {
  add<DescribeSecurityGroups>(table, *this, &SecurityGroupsApi::describe);
  add<CreateSecurityGroup>(table, *this, &SecurityGroupsApi::create);
  add<DeleteSecurityGroup>(table, *this, &SecurityGroupsApi::remove);
}

Result<DescribeSecurityGroups::Output> SecurityGroupsApi::describe(
    const Request& request, const DescribeSecurityGroups::Input& in) {
  WEIR_TRY(const auto state, network_.state(request.scope));
  // A name stands for the group of that name in the default VPC.
  const std::string& vpc_id = vpc::default_vpc_of(*state).id;
  std::vector<std::string> ids = in.group_ids;
  for (const std::string& group_name : in.group_names) {
    const auto found =
        std::find_if(state->groups.begin(), state->groups.end(), [&](const auto& item) {
          return item.second.name == group_name && item.second.vpc_id == vpc_id;
        });
    if (found == state->groups.end()) return vpc::no_such_group_name(group_name, vpc_id);
    ids.push_back(found->first);
  }
  const Selection selection{ids, "sg-", in.filters, in.max_results, in.next_token};
  WEIR_TRY(auto page, select<SecurityGroup>(state->groups, selection, kFields, *state));
  DescribeSecurityGroups::Output out;
  for (const SecurityGroup& group : page.items) out.groups.push_back(shown(group));
  add_rules(*state, out.groups);
  out.next_token = std::move(page.next_token);
  return out;
}

Result<CreateSecurityGroup::Output> SecurityGroupsApi::create(
    const Request& request, const CreateSecurityGroup::Input& in) {
  WEIR_TRY(auto tags, tags_for("security-group", in.tag_specifications));
  vpc::NewGroup wanted{in.group_name, in.description, in.vpc_id, std::move(tags)};
  WEIR_TRY(auto group,
           network_.create_group(request.scope, std::move(wanted), origin_of(request, in.dry_run)));
  return CreateSecurityGroup::Output{true, std::move(group.id), std::move(group.tags),
                                     std::move(group.arn)};
}

Result<DeleteSecurityGroup::Output> SecurityGroupsApi::remove(
    const Request& request, const DeleteSecurityGroup::Input& in) {
  WEIR_TRY(auto id, network_.delete_group(request.scope, {in.group_id, in.group_name},
                                          origin_of(request, in.dry_run)));
  return DeleteSecurityGroup::Output{true, std::move(id)};
}

}  // namespace weir::api::ec2
