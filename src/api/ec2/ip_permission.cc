// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/ip_permission.h"

#include <algorithm>

namespace weir::api::ec2 {
namespace {

IpPermission& permission_for(std::vector<IpPermission>& list, std::string protocol,
                             std::optional<int> from, std::optional<int> to) {
  const auto same = std::find_if(list.begin(), list.end(), [&](const IpPermission& known) {
    return known.protocol == protocol && known.from_port == from && known.to_port == to;
  });
  if (same != list.end()) return *same;
  IpPermission& made = list.emplace_back();
  made.protocol = std::move(protocol);
  made.from_port = from;
  made.to_port = to;
  return made;
}

bool is_icmp(const std::string& protocol) { return protocol == "icmp" || protocol == "icmpv6"; }

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
      optional<&S::group_name>("groupName"),
      optional<&S::group_id>("groupId"),
  };
  return {"UserIdGroupPair", members};
}

Shape IpPermission::PrefixList::shape() {
  using S = PrefixList;
  static constexpr Member members[] = {
      optional<&S::description>("description"),
      optional<&S::id>("prefixListId"),
  };
  return {"PrefixListId", members};
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
      optional<&S::prefix_lists>("prefixListIds"),
  };
  return {"IpPermission", members};
}

std::vector<vpc::GroupRuleSpec> specs_of(const std::vector<IpPermission>& permissions) {
  std::vector<vpc::GroupRuleSpec> specs;
  for (const IpPermission& permission : permissions) {
    vpc::GroupRuleSpec common;
    common.ip_protocol = permission.protocol;
    common.from_port = permission.from_port;
    common.to_port = permission.to_port;
    const std::size_t before = specs.size();
    const auto add = [&](const std::optional<std::string>& description) -> vpc::GroupRuleSpec& {
      specs.push_back(common);
      specs.back().description = description;
      return specs.back();
    };
    for (const auto& range : permission.ranges) add(range.description).cidr_ipv4 = range.cidr;
    for (const auto& range : permission.ipv6_ranges) add(range.description).cidr_ipv6 = range.cidr;
    for (const auto& list : permission.prefix_lists) {
      add(list.description).prefix_list_id = list.id;
    }
    for (const auto& group : permission.groups) {
      vpc::GroupRuleSpec& spec = add(group.description);
      spec.group = vpc::GroupName{group.group_id, group.group_name.value_or("")};
      spec.group_owner_id = group.user_id;
    }
    if (specs.size() == before) specs.push_back(common);
  }
  return specs;
}

void add_rule(std::vector<IpPermission>& list, const vpc::SecurityGroupRule& rule) {
  const bool has_ports = rule.from_port != -1 || is_icmp(rule.ip_protocol);
  const auto port = [&](int value) { return has_ports ? std::optional(value) : std::nullopt; };
  IpPermission& into =
      permission_for(list, rule.ip_protocol, port(rule.from_port), port(rule.to_port));
  if (rule.cidr_ipv4) into.ranges.push_back({*rule.cidr_ipv4, rule.description});
  if (rule.cidr_ipv6) into.ipv6_ranges.push_back({*rule.cidr_ipv6, rule.description});
  if (rule.referenced_group) {
    into.groups.push_back(
        {rule.referenced_group->group_id, {}, rule.referenced_group->user_id, rule.description});
  }
}

void add_spec(std::vector<IpPermission>& list, const vpc::GroupRuleSpec& spec) {
  IpPermission& into = permission_for(list, spec.ip_protocol, spec.from_port, spec.to_port);
  if (spec.cidr_ipv4) into.ranges.push_back({*spec.cidr_ipv4, spec.description});
  if (spec.cidr_ipv6) into.ipv6_ranges.push_back({*spec.cidr_ipv6, spec.description});
  if (spec.prefix_list_id) into.prefix_lists.push_back({*spec.prefix_list_id, spec.description});
  if (spec.group) {
    IpPermission::Group group;
    group.group_id = spec.group->id;
    if (!spec.group->name.empty()) group.group_name = spec.group->name;
    group.user_id = spec.group_owner_id;
    group.description = spec.description;
    into.groups.push_back(std::move(group));
  }
}

}  // namespace weir::api::ec2
