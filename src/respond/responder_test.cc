// SPDX-License-Identifier: Apache-2.0
#include "respond/responder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/document.h"
#include "respond/protection.h"

namespace weir::respond {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kGroup = "/vpc/flow";

/// A host with one interface, flow records in a log group with the lab's metric filter, and the
/// responder; virtual time, memory store. `restart()` is a kill and a new start.
struct RespondWorld {
  explicit RespondWorld(Responder::Config config_in = {.dry_run = false}, int acl_entries_max = 20)
      : config(std::move(config_in)), network_config{.host_scope = scope, .machine_id = "m"} {
    network_config.acl_entries_max = acl_entries_max;
    if (!config.lifelines) config.lifelines = [] { return std::vector<net::Address>{}; };
    start();
    WEIR_ASSERT(
        network->set_interfaces({{"eth0", "52:54:00:12:34:56", true, false, {{"10.0.0.5", 24}}}}));
    eni = network->host_enis().at(0).id;
    WEIR_ASSERT(logs->ensure_stream(scope, kGroup, eni + "-all"));
    logs::MetricFilter filter;
    filter.filter_name = "rejected";
    filter.filter_pattern =
        "[v, acct, eni, src, dst, sport, dport, proto, pkts, bytes, start, end, action = REJECT, "
        "status]";
    filter.metric_transformations = {{.metric_name = "Rejected",
                                      .metric_namespace = "VPCFlow",
                                      .metric_value = "1",
                                      .default_value = {},
                                      .dimensions = {},
                                      .unit = {}}};
    WEIR_ASSERT(logs->put_metric_filter(scope, kGroup, filter));
  }

  void start() {
    network = std::make_unique<vpc::Network>(runtime, *store, network_config);
    WEIR_ASSERT(network->load());
    const auto sink = [](const Scope&, std::string_view, std::span<const logs::MetricValue>) {
      return Result<void>{};
    };
    logs = std::make_unique<logs::Logs>(runtime, *store, sink, logs::Logs::Config{});
    WEIR_ASSERT(logs->load());
    responder = std::make_unique<Responder>(runtime, *store, *logs, *network, config);
    WEIR_ASSERT(responder->load());
  }
  void restart() {
    runtime.quiesce();
    responder.reset();
    logs.reset();
    network.reset();
    start();
  }

  void refused(const std::string& source, int times, const char* action = "REJECT") {
    std::vector<logs::InputLogEvent> events;
    for (int i = 0; i < times; ++i) {
      events.push_back({runtime.now().ms, "2 000000000000 " + eni + ' ' + source +
                                              " 10.0.0.5 40000 22 6 1 40 1767225600 1767225660 " +
                                              action + " OK"});
    }
    WEIR_ASSERT(logs->put_log_events(scope, kGroup, eni + "-all", events));
  }

  notify::Outcome alarm(const char* state = "ALARM") {
    const std::string time = to_iso8601_offset(runtime.now());
    notify::Delivery delivery;
    delivery.message = R"({"AlarmName":"ssh","NewStateValue":")" + std::string(state) +
                       R"(","NewStateReason":"x","StateChangeTime":")" + time +
                       R"(","AlarmArn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:ssh",)" +
                       R"("Trigger":{"MetricName":"Rejected","Namespace":"VPCFlow",)" +
                       R"("Dimensions":[],"Period":60,"EvaluationPeriods":1}})";
    runtime.advance(Duration(1));
    return deliver(delivery);
  }
  notify::Outcome deliver(const notify::Delivery& delivery) {
    std::optional<notify::Outcome> outcome;
    responder->send(delivery, [&](notify::Outcome o) { outcome = std::move(o); });
    runtime.run_ready();
    WEIR_ASSERT(outcome);
    return *outcome;
  }

  /// Ingress deny entries but the fixed ones, as `number cidr`.
  std::vector<std::string> denied() {
    std::vector<std::string> out;
    const auto acl = network->acl_for_eni(scope, eni);
    for (const auto& entry : acl->entries) {
      if (entry.egress || !entry.is_deny() || entry.rule_number > vpc::kRuleNumberMax) continue;
      out.push_back(std::to_string(entry.rule_number) + ' ' +
                    entry.cidr_block.value_or(entry.ipv6_cidr_block.value_or("")));
    }
    return out;
  }
  std::vector<std::string> audit() {
    std::vector<std::string> out;
    const auto found = logs->filter_events(scope, kAuditLogGroup, {});
    if (!found) return out;
    for (const auto& event : found->events) out.push_back(event.message);
    return out;
  }

  Scope scope{};
  SimulatedRuntime runtime{3};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Responder::Config config;
  vpc::Config network_config;
  std::unique_ptr<vpc::Network> network;
  std::unique_ptr<logs::Logs> logs;
  std::unique_ptr<Responder> responder;
  std::string eni;
};

