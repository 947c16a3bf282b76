// SPDX-License-Identifier: Apache-2.0
#include "vpc/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "vpc/default_vpc.h"

namespace weir::vpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Scope kScope;
const Scope kElsewhere{"111122223333", "eu-central-1"};

/// Remembers what it was asked and refuses if told so.
class RecordingGate final : public AclGate {
 public:
  Result<void> apply(const std::vector<InterfaceRules>& before,
                     const std::vector<InterfaceRules>& after, const Origin& origin) override {
    calls.push_back({before, after, origin});
    if (refusal) return *refusal;
    return {};
  }
  struct Call {
    std::vector<InterfaceRules> before;
    std::vector<InterfaceRules> after;
    Origin origin;
  };
  std::vector<Call> calls;
  std::optional<Error> refusal;
};

/// A memory store that can fail.
class FailingStore final : public store::KvStore {
 public:
  Result<std::optional<std::string>> get(std::string_view key) const override {
    return inner_->get(key);
  }
  Result<void> write(const store::WriteBatch& batch) override {
    if (fails) return Error{ErrorKind::unavailable, "ServiceUnavailableException", "disk full"};
    return inner_->write(batch);
  }
  std::unique_ptr<store::Cursor> cursor() const override { return inner_->cursor(); }
  bool fails = false;

 private:
  std::unique_ptr<store::KvStore> inner_ = store::make_memory_store();
};

HostInterface interface(std::string name, std::vector<InterfaceAddress> addresses) {
  return {std::move(name), "52:54:00:12:34:56", true, false, std::move(addresses)};
}

AclEntry deny(int number, std::string cidr, bool egress = false) {
  AclEntry entry;
  entry.rule_number = number;
  entry.rule_action = "deny";
  entry.egress = egress;
  entry.cidr_block = std::move(cidr);
  return entry;
}

struct World {
  World() {
    EXPECT_TRUE(network.load());
    EXPECT_TRUE(network.set_interfaces({interface("eth0", {{"10.0.0.5", 24}})}));
  }
  Config config() const { return {.host_scope = kScope, .machine_id = "machine"}; }
  Eni eni() { return network.host_enis().at(0); }
  std::string acl_id() { return network.acl_for_eni(kScope, eni().id)->id; }
  NewFlowLogs flow_logs() {
    NewFlowLogs request;
    request.resource_ids = {eni().id};
    request.resource_type = "NetworkInterface";
    request.traffic_type = "ALL";
    request.log_group_name = "/vpc/flow";
    request.permission_arn = "arn:aws:iam::000000000000:role/flow";
    return request;
  }
  NewFlowLogs flow_logs_to_bucket(std::string bucket = "arn:aws:s3:::records/folder/") {
    NewFlowLogs request = flow_logs();
    request.log_group_name.reset();
    request.permission_arn.reset();
    request.destination_type = "s3";
    request.destination = std::move(bucket);
    return request;
  }

  SimulatedRuntime runtime{7};
  FailingStore store;
  Network network{runtime, store, config()};
};

TEST(DefaultVpc, IsMadeAtFirstUseOfARegionAndKept) {
  World world;
  const auto made = world.network.state(kElsewhere);
  ASSERT_TRUE(made);
  const Vpc& vpc = default_vpc_of(**made);
  EXPECT_EQ(vpc.cidr_block, "172.31.0.0/16");
  EXPECT_TRUE(vpc.is_default);
  std::vector<std::string> zones;
  for (const auto& [id, subnet] : (*made)->subnets) {
    zones.push_back(subnet.availability_zone + ' ' + subnet.availability_zone_id + ' ' +
                    *subnet.cidr_block);
    EXPECT_EQ((*made)->acl_of_subnet(id)->id, default_acl_of(**made, vpc.id).id);
    EXPECT_EQ(subnet.available_ip_addresses, 4091);
  }
  EXPECT_THAT(zones, testing::UnorderedElementsAre("eu-central-1a euc1-az1 172.31.0.0/20",
                                                   "eu-central-1b euc1-az2 172.31.16.0/20",
                                                   "eu-central-1c euc1-az3 172.31.32.0/20"));
  EXPECT_THAT((*made)->groups, SizeIs(1));
  EXPECT_THAT((*made)->group_rules, SizeIs(2));

  Network again(world.runtime, world.store, world.config());
  ASSERT_TRUE(again.load());
  EXPECT_EQ(default_vpc_of(**again.state(kElsewhere)).id, vpc.id);
}

