// SPDX-License-Identifier: Apache-2.0
#include "collect/exporters.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "collect/test_export.h"
#include "flow/format.h"

namespace weir::collect {
namespace {

using test::netflow5;
using test::Writer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::int64_t kNowS = 1767225600;  // when the test messages are exported

Peer peer(std::string_view address, std::uint16_t port = 50000) {
  return {*net::Address::parse(address), port};
}

/// Exporters whose records are kept as lines.
struct World {
  explicit World(std::string_view format = "", Exporters::Config config = {}) {
    config.interfaces.account_id = "123456789012";
    config.interfaces.region = "eu-west-1";
    lines_format = *flow::Format::parse(format);
    exporters.emplace(
        config,
        [this](const flow::Context& context, std::span<const flow::Record> records) {
          for (const flow::Record& record : records) {
            lines.push_back(lines_format.line(record));
            EXPECT_EQ(record.text(flow::Field::interface_id), context.interface_id);
          }
        },
        [this](const ExporterInterface& interface) {
          interfaces.push_back(interface);
          return interface.context;
        });
  }
  /// The lines that these datagrams give.
  std::vector<std::string> after(const Peer& from, const std::vector<Writer>& datagrams) {
    for (const Writer& datagram : datagrams) exporters->accept(from, datagram, now);
    exporters->flush(now);
    return std::exchange(lines, {});
  }
  std::vector<std::string> tick_after(Duration time) {
    now = now + time;
    exporters->tick(now);
    return std::exchange(lines, {});
  }
  const Exporters::Stats& stats() const { return exporters->stats(); }

