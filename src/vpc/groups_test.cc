// SPDX-License-Identifier: Apache-2.0
#include "vpc/groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vpc/default_vpc.h"
#include "vpc/network.h"

namespace weir::vpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const Scope kScope;

/// Remembers what is to be enforced.
class RecordingGate final : public AclGate {
 public:
  Result<void> apply(const std::vector<InterfaceRules>&, const std::vector<InterfaceRules>& after,
                     const Origin& origin) override {
    if (refusal && !origin.is_restore) return *refusal;
    dry_runs += origin.is_dry_run ? 1 : 0;
    if (!origin.is_dry_run) rules = after;
    return {};
  }
  std::vector<InterfaceRules> rules;
  int dry_runs = 0;
  std::optional<Error> refusal;
};

GroupRuleSpec spec(std::string protocol, std::optional<int> from = {}, std::optional<int> to = {},
                   std::string cidr = "0.0.0.0/0") {
  GroupRuleSpec made{.ip_protocol = std::move(protocol)};
  made.from_port = from;
  made.to_port = to;
  (cidr.find(':') == std::string::npos ? made.cidr_ipv4 : made.cidr_ipv6) = std::move(cidr);
  return made;
}

GroupRuleSpec from_group(std::string id) {
  GroupRuleSpec made{.ip_protocol = "-1"};
  made.group = GroupName{std::move(id), ""};
  return made;
}

struct World {
  World() {
    EXPECT_TRUE(network.load());
    EXPECT_TRUE(network.set_interfaces(devices()));
    EXPECT_TRUE(network.set_gate(&gate));
  }
  static std::vector<HostInterface> devices() {
    return {{"eth0", "00:16:3e:12:34:56", true, false, {{"10.0.0.5", 24}}},
            {"eth1", "00:16:3e:12:34:57", true, false, {{"10.0.1.5", 24}}}};
  }
  Config config() const { return {.host_scope = kScope, .machine_id = "machine"}; }
  Eni eni(const std::string& device = "eth0") {
    for (const Eni& eni : network.host_enis()) {
      if (eni.ifname == device) return eni;
    }
    return {};
  }
  InterfaceGroups enforced(const std::string& device = "eth0") {
    for (const InterfaceRules& rules : gate.rules) {
      if (rules.ifname == device) return rules.groups;
    }
    return {};
  }
  std::string default_group() { return default_group_of(**network.state(kScope), eni().vpc_id).id; }
  std::string group(std::string name) {
    const auto made = network.create_group(kScope, {std::move(name), "of the test", "", {}});
    EXPECT_TRUE(made) << made.error().message;
    return made ? made->id : "";
  }
  Result<std::vector<SecurityGroupRule>> authorize(const std::string& id,
                                                   std::vector<GroupRuleSpec> rules,
                                                   bool is_egress = false) {
    return network.authorize_group(kScope, {id, ""}, is_egress, rules, {});
  }
  Result<void> attach(std::vector<std::string> ids, const std::string& device = "eth0") {
    return network.change_interface(kScope, eni(device).id, {.group_ids = std::move(ids)});
  }
  std::vector<SecurityGroupRule> rules_of(const std::string& id) {
    std::vector<SecurityGroupRule> found;
    const auto state = *network.state(kScope);
    for (const auto& [rule_id, rule] : state->group_rules) {
      if (rule.group_id == id) found.push_back(rule);
    }
    return found;
  }

  SimulatedRuntime runtime{7};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  RecordingGate gate;
  Network network{runtime, *store, config()};
};

AclPacket packet(std::string from, std::string to, int protocol, int port) {
  AclPacket made;
  made.source = *net::Address::parse(from);
  made.destination = *net::Address::parse(to);
  made.protocol = static_cast<std::uint8_t>(protocol);
  made.destination_port = static_cast<std::uint16_t>(port);
  return made;
}

