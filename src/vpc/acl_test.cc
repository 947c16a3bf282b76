// SPDX-License-Identifier: Apache-2.0
#include "vpc/acl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::vpc {
namespace {

using testing::HasSubstr;

net::Address address(std::string_view text) { return *net::Address::parse(text); }

struct EntryIs {
  int number = 100;
  std::string action = "allow";
  std::string protocol = "-1";
  std::string cidr = "0.0.0.0/0";
  bool egress = false;
  std::optional<PortRange> ports = {};
  std::optional<IcmpTypeCode> icmp = {};
};

AclEntry raw(const EntryIs& is) {
  AclEntry entry;
  entry.rule_number = is.number;
  entry.rule_action = is.action;
  entry.protocol = is.protocol;
  entry.egress = is.egress;
  (is.cidr.find(':') == std::string::npos ? entry.cidr_block : entry.ipv6_cidr_block) = is.cidr;
  entry.port_range = is.ports;
  entry.icmp = is.icmp;
  return entry;
}

std::vector<AclEntry> acl(const std::vector<EntryIs>& list, bool with_ipv6 = false) {
  auto entries = deny_all_entries(with_ipv6);
  for (const EntryIs& is : list) entries.push_back(*canonical(raw(is)));
  sort_entries(entries);
  return entries;
}

AclPacket tcp(std::string_view from, std::string_view to, std::uint16_t port) {
  AclPacket packet;
  packet.source = address(from);
  packet.destination = address(to);
  packet.protocol = 6;
  packet.source_port = 40000;
  packet.destination_port = port;
  return packet;
}

AclPacket icmp(std::string_view from, std::string_view to, int type, int code = 0) {
  AclPacket packet = tcp(from, to, 0);
  packet.source_port = 0;
  packet.protocol = packet.source.is_v6() ? 58 : 1;
  packet.icmp_type = type;
  packet.icmp_code = code;
  return packet;
}

TEST(AclEvaluation, LowestNumberThatMatchesDecides) {
  const auto entries = acl({{.number = 200, .action = "allow"},
                            {.number = 50, .action = "deny", .cidr = "198.51.100.0/24"},
                            {.number = 40, .action = "allow", .cidr = "198.51.100.7/32"}});
  const auto from = [&](std::string_view source) {
    return evaluate(entries, Direction::ingress, tcp(source, "10.0.0.5", 443));
  };
  EXPECT_EQ(from("198.51.100.7"), (AclDecision{true, 40}));
  EXPECT_EQ(from("198.51.100.8"), (AclDecision{false, 50}));
  EXPECT_EQ(from("203.0.113.9"), (AclDecision{true, 200}));
}

TEST(AclEvaluation, NothingMatchedIsTheDenyAllOfThatIpVersion) {
  const auto entries = acl({}, true);
  EXPECT_EQ(evaluate(entries, Direction::ingress, tcp("1.2.3.4", "10.0.0.5", 1)),
            (AclDecision{false, kDenyAllV4}));
  EXPECT_EQ(evaluate(entries, Direction::egress, tcp("2001:db8::1", "2001:db8::2", 1)),
            (AclDecision{false, kDenyAllV6}));
}

TEST(AclEvaluation, DirectionsAreSeparateListsAndRepliesAreJudgedByTheOther) {
  const auto entries = acl({{.protocol = "6", .ports = PortRange{443, 443}}});
  EXPECT_TRUE(
      evaluate(entries, Direction::ingress, tcp("203.0.113.9", "10.0.0.5", 443)).is_allowed);
  EXPECT_FALSE(
      evaluate(entries, Direction::egress, tcp("10.0.0.5", "203.0.113.9", 443)).is_allowed);
}

TEST(AclEvaluation, TheBlockOfAnEgressEntryIsTheDestination) {
  const auto entries =
      acl({{.cidr = "203.0.113.0/24", .egress = true}, {.cidr = "203.0.113.0/24"}});
  EXPECT_TRUE(evaluate(entries, Direction::egress, tcp("10.0.0.5", "203.0.113.9", 1)).is_allowed);
  EXPECT_FALSE(evaluate(entries, Direction::egress, tcp("203.0.113.9", "10.0.0.5", 1)).is_allowed);
  EXPECT_TRUE(evaluate(entries, Direction::ingress, tcp("203.0.113.9", "10.0.0.5", 1)).is_allowed);
}

TEST(AclEvaluation, Ipv4EntriesNeverMatchIpv6) {
  const auto entries =
      acl({{.action = "deny", .cidr = "0.0.0.0/0"}, {.number = 101, .cidr = "::/0"}}, true);
  EXPECT_EQ(evaluate(entries, Direction::ingress, tcp("2001:db8::1", "2001:db8::2", 22)),
            (AclDecision{true, 101}));
  EXPECT_EQ(evaluate(entries, Direction::ingress, tcp("192.0.2.1", "10.0.0.5", 22)),
            (AclDecision{false, 100}));
}

TEST(AclEvaluation, PortRangesIncludeBothEnds) {
  const auto entries = acl({{.protocol = "6", .ports = PortRange{1024, 65535}}});
  const auto port = [&](std::uint16_t number) {
    return evaluate(entries, Direction::ingress, tcp("192.0.2.1", "10.0.0.5", number)).is_allowed;
  };
  EXPECT_FALSE(port(1023));
  EXPECT_TRUE(port(1024));
  EXPECT_TRUE(port(65535));
}

TEST(AclEvaluation, IcmpMatchesTypeAndCodeAndMinusOneIsAny) {
  const auto entries =
      acl({{.number = 10, .action = "deny", .protocol = "1", .icmp = IcmpTypeCode{3, 4}},
           {.number = 20, .protocol = "1", .icmp = IcmpTypeCode{3, -1}}});
  const auto rule = [&](int type, int code) {
    return evaluate(entries, Direction::ingress, icmp("192.0.2.1", "10.0.0.5", type, code))
        .rule_number;
  };
  EXPECT_EQ(rule(3, 4), 10);
  EXPECT_EQ(rule(3, 1), 20);
  EXPECT_EQ(rule(8, 0), kDenyAllV4);
}

TEST(AclEvaluation, AProtocolWithoutPortsMatchesByNumberAlone) {
  const auto entries = acl({{.protocol = "47"}});
  AclPacket gre = tcp("192.0.2.1", "10.0.0.5", 0);
  gre.protocol = 47;
  EXPECT_TRUE(evaluate(entries, Direction::ingress, gre).is_allowed);
  gre.protocol = 50;
  EXPECT_FALSE(evaluate(entries, Direction::ingress, gre).is_allowed);
}

TEST(AclEvaluation, TheDefaultAclAllowsEverything) {
  for (const Direction direction : {Direction::ingress, Direction::egress}) {
    EXPECT_EQ(evaluate(default_entries(true), direction, tcp("192.0.2.1", "10.0.0.5", 22)),
              (AclDecision{true, 100}));
    EXPECT_EQ(evaluate(default_entries(true), direction, tcp("2001:db8::1", "2001:db8::2", 22)),
              (AclDecision{true, 101}));
  }
}

TEST(AclExemptions, MetadataResolverDhcpAndNeighbourDiscoveryAreNeverJudged) {
  EXPECT_TRUE(is_never_judged(tcp("10.0.0.5", "169.254.169.254", 80)));
  EXPECT_TRUE(is_never_judged(tcp("169.254.169.253", "10.0.0.5", 53)));
  EXPECT_TRUE(is_never_judged(icmp("fe80::1", "ff02::1", 135)));
  AclPacket dhcp = tcp("0.0.0.0", "255.255.255.255", 67);
  dhcp.protocol = 17;
  dhcp.source_port = 68;
  EXPECT_TRUE(is_never_judged(dhcp));
  EXPECT_FALSE(is_never_judged(icmp("fe80::1", "fe80::2", 128)));
  EXPECT_FALSE(is_never_judged(tcp("192.0.2.1", "10.0.0.5", 67)));
}

TEST(CanonicalEntry, HostBitsAreClearedAndNamesBecomeNumbers) {
  const auto entry =
      canonical(raw({.protocol = "tcp", .cidr = "100.68.0.18/18", .ports = PortRange{22, 22}}));
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(entry->cidr_block, "100.68.0.0/18");
  EXPECT_EQ(entry->protocol, "6");
  EXPECT_EQ(canonical(raw({.cidr = "2001:DB8:0::1/32"}))->ipv6_cidr_block, "2001:db8::/32");
}

TEST(CanonicalEntry, RangesThatTheProtocolHasNoUseForAreDropped) {
  const auto all = canonical(raw({.ports = PortRange{22, 22}, .icmp = IcmpTypeCode{8, 0}}));
  ASSERT_TRUE(all);
  EXPECT_FALSE(all->port_range || all->icmp);
  // With 58 and an IPv4 block all types match (VPC User Guide).
  const auto v4 = canonical(raw({.protocol = "58"}));
  ASSERT_TRUE(v4);
  EXPECT_FALSE(v4->icmp);
}

TEST(CanonicalEntry, WhatAwsRefusesIsRefusedWithItsCode) {
  const auto code = [](const EntryIs& is) {
    const auto entry = canonical(raw(is));
    return entry ? std::string("accepted") : entry.error().code;
  };
  EXPECT_EQ(code({.number = 0}), "InvalidParameterValue");
  EXPECT_EQ(code({.number = 32767}), "InvalidParameterValue");
  EXPECT_EQ(code({.action = "reject"}), "InvalidParameterValue");
  EXPECT_EQ(code({.protocol = "nonsense"}), "InvalidParameterValue");
  EXPECT_EQ(code({.protocol = "300"}), "InvalidParameterValue");
  EXPECT_EQ(code({.cidr = "10.0.0.0"}), "InvalidParameterValue");
  EXPECT_EQ(code({.protocol = "6"}), "MissingParameter");
  EXPECT_EQ(code({.protocol = "6", .ports = PortRange{80, 22}}), "InvalidParameterValue");
  EXPECT_EQ(code({.protocol = "17", .ports = PortRange{0, 65536}}), "InvalidParameterValue");
  EXPECT_EQ(code({.protocol = "1"}), "MissingParameter");
  EXPECT_EQ(code({.protocol = "58", .cidr = "::/0"}), "MissingParameter");
  EXPECT_EQ(code({.protocol = "1", .icmp = IcmpTypeCode{256, 0}}), "InvalidParameterValue");
}

TEST(CanonicalEntry, NeedsExactlyOneBlock) {
  AclEntry none = raw({});
  none.cidr_block.reset();
  EXPECT_EQ(canonical(none).error().code, "MissingParameter");
  AclEntry both = raw({});
  both.ipv6_cidr_block = "::/0";
  EXPECT_EQ(canonical(both).error().code, "InvalidParameterCombination");
}

TEST(AclEntries, AreSortedEgressFirst) {
  const auto entries = default_entries(true);
  std::vector<std::pair<bool, int>> order;
  for (const AclEntry& entry : entries) order.emplace_back(entry.egress, entry.rule_number);
  EXPECT_THAT(order, testing::ElementsAre(std::pair(true, 100), std::pair(true, 101),
                                          std::pair(true, 32767), std::pair(true, 32768),
                                          std::pair(false, 100), std::pair(false, 101),
                                          std::pair(false, 32767), std::pair(false, 32768)));
}

}  // namespace
}  // namespace weir::vpc
