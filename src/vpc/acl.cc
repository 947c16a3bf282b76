// SPDX-License-Identifier: Apache-2.0
#include "vpc/acl.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "net/protocol.h"
#include "vpc/errors.h"

namespace weir::vpc {
namespace {

namespace ip = net::protocol;

constexpr int kAllProtocols = -1;
constexpr int kPortMax = 65535;
constexpr int kIcmpMax = 255;

/// Numbers as text, and the names that the console and Terraform use.
std::optional<int> protocol_number(std::string_view text) {
  if (text == "-1" || text == "all") return kAllProtocols;
  if (const auto number = net::parse_protocol(text)) return *number;
  return std::nullopt;
}

/// Of a canonical entry.
int protocol_of(const AclEntry& entry) {
  int number = kAllProtocols;
  std::from_chars(entry.protocol.data(), entry.protocol.data() + entry.protocol.size(), number);
  return number;
}

Result<std::string> canonical_cidr(const std::string& text, bool want_v6) {
  const auto prefix = net::Prefix::parse(text);
  if (!prefix || prefix->is_v6() != want_v6) {
    return invalid_value(
        text, want_v6 ? "ipv6CidrBlock" : "cidrBlock",
        want_v6 ? "This is not a valid IPv6 CIDR block." : "This is not a valid CIDR block.");
  }
  return prefix->canonical().to_string();
}

Result<void> check_ports(AclEntry& entry) {
  if (!entry.port_range) return missing_parameter("PortRange");
  const auto [from, to] = *entry.port_range;
  if (from < 0 || to > kPortMax || from > to) {
    return invalid_value(std::to_string(from) + '-' + std::to_string(to), "PortRange",
                         "Ports are 0 to 65535, from is not above to.");
  }
  return {};
}

Result<void> check_icmp(AclEntry& entry) {
  if (!entry.icmp) return missing_parameter("Icmp.Type");
  const auto [type, code] = *entry.icmp;
  if (type < -1 || type > kIcmpMax || code < -1 || code > kIcmpMax) {
    return invalid_value(std::to_string(type) + '/' + std::to_string(code), "Icmp",
                         "Type and code are -1 (any) to 255.");
  }
  return {};
}

/// Ports for TCP and UDP, type and code for ICMP; a range that the protocol has no use for is
/// dropped.
Result<void> fit_ranges(AclEntry& entry, int protocol) {
  const bool has_ports = protocol == ip::kTcp || protocol == ip::kUdp;
  const bool has_types =
      protocol == ip::kIcmp || (protocol == ip::kIcmpv6 && entry.ipv6_cidr_block.has_value());
  if (has_ports) WEIR_CHECK(check_ports(entry));
  if (has_types) WEIR_CHECK(check_icmp(entry));
  if (!has_ports) entry.port_range.reset();
  if (!has_types) entry.icmp.reset();
  return {};
}

AclEntry entry_for_all(int number, std::string_view action, bool egress, bool is_v6) {
  AclEntry entry{.rule_number = number, .rule_action = std::string(action), .egress = egress};
  (is_v6 ? entry.ipv6_cidr_block : entry.cidr_block) = is_v6 ? "::/0" : "0.0.0.0/0";
  return entry;
}

bool matches(const AclEntry& entry, Direction direction, const AclPacket& packet) {
  const net::Address& other = direction == Direction::ingress ? packet.source : packet.destination;
  const auto& cidr = other.is_v6() ? entry.ipv6_cidr_block : entry.cidr_block;
  if (!cidr) return false;
  const auto prefix = net::Prefix::parse(*cidr);
  if (!prefix || !prefix->contains(other)) return false;

  const int protocol = protocol_of(entry);
  if (protocol == kAllProtocols) return true;
  if (protocol != packet.protocol) return false;
  if (entry.port_range) {
    return packet.destination_port >= entry.port_range->from &&
           packet.destination_port <= entry.port_range->to;
  }
  if (entry.icmp) {
    return (entry.icmp->type == -1 || entry.icmp->type == packet.icmp_type) &&
           (entry.icmp->code == -1 || entry.icmp->code == packet.icmp_code);
  }
  return true;
}

}  // namespace

Shape PortRange::shape() {
  using S = PortRange;
  static constexpr Member members[] = {optional<&S::from>("from"), optional<&S::to>("to")};
  return {"PortRange", members};
}

Shape IcmpTypeCode::shape() {
  using S = IcmpTypeCode;
  static constexpr Member members[] = {optional<&S::code>("code"), optional<&S::type>("type")};
  return {"IcmpTypeCode", members};
}

Shape AclEntry::shape() {
  using S = AclEntry;
  static constexpr Member members[] = {
      optional<&S::cidr_block>("cidrBlock"),   optional<&S::egress>("egress"),
      optional<&S::icmp>("icmpTypeCode"),      optional<&S::ipv6_cidr_block>("ipv6CidrBlock"),
      optional<&S::port_range>("portRange"),   optional<&S::protocol>("protocol"),
      optional<&S::rule_action>("ruleAction"), optional<&S::rule_number>("ruleNumber"),
  };
  return {"NetworkAclEntry", members};
}

Result<AclEntry> canonical(AclEntry entry) {
  if (entry.rule_number < 1 || entry.rule_number > kRuleNumberMax) {
    return invalid_value(std::to_string(entry.rule_number), "ruleNumber",
                         "Rule numbers are 1 to 32766.");
  }
  if (entry.rule_action != "allow" && entry.rule_action != "deny") {
    return invalid_value(entry.rule_action, "ruleAction", "It is allow or deny.");
  }
  const auto protocol = protocol_number(entry.protocol);
  if (!protocol) return invalid_value(entry.protocol, "protocol", "Unknown protocol.");
  entry.protocol = std::to_string(*protocol);

  if (!entry.cidr_block && !entry.ipv6_cidr_block)
    return missing_parameter("CidrBlock or Ipv6CidrBlock");
  if (entry.cidr_block && entry.ipv6_cidr_block) {
    return Error{ErrorKind::invalid, "InvalidParameterCombination",
                 "The parameter CidrBlock cannot be used with the parameter Ipv6CidrBlock"};
  }
  const bool is_v6 = entry.ipv6_cidr_block.has_value();
  auto& cidr = is_v6 ? entry.ipv6_cidr_block : entry.cidr_block;
  WEIR_TRY(cidr, canonical_cidr(*cidr, is_v6));
  WEIR_CHECK(fit_ranges(entry, *protocol));
  return entry;
}

void sort_entries(std::vector<AclEntry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const AclEntry& a, const AclEntry& b) {
    return std::tuple(!a.egress, a.rule_number) < std::tuple(!b.egress, b.rule_number);
  });
}