  Time now = Time::from_seconds(kNowS);
  flow::Format lines_format = flow::Format::standard();
  std::vector<std::string> lines;
  std::vector<ExporterInterface> interfaces;
  std::optional<Exporters> exporters;
};

const Peer kRouter = peer("192.168.1.1");
constexpr std::string_view kCounts = "${srcaddr} ${dstaddr} ${packets} ${bytes}";
const Writer kV4Template = test::set(
    0,
    test::template_record(300, {{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {6, 1}, {2, 4}, {1, 4}}));
Writer v4_data(std::uint32_t packets, std::uint16_t id = 300) {
  return test::set(id, Writer()
                           .address("10.0.0.1")
                           .address("10.0.0.2")
                           .u16(40000)
                           .u16(443)
                           .u8(6)
                           .u8(2)
                           .u32(packets)
                           .u32(packets * 100));
}

// ---- Records -----------------------------------------------------------------------------------

TEST(Exporters, ANetflow5FlowIsADefaultRecordOfItsInputInterface) {
  World world;
  const auto lines = world.after(kRouter, {netflow5({{}})});
  ASSERT_THAT(world.interfaces, SizeIs(1));
  const ExporterInterface& interface = world.interfaces[0];
  EXPECT_EQ(interface.exporter, kRouter.address);
  EXPECT_EQ(interface.index, 3u);
  EXPECT_EQ(interface.context.interface_id.size(), std::string("eni-0123456789abcdef0").size());
  EXPECT_THAT(lines, ElementsAre("2 123456789012 " + interface.context.interface_id +
                                 " 10.0.0.1 10.0.0.2 40000 443 6 10 1000 1767225590 1767225595 "
                                 "ACCEPT OK"));
}

TEST(Exporters, TheInterfaceIdIsTheSameInEveryRun) {
  World first;
  World second;
  first.after(kRouter, {netflow5({{.input = 7}})});
  second.after(peer("192.168.1.1", 999), {netflow5({{.input = 8}, {.input = 7}})});
  EXPECT_EQ(first.interfaces[0].context.interface_id, second.interfaces[1].context.interface_id);
  EXPECT_NE(second.interfaces[0].context.interface_id, second.interfaces[1].context.interface_id);
}

TEST(Exporters, AnExporterThatNamesNoInterfaceIsOneInterfacePerDomain) {
  World world;
  world.after(kRouter, {netflow5({{.input = 0, .output = 0}}, {.domain = 1}),
                        netflow5({{.input = 0, .output = 0}}, {.domain = 2})});
  ASSERT_THAT(world.interfaces, SizeIs(2));
  EXPECT_EQ(world.interfaces[0].domain, 1u);
  EXPECT_EQ(world.interfaces[1].domain, 2u);
}

TEST(Exporters, ProtocolsWithoutPortsHaveNone) {
  World world("${srcport} ${dstport} ${protocol} ${tcp-flags}");
  // NetFlow puts ICMP type and code into the destination port.
  EXPECT_THAT(world.after(kRouter, {netflow5({{.destination_port = 2048, .protocol = 1}})}),
              ElementsAre("0 0 1 0"));
}

struct FlagCase {
  std::uint8_t seen;
  std::uint32_t packets;
  std::string_view field;
};
class TcpFlags : public ::testing::TestWithParam<FlagCase> {};
TEST_P(TcpFlags, FollowTheRuleOfAws) {
  World world("${tcp-flags}");
  const FlagCase& one = GetParam();
  EXPECT_THAT(world.after(kRouter, {netflow5({{.packets = one.packets, .tcp_flags = one.seen}})}),
              ElementsAre(one.field));
}
INSTANTIATE_TEST_SUITE_P(All, TcpFlags,
                         ::testing::Values(FlagCase{0x10, 5, "0"}, FlagCase{0x18, 5, "0"},
                                           FlagCase{0x02, 5, "2"}, FlagCase{0x12, 1, "18"},
                                           FlagCase{0x12, 5, "-"}, FlagCase{0x11, 5, "1"},
                                           FlagCase{0x14, 1, "4"}, FlagCase{0xc2, 1, "2"}));

TEST(Exporters, SampledCountsAreScaledUnlessToldOtherwise) {
  World world(kCounts);
  EXPECT_THAT(world.after(kRouter, {netflow5({{}}, {}, 100)}),
              ElementsAre("10.0.0.1 10.0.0.2 1000 100000"));
  Exporters::Config config;
  config.interfaces.scale_sampled = false;
  World raw(kCounts, config);
  EXPECT_THAT(raw.after(kRouter, {netflow5({{}}, {}, 100)}),
              ElementsAre("10.0.0.1 10.0.0.2 10 1000"));
}

TEST(Exporters, AClockThatIsFarOffIsMoved) {
  World world("${start} ${end}");
  world.now = Time::from_seconds(kNowS) + std::chrono::hours(24 * 365);
  const std::int64_t now_s = world.now.seconds();
  EXPECT_THAT(world.after(kRouter, {netflow5({{.first_ms = 90'000, .last_ms = 95'000}})}),
              ElementsAre(std::to_string(now_s - 10) + ' ' + std::to_string(now_s - 5)));
  EXPECT_EQ(world.stats().clocks_corrected, 1u);
}

TEST(Exporters, AnEndBeforeTheStartIsMadeTheStart) {
  World world("${start} ${end}");
  EXPECT_THAT(world.after(kRouter, {netflow5({{.first_ms = 99'000, .last_ms = 95'000}})}),
              ElementsAre("1767225595 1767225595"));
}

TEST(Exporters, ManyFlowsAreHandedOverInBatches) {
  World world("${srcaddr}");
  for (int i = 0; i < 3000; ++i) world.exporters->accept(kRouter, netflow5({{}}), world.now);
  EXPECT_GE(world.lines.size(), Interfaces::kBatchRecordsMax);
  world.exporters->flush(world.now);
  EXPECT_THAT(world.lines, SizeIs(3000));
}

// ---- Templates ---------------------------------------------------------------------------------

TEST(Exporters, Netflow9DataFollowTheirTemplate) {
  World world(kCounts);
  EXPECT_THAT(world.after(kRouter, {test::netflow9(Writer().add(kV4Template).add(v4_data(7)))}),
              ElementsAre("10.0.0.1 10.0.0.2 7 700"));
}

TEST(Exporters, DataWaitForTheirTemplate) {
  World world(kCounts);
  EXPECT_THAT(world.after(kRouter, {test::netflow9(v4_data(7), {.sequence = 0})}), IsEmpty());
  EXPECT_THAT(world.after(kRouter, {test::netflow9(kV4Template, {.sequence = 1})}),
              ElementsAre("10.0.0.1 10.0.0.2 7 700"));
  EXPECT_THAT(world.tick_after(std::chrono::minutes(10)), IsEmpty());
}

TEST(Exporters, DataWhoseTemplateNeverComesAreALoss) {
  World world;
  world.after(kRouter, {test::netflow9(v4_data(7), {.domain = 5})});
  const auto lines = world.tick_after(Domain::kWaitMax);
  EXPECT_EQ(world.stats().sets_lost, 1u);
  EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr(" - - - - - - - "), EndsWith(" - SKIPDATA"))));
  EXPECT_EQ(world.interfaces.at(0).domain, 5u);
}