TEST(GroupRule, IsStoredAsAwsStoresIt) {
  const auto tcp = canonical(spec("6", 22, 22, "100.68.0.18/18"));
  ASSERT_TRUE(tcp);
  EXPECT_EQ(tcp->ip_protocol, "tcp");
  EXPECT_EQ(tcp->cidr_ipv4, "100.68.0.0/18");
  EXPECT_EQ(describe(*tcp), "peer: 100.68.0.0/18, TCP, from port: 22, to port: 22, ALLOW");
  const auto gre = canonical(spec("47", 1, 2));
  ASSERT_TRUE(gre);
  EXPECT_EQ(gre->ip_protocol, "47");
  EXPECT_EQ(gre->from_port, -1) << "the protocol has no ports";
  EXPECT_EQ(canonical(spec("58", {}, {}, "2001:db8::1/64"))->ip_protocol, "icmpv6");
  EXPECT_EQ(canonical(spec("58", {}, {}, "2001:db8::1/64"))->cidr_ipv6, "2001:db8::/64");
  EXPECT_EQ(canonical(spec("ALL"))->ip_protocol, "-1");
  EXPECT_EQ(canonical(spec("icmp", 8, -1))->from_port, 8);
}

TEST(GroupRule, ErrorsAreThoseOfAws) {
  const auto message = [](const GroupRuleSpec& wrong) {
    const auto rule = canonical(wrong);
    return rule ? "" : rule.error().code + ": " + rule.error().message;
  };
  // Recorded: aws-sdk-go-v2 issue 1203, cfn-lint issue 2999, boto3 issue 336.
  EXPECT_EQ(message(spec("tcp", 22)),
            "InvalidParameterValue: Invalid value 'Must specify both from and to ports with "
            "TCP/UDP.' for portRange.");
  EXPECT_EQ(message(spec("icmp")),
            "InvalidParameterValue: Invalid value 'Must specify both from and to ports with "
            "ICMP.' for portRange.");
  EXPECT_EQ(message(spec("tcp", -1, -1)),
            "InvalidPermission.Malformed: TCP/UDP port (-1) out of range");
  EXPECT_THAT(message(spec("udp", 9, 8)), HasSubstr("InvalidPermission.Malformed"));
  EXPECT_THAT(message(spec("icmp", -1, 3)), HasSubstr("InvalidPermission.Malformed"));
  EXPECT_THAT(message(spec("", 1, 2)), HasSubstr("must specify protocols explicitly"));
  EXPECT_THAT(message(spec("256")), HasSubstr("Unknown protocol"));
  EXPECT_THAT(message(spec("colour")), HasSubstr("Unknown protocol"));
  EXPECT_EQ(message(spec("-1", {}, {}, "10.0.0.1")),
            "InvalidParameterValue: CIDR block 10.0.0.1 is malformed");
  EXPECT_THAT(message({.ip_protocol = "-1"}), HasSubstr("MissingParameter"));
  GroupRuleSpec list{.ip_protocol = "-1"};
  list.prefix_list_id = "pl-1";
  EXPECT_EQ(message(list),
            "InvalidPrefixListID.NotFound: The prefix list ID 'pl-1' does not exist");
  GroupRuleSpec two = spec("-1");
  two.cidr_ipv6 = "::/0";
  EXPECT_THAT(message(two), HasSubstr("InvalidParameterCombination"));
  GroupRuleSpec described = spec("-1");
  described.description = "it's";
  EXPECT_THAT(message(described), HasSubstr("Invalid rule description. Valid descriptions are"));
}

TEST(GroupTexts, AreCheckedAsAwsDoes) {
  EXPECT_EQ(*canonical_group_name("web servers  "), "web servers");
  EXPECT_EQ(canonical_group_name("sg-017c251").error().message,
            "Value (sg-017c251) for parameter GroupName is invalid. Group names may not be in the "
            "format sg-*.");
  EXPECT_EQ(canonical_group_name("default").error().message,
            "Cannot use reserved security group name: default");
  EXPECT_FALSE(canonical_group_name(std::string(256, 'x')));
  EXPECT_TRUE(canonical_group_name(std::string(255, 'x')));
  EXPECT_FALSE(canonical_group_name("a?b"));
  EXPECT_THAT(canonical_group_description("Tür").error().message,
              HasSubstr("for parameter GroupDescription is invalid. Character sets beyond ASCII"));
  EXPECT_EQ(canonical_group_description("").error().code, "MissingParameter");
  EXPECT_THAT(canonical_group_description("a'b").error().message,
              HasSubstr("Invalid security group description. Valid descriptions are strings"));
}

TEST(Groups, BeginWithEverythingOutAndNothingIn) {
  World world;
  const std::string id = world.group("web");
  ASSERT_THAT(world.rules_of(id), SizeIs(1));
  EXPECT_TRUE(world.rules_of(id)[0].is_egress);
  EXPECT_EQ(world.rules_of(id)[0].cidr_ipv4, "0.0.0.0/0");
  EXPECT_EQ(world.network.create_group(kScope, {"web", "again", "", {}}).error().code,
            "InvalidGroup.Duplicate");
  EXPECT_EQ(world.network.create_group(kScope, {"other", "x", "vpc-1", {}}).error().code,
            "InvalidVpcID.NotFound");
}