TEST(ZoneId, AbbreviatesTheRegionAsAwsDoes) {
  EXPECT_EQ(zone_id("us-east-1", "a"), "use1-az1");
  EXPECT_EQ(zone_id("ap-southeast-2", "c"), "apse2-az3");
  EXPECT_EQ(zone_id("us-gov-west-1", "b"), "usgw1-az2");
  EXPECT_EQ(zone_id("ap-northeast-3", "a"), "apne3-az1");
  EXPECT_EQ(zone_id("eu-south-2", "a"), "eus2-az1");
}

TEST(Interfaces, AConnectedPrefixBecomesASubnetAndABlockOfTheVpc) {
  World world;
  const Eni eni = world.eni();
  EXPECT_EQ(eni.primary_v4, "10.0.0.5");
  EXPECT_EQ(eni.availability_zone, "us-east-1a");
  EXPECT_TRUE(eni.instance_id.starts_with("i-"));
  EXPECT_EQ(eni.id.size(), std::string_view("eni-0123456789abcdef0").size());

  const auto state = *world.network.state(kScope);
  const Subnet& subnet = state->subnets.at(eni.subnet_id);
  EXPECT_EQ(subnet.cidr_block, "10.0.0.0/24");
  EXPECT_FALSE(subnet.default_for_az);
  EXPECT_EQ(subnet.available_ip_addresses, 250);
  std::vector<std::string> blocks;
  for (const auto& block : default_vpc_of(*state).cidr_associations)
    blocks.push_back(block.cidr_block);
  EXPECT_THAT(blocks, ElementsAre("172.31.0.0/16", "10.0.0.0/24"));
}

TEST(Interfaces, KeepTheirIdsOverARestart) {
  World world;
  const Eni before = world.eni();
  Network again(world.runtime, world.store, world.config());
  ASSERT_TRUE(again.load());
  ASSERT_TRUE(again.set_interfaces({interface("eth0", {{"10.0.0.5", 24}})}));
  EXPECT_EQ(again.host_enis().at(0), before);
}

TEST(Interfaces, InsideAnExistingSubnetGetNoneOfTheirOwn) {
  World world;
  ASSERT_TRUE(world.network.set_interfaces({interface("eth0", {{"172.31.17.9", 24}})}));
  const auto state = *world.network.state(kScope);
  EXPECT_EQ(state->subnets.at(world.eni().subnet_id).cidr_block, "172.31.16.0/20");
  EXPECT_EQ(world.eni().availability_zone, "us-east-1b");
  EXPECT_THAT(state->subnets, SizeIs(3)) << "the subnet of 10.0.0.0/24 is gone with its interface";
}

TEST(Interfaces, ASubnetThatSomebodyUsesOutlivesItsInterface) {
  World world;
  const Eni eni = world.eni();
  ASSERT_TRUE(world.network.create_tags(kScope, {eni.subnet_id}, {{"Name", "lan"}}));
  ASSERT_TRUE(world.network.set_interfaces({}));
  EXPECT_THAT(world.network.host_enis(), IsEmpty());
  EXPECT_TRUE((*world.network.state(kScope))->subnets.contains(eni.subnet_id));
}