// Goal: the address behind an alarm is denied below the allow rules, and goes by itself.
// Method: real log group, metric filter and ACL; refused records of two sources, one of them rare.
TEST(Responder, DeniesTheOffenderForAnHour) {
  RespondWorld world;
  world.refused("203.0.113.9", 12);
  world.refused("198.51.100.1", 2);
  world.refused("192.0.2.77", 50, "ACCEPT");
  EXPECT_EQ(world.alarm().kind, notify::Outcome::Kind::delivered);
  EXPECT_THAT(world.denied(), ElementsAre("1 203.0.113.9/32"));
  ASSERT_THAT(world.responder->blocks(world.scope), SizeIs(1));
  EXPECT_THAT(world.audit(), ElementsAre(AllOf(HasSubstr(R"("action":"block")"),
                                               HasSubstr(R"("cidr":"203.0.113.9/32")"),
                                               HasSubstr(R"("events":12)"))));
  world.runtime.advance(minutes(59));
  EXPECT_THAT(world.denied(), SizeIs(1));
  world.runtime.advance(minutes(2));
  EXPECT_THAT(world.denied(), IsEmpty());
  EXPECT_THAT(world.responder->blocks(world.scope), IsEmpty());
  EXPECT_THAT(world.audit(), Contains(HasSubstr(R"("action":"expire")")));
}

TEST(Responder, DryRunIsTheDefaultAndOnlyTells) {
  RespondWorld world{Responder::Config{}};
  world.refused("203.0.113.9", 12);
  world.alarm();
  EXPECT_THAT(world.denied(), IsEmpty());
  EXPECT_THAT(world.responder->blocks(world.scope), IsEmpty());
  EXPECT_THAT(world.audit(), ElementsAre(AllOf(HasSubstr(R"("action":"would-block")"),
                                               HasSubstr("203.0.113.9/32"))));
}

TEST(Responder, OtherStatesAndMessagesDoNothing) {
  RespondWorld world;
  world.refused("203.0.113.9", 12);
  world.alarm("OK");
  notify::Delivery hello;
  hello.message = "hello";
  EXPECT_EQ(world.deliver(hello).kind, notify::Outcome::Kind::rejected);
  EXPECT_THAT(world.denied(), IsEmpty());
}

TEST(Responder, ProtectedAddressesAreNeverDenied) {
  Responder::Config config{.dry_run = false};
  config.allow = {*net::Prefix::parse("198.51.100.0/24")};
  config.lifelines = [] { return std::vector{*net::Address::parse("10.0.0.1")}; };
  RespondWorld world{config};
  for (const char* source : {"198.51.100.7", "10.0.0.1", "10.0.0.5", "127.0.0.1", "169.254.1.1",
                             "224.0.0.1", "255.255.255.255", "0.0.0.0"}) {
    world.refused(source, 20);
  }
  world.alarm();
  EXPECT_THAT(world.denied(), IsEmpty());
  EXPECT_THAT(world.audit(), SizeIs(9));
  EXPECT_THAT(world.audit(), Each(HasSubstr(R"("action":"skip")")));
}

TEST(Responder, TheSameAlarmAgainExtendsTheBlock) {
  RespondWorld world;
  world.refused("203.0.113.9", 12);
  world.alarm();
  world.runtime.advance(minutes(30));
  world.refused("203.0.113.9", 12);
  world.alarm();
  EXPECT_THAT(world.denied(), SizeIs(1));
  world.runtime.advance(minutes(59));
  EXPECT_THAT(world.denied(), SizeIs(1));
  world.runtime.advance(minutes(2));
  EXPECT_THAT(world.denied(), IsEmpty());
}

TEST(Responder, BlocksSurviveARestartAndStillEnd) {
  RespondWorld world;
  world.refused("203.0.113.9", 12);
  world.alarm();
  world.restart();
  EXPECT_THAT(world.denied(), SizeIs(1));
  EXPECT_THAT(world.responder->blocks(world.scope), SizeIs(1));
  world.runtime.advance(hours(2));
  EXPECT_THAT(world.denied(), IsEmpty());
}

