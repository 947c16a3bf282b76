// SPDX-License-Identifier: Apache-2.0
#include "enforce/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::enforce {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::uint16_t kGroup = 7;
const std::string kNothing = R"({"nftables":[{"add":{"table":{"family":"inet","name":"weir"}}},)"
                             R"({"delete":{"table":{"family":"inet","name":"weir"}}}]})";

vpc::InterfaceRules with(std::vector<vpc::AclEntry> own, bool ipv6 = false) {
  for (auto& entry : vpc::default_entries(ipv6)) own.push_back(std::move(entry));
  vpc::sort_entries(own);
  return {"eni-1", "eth0", {"10.0.0.5"}, "acl-1", std::move(own)};
}

struct EntryIs {
  int number = 10;
  std::string action = "deny";
  std::string protocol = "-1";
  std::string cidr = "203.0.113.9/32";
  bool egress = false;
  std::optional<vpc::PortRange> ports = {};
  std::optional<vpc::IcmpTypeCode> icmp = {};
};

vpc::AclEntry entry(const EntryIs& is) {
  vpc::AclEntry entry;
  entry.rule_number = is.number;
  entry.rule_action = is.action;
  entry.protocol = is.protocol;
  entry.egress = is.egress;
  (is.cidr.find(':') == std::string::npos ? entry.cidr_block : entry.ipv6_cidr_block) = is.cidr;
  entry.port_range = is.ports;
  entry.icmp = is.icmp;
  return *vpc::canonical(entry);
}

std::string rule(const std::string& chain, const std::string& expression) {
  return R"({"add":{"rule":{"family":"inet","table":"weir","chain":")" + chain + R"(","expr":[)" +
         expression + "]}}}";
}

const std::string kLogPrefix = R"({"log":{"prefix":"eni-1|acl-1|10|)";
const std::string kDrop = R"(","group":7,"snaplen":128}},{"counter":null},{"drop":null})";

TEST(CompiledRules, TheDefaultAclNeedsNone) {
  EXPECT_EQ(compile({with({}), with({}, true)}, kGroup), kNothing);
  EXPECT_EQ(compile({}, kGroup), kNothing);
  EXPECT_EQ(compile_removal(), kNothing);
}

TEST(CompiledRules, OnlyTheDirectionThatRefusesHasAChain) {
  const auto text = compile({with({entry({})})}, kGroup);
  EXPECT_THAT(text, HasSubstr(R"("name":"in_eni-1")"));
  EXPECT_THAT(text, Not(HasSubstr("out_eni-1")));
  EXPECT_THAT(text, HasSubstr(rule(
                        "inbound",
                        R"({"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"eth0"}},)"
                        R"({"jump":{"target":"in_eni-1"}})")));
}

TEST(CompiledRules, ADenyLogsCountsAndDrops) {
  const auto text = compile({with({entry({.egress = true})})}, kGroup);
  EXPECT_THAT(
      text,
      HasSubstr(rule("out_eni-1",
                     R"({"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},)"
                     R"("right":{"prefix":{"addr":"203.0.113.9","len":32}}}},)" +
                         kLogPrefix + "out" + kDrop)));
}

TEST(CompiledRules, PortsAndProtocolsAreMatchedInTheTransportHeader) {
  const auto text = compile(
      {with({entry({.protocol = "6", .cidr = "0.0.0.0/0", .ports = vpc::PortRange{22, 25}})})},
      kGroup);
  EXPECT_THAT(
      text,
      HasSubstr(rule("in_eni-1",
                     R"({"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":"ipv4"}},)"
                     R"({"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":6}},)"
                     R"({"match":{"op":"==","left":{"payload":{"protocol":"th","field":"dport"}},)"
                     R"("right":{"range":[22,25]}}},)" +
                         kLogPrefix + "in" + kDrop)));
}

TEST(CompiledRules, IcmpOfEachVersionHasItsOwnHeader) {
  const auto text = compile(
      {with(
          {entry({.protocol = "1", .icmp = vpc::IcmpTypeCode{8, -1}}),
           entry(
               {.number = 11, .protocol = "58", .cidr = "::/0", .icmp = vpc::IcmpTypeCode{1, 4}})},
          true)},
      kGroup);
  EXPECT_THAT(text,
              HasSubstr(R"({"payload":{"protocol":"icmp","field":"type"}},"right":8}},{"log")"));
  EXPECT_THAT(
      text,
      HasSubstr(R"({"payload":{"protocol":"icmpv6","field":"type"}},"right":1}},)"
                R"({"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"code"}})"));
}

TEST(CompiledRules, NothingFollowsTheEntryThatDecidesAll) {
  const auto text = compile({with({entry({}), entry({.number = 200})})}, kGroup);
  EXPECT_THAT(text, HasSubstr("|acl-1|10|in"));
  EXPECT_THAT(text, Not(HasSubstr("|acl-1|200|in"))) << "100 allows all before it";
  EXPECT_THAT(text, Not(HasSubstr("32767")));
}

