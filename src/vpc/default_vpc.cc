// SPDX-License-Identifier: Apache-2.0
#include "vpc/default_vpc.h"

#include <algorithm>
#include <cctype>

#include "net/address.h"
#include "vpc/interfaces.h"

namespace weir::vpc {
namespace {

constexpr std::string_view kDefaultCidr = "172.31.0.0/16";
constexpr std::pair<std::string_view, std::string_view> kZones[] = {
    {"a", "172.31.0.0/20"}, {"b", "172.31.16.0/20"}, {"c", "172.31.32.0/20"}};

/// `us-gov-west-1` is usgw1, `ap-southeast-2` apse2: the first part, the initials of the
/// directions, the number.
std::string region_code(std::string_view region) {
  std::string code;
  std::size_t position = 0;
  for (std::string_view rest = region; !rest.empty(); ++position) {
    const std::string_view part = rest.substr(0, rest.find('-'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (part.empty()) continue;
    const bool is_number = std::isdigit(static_cast<unsigned char>(part[0])) != 0;
    if (position == 0 || is_number) {
      code += part;
      continue;
    }
    code += part[0];
    const bool is_north_or_south = part.starts_with("north") || part.starts_with("south");
    if (is_north_or_south && part.size() > 5) code += part[5];
  }
  return code;
}

SecurityGroupRule group_rule(const Scope& scope, const SecurityGroup& group, bool is_egress) {
  SecurityGroupRule rule;
  rule.id = stable_id("sgr-", group.id + (is_egress ? "egress" : "ingress"));
  rule.arn = arn("ec2", scope, "security-group-rule/" + rule.id);
  rule.group_id = group.id;
  rule.group_owner_id = scope.account;
  rule.is_egress = is_egress;
  if (is_egress) {
    rule.cidr_ipv4 = "0.0.0.0/0";
  } else {
    rule.referenced_group = SecurityGroupRule::Reference{group.id, scope.account};
  }
  return rule;
}

}  // namespace

std::string zone_id(std::string_view region, std::string_view letter) {
  const int number = letter.empty() ? 1 : letter[0] - 'a' + 1;
  return region_code(region) + "-az" + std::to_string(number);
}

Subnet subnet_of(const Scope& scope, const Vpc& vpc, std::string_view letter,
                 std::string_view cidr) {
  Subnet subnet;
  subnet.id = stable_id("subnet-", vpc.id + std::string(cidr));
  subnet.arn = arn("ec2", scope, "subnet/" + subnet.id);
  subnet.vpc_id = vpc.id;
  subnet.owner_id = scope.account;
  subnet.availability_zone = scope.region + std::string(letter);
  subnet.availability_zone_id = zone_id(scope.region, letter);
  subnet.default_for_az = false;
  subnet.map_public_ip_on_launch = false;
  if (const auto prefix = net::Prefix::parse(cidr); prefix && prefix->is_v6()) {
    subnet.ipv6_native = true;
    return subnet;
  }
  subnet.cidr_block = cidr;
  subnet.available_ip_addresses = usable_addresses(cidr);
  return subnet;
}

ScopeState vpc_with_defaults(const Scope& scope, Vpc vpc) {
  ScopeState state;
  vpc.owner_id = scope.account;
  vpc.dhcp_options_id = stable_id("dopt-", vpc.id);

  NetworkAcl acl;
  acl.id = stable_id("acl-", vpc.id);
  acl.vpc_id = vpc.id;
  acl.owner_id = scope.account;
  acl.is_default = true;
  acl.entries = default_entries(false);

  SecurityGroup group;
  group.id = stable_id("sg-", vpc.id);
  group.arn = arn("ec2", scope, "security-group/" + group.id);
  group.name = "default";
  group.description = "default VPC security group";
  group.vpc_id = vpc.id;
  group.owner_id = scope.account;
  for (const bool is_egress : {false, true}) {
    SecurityGroupRule rule = group_rule(scope, group, is_egress);
    state.group_rules.emplace(rule.id, std::move(rule));
  }
  state.groups.emplace(group.id, std::move(group));
  state.acls.emplace(acl.id, std::move(acl));
  state.vpcs.emplace(vpc.id, std::move(vpc));
  return state;
}

ScopeState default_vpc(const Scope& scope, std::string_view seed) {
  Vpc vpc;
  vpc.id = stable_id("vpc-", scope.key() + std::string(seed));
  vpc.cidr_block = kDefaultCidr;
  vpc.cidr_associations = {{stable_id("vpc-cidr-assoc-", vpc.id + std::string(kDefaultCidr)),
                            std::string(kDefaultCidr),
                            {}}};
  ScopeState state = vpc_with_defaults(scope, vpc);
  NetworkAcl& acl = state.acls.begin()->second;
  for (const auto& [letter, cidr] : kZones) {
    Subnet subnet = subnet_of(scope, vpc, letter, cidr);
    subnet.default_for_az = true;
    subnet.map_public_ip_on_launch = true;
    acl.associations.push_back({stable_id("aclassoc-", subnet.id), acl.id, subnet.id});
    state.subnets.emplace(subnet.id, std::move(subnet));
  }
  return state;
}

const Vpc& default_vpc_of(const ScopeState& state) {
  const auto found = std::find_if(state.vpcs.begin(), state.vpcs.end(),
                                  [](const auto& item) { return item.second.is_default; });
  WEIR_ASSERT(found != state.vpcs.end());
  return found->second;
}

const NetworkAcl& default_acl_of(const ScopeState& state, std::string_view vpc_id) {
  const auto found = std::find_if(state.acls.begin(), state.acls.end(), [&](const auto& item) {
    return item.second.is_default && item.second.vpc_id == vpc_id;
  });
  WEIR_ASSERT(found != state.acls.end());
  return found->second;
}

int usable_addresses(std::string_view cidr) {
  constexpr int kReserved = 5;
  constexpr unsigned kHostBitsMax = 24;  // more than any real subnet has; keeps the number an int
  const auto prefix = net::Prefix::parse(cidr);
  if (!prefix || !prefix->is_v4()) return 0;
  const unsigned host_bits = std::min(32 - prefix->length(), kHostBitsMax);
  return std::max(0, (1 << host_bits) - kReserved);
}

}  // namespace weir::vpc
