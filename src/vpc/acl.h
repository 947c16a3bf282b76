// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/shape.h"
#include "net/address.h"

namespace weir::vpc {

/// Seen from the network interface, as in flow-direction.
enum class Direction : std::uint8_t { ingress, egress };

struct PortRange {
  int from = 0;
  int to = 0;
  bool operator==(const PortRange&) const = default;
  static Shape shape();
};

struct IcmpTypeCode {
  int type = -1;  // -1 is any
  int code = -1;
  bool operator==(const IcmpTypeCode&) const = default;
  static Shape shape();
};

/// One rule of a network ACL, as EC2 shows it. Exactly one of the two CIDR blocks is set.
struct AclEntry {
  int rule_number = 0;
  std::string protocol = "-1";        // IANA number, -1 is all
  std::string rule_action = "allow";  // or deny
  bool egress = false;
  std::optional<std::string> cidr_block = {};
  std::optional<std::string> ipv6_cidr_block = {};
  std::optional<PortRange> port_range = {};
  std::optional<IcmpTypeCode> icmp = {};
  bool operator==(const AclEntry&) const = default;
  static Shape shape();

  bool is_deny() const { return rule_action == "deny"; }
  Direction direction() const { return egress ? Direction::egress : Direction::ingress; }
};

inline constexpr int kRuleNumberMax = 32766;
/// The fixed last entries, `*` in the console.
inline constexpr int kDenyAllV4 = 32767;
inline constexpr int kDenyAllV6 = 32768;

/// The entry as AWS stores it: protocol as a number, CIDR blocks without host bits, ranges only
/// where the protocol has them. Errors are those of CreateNetworkAclEntry.
Result<AclEntry> canonical(AclEntry entry);

/// Egress before ingress, then by number: the order of DescribeNetworkAcls and of evaluation.
void sort_entries(std::vector<AclEntry>& entries);

/// The two directions' deny-all entries: of IPv4, and of IPv6 if the VPC has it.
std::vector<AclEntry> deny_all_entries(bool with_ipv6);
/// What the default ACL of a VPC holds: 100 (and 101) allow everything, then deny-all.
std::vector<AclEntry> default_entries(bool with_ipv6);

/// What of a packet an ACL looks at. ICMP type and code count only for protocols 1 and 58.
struct AclPacket {
  net::Address source;
  net::Address destination;
  std::uint8_t protocol = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  int icmp_type = 0;
  int icmp_code = 0;
};

struct AclDecision {
  bool is_allowed = true;
  int rule_number = 0;  // 0: nothing matched (the VPC does not have this IP version); allowed
  bool operator==(const AclDecision&) const = default;
};

/// What the ACL says about a packet that crosses the subnet's border: of the entries of that
/// direction the lowest number that matches decides. An ingress entry's CIDR block is the source,
/// an egress entry's the destination; IPv4 entries never match IPv6. `entries` are canonical and
/// sorted.
AclDecision evaluate(std::span<const AclEntry> entries, Direction direction,
                     const AclPacket& packet);

/// Traffic that no ACL on AWS judges, whatever its entries: instance metadata, the VPC's resolver
/// and time service at their link-local addresses, DHCP, and IPv6 neighbour discovery (VPC User
/// Guide, "Network ACL basics"; the same holds for security groups). Multicast listener messages
/// belong to neighbour discovery here: without them a switch that listens to them would stop
/// delivering neighbour solicitations.
bool is_never_judged(const AclPacket& packet);

}  // namespace weir::vpc