TEST(Interfaces, Ipv6GetsABlockAndIsAllowedByTheDefaultAclEvenIfItWasEdited) {
  World world;
  ASSERT_TRUE(world.network.create_acl_entry(kScope, world.acl_id(), deny(101, "203.0.113.9/32")));
  ASSERT_TRUE(
      world.network.set_interfaces({interface("eth0", {{"10.0.0.5", 24}, {"2001:db8::5", 64}})}));
  const auto state = *world.network.state(kScope);
  EXPECT_THAT(default_vpc_of(*state).ipv6_associations, SizeIs(1));
  EXPECT_THAT(state->subnets.at(world.eni().subnet_id).ipv6_associations, SizeIs(1));
  AclPacket packet;
  packet.source = *net::Address::parse("2001:db8:1::1");
  packet.destination = *net::Address::parse("2001:db8::5");
  const auto decision = evaluate(world.network.acl_for_eni(kScope, world.eni().id)->entries,
                                 Direction::ingress, packet);
  EXPECT_EQ(decision, (AclDecision{true, 102}));
}

TEST(Interfaces, WithoutAnAddressSitInTheDefaultSubnetOfTheHostsZone) {
  World world;
  ASSERT_TRUE(world.network.set_interfaces({interface("br0", {})}));
  const auto state = *world.network.state(kScope);
  EXPECT_EQ(state->subnets.at(world.eni().subnet_id).availability_zone, "us-east-1a");
  EXPECT_EQ(world.eni().primary_v4, "");
}

TEST(Interfaces, TheChoiceLeavesOutLoopbackDownAndAddressless) {
  std::vector<HostInterface> all = {interface("eth0", {{"10.0.0.5", 24}}), interface("veth1", {}),
                                    interface("lo", {{"127.0.0.1", 8}}),
                                    interface("wlan0", {{"10.1.0.5", 24}})};
  all[2].is_loopback = true;
  all[3].is_up = false;
  const auto names = [](const std::vector<HostInterface>& list) {
    std::vector<std::string> found;
    for (const auto& item : list) found.push_back(item.name);
    return found;
  };
  EXPECT_THAT(names(choose_interfaces(all, {})), ElementsAre("eth0"));
  EXPECT_THAT(
      names(choose_interfaces(all, {{.device = "lo"}, {.device = "veth1"}, {.device = "tun9"}})),
      ElementsAre("veth1", "lo"));
}

TEST(Interfaces, OfThisHostAreFound) {
  const auto found = discover_interfaces();
  ASSERT_TRUE(found);
  const auto lo = std::find_if(found->begin(), found->end(),
                               [](const auto& item) { return item.name == "lo"; });
  ASSERT_NE(lo, found->end());
  EXPECT_TRUE(lo->is_loopback);
  EXPECT_EQ(lo->mac, "");
}

TEST(Interfaces, ChangesAreToldOnlyWhenThereAreAny) {
  World world;
  int told = 0;
  world.network.on_change([&](const Scope& scope) {
    EXPECT_EQ(scope, kScope);
    ++told;
  });
  ASSERT_TRUE(world.network.set_interfaces({interface("eth0", {{"10.0.0.5", 24}})}));
  EXPECT_EQ(told, 0);
  ASSERT_TRUE(world.network.set_interfaces({interface("eth0", {{"10.0.0.6", 24}})}));
  EXPECT_EQ(told, 1);
}

TEST(AclEntries, AreKeptInOrderAndSurviveARestart) {
  World world;
  ASSERT_TRUE(world.network.create_acl_entry(kScope, world.acl_id(), deny(20, "203.0.113.9/32")));
  ASSERT_TRUE(world.network.create_acl_entry(kScope, world.acl_id(), deny(10, "203.0.113.8/32")));
  Network again(world.runtime, world.store, world.config());
  ASSERT_TRUE(again.load());
  const auto acl = again.acl_for_eni(kScope, world.eni().id);
  std::vector<int> numbers;
  for (const AclEntry& entry : acl->entries) {
    if (!entry.egress) numbers.push_back(entry.rule_number);
  }
  EXPECT_THAT(numbers, ElementsAre(10, 20, 100, 32767));
}