TEST(Groups, LetIpv6OutWhereTheVpcHasIt) {
  World world;
  ASSERT_TRUE(world.network.set_interfaces(
      {{"eth0", "", true, false, {{"10.0.0.5", 24}, {"2001:db8::5", 64}}}}));
  EXPECT_THAT(world.rules_of(world.group("web")), SizeIs(2));
}

TEST(Groups, SurviveARestartWithTheirRulesAndInterfaces) {
  World world;
  const std::string id = world.group("web");
  ASSERT_TRUE(world.authorize(id, {spec("tcp", 443, 443)}));
  ASSERT_TRUE(world.attach({id}));
  const auto before = world.gate.rules;

  Network again(world.runtime, *world.store, world.config());
  ASSERT_TRUE(again.load());
  ASSERT_TRUE(again.set_interfaces(World::devices()));
  RecordingGate gate;
  ASSERT_TRUE(again.set_gate(&gate));
  EXPECT_EQ(gate.rules, before);
  EXPECT_THAT(gate.rules[0].groups.ids.size() + gate.rules[1].groups.ids.size(), 2U);
}

TEST(Groups, OfAnInterfaceAreKeptWhileItsDeviceIsAway) {
  World world;
  const std::string id = world.group("web");
  ASSERT_TRUE(world.attach({id}));
  ASSERT_TRUE(world.network.set_interfaces({World::devices()[1]}));
  EXPECT_EQ(world.eni().id, "");
  ASSERT_TRUE(world.network.set_interfaces(World::devices()));
  EXPECT_THAT(world.eni().group_ids, ElementsAre(id));
  EXPECT_TRUE(world.enforced().is_enforced);
}

TEST(Groups, CannotBeDeletedWhileUsed) {
  World world;
  const std::string web = world.group("web");
  const std::string data = world.group("data");
  EXPECT_EQ(world.network.delete_group(kScope, {world.default_group(), ""}).error().message,
            "the specified group: \"" + world.default_group() +
                "\" name: \"default\" cannot be deleted by a user");
  ASSERT_TRUE(world.authorize(data, {from_group(web), from_group(data)}));
  const auto referenced = world.network.delete_group(kScope, {web, ""});
  ASSERT_FALSE(referenced);
  EXPECT_EQ(referenced.error().code, "DependencyViolation");
  EXPECT_EQ(referenced.error().message, "resource " + web + " has a dependent object");
  ASSERT_TRUE(world.attach({data}));
  EXPECT_FALSE(world.network.delete_group(kScope, {data, ""}));
  ASSERT_TRUE(world.attach({world.default_group()}));
  ASSERT_TRUE(world.network.delete_group(kScope, {"", "data"})) << "its own reference is none";
  EXPECT_THAT(world.rules_of(data), IsEmpty());
  EXPECT_TRUE(world.network.delete_group(kScope, {web, ""}));
  EXPECT_EQ(world.network.delete_group(kScope, {web, ""}).error().message,
            "The security group '" + web + "' does not exist");
}

TEST(Groups, RulesAreAddedAllOrNone) {
  World world;
  const std::string id = world.group("web");
  ASSERT_TRUE(world.authorize(id, {spec("tcp", 8501, 8501, "86.16.93.195/32")}));
  const auto twice =
      world.authorize(id, {spec("tcp", 80, 80), spec("tcp", 8501, 8501, "86.16.93.195/32")});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, "InvalidPermission.Duplicate");
  EXPECT_EQ(twice.error().message,
            "the specified rule \"peer: 86.16.93.195/32, TCP, from port: 8501, to port: 8501, "
            "ALLOW\" already exists");
  EXPECT_THAT(world.rules_of(id), SizeIs(2));
  EXPECT_EQ(world.authorize(id, {spec("tcp", 80, 80), spec("6", 80, 80)}).error().message,
            "The same permission must not appear multiple times");
  EXPECT_EQ(world.authorize(id, {}).error().code, "MissingParameter");
  EXPECT_EQ(world.authorize(id, {from_group("sg-1")}).error().code, "InvalidGroup.NotFound");
}