std::vector<AclEntry> deny_all_entries(bool with_ipv6) {
  std::vector<AclEntry> entries;
  for (const bool egress : {true, false}) {
    entries.push_back(entry_for_all(kDenyAllV4, "deny", egress, false));
    if (with_ipv6) entries.push_back(entry_for_all(kDenyAllV6, "deny", egress, true));
  }
  return entries;
}

std::vector<AclEntry> default_entries(bool with_ipv6) {
  std::vector<AclEntry> entries = deny_all_entries(with_ipv6);
  for (const bool egress : {true, false}) {
    entries.push_back(entry_for_all(100, "allow", egress, false));
    if (with_ipv6) entries.push_back(entry_for_all(101, "allow", egress, true));
  }
  sort_entries(entries);
  return entries;
}

AclDecision evaluate(std::span<const AclEntry> entries, Direction direction,
                     const AclPacket& packet) {
  for (const AclEntry& entry : entries) {
    if (entry.direction() == direction && matches(entry, direction, packet)) {
      return {!entry.is_deny(), entry.rule_number};
    }
  }
  return {};
}

bool is_never_judged(const AclPacket& packet) {
  static const net::Address services[] = {
      net::Address::v4(0xa9fea9fe),  // 169.254.169.254 instance metadata
      net::Address::v4(0xa9fea9fd),  // 169.254.169.253 resolver
      net::Address::v4(0xa9fea97b),  // 169.254.169.123 time
      net::Address::v4(0xa9feaa02),  // 169.254.170.2 task metadata
  };
  for (const net::Address& service : services) {
    if (packet.source == service || packet.destination == service) return true;
  }
  const auto between = [&](std::uint16_t a, std::uint16_t b) {
    return packet.protocol == ip::kUdp &&
           ((packet.source_port == a && packet.destination_port == b) ||
            (packet.source_port == b && packet.destination_port == a));
  };
  if (packet.source.is_v6() ? between(546, 547) : between(67, 68)) return true;
  // Multicast listener query, report, done; router and neighbour solicitation and advertisement,
  // redirect; multicast listener report of version 2.
  return packet.source.is_v6() && packet.protocol == ip::kIcmpv6 &&
         ((packet.icmp_type >= 130 && packet.icmp_type <= 137) || packet.icmp_type == 143);
}

}  // namespace weir::vpc
