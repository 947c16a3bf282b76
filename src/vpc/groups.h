// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "vpc/acl.h"
#include "vpc/types.h"

/// Security groups: stateful allow lists of network interfaces.
namespace weir::vpc {

// AWS's default quotas.
inline constexpr std::size_t kGroupsMax = 2500;       // per account and region
inline constexpr std::size_t kRulesPerGroupMax = 60;  // per direction and IP version
inline constexpr std::size_t kGroupsPerInterfaceMax = 5;

/// The group's id, or its name in the default VPC.
struct GroupName {
  std::string id;
  std::string name;
};

struct NewGroup {
  std::string name;
  std::string description;
  std::string vpc_id;  // "": the default VPC
  Tags tags;
};

/// A rule as a request gives it. Exactly one of the peers is set.
struct GroupRuleSpec {
  std::string ip_protocol;
  std::optional<int> from_port = {};  // ICMP: type
  std::optional<int> to_port = {};    // ICMP: code
  std::optional<std::string> cidr_ipv4 = {};
  std::optional<std::string> cidr_ipv6 = {};
  std::optional<std::string> prefix_list_id = {};  // always refused: there are none
  std::optional<GroupName> group = {};
  std::string group_owner_id = {};  // of `group`; "": the own account
  std::optional<std::string> description = {};
};

/// What a revocation did; `unknown` are the places in the request that matched no rule.
struct RevokedRules {
  std::vector<SecurityGroupRule> revoked;
  std::vector<std::size_t> unknown;
};

struct RuleChange {
  std::string rule_id;
  GroupRuleSpec rule;
};

struct RuleDescription {
  std::string rule_id;
  std::string description;  // "": none
};

/// Which attributes of a network interface are to change; the others stay.
struct InterfaceChange {
  std::optional<std::vector<std::string>> group_ids = {};
  std::optional<std::string> description = {};
  std::optional<bool> source_dest_check = {};
};

/// AWS's rules for the name of a group (1 to 255 characters of a small set, not `sg-*`, not
/// `default`) and for its description. Returns them without blanks at the end.
Result<std::string> canonical_group_name(std::string name);
Result<std::string> canonical_group_description(std::string description);

/// The rule as AWS stores it, without ids and without `referenced_group` (which needs the other
/// groups): tcp, udp, icmp and icmpv6 by name, other protocols by number, CIDR blocks without host
/// bits, -1 for ports that the protocol does not have. Errors are those of
/// AuthorizeSecurityGroupIngress.
Result<SecurityGroupRule> canonical(const GroupRuleSpec& spec);

/// Same direction, protocol, ports and peer; the description does not count.
bool is_same_rule(const SecurityGroupRule& a, const SecurityGroupRule& b);

/// `peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW`, as AWS names a rule in errors.
std::string describe(const SecurityGroupRule& rule);

/// A rule of a group with its peers resolved to addresses.
struct GroupAllowance {
  Direction direction = Direction::ingress;
  int protocol = -1;  // IANA number, -1 is all
  int from = -1;      // port of TCP and UDP, type of ICMP; -1 is any
  int to = -1;        // port of TCP and UDP, code of ICMP; -1 is any
  net::Prefix peer;
  auto operator<=>(const GroupAllowance&) const = default;
};

/// What the security groups of an interface allow together.
struct InterfaceGroups {
  std::vector<std::string> ids;
  /// False while the interface has only its VPC's default group and nobody changed that group's
  /// rules: it allows nothing from outside, and a host that was never configured must stay
  /// reachable.
  bool is_enforced = false;
  std::vector<GroupAllowance> allowances;  // sorted, each once; empty if not enforced
  bool operator==(const InterfaceGroups&) const = default;
};

/// Whether a packet that belongs to no tracked connection is allowed. An ingress rule's peer is the
/// source, an egress rule's the destination.
bool allows(std::span<const GroupAllowance> allowances, Direction direction,
            const AclPacket& packet);

/// Whether `rules` are what AWS puts into the default group of a VPC: inbound from itself, outbound
/// everything.
bool are_original_default_rules(const SecurityGroup& group,
                                std::span<const SecurityGroupRule* const> rules);

/// The groups of every interface, in the order of `state.enis`. A rule that references a group
/// stands for the addresses of that group's interfaces.
std::vector<InterfaceGroups> resolve_groups(const ScopeState& state);

/// The group `default` of a VPC (there always is one).
const SecurityGroup& default_group_of(const ScopeState& state, std::string_view vpc_id);

/// Gives the interface what was set for it by ModifyNetworkInterfaceAttribute, even if it was away
/// meanwhile; without such attributes, or when their groups are gone, the VPC's default group.
void apply_attributes(Eni& eni, const ScopeState& state);

}  // namespace weir::vpc