TEST(Responder, ABlockWhoseTimePassedWhileWeWereDownEndsAtTheStart) {
  RespondWorld world;
  world.refused("203.0.113.9", 12);
  world.alarm();
  world.runtime.quiesce();
  world.responder.reset();
  world.runtime.advance(hours(2));
  world.restart();
  EXPECT_THAT(world.denied(), IsEmpty());
}

TEST(Responder, AnEntryThatACrashLeftOutIsPlacedAtTheStart) {
  RespondWorld world;
  world.refused("203.0.113.9", 12);
  world.alarm();
  Block block = world.responder->blocks(world.scope).at(0);
  block.is_placed = false;
  ASSERT_TRUE(
      world.store->put("respond/000000000000/us-east-1/block/" + block.acl_id + '/' + block.cidr,
                       to_json_text(block)));
  ASSERT_TRUE(world.network->delete_acl_entry(world.scope, block.acl_id, 1, false));
  world.restart();
  EXPECT_THAT(world.denied(), ElementsAre("1 203.0.113.9/32"));
}

TEST(Responder, ABlockCanBeTakenBack) {
  RespondWorld world;
  world.refused("203.0.113.9", 12);
  world.alarm();
  ASSERT_TRUE(world.responder->unblock(world.scope, "203.0.113.9"));
  EXPECT_THAT(world.denied(), IsEmpty());
  EXPECT_FALSE(world.responder->unblock(world.scope, "203.0.113.9"));
  EXPECT_THAT(world.audit(), Contains(HasSubstr(R"("action":"unblock")")));
}

TEST(Responder, AnEntryThatSomebodyElsePutInItsPlaceIsLeftAlone) {
  RespondWorld world;
  world.refused("203.0.113.9", 12);
  world.alarm();
  const std::string acl = world.responder->blocks(world.scope).at(0).acl_id;
  ASSERT_TRUE(world.network->delete_acl_entry(world.scope, acl, 1, false));
  vpc::AclEntry other;
  other.rule_number = 1;
  other.rule_action = "deny";
  other.cidr_block = "192.0.2.0/24";
  ASSERT_TRUE(world.network->create_acl_entry(world.scope, acl, other));
  world.runtime.advance(hours(2));
  EXPECT_THAT(world.denied(), ElementsAre("1 192.0.2.0/24"));
}

TEST(Responder, AFullAclDropsWhoWasSeenLongestAgo) {
  Responder::Config config{.dry_run = false};
  config.blocks_per_acl_max = 2;
  RespondWorld world{config};
  for (const char* source : {"203.0.113.9", "198.51.100.1", "192.0.2.1"}) {
    world.refused(source, 10);
    world.alarm();
    world.runtime.advance(minutes(3));
  }
  EXPECT_THAT(world.denied(), ElementsAre("1 192.0.2.1/32", "2 198.51.100.1/32"));
  EXPECT_THAT(world.audit(), Contains(HasSubstr(R"("action":"evict","cidr":"203.0.113.9/32")")));
}

TEST(Responder, TheQuotaOfTheAclAlsoMakesRoom) {
  RespondWorld world{{.dry_run = false}, 4};  // allow, deny-all and two of ours
  for (const char* source : {"203.0.113.9", "198.51.100.1", "192.0.2.1"}) {
    world.refused(source, 10);
    world.alarm();
    world.runtime.advance(minutes(3));
  }
  EXPECT_THAT(world.denied(), SizeIs(2));
  EXPECT_THAT(world.denied(), Not(Contains(HasSubstr("203.0.113.9"))));
}

TEST(Responder, NeighboursBecomeAPrefixWhenRoomIsNeeded) {
  Responder::Config config{.dry_run = false};
  config.blocks_per_acl_max = 3;
  RespondWorld world{config};
  for (const char* source : {"203.0.113.9", "203.0.113.10", "203.0.113.11", "203.0.113.200"}) {
    world.refused(source, 10);
    world.alarm();
    world.runtime.advance(minutes(3));
  }
  EXPECT_THAT(world.denied(), ElementsAre("1 203.0.113.0/24"));
  EXPECT_THAT(world.responder->blocks(world.scope).at(0).members, SizeIs(4));
  ASSERT_TRUE(world.responder->unblock(world.scope, "203.0.113.10"));
  EXPECT_THAT(world.denied(), IsEmpty());
}