TEST(Groups, HaveAtMostSixtyRulesPerDirectionAndIpVersion) {
  World world;
  const std::string id = world.group("web");
  std::vector<GroupRuleSpec> many;
  for (int port = 1; port <= 60; ++port) many.push_back(spec("tcp", port, port));
  ASSERT_TRUE(world.authorize(id, many));
  EXPECT_EQ(world.authorize(id, {spec("tcp", 61, 61)}).error().code,
            "RulesPerSecurityGroupLimitExceeded");
  EXPECT_EQ(world.authorize(id, {from_group(id)}).error().code,
            "RulesPerSecurityGroupLimitExceeded")
      << "a group counts for both versions";
  EXPECT_TRUE(world.authorize(id, {spec("tcp", 61, 61, "::/0")}));
  EXPECT_TRUE(world.authorize(id, {spec("tcp", 61, 61)}, true));
}

TEST(Groups, RevokingInTheDefaultVpcTellsWhatWasUnknown) {
  World world;
  const std::string id = world.group("web");
  ASSERT_TRUE(world.authorize(id, {spec("tcp", 22, 22), spec("tcp", 80, 80)}));
  GroupRuleSpec described = spec("6", 22, 22);
  described.description = "does not count";
  const auto done =
      world.network.revoke_group(kScope, {id, ""}, false, {spec("tcp", 99, 99), described});
  ASSERT_TRUE(done);
  EXPECT_THAT(done->unknown, ElementsAre(0U));
  ASSERT_THAT(done->revoked, SizeIs(1));
  EXPECT_EQ(done->revoked[0].from_port, 22);
  EXPECT_THAT(world.rules_of(id), SizeIs(2));
  const std::string left =
      world.rules_of(id)[0].is_egress ? world.rules_of(id)[1].id : world.rules_of(id)[0].id;
  EXPECT_EQ(world.network.revoke_group_rules(kScope, {id, ""}, true, {left}).error().code,
            "InvalidSecurityGroupRuleId.NotFound")
      << "it is an ingress rule";
  EXPECT_TRUE(world.network.revoke_group_rules(kScope, {id, ""}, false, {left}));
  EXPECT_THAT(world.rules_of(id), SizeIs(1));
}

TEST(Groups, RulesAreModifiedInPlaceAndDescribed) {
  World world;
  const std::string id = world.group("web");
  const auto added = world.authorize(id, {spec("tcp", 22, 22), spec("tcp", 80, 80)});
  ASSERT_TRUE(added);
  const std::string rule = (*added)[0].id;
  ASSERT_TRUE(
      world.network.modify_group_rules(kScope, id, {{rule, spec("tcp", 23, 23, "10.0.0.0/8")}}));
  const auto changed = (*world.network.state(kScope))->group_rules.at(rule);
  EXPECT_EQ(changed.from_port, 23);
  EXPECT_EQ(changed.cidr_ipv4, "10.0.0.0/8");
  EXPECT_EQ(
      world.network.modify_group_rules(kScope, id, {{rule, spec("tcp", 80, 80)}}).error().code,
      "InvalidPermission.Duplicate");
  GroupRuleSpec named = spec("tcp", 80, 80);
  named.description = "web";
  ASSERT_TRUE(
      world.network.describe_group_rules(kScope, {id, ""}, false, {named}, {{rule, "telnet"}}));
  const auto state = *world.network.state(kScope);
  EXPECT_EQ(state->group_rules.at(rule).description, "telnet");
  EXPECT_EQ(state->group_rules.at((*added)[1].id).description, "web");
  EXPECT_EQ(world.network.describe_group_rules(kScope, {id, ""}, false, {spec("tcp", 1, 1)}, {})
                .error()
                .code,
            "InvalidPermission.NotFound");
}

TEST(Groups, AnInterfaceTakesFiveOfItsVpc) {
  World world;
  std::vector<std::string> ids;
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) ids.push_back(world.group(name));
  EXPECT_EQ(world.attach(ids).error().code, "SecurityGroupsPerInterfaceLimitExceeded");
  ids.pop_back();
  EXPECT_TRUE(world.attach(ids));
  EXPECT_EQ(world.eni().group_ids, ids);
  EXPECT_EQ(world.attach({"sg-1"}).error().code, "InvalidGroup.NotFound");
  EXPECT_EQ(world.attach({}).error().code, "MissingParameter");
  EXPECT_EQ(world.network.change_interface(kScope, "eni-1", {}).error().code,
            "InvalidNetworkInterfaceID.NotFound");
}