TEST(AclEntries, ErrorsAreThoseOfAws) {
  World world;
  auto& network = world.network;
  const std::string acl = world.acl_id();
  ASSERT_TRUE(network.create_acl_entry(kScope, acl, deny(20, "203.0.113.9/32")));
  const auto taken = network.create_acl_entry(kScope, acl, deny(20, "203.0.113.8/32"));
  EXPECT_EQ(taken.error().code, "NetworkAclEntryAlreadyExists");
  EXPECT_EQ(taken.error().message, "The network acl entry identified by 20 already exists.");
  EXPECT_TRUE(network.create_acl_entry(kScope, acl, deny(20, "203.0.113.8/32", true)))
      << "egress is a list of its own";
  EXPECT_EQ(network.replace_acl_entry(kScope, acl, deny(21, "203.0.113.8/32")).error().code,
            "InvalidNetworkAclEntry.NotFound");
  EXPECT_EQ(network.delete_acl_entry(kScope, acl, 21, false).error().code,
            "InvalidNetworkAclEntry.NotFound");
  EXPECT_EQ(network.delete_acl_entry(kScope, acl, 32767, false).error().code,
            "InvalidParameterValue");
  const auto unknown = network.create_acl_entry(kScope, "acl-1", deny(20, "203.0.113.9/32"));
  EXPECT_EQ(unknown.error().code, "InvalidNetworkAclID.NotFound");
  EXPECT_EQ(unknown.error().message, "The networkAcl ID 'acl-1' does not exist");
}

TEST(AclEntries, ReplacingAndDeletingChangeWhatIsJudged) {
  World world;
  const std::string acl = world.acl_id();
  ASSERT_TRUE(world.network.create_acl_entry(kScope, acl, deny(20, "203.0.113.9/32")));
  ASSERT_TRUE(world.network.replace_acl_entry(kScope, acl, deny(20, "203.0.113.0/24")));
  AclPacket packet;
  packet.source = *net::Address::parse("203.0.113.77");
  packet.destination = *net::Address::parse("10.0.0.5");
  const auto rule = [&] {
    return evaluate(world.network.acl_for_eni(kScope, world.eni().id)->entries, Direction::ingress,
                    packet)
        .rule_number;
  };
  EXPECT_EQ(rule(), 20);
  ASSERT_TRUE(world.network.delete_acl_entry(kScope, acl, 20, false));
  EXPECT_EQ(rule(), 100);
}

TEST(AclEntries, TheQuotaCountsEachDirectionAndTheDenyAll) {
  World world;
  const std::string acl = world.acl_id();
  for (int number = 1; number <= 18; ++number) {  // with 100 and deny-all 20
    ASSERT_TRUE(world.network.create_acl_entry(kScope, acl, deny(number, "203.0.113.9/32")));
  }
  EXPECT_EQ(world.network.create_acl_entry(kScope, acl, deny(19, "203.0.113.9/32")).error().code,
            "NetworkAclEntryLimitExceeded");
  EXPECT_TRUE(world.network.create_acl_entry(kScope, acl, deny(19, "203.0.113.9/32", true)));
}

TEST(Acls, AreMadeAssociatedAndDeleted) {
  World world;
  auto& network = world.network;
  const std::string vpc = world.eni().vpc_id;
  const auto made = network.create_acl(kScope, vpc, {{"Name", "closed"}});
  ASSERT_TRUE(made);
  EXPECT_THAT(made->entries, SizeIs(2)) << "only the deny-all of both directions";

  const auto before = *network.acl_for_eni(kScope, world.eni().id);
  const auto link =
      std::find_if(before.associations.begin(), before.associations.end(),
                   [&](const auto& a) { return a.subnet_id == world.eni().subnet_id; });
  const auto moved = network.replace_acl_association(kScope, link->id, made->id);
  ASSERT_TRUE(moved);
  EXPECT_NE(*moved, link->id);
  EXPECT_EQ(world.acl_id(), made->id);
  EXPECT_EQ(network.replace_acl_association(kScope, link->id, made->id).error().code,
            "InvalidAssociationID.NotFound");

  EXPECT_EQ(network.delete_acl(kScope, made->id).error().code, "DependencyViolation");
  EXPECT_EQ(network.delete_acl(kScope, before.id).error().code, "InvalidParameterValue");
  ASSERT_TRUE(network.replace_acl_association(kScope, *moved, before.id));
  EXPECT_TRUE(network.delete_acl(kScope, made->id));
  EXPECT_EQ(network.create_acl(kScope, "vpc-1", {}).error().message,
            "The vpc ID 'vpc-1' does not exist");
}