TEST(CompiledRules, LaterFragmentsPassTheFixedDenyAllOnly) {
  vpc::InterfaceRules closed{"eni-1", "eth0", {}, "acl-1", vpc::deny_all_entries(true)};
  const auto text = compile({closed}, kGroup);
  const auto fragments = text.find(R"("frag-off"}},8191]},"right":0}},{"return":null})");
  const auto deny_all = text.find("|acl-1|32767|in");
  ASSERT_NE(fragments, std::string::npos);
  ASSERT_NE(deny_all, std::string::npos);
  EXPECT_LT(fragments, deny_all);
  EXPECT_THAT(text, HasSubstr(R"({"exthdr":{"name":"frag","field":"frag-off"}})"));
}

TEST(CompiledRules, AreTheSameForTheSameAcls) {
  const auto one = with({entry({})});
  EXPECT_EQ(compile({one}, kGroup), compile({one}, kGroup));
}

vpc::InterfaceRules with_groups(std::vector<vpc::GroupAllowance> allowances) {
  vpc::InterfaceRules rules = with({});
  std::sort(allowances.begin(), allowances.end());
  rules.groups = {{"sg-1"}, true, std::move(allowances)};
  return rules;
}

vpc::GroupAllowance allow(std::string peer, int protocol = -1, int from = -1, int to = -1,
                          vpc::Direction direction = vpc::Direction::ingress) {
  return {direction, protocol, from, to, *net::Prefix::parse(peer)};
}

const std::string kStateful =
    R"({"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},)"
    R"({"return":null})";

TEST(CompiledGroups, NeedNothingWhereTheyAreNotEnforcedOrAllowAll) {
  vpc::InterfaceRules off = with({});
  off.groups.ids = {"sg-1"};
  EXPECT_EQ(compile({off}, kGroup), kNothing);
  std::vector<vpc::GroupAllowance> everything;
  for (const auto direction : {vpc::Direction::ingress, vpc::Direction::egress}) {
    everything.push_back(allow("0.0.0.0/0", -1, -1, -1, direction));
    everything.push_back(allow("::/0", -1, -1, -1, direction));
  }
  EXPECT_EQ(compile({with_groups(everything)}, kGroup), kNothing);
}

TEST(CompiledGroups, LetConnectionsThroughBeforeTheyAreAskedAndRefuseTheRest) {
  const auto text = compile({with_groups({allow("10.0.0.0/8", 6, 22, 25)})}, kGroup);
  const auto stateful = text.find(rule("groups_in_eni-1", kStateful));
  const auto allowed =
      text.find(rule("groups_in_eni-1",
                     R"({"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},)"
                     R"("right":{"prefix":{"addr":"10.0.0.0","len":8}}}},)"
                     R"({"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":6}},)"
                     R"({"match":{"op":"==","left":{"payload":{"protocol":"th","field":"dport"}},)"
                     R"("right":{"range":[22,25]}}},{"return":null})"));
  const auto refused =
      text.find(rule("groups_in_eni-1", R"({"log":{"prefix":"eni-1|sg-1|0|in)" + kDrop));
  ASSERT_NE(refused, std::string::npos);
  EXPECT_LT(stateful, allowed);
  EXPECT_LT(allowed, refused);
}

TEST(CompiledGroups, StandBehindTheAclOnTheWayInAndBeforeItOnTheWayOut) {
  vpc::InterfaceRules rules = with({entry({}), entry({.egress = true})});
  rules.groups = {{"sg-1"}, true, {}};
  const auto text = compile({rules}, kGroup);
  EXPECT_THAT(text,
              HasSubstr(R"("name":"inbound","type":"filter","hook":"prerouting","prio":-310)"));
  EXPECT_THAT(
      text,
      HasSubstr(R"("name":"inbound_tracked","type":"filter","hook":"prerouting","prio":-150)"));
  EXPECT_LT(text.find(R"({"jump":{"target":"groups_out_eni-1"}})"),
            text.find(R"({"jump":{"target":"out_eni-1"}})"));
}

TEST(CompiledGroups, OpenConnectionsAreListedByAddressesAndPorts) {
  const Connection open{*net::Address::parse("10.0.0.5"), *net::Address::parse("203.0.113.9"), 22,
                        50000};
  const auto text = compile({with_groups({})}, kGroup, std::span(&open, 1));
  EXPECT_THAT(text, HasSubstr(R"("elem":[{"concat":["10.0.0.5",22,"203.0.113.9",50000]}])"));
  EXPECT_THAT(compile({with({entry({})})}, kGroup, std::span(&open, 1)), Not(HasSubstr("open4")))
      << "ACLs know no connections";
}

TEST(CompiledGroups, OfAGuestAreJudgedOnTheOtherWayOfItsDevice) {
  vpc::InterfaceRules guest = with({entry({})});
  guest.groups = {{"sg-1"}, true, {}};
  guest.is_guest = true;
  const auto text = compile({guest}, kGroup);
  EXPECT_LT(text.find(R"({"jump":{"target":"in_eni-1"}})"),
            text.find(R"({"jump":{"target":"groups_in_eni-1"}})"));
  EXPECT_THAT(text, Not(HasSubstr(R"("name":"inbound",)")));
  EXPECT_THAT(text,
              HasSubstr(rule("outbound", R"({"match":{"op":"==","left":{"meta":{"key":"oifname"}},)"
                                         R"("right":"eth0"}},{"jump":{"target":"in_eni-1"}})")));
}

}  // namespace
}  // namespace weir::enforce