TEST(EnforcedGroups, TheUntouchedDefaultGroupIsNot) {
  World world;
  EXPECT_FALSE(world.enforced().is_enforced);
  EXPECT_THAT(world.enforced().ids, ElementsAre(world.default_group()));
  ASSERT_TRUE(world.authorize(world.default_group(), {spec("tcp", 22, 22)}));
  EXPECT_TRUE(world.enforced().is_enforced);
  EXPECT_TRUE(world.enforced("eth1").is_enforced);
  ASSERT_TRUE(world.network.revoke_group(kScope, {world.default_group(), ""}, false,
                                         {spec("tcp", 22, 22)}));
  EXPECT_FALSE(world.enforced().is_enforced) << "it is as it was";
  ASSERT_TRUE(world.network.revoke_group(kScope, {world.default_group(), ""}, true, {spec("-1")}));
  EXPECT_TRUE(world.enforced().is_enforced);
}

TEST(EnforcedGroups, AreAllowedTogether) {
  World world;
  const std::string web = world.group("web");
  const std::string ssh = world.group("ssh");
  ASSERT_TRUE(world.authorize(web, {spec("tcp", 443, 443)}));
  ASSERT_TRUE(world.authorize(ssh, {spec("tcp", 22, 22, "10.0.0.0/8")}));
  ASSERT_TRUE(world.attach({web, ssh, world.default_group()}));
  const auto groups = world.enforced();
  const auto allowed = [&](std::string from, int port) {
    return allows(groups.allowances, Direction::ingress,
                  packet(std::move(from), "10.0.0.5", 6, port));
  };
  EXPECT_TRUE(allowed("203.0.113.9", 443));
  EXPECT_FALSE(allowed("203.0.113.9", 22));
  EXPECT_TRUE(allowed("10.1.2.3", 22));
  EXPECT_FALSE(allowed("10.1.2.3", 23));
  EXPECT_TRUE(allowed("10.0.0.5", 23)) << "the default group allows its own members";
  EXPECT_FALSE(world.enforced("eth1").is_enforced);
}

TEST(EnforcedGroups, AReferenceFollowsTheMembersOfTheGroup) {
  World world;
  const std::string web = world.group("web");
  const std::string data = world.group("data");
  ASSERT_TRUE(world.authorize(data, {from_group(web)}));
  ASSERT_TRUE(world.attach({data}));
  const auto peers = [&] {
    std::vector<std::string> found;
    for (const GroupAllowance& allowance : world.enforced().allowances) {
      if (allowance.direction == Direction::ingress) found.push_back(allowance.peer.to_string());
    }
    return found;
  };
  EXPECT_THAT(peers(), IsEmpty());
  ASSERT_TRUE(world.attach({web}, "eth1"));
  EXPECT_THAT(peers(), ElementsAre("10.0.1.5/32"));
  auto devices = World::devices();
  devices[1].addresses = {{"10.0.1.9", 24}};
  ASSERT_TRUE(world.network.set_interfaces(devices));
  EXPECT_THAT(peers(), ElementsAre("10.0.1.9/32"));
}

TEST(EnforcedGroups, ARefusedChangeIsNotKept) {
  World world;
  const std::string id = world.group("web");
  world.gate.refusal = Error{ErrorKind::conflict, "OperationNotPermitted", "no"};
  EXPECT_EQ(world.attach({id}).error().code, "OperationNotPermitted");
  EXPECT_THAT(world.eni().group_ids, ElementsAre(world.default_group()));
}

TEST(DryRuns, OfGroupsReachTheGateAndChangeNothing) {
  World world;
  const std::string id = world.group("web");
  const auto before = world.network.state(kScope);
  const Origin dry{.is_dry_run = true};
  EXPECT_TRUE(world.network.create_group(kScope, {"other", "x", "", {}}, dry));
  EXPECT_TRUE(world.network.authorize_group(kScope, {id, ""}, false, {spec("-1")}, {}, dry));
  EXPECT_TRUE(world.network.change_interface(kScope, world.eni().id, {.group_ids = {{id}}}, dry));
  EXPECT_TRUE(world.network.delete_group(kScope, {id, ""}, dry));
  EXPECT_FALSE(world.network.delete_group(kScope, {"sg-1", ""}, dry));
  EXPECT_EQ(*world.network.state(kScope), *before) << "the same snapshot";
  EXPECT_EQ(world.gate.dry_runs, 1) << "only the attachment changes what is enforced";
}

}  // namespace
}  // namespace weir::vpc