TEST(Acls, AClientTokenMakesOneOnly) {
  World world;
  const std::string vpc = world.eni().vpc_id;
  const auto first = world.network.create_acl(kScope, vpc, {}, "once");
  const auto second = world.network.create_acl(kScope, vpc, {}, "once");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->id, second->id);
  EXPECT_EQ(world.network.create_acl(kScope, vpc, {{"a", "b"}}, "once").error().code,
            "IdempotentParameterMismatch");
}

TEST(AclGate, SeesTheRulesBeforeAndAfterAndMayRefuse) {
  World world;
  RecordingGate gate;
  ASSERT_TRUE(world.network.set_gate(&gate));
  ASSERT_THAT(gate.calls, SizeIs(1)) << "what is kept is made true at the start";
  EXPECT_TRUE(gate.calls[0].origin.is_restore);
  EXPECT_EQ(gate.calls[0].after.at(0).ifname, "eth0");

  gate.refusal = Error{ErrorKind::forbidden, "UnauthorizedOperation", "no rights"};
  const auto refused = world.network.create_acl_entry(
      kScope, world.acl_id(), deny(20, "203.0.113.9/32"), {.source_ip = "192.0.2.1"});
  EXPECT_EQ(refused.error().code, "UnauthorizedOperation");
  EXPECT_EQ(gate.calls[1].origin.source_ip, "192.0.2.1");
  EXPECT_THAT(world.network.acl_for_eni(kScope, world.eni().id)->entries, SizeIs(4));
}

TEST(AclGate, IsNotAskedAboutAclsThatNoInterfaceUses) {
  World world;
  RecordingGate gate;
  ASSERT_TRUE(world.network.set_gate(&gate));
  gate.refusal = Error{ErrorKind::forbidden, "UnauthorizedOperation", "no rights"};
  const auto acl = world.network.create_acl(kScope, world.eni().vpc_id, {});
  ASSERT_TRUE(acl);
  EXPECT_TRUE(world.network.create_acl_entry(kScope, acl->id, deny(20, "203.0.113.9/32")));
  const auto elsewhere = default_acl_of(**world.network.state(kElsewhere),
                                        default_vpc_of(**world.network.state(kElsewhere)).id);
  EXPECT_TRUE(world.network.create_acl_entry(kElsewhere, elsewhere.id, deny(20, "203.0.113.9/32")));
  EXPECT_THAT(gate.calls, SizeIs(1));
}

TEST(AclGate, IsPutBackWhenTheStoreFails) {
  World world;
  RecordingGate gate;
  ASSERT_TRUE(world.network.set_gate(&gate));
  world.store.fails = true;
  EXPECT_FALSE(world.network.create_acl_entry(kScope, world.acl_id(), deny(20, "203.0.113.9/32")));
  ASSERT_THAT(gate.calls, SizeIs(3));
  EXPECT_EQ(gate.calls[2].after, gate.calls[1].before);
  EXPECT_THAT(world.network.acl_for_eni(kScope, world.eni().id)->entries, SizeIs(4));
}