TEST(Exporters, TemplatesOfOneDomainAreNotThoseOfAnother) {
  World world(kCounts);
  EXPECT_THAT(world.after(kRouter, {test::netflow9(kV4Template, {.domain = 1}),
                                    test::netflow9(v4_data(7), {.domain = 2})}),
              IsEmpty());
}

TEST(Exporters, TemplatesOfOneSenderAreNotThoseOfAnother) {
  World world(kCounts);
  EXPECT_THAT(world.after(kRouter, {test::netflow9(kV4Template)}), IsEmpty());
  EXPECT_THAT(world.after(peer("192.168.1.1", 50001), {test::netflow9(v4_data(7))}), IsEmpty());
}

TEST(Exporters, ANewTemplateReplacesTheOldOne) {
  World world(kCounts);
  const Writer swapped =
      test::set(0, test::template_record(
                       300, {{12, 4}, {8, 4}, {7, 2}, {11, 2}, {4, 1}, {6, 1}, {2, 4}, {1, 4}}));
  EXPECT_THAT(world.after(kRouter, {test::netflow9(kV4Template, {.sequence = 0}),
                                    test::netflow9(swapped, {.sequence = 1}),
                                    test::netflow9(v4_data(7), {.sequence = 2})}),
              ElementsAre("10.0.0.2 10.0.0.1 7 700"));
}

TEST(Exporters, IpfixVariableLengthAndEnterpriseFieldsArePassedOver) {
  World world(kCounts);
  const Writer shape = test::set(
      2, test::template_record(
             400, {{82, 65535}, {8, 4}, {77, 6, 9999}, {12, 4}, {2, 8}, {90, 65535, 12}, {1, 8}}));
  const std::string long_text(300, 'x');
  const Writer data = test::set(400, Writer()
                                         .u8(4)
                                         .text("eth0")
                                         .address("10.1.0.1")
                                         .number(0, 6)
                                         .address("10.1.0.2")
                                         .u64(5)
                                         .u8(255)
                                         .u16(300)
                                         .text(long_text)
                                         .u64(5000));
  EXPECT_THAT(world.after(kRouter, {test::ipfix(Writer().add(shape).add(data))}),
              ElementsAre("10.1.0.1 10.1.0.2 5 5000"));
}

TEST(Exporters, IpfixTemplatesCanBeWithdrawn) {
  World world(kCounts);
  const Writer shape = test::set(2, test::template_record(400, {{8, 4}, {12, 4}, {2, 1}}));
  const Writer data = test::set(400, Writer().address("10.1.0.1").address("10.1.0.2").u8(1));
  const Writer withdrawal = test::set(2, Writer().u16(400).u16(0));
  EXPECT_THAT(world.after(kRouter, {test::ipfix(shape), test::ipfix(withdrawal)}), IsEmpty());
  EXPECT_THAT(world.after(kRouter, {test::ipfix(data)}), IsEmpty());
  EXPECT_THAT(world.after(kRouter, {test::ipfix(shape)}), ElementsAre("10.1.0.1 10.1.0.2 1 -"));
}