TEST(Responder, APrefixWithAProtectedAddressIsNotMadeOf) {
  Responder::Config config{.dry_run = false};
  config.blocks_per_acl_max = 3;
  config.allow = {*net::Prefix::parse("203.0.113.128/32")};
  RespondWorld world{config};
  for (const char* source : {"203.0.113.9", "203.0.113.10", "203.0.113.11", "203.0.113.200"}) {
    world.refused(source, 10);
    world.alarm();
    world.runtime.advance(minutes(3));
  }
  EXPECT_THAT(world.denied(), SizeIs(3));
  EXPECT_THAT(world.denied(), Contains(HasSubstr("203.0.113.200/32")));
}

TEST(Responder, OneAlarmAndOneMinuteHaveABound) {
  Responder::Config config{.dry_run = false};
  config.blocks_per_alarm_max = 4;
  config.new_blocks_per_minute_max = 6;
  RespondWorld world{config};
  for (int i = 1; i <= 20; ++i) world.refused("198.51.100." + std::to_string(i), 10);
  world.alarm();
  EXPECT_THAT(world.denied(), SizeIs(4));
  for (int i = 21; i <= 40; ++i) world.refused("203.0.113." + std::to_string(i), 30);
  world.alarm();
  EXPECT_THAT(world.denied(), SizeIs(6));
  EXPECT_THAT(world.audit(), Contains(HasSubstr("too many new blocks in this minute")));
}

TEST(Responder, Ipv6IsDeniedWithIpv6Entries) {
  RespondWorld world;
  world.refused("2001:db8::9", 12);
  world.alarm();
  EXPECT_THAT(world.denied(), ElementsAre("1 2001:db8::9/128"));
}

TEST(Responder, AnAlarmThatComesLateIsNotActedOn) {
  RespondWorld world;
  world.refused("203.0.113.9", 12);
  notify::Delivery delivery;
  delivery.message =
      R"({"AlarmName":"ssh","NewStateValue":"ALARM","StateChangeTime":"2025-12-31T20:00:00Z",
      "AlarmArn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:ssh",
      "Trigger":{"MetricName":"Rejected","Namespace":"VPCFlow","Period":60}})";
  world.deliver(delivery);
  EXPECT_THAT(world.denied(), IsEmpty());
  EXPECT_THAT(world.audit(), ElementsAre(HasSubstr("came too late")));
}

TEST(AlarmMessage, TakesTheWindowFromTheDatapointsInTheReason) {
  const auto alarm = AlarmMessage::parse(
      R"json({"AlarmName":"ssh","NewStateValue":"ALARM","NewStateReason":
      "Threshold Crossed: 2 out of the last 3 datapoints [12.0 (01/01/26 00:05:00), 11.0 (01/01/26 00:03:00)] were greater than the threshold (10.0).",
      "StateChangeTime":"2026-01-01T00:09:10.000+0000",
      "AlarmArn":"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:ssh","Trigger":{
      "MetricName":"Rejected","Namespace":"VPCFlow","Period":60,"EvaluationPeriods":3,
      "Dimensions":[{"value":"22","name":"Port"}]}})json");
  ASSERT_TRUE(alarm) << alarm.error().message;
  EXPECT_EQ(alarm->scope, (Scope{"123456789012", "eu-central-1"}));
  EXPECT_EQ(to_iso8601(alarm->start), "2026-01-01T00:03:00.000Z");
  EXPECT_EQ(to_iso8601(alarm->end), "2026-01-01T00:06:00.000Z");
  EXPECT_EQ(alarm->dimensions.at("Port"), "22");
}

TEST(AlarmMessage, SaysWhatIsMissing) {
  const auto alarm = AlarmMessage::parse(R"({"AlarmName":"a","NewStateValue":"ALARM"})");
  ASSERT_FALSE(alarm);
  EXPECT_EQ(alarm.error().message, "no alarm message: it has no AlarmArn");
}

TEST(Lifelines, GatewaysAndNameServersAreRead) {
  const auto v4 = parse_routes_v4(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
  EXPECT_THAT(v4, ElementsAre(*net::Address::parse("10.0.0.1")));
  const auto v6 = parse_routes_v6(
      "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
      "fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n"
      "broken\n");
  EXPECT_THAT(v6, ElementsAre(*net::Address::parse("fe80::1")));
  EXPECT_THAT(parse_name_servers("# x\nnameserver 192.0.2.53\nnameserver fe80::53%eth0\n"),
              ElementsAre(*net::Address::parse("192.0.2.53"), *net::Address::parse("fe80::53")));
}

}  // namespace
}  // namespace weir::respond