TEST(FlowLogs, AreMadePerResourceAndFoundByTheInterface) {
  World world;
  const Eni eni = world.eni();
  for (const auto& [type, id] : {std::pair("VPC", eni.vpc_id), std::pair("Subnet", eni.subnet_id),
                                 std::pair("NetworkInterface", eni.id)}) {
    auto request = world.flow_logs();
    request.resource_type = type;
    request.resource_ids = {id};
    const auto made = world.network.create_flow_logs(kScope, request);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_THAT(made->flow_log_ids, SizeIs(1));
    EXPECT_FALSE(made->client_token.empty());
  }
  const auto found = world.network.flow_logs_for(eni);
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_EQ(found[0].log_format, kDefaultLogFormat);
  EXPECT_EQ(found[0].max_aggregation_interval_s, 600);
  EXPECT_EQ(found[0].created, world.runtime.now());
  EXPECT_EQ(found[0].status, "ACTIVE");

  Network again(world.runtime, world.store, world.config());
  ASSERT_TRUE(again.load());
  EXPECT_THAT(again.flow_logs_for(eni), SizeIs(3));
}

TEST(FlowLogs, TheGroupOfAnArnIsShownByName) {
  World world;
  auto request = world.flow_logs();
  request.log_group_name.reset();
  request.destination = "arn:aws:logs:us-east-1:000000000000:log-group:/vpc/flow:*";
  ASSERT_TRUE(world.network.create_flow_logs(kScope, request));
  const auto made = world.network.flow_logs_for(world.eni()).at(0);
  EXPECT_EQ(made.log_group_name, "/vpc/flow");
  EXPECT_EQ(made.destination, request.destination) << "echoed as given: Terraform compares";
}

TEST(FlowLogs, ToABucketShowTheirOptions) {
  World world;
  ASSERT_TRUE(world.network.create_flow_logs(kScope, world.flow_logs_to_bucket()));
  const auto made = world.network.flow_logs_for(world.eni()).at(0);
  EXPECT_EQ(made.destination_options, DestinationOptions{});
  EXPECT_FALSE(made.log_group_name);
}

TEST(FlowLogs, AMissingBucketIsAnUnsuccessfulItem) {
  World world;
  world.network.set_destination_check([](const Scope&, std::string_view bucket) -> Result<void> {
    return Error{ErrorKind::not_found, "NoSuchBucket",
                 "LogDestination: " + std::string(bucket) + " does not exist"};
  });
  const auto made = world.network.create_flow_logs(kScope, world.flow_logs_to_bucket());
  ASSERT_TRUE(made);
  EXPECT_THAT(made->flow_log_ids, IsEmpty());
  ASSERT_THAT(made->unsuccessful, SizeIs(1));
  EXPECT_EQ(made->unsuccessful[0].error.code, "400");
  EXPECT_EQ(made->unsuccessful[0].error.message, "LogDestination: records does not exist");
}

TEST(FlowLogs, TheSameConfigurationTwiceIsRefused) {
  World world;
  ASSERT_TRUE(world.network.create_flow_logs(kScope, world.flow_logs()));
  EXPECT_EQ(world.network.create_flow_logs(kScope, world.flow_logs()).error().code,
            "FlowLogAlreadyExists");
  auto other = world.flow_logs();
  other.traffic_type = "REJECT";
  EXPECT_TRUE(world.network.create_flow_logs(kScope, other));
}

TEST(FlowLogs, AClientTokenGivesTheSameAnswerAgainAlsoAfterARestart) {
  World world;
  auto request = world.flow_logs();
  request.client_token = "once";
  const auto first = world.network.create_flow_logs(kScope, request);
  ASSERT_TRUE(first);
  Network again(world.runtime, world.store, world.config());
  ASSERT_TRUE(again.load());
  const auto second = again.create_flow_logs(kScope, request);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->flow_log_ids, first->flow_log_ids);
  request.traffic_type = "REJECT";
  EXPECT_EQ(again.create_flow_logs(kScope, request).error().code, "IdempotentParameterMismatch");
}

