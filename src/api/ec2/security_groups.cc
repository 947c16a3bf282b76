// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/security_groups.h"

#include <algorithm>

namespace weir::api::ec2 {
namespace {

using vpc::ScopeState;
using vpc::SecurityGroup;
using vpc::SecurityGroupRule;

template <class Take>
void each_rule(const SecurityGroup& group, const ScopeState& state, bool egress, Values& out,
               Take take) {
  for (const auto& [id, rule] : state.group_rules) {
    if (rule.group_id != group.id || rule.is_egress != egress) continue;
    if (const std::optional<std::string> value = take(rule)) out.push_back(*value);
  }
}

constexpr FilterField<SecurityGroup> kGroupFields[] = {
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
    {"ip-permission.cidr",
     [](const SecurityGroup& g, const ScopeState& state, Values& out) {
       each_rule(g, state, false, out, [](const auto& rule) { return rule.cidr_ipv4; });
     }},
    {"ip-permission.protocol",
     [](const SecurityGroup& g, const ScopeState& state, Values& out) {
       each_rule(g, state, false, out,
                 [](const auto& rule) { return std::optional(rule.ip_protocol); });
     }},
    {"ip-permission.group-id",
     [](const SecurityGroup& g, const ScopeState& state, Values& out) {
       each_rule(g, state, false, out, [](const auto& rule) {
         return rule.referenced_group ? std::optional(rule.referenced_group->group_id)
                                      : std::nullopt;
       });
     }},
    {"egress.ip-permission.cidr",
     [](const SecurityGroup& g, const ScopeState& state, Values& out) {
       each_rule(g, state, true, out, [](const auto& rule) { return rule.cidr_ipv4; });
     }},
    {"egress.ip-permission.protocol",
     [](const SecurityGroup& g, const ScopeState& state, Values& out) {
       each_rule(g, state, true, out,
                 [](const auto& rule) { return std::optional(rule.ip_protocol); });
     }},
};

constexpr FilterField<SecurityGroupRule> kRuleFields[] = {
    {"group-id",
     [](const SecurityGroupRule& r, const ScopeState&, Values& out) { out.push_back(r.group_id); }},
    {"security-group-rule-id",
     [](const SecurityGroupRule& r, const ScopeState&, Values& out) { out.push_back(r.id); }},
};

IpPermission& permission_for(std::vector<IpPermission>& list, const SecurityGroupRule& rule) {
  IpPermission wanted;
  wanted.protocol = rule.ip_protocol;
  if (rule.ip_protocol != "-1") {
    wanted.from_port = rule.from_port;
    wanted.to_port = rule.to_port;
  }
  const auto same = std::find_if(list.begin(), list.end(), [&](const IpPermission& known) {
    return known.protocol == wanted.protocol && known.from_port == wanted.from_port &&
           known.to_port == wanted.to_port;
  });
  return same != list.end() ? *same : list.emplace_back(std::move(wanted));
}

SecurityGroupShown shown(const SecurityGroup& group, const ScopeState& state) {
  SecurityGroupShown out;
  out.id = group.id;
  out.tags = group.tags;
  out.vpc_id = group.vpc_id;
  out.arn = group.arn;
  out.owner_id = group.owner_id;
  out.name = group.name;
  out.description = group.description;
  for (const auto& [id, rule] : state.group_rules) {
    if (rule.group_id != group.id) continue;
    IpPermission& into = permission_for(rule.is_egress ? out.egress : out.ingress, rule);
    if (rule.cidr_ipv4) into.ranges.push_back({*rule.cidr_ipv4, rule.description});
    if (rule.cidr_ipv6) into.ipv6_ranges.push_back({*rule.cidr_ipv6, rule.description});
    if (rule.referenced_group) {
      into.groups.push_back(
          {rule.referenced_group->group_id, rule.referenced_group->user_id, rule.description});
    }
  }
  return out;
}

}  // namespace

Shape IpPermission::Range::shape() {
  using S = Range;
  static constexpr Member members[] = {
      optional<&S::description>("description"),
      optional<&S::cidr>("cidrIp"),
  };
  return {"IpRange", members};
}

Shape IpPermission::Ipv6Range::shape() {
  using S = Ipv6Range;
  static constexpr Member members[] = {
      optional<&S::description>("description"),
      optional<&S::cidr>("cidrIpv6"),
  };
  return {"Ipv6Range", members};
}

Shape IpPermission::Group::shape() {
  using S = Group;
  static constexpr Member members[] = {
      optional<&S::description>("description"),
      optional<&S::user_id>("userId"),
      optional<&S::group_id>("groupId"),
  };
  return {"UserIdGroupPair", members};
}

Shape IpPermission::shape() {
  using S = IpPermission;
  static constexpr Member members[] = {
      optional<&S::protocol>("ipProtocol"),
      optional<&S::from_port>("fromPort"),
      optional<&S::to_port>("toPort"),
      optional<&S::groups>("groups"),
      optional<&S::ranges>("ipRanges"),
      optional<&S::ipv6_ranges>("ipv6Ranges"),
      optional<&S::prefix_list_ids>("prefixListIds"),
  };
  return {"IpPermission", members};
}

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

void SecurityGroupsApi::add_to(wire::OperationTable& table) {
  add<DescribeSecurityGroups>(table, *this, &SecurityGroupsApi::groups);
  add<DescribeSecurityGroupRules>(table, *this, &SecurityGroupsApi::rules);
}

Result<DescribeSecurityGroups::Output> SecurityGroupsApi::groups(
    const wire::Request& request, const DescribeSecurityGroups::Input& in) {
  WEIR_TRY(const auto state, network_.state(request.scope));
  // A name stands for the group of that name in the default VPC.
  std::vector<std::string> ids = in.group_ids;
  for (const std::string& group_name : in.group_names) {
    const auto found =
        std::find_if(state->groups.begin(), state->groups.end(),
                     [&](const auto& item) { return item.second.name == group_name; });
    if (found == state->groups.end()) return vpc::no_such(group_name, "sg-");
    ids.push_back(found->first);
  }
  const Selection selection{ids, "sg-", in.filters, in.max_results, in.next_token};
  WEIR_TRY(auto page, select<SecurityGroup>(state->groups, selection, kGroupFields, *state));
  DescribeSecurityGroups::Output out;
  for (const SecurityGroup& group : page.items) out.groups.push_back(shown(group, *state));
  out.next_token = std::move(page.next_token);
  return out;
}

Result<DescribeSecurityGroupRules::Output> SecurityGroupsApi::rules(
    const wire::Request& request, const DescribeSecurityGroupRules::Input& in) {
  WEIR_TRY(const auto state, network_.state(request.scope));
  const Selection selection{in.rule_ids, "sgr-", in.filters, in.max_results, in.next_token};
  WEIR_TRY(auto page,
           select<SecurityGroupRule>(state->group_rules, selection, kRuleFields, *state));
  return DescribeSecurityGroupRules::Output{std::move(page.items), std::move(page.next_token)};
}

}  // namespace weir::api::ec2