TEST(Exporters, Ipv6FlowsAndMillisecondTimesAreRead) {
  World world("${srcaddr} ${dstaddr} ${type} ${weir-start-ms} ${weir-end-ms}");
  const Writer shape =
      test::set(2, test::template_record(400, {{27, 16}, {28, 16}, {2, 4}, {152, 8}, {153, 8}}));
  const Writer data = test::set(400, Writer()
                                         .address("2001:db8::1")
                                         .address("2001:db8::2")
                                         .u32(1)
                                         .u64(1767225500'123)
                                         .u64(1767225501'456));
  EXPECT_THAT(world.after(kRouter, {test::ipfix(Writer().add(shape).add(data))}),
              ElementsAre("2001:db8::1 2001:db8::2 IPv6 1767225500123 1767225501456"));
}

TEST(Exporters, NtpTimesAndDeltasAreRead) {
  World world("${weir-start-ms} ${weir-end-ms}");
  const Writer shape =
      test::set(2, test::template_record(400, {{8, 4}, {12, 4}, {2, 4}, {156, 8}, {159, 4}}));
  const std::uint64_t ntp = ((1767225500ull + 2208988800ull) << 32) | 0x80000000ull;
  const Writer data = test::set(
      400, Writer().address("10.1.0.1").address("10.1.0.2").u32(1).u64(ntp).u32(2'500'000));
  EXPECT_THAT(world.after(kRouter, {test::ipfix(Writer().add(shape).add(data))}),
              ElementsAre("1767225500500 1767225597500"));
}

TEST(Exporters, UptimesOfIpfixNeedTheBeginningOfTheClockOrGiveTheLengthOnly) {
  World world("${weir-start-ms} ${weir-end-ms}");
  const Writer shape =
      test::set(2, test::template_record(400, {{8, 4}, {12, 4}, {2, 4}, {22, 4}, {21, 4}}));
  Writer record;
  record.address("10.1.0.1").address("10.1.0.2").u32(1).u32(90'000).u32(95'000);
  const Writer data = test::set(400, record);
  EXPECT_THAT(world.after(kRouter, {test::ipfix(Writer().add(shape).add(data))}),
              ElementsAre("1767225595000 1767225600000"));
  const Writer options_template =
      test::set(3, Writer().u16(310).u16(2).u16(1).add(test::fields({{149, 4}, {160, 8}})));
  const Writer options = test::set(310, Writer().u32(0).u64(1767225400'000));
  EXPECT_THAT(
      world.after(kRouter, {test::ipfix(Writer().add(options_template).add(options).add(data))}),
      ElementsAre("1767225490000 1767225495000"));
}

TEST(Exporters, ABiflowIsTwoRecordsOfOneInterface) {
  World world("${srcaddr} ${srcport} ${packets} ${bytes} ${tcp-flags} ${flow-direction}");
  const Writer shape = test::set(2, test::template_record(400, {{8, 4},
                                                                {12, 4},
                                                                {7, 2},
                                                                {11, 2},
                                                                {4, 1},
                                                                {10, 4},
                                                                {2, 4},
                                                                {1, 4},
                                                                {6, 1},
                                                                {2, 4, 29305},
                                                                {1, 4, 29305},
                                                                {6, 1, 29305}}));
  Writer record;
  record.address("10.1.0.1").address("10.1.0.2").u16(40000).u16(22).u8(6).u32(9);
  record.u32(4).u32(400).u8(0x12).u32(3).u32(300).u8(0x13);
  EXPECT_THAT(world.after(kRouter, {test::ipfix(Writer().add(shape).add(test::set(400, record)))}),
              ElementsAre("10.1.0.1 40000 4 400 2 ingress", "10.1.0.2 22 3 300 19 egress"));
  EXPECT_THAT(world.interfaces, SizeIs(1));
}

TEST(Exporters, DeniedByAFirewallIsAReject) {
  World world("${action} ${packets} ${bytes}");
  const Writer shape =
      test::set(0, test::template_record(300, {{8, 4}, {12, 4}, {233, 1}, {231, 4}, {232, 4}}));
  const auto event = [](std::uint8_t number, std::uint32_t bytes) {
    return Writer().address("10.0.0.1").address("10.0.0.2").u8(number).u32(bytes).u32(0);
  };
  const Writer events = test::set(300, Writer().add(event(3, 0)).add(event(1, 0)).add(event(2, 9)));
  EXPECT_THAT(world.after(kRouter, {test::netflow9(Writer().add(shape).add(events))}),
              ElementsAre("REJECT - -", "ACCEPT - 9"));
  EXPECT_EQ(world.stats().not_flows, 1u) << "the flow that was created without traffic";
}

TEST(Exporters, ForwardingStatusTellsAccessListsFromOtherDrops) {
  World world("${action}");
  const Writer shape = test::set(0, test::template_record(300, {{8, 4}, {12, 4}, {2, 1}, {89, 1}}));
  Writer records;
  for (const int status : {64, 128, 129, 131, 137}) {
    records.address("10.0.0.1").address("10.0.0.2").u8(1).u8(static_cast<std::uint64_t>(status));
  }
  EXPECT_THAT(
      world.after(kRouter, {test::netflow9(Writer().add(shape).add(test::set(300, records)))}),
      ElementsAre("ACCEPT", "REJECT", "REJECT", "ACCEPT", "ACCEPT"));
}

TEST(Exporters, TranslatedAddressesStandInThePacketFields) {
  World world("${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr}");
  const Writer shape =
      test::set(0, test::template_record(300, {{8, 4}, {12, 4}, {2, 1}, {225, 4}, {226, 4}}));
  Writer record;
  record.address("10.0.0.1").address("192.0.2.9").u8(1).address("198.51.100.1").address("0.0.0.0");
  EXPECT_THAT(
      world.after(kRouter, {test::netflow9(Writer().add(shape).add(test::set(300, record)))}),
      ElementsAre("10.0.0.1 192.0.2.9 198.51.100.1 192.0.2.9"));
}

TEST(Exporters, AnEgressFlowBelongsToItsOutputInterface) {
  World world("${flow-direction}");
  const Writer shape = test::set(
      0, test::template_record(300, {{8, 4}, {12, 4}, {2, 1}, {10, 2}, {14, 2}, {61, 1}}));
  Writer records;
  records.address("10.0.0.1").address("10.0.0.2").u8(1).u16(3).u16(4).u8(1);
  records.address("10.0.0.1").address("10.0.0.2").u8(1).u16(3).u16(4).u8(0);
  EXPECT_THAT(
      world.after(kRouter, {test::netflow9(Writer().add(shape).add(test::set(300, records)))}),
      ElementsAre("egress", "ingress"));
  EXPECT_EQ(world.interfaces.at(0).index, 4u);
  EXPECT_EQ(world.interfaces.at(1).index, 3u);
}

TEST(Exporters, SamplingOptionsScaleTheDataOfTheirSampler) {
  World world("${packets}");
  const Writer options_template =
      test::set(1, Writer().u16(310).u16(4).u16(8).add(test::fields({{1, 4}, {48, 1}, {50, 4}})));
  const Writer options = test::set(310, Writer().u32(0).u8(2).u32(1000));
  const Writer shape = test::set(0, test::template_record(300, {{8, 4}, {12, 4}, {2, 1}, {48, 1}}));
  Writer records;
  records.address("10.0.0.1").address("10.0.0.2").u8(3).u8(2);
  records.address("10.0.0.1").address("10.0.0.2").u8(3).u8(9);
  EXPECT_THAT(world.after(kRouter, {test::netflow9(Writer()
                                                       .add(options_template)
                                                       .add(options)
                                                       .add(shape)
                                                       .add(test::set(300, records)))}),
              ElementsAre("3000", "3"));
}

TEST(Exporters, PsampRatesOfIpfixAreRead) {
  World world("${packets}");
  const Writer options_template = test::set(
      3, Writer().u16(310).u16(3).u16(1).add(test::fields({{149, 4}, {305, 4}, {306, 4}})));
  const Writer options = test::set(310, Writer().u32(0).u32(1).u32(99));
  const Writer shape = test::set(2, test::template_record(300, {{8, 4}, {12, 4}, {2, 1}}));
  const Writer data = test::set(300, Writer().address("10.0.0.1").address("10.0.0.2").u8(3));
  EXPECT_THAT(
      world.after(kRouter,
                  {test::ipfix(Writer().add(options_template).add(options).add(shape).add(data))}),
      ElementsAre("300"));
}

// ---- Losses ------------------------------------------------------------------------------------

TEST(Exporters, AGapInTheSequenceIsASkipdataRecordOfTheInterfaces) {
  World world("${interface-id} ${start} ${end} ${log-status}");
  world.after(kRouter, {netflow5({{}}, {.sequence = 0}), netflow5({{}}, {.sequence = 11})});
  EXPECT_THAT(world.tick_after(Duration(1000)), IsEmpty()) << "it may still come late";
  const std::string id = world.interfaces.at(0).context.interface_id;
  EXPECT_THAT(world.tick_after(Exporters::kReorderMax),
              ElementsAre(id + " 1767225600 1767225603 SKIPDATA"));
  EXPECT_EQ(world.stats().flows_lost, 10u);
  EXPECT_THAT(world.tick_after(Duration(1000)), IsEmpty());
}

TEST(Exporters, DatagramsOutOfOrderAreNoLoss) {
  World world;
  world.after(kRouter, {netflow5({{}}, {.sequence = 0}), netflow5({{}}, {.sequence = 2}),
                        netflow5({{}}, {.sequence = 1}), netflow5({{}}, {.sequence = 3})});
  EXPECT_THAT(world.tick_after(std::chrono::minutes(5)), IsEmpty());
  EXPECT_EQ(world.stats().flows_lost, 0u);
}

TEST(Exporters, ARestartedExporterIsNoLoss) {
  World world;
  world.after(kRouter, {netflow5({{}}, {.sequence = 70000, .uptime_ms = 90'000'000}),
                        netflow5({{}}, {.sequence = 0, .uptime_ms = 1000}),
                        netflow5({{}}, {.sequence = 1, .uptime_ms = 2000})});
  EXPECT_THAT(world.tick_after(std::chrono::minutes(5)), IsEmpty());
  EXPECT_EQ(world.stats().flows_lost, 0u);
}

TEST(Exporters, IpfixCountsRecordsAndAnExporterThatCountsMessagesIsKnownToo) {
  const Writer shape = test::set(2, test::template_record(300, {{8, 4}, {12, 4}, {2, 1}}));
  Writer three;
  for (int i = 0; i < 3; ++i) three.address("10.0.0.1").address("10.0.0.2").u8(1);
  const Writer data = test::set(300, three);
  for (const std::uint32_t step : {3u, 1u}) {
    World world;
    world.after(kRouter,
                {test::ipfix(shape, {.sequence = 0}), test::ipfix(data, {.sequence = 0}),
                 test::ipfix(data, {.sequence = step}), test::ipfix(data, {.sequence = 2 * step})});
    world.tick_after(std::chrono::minutes(1));
    EXPECT_EQ(world.stats().flows_lost, 0u) << step;
  }
  World world;
  world.after(kRouter, {test::ipfix(shape, {.sequence = 0}), test::ipfix(data, {.sequence = 0}),
                        test::ipfix(data, {.sequence = 8})});
  world.tick_after(std::chrono::minutes(1));
  EXPECT_EQ(world.stats().flows_lost, 5u);
}

TEST(Exporters, KernelDropsAreSkipdataOfEveryInterfaceOncePerPeriod) {
  World world("${log-status}");
  world.after(kRouter, {netflow5({{.input = 1}, {.input = 2}})});
  world.exporters->dropped(5, world.now);
  EXPECT_THAT(world.after(kRouter, {}), ElementsAre("SKIPDATA", "SKIPDATA"));
  world.exporters->dropped(5, world.now);
  EXPECT_THAT(world.tick_after(Duration(1000)), IsEmpty());
  EXPECT_THAT(world.tick_after(Interfaces::kSkipPeriod), ElementsAre("SKIPDATA", "SKIPDATA"));
}

// ---- Who may send, and bounds ------------------------------------------------------------------

TEST(Exporters, PublicSendersAreRefusedUnlessNamed) {
  World world("${srcaddr}");
  EXPECT_THAT(world.after(peer("203.0.113.1"), {netflow5({{}})}), IsEmpty());
  EXPECT_THAT(world.after(peer("127.0.0.1"), {netflow5({{}})}), SizeIs(1));
  EXPECT_EQ(world.stats().datagrams_refused, 1u);
  Exporters::Config config;
  config.allowed = {*net::Prefix::parse("203.0.113.0/24")};
  World named("${srcaddr}", config);
  EXPECT_THAT(named.after(peer("203.0.113.1"), {netflow5({{}})}), SizeIs(1));
  EXPECT_THAT(named.after(peer("127.0.0.1"), {netflow5({{}})}), IsEmpty());
}

TEST(Exporters, InterfacesBeyondTheBoundAreCounted) {
  Exporters::Config config;
  config.interfaces.interfaces_max = 2;
  World world("${srcaddr}", config);
  EXPECT_THAT(world.after(kRouter, {netflow5({{.input = 1}, {.input = 2}, {.input = 3}})}),
              SizeIs(2));
  EXPECT_EQ(world.exporters->interfaces().stats().flows_unassigned, 1u);
}

TEST(Exporters, ANewSenderTakesThePlaceOfASilentOneOnly) {
  Exporters::Config config;
  config.sessions_max = 2;
  World world("${srcaddr}", config);
  world.after(peer("10.0.0.1"), {netflow5({{}})});
  world.after(peer("10.0.0.2"), {netflow5({{}})});
  EXPECT_THAT(world.after(peer("10.0.0.3"), {netflow5({{}})}), IsEmpty());
  EXPECT_EQ(world.stats().datagrams_unbooked, 1u);
  world.now = world.now + config.session_idle;
  EXPECT_THAT(world.after(peer("10.0.0.3"), {netflow5({{}})}), SizeIs(1));
  EXPECT_EQ(world.exporters->sessions(), 2u);
}

TEST(Exporters, TemplatesWithoutContentOrBeyondTheBoundsAreRefused) {
  World world;
  Writer huge;
  huge.u16(301).u16(2000);
  for (int i = 0; i < 2000; ++i) huge.u16(8).u16(4);
  world.after(kRouter, {test::netflow9(Writer()
                                           .add(test::set(0, test::template_record(300, {{8, 0}})))
                                           .add(test::set(0, huge)))});
  EXPECT_EQ(world.stats().templates_refused, 2u);
  for (std::uint16_t id = 256; id < 256 + Domain::kTemplatesMax + 10; ++id) {
    world.exporters->accept(
        kRouter, test::netflow9(test::set(0, test::template_record(id, {{8, 4}, {12, 4}}))),
        world.now);
  }
  EXPECT_EQ(world.stats().templates_refused, 12u);
}

TEST(Exporters, SetsWithImpossibleLengthsEndTheMessage) {
  World world(kCounts);
  const Writer bad = Writer().u16(300).u16(0);
  EXPECT_THAT(
      world.after(kRouter, {test::netflow9(Writer().add(kV4Template).add(v4_data(7)).add(bad))}),
      ElementsAre("10.0.0.1 10.0.0.2 7 700"));
  EXPECT_EQ(world.stats().datagrams_malformed, 1u);
}

TEST(Exporters, GarbageIsCountedAndNothingElse) {
  World world;
  const std::vector<Writer> garbage = {Writer(), Writer().u8(5), Writer().u16(5),
                                       Writer().u16(9).u16(1), Writer().u16(77).u32(0)};
  EXPECT_THAT(world.after(kRouter, garbage), IsEmpty());
  EXPECT_EQ(world.stats().datagrams_malformed, 4u);
  EXPECT_EQ(world.stats().datagrams_unknown, 1u);
}

}  // namespace
}  // namespace weir::collect