TEST(FlowLogs, WhatTheReferenceListsIsRefusedWithItsText) {
  World world;
  const auto message = [&](const NewFlowLogs& request) {
    const auto made = world.network.create_flow_logs(kScope, request);
    return made ? std::string("made") : made.error().message;
  };
  auto both = world.flow_logs();
  both.destination = "arn:aws:logs:us-east-1:000000000000:log-group:g";
  EXPECT_EQ(message(both), "Please only provide LogGroupName or only provide LogDestination.");
  auto neither = world.flow_logs();
  neither.log_group_name.reset();
  EXPECT_EQ(message(neither), "LogDestination can't be empty if LogGroupName is not provided.");
  auto group_for_s3 = world.flow_logs();
  group_for_s3.destination_type = "s3";
  EXPECT_EQ(message(group_for_s3),
            "LogDestination type must be cloud-watch-logs if LogGroupName is provided.");
  auto no_role = world.flow_logs();
  no_role.permission_arn.reset();
  EXPECT_EQ(message(no_role),
            "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.");
  auto role = world.flow_logs_to_bucket();
  role.permission_arn = "arn:aws:iam::000000000000:role/flow";
  EXPECT_EQ(message(role), "DeliverLogsPermissionArn is not applicable for s3 delivery");
  auto interval = world.flow_logs();
  interval.max_aggregation_interval_s = 61;
  EXPECT_EQ(message(interval), "Invalid Flow Log Max Aggregation Interval");
  auto tag_field = world.flow_logs();
  tag_field.log_format = "${srcaddr} ${instance-tag}";
  EXPECT_EQ(message(tag_field),
            "The TagFieldSpecifications parameter must be set when including tag fields in the log "
            "format");
  auto unknown = world.flow_logs();
  unknown.resource_ids = {"eni-1"};
  EXPECT_EQ(message(unknown), "The networkInterface ID 'eni-1' does not exist");
  EXPECT_THAT(message(world.flow_logs_to_bucket("arn:aws:s3:::records/AWSLogs/")),
              HasSubstr("reserved"));
  EXPECT_THAT(message(world.flow_logs_to_bucket("records")), HasSubstr("not the ARN of a bucket"));
  auto options = world.flow_logs();
  options.destination_options = DestinationOptions{.file_format = "parquet"};
  EXPECT_THAT(message(options), HasSubstr("s3"));
  EXPECT_THAT(world.network.flow_logs_for(world.eni()), IsEmpty());
}

TEST(FlowLogs, ADryRunMakesNothing) {
  World world;
  auto request = world.flow_logs();
  request.dry_run = true;
  EXPECT_TRUE(world.network.create_flow_logs(kScope, request));
  EXPECT_THAT(world.network.flow_logs_for(world.eni()), IsEmpty());
}

TEST(FlowLogs, AreDeletedAllOrNone) {
  World world;
  const auto made = world.network.create_flow_logs(kScope, world.flow_logs());
  const std::string id = made->flow_log_ids.at(0);
  const auto refused = world.network.delete_flow_logs(kScope, {id, "fl-1", "fl-2"});
  EXPECT_EQ(refused.error().code, "InvalidFlowLogId.NotFound");
  EXPECT_EQ(refused.error().message,
            "These flow log ids in the input list are not found: [TotalCount: 2] fl-1 fl-2");
  EXPECT_THAT(world.network.flow_logs_for(world.eni()), SizeIs(1));
  EXPECT_TRUE(world.network.delete_flow_logs(kScope, {id}));
  EXPECT_THAT(world.network.flow_logs_for(world.eni()), IsEmpty());
}

TEST(FlowLogs, ShowWhatDeliveryMetWithoutTellingTheListeners) {
  World world;
  const auto made = world.network.create_flow_logs(kScope, world.flow_logs());
  const std::string id = made->flow_log_ids.at(0);
  int told = 0;
  world.network.on_change([&](const Scope&) { ++told; });
  ASSERT_TRUE(world.network.set_delivery_error(kScope, id, "Access error"));
  auto shown = world.network.flow_logs_for(world.eni()).at(0);
  EXPECT_EQ(shown.deliver_status, "FAILED");
  EXPECT_EQ(shown.deliver_error, "Access error");
  ASSERT_TRUE(world.network.set_delivery_error(kScope, id, std::nullopt));
  EXPECT_EQ(world.network.flow_logs_for(world.eni()).at(0).deliver_status, "SUCCESS");
  EXPECT_TRUE(world.network.set_delivery_error(kScope, "fl-gone", "Access error"));
  EXPECT_EQ(told, 0);
}

TEST(Tags, AreMergedLimitedAndRemoved) {
  World world;
  auto& network = world.network;
  const std::string eni = world.eni().id;
  ASSERT_TRUE(network.create_tags(kScope, {eni, world.acl_id()}, {{"Name", "a"}, {"team", "net"}}));
  ASSERT_TRUE(network.create_tags(kScope, {eni}, {{"Name", "b"}}));
  EXPECT_THAT(world.eni().tags, ElementsAre(Tag{"Name", "b"}, Tag{"team", "net"}));

  ASSERT_TRUE(network.delete_tags(kScope, {eni}, {{"Name", "other"}}));
  EXPECT_THAT(world.eni().tags, SizeIs(2)) << "a value that differs is left alone";
  ASSERT_TRUE(network.delete_tags(kScope, {eni}, {{"Name", std::nullopt}}));
  EXPECT_THAT(world.eni().tags, ElementsAre(Tag{"team", "net"}));
  ASSERT_TRUE(network.delete_tags(kScope, {eni}, {}));
  EXPECT_THAT(world.eni().tags, IsEmpty());

  Tags many;
  for (int i = 0; i < 51; ++i) many.push_back({"k" + std::to_string(i), ""});
  EXPECT_EQ(network.create_tags(kScope, {eni}, many).error().code, "TagLimitExceeded");
  EXPECT_EQ(network.create_tags(kScope, {eni}, {{"aws:x", ""}}).error().code,
            "InvalidParameterValue");
  EXPECT_EQ(network.create_tags(kScope, {"vpc-1"}, {{"a", ""}}).error().code,
            "InvalidVpcID.NotFound");
  EXPECT_EQ(network.create_tags(kScope, {"what"}, {{"a", ""}}).error().code, "InvalidID");
}

TEST(Changes, FromManyThreadsAreAllKeptWhileOthersRead) {
  constexpr int kThreads = 4;
  constexpr int kEntriesEach = 4;
  World world;
  const std::string acl = world.acl_id();
  const Eni eni = world.eni();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 1; i <= kEntriesEach; ++i) {
        EXPECT_TRUE(
            world.network.create_acl_entry(kScope, acl, deny(10 * t + i, "203.0.113.9/32")));
        EXPECT_THAT(world.network.flow_logs_for(eni), IsEmpty());
        EXPECT_TRUE(world.network.state({std::to_string(t), "us-east-1"}));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(world.network.acl_for(kScope, eni.subnet_id)->entries,
              SizeIs(4 + kThreads * kEntriesEach));
}

TEST(Reset, ForgetsEverythingButTheInterfaces) {
  World world;
  const Eni before = world.eni();
  ASSERT_TRUE(world.network.create_flow_logs(kScope, world.flow_logs()));
  ASSERT_TRUE(world.network.state(kElsewhere));
  ASSERT_TRUE(world.network.create_acl_entry(kScope, world.acl_id(), deny(20, "203.0.113.9/32")));
  ASSERT_TRUE(world.network.reset());
  EXPECT_EQ(world.eni().id, before.id);
  EXPECT_THAT(world.network.flow_logs_for(world.eni()), IsEmpty());
  EXPECT_THAT(world.network.acl_for_eni(kScope, before.id)->entries, SizeIs(4));
}

}  // namespace
}  // namespace weir::vpc
