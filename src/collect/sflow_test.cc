// SPDX-License-Identifier: Apache-2.0
#include "collect/sflow.h"

#include <gmock/gmock.h>

#include <vector>

#include "collect/exporters.h"
#include "collect/test_export.h"
#include "flow/format.h"

namespace weir::collect {
namespace {

using test::Writer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kNowMs = 1767225600'000;

/// Ethernet, IPv4 of 60 bytes, TCP 40000 -> 22 with SYN.
Writer syn_frame() {
  Writer out;
  out.number(0x020000000001, 6).number(0x020000000002, 6).u16(0x0800);
  out.u8(0x45).u8(0).u16(60).u16(1).u16(0).u8(64).u8(6).u16(0);
  out.address("10.0.0.1").address("10.0.0.2");
  out.u16(40000).u16(22).u32(1).u32(0).u8(0xa0).u8(0x02).u16(1024).u16(0).u16(0);
  return out;
}

Writer record(std::uint32_t type, const Writer& content) {
  Writer out;
  out.u32(type).u32(content.size()).add(content);
  while (out.size() % 4 != 0) out.u8(0);
  return out;
}

Writer raw_header(const Writer& frame, std::uint32_t protocol = 1) {
  Writer content;
  content.u32(protocol).u32(frame.size() + 4).u32(4).u32(frame.size()).add(frame);
  return record(1, content);
}

struct SampleOptions {
  std::uint32_t source = 3;
  std::uint32_t rate = 512;
  std::uint32_t input = 3;
  std::uint32_t output = 4;
};
Writer flow_sample(const std::vector<Writer>& records, const SampleOptions& options = {}) {
  Writer content;
  content.u32(1).u32(options.source).u32(options.rate).u32(1000).u32(0);
  content.u32(options.input).u32(options.output).u32(records.size());
  for (const Writer& one : records) content.add(one);
  return record(1, content);
}

Writer datagram(const std::vector<Writer>& samples, std::uint32_t sequence = 1,
                std::string_view agent = "192.168.1.1") {
  Writer out;
  out.u32(5).u32(agent.find(':') == std::string_view::npos ? 1 : 2).address(agent);
  out.u32(0).u32(sequence).u32(100'000).u32(samples.size());
  for (const Writer& sample : samples) out.add(sample);
  return out;
}

std::vector<ExportedFlow> flows_of(Bytes bytes) {
  std::vector<ExportedFlow> flows;
  decode_sflow(bytes, kNowMs, [&](const ExportedFlow& flow) { flows.push_back(flow); });
  return flows;
}

TEST(Sflow, ASampledHeaderIsAFlowOfOnePacket) {
  const auto flows = flows_of(datagram({flow_sample({raw_header(syn_frame())})}));
  ASSERT_THAT(flows, SizeIs(1));
  const ExportedFlow& flow = flows[0];
  EXPECT_EQ(flow.source.to_string(), "10.0.0.1");
  EXPECT_EQ(flow.destination.to_string(), "10.0.0.2");
  EXPECT_EQ(flow.source_port, 40000);
  EXPECT_EQ(flow.destination_port, 22);
  EXPECT_EQ(flow.protocol, 6);
  EXPECT_EQ(flow.tcp_flags, 2);
  EXPECT_EQ(flow.packets, 1u);
  EXPECT_EQ(flow.bytes, 60u) << "of the IP header, not of the frame";
  EXPECT_EQ(flow.sampling, 512u);
  EXPECT_EQ(flow.input, 3u);
  EXPECT_EQ(flow.direction, flow::Direction::ingress);
  EXPECT_EQ(flow.start_ms, kNowMs);
}

TEST(Sflow, WhereTheDataSourceIsTheOutputTheFlowLeaves) {
  const auto flows = flows_of(datagram({flow_sample({raw_header(syn_frame())}, {.source = 4})}));
  EXPECT_EQ(flows.at(0).direction, flow::Direction::egress);
}

TEST(Sflow, ExpandedSamplesHaveWiderInterfaceNumbers) {
  Writer content;
  content.u32(1).u32(0).u32(0x01000003).u32(64).u32(1000).u32(0);
  content.u32(0).u32(0x01000003).u32(0).u32(0x01000004).u32(1).add(raw_header(syn_frame()));
  const auto flows = flows_of(datagram({record(3, content)}));
  ASSERT_THAT(flows, SizeIs(1));
  EXPECT_EQ(flows[0].input, 0x01000003u);
  EXPECT_EQ(flows[0].sampling, 64u);
}

TEST(Sflow, IpRecordsStandInWhereThereIsNoHeader) {
  const Writer v4 = record(
      3,
      Writer().u32(84).u32(1).address("10.1.0.1").address("10.1.0.2").u32(0).u32(0).u32(0).u32(0));
  const Writer v6 = record(4, Writer()
                                  .u32(100)
                                  .u32(17)
                                  .address("2001:db8::1")
                                  .address("2001:db8::2")
                                  .u32(53)
                                  .u32(4000)
                                  .u32(0)
                                  .u32(0));
  const auto flows = flows_of(
      datagram({flow_sample({v4}), flow_sample({v6}), flow_sample({raw_header(syn_frame()), v4})}));
  ASSERT_THAT(flows, SizeIs(3));
  EXPECT_EQ(flows[0].bytes, 84u);
  EXPECT_EQ(flows[1].source.to_string(), "2001:db8::1");
  EXPECT_EQ(flows[1].source_port, 53);
  EXPECT_EQ(flows[2].source.to_string(), "10.0.0.1") << "the header says more";
}

TEST(Sflow, DiscardedByAnAccessListIsAReject) {
  constexpr std::uint32_t kDiscarded = 1u << 30;
  for (const auto& [reason, verdict] :
       std::vector<std::pair<std::uint32_t, flow::Verdict>>{{258, flow::Verdict::reject},
                                                            {13, flow::Verdict::reject},
                                                            {257, flow::Verdict::accept}}) {
    const auto flows = flows_of(
        datagram({flow_sample({raw_header(syn_frame())}, {.output = kDiscarded | reason})}));
    EXPECT_EQ(flows.at(0).verdict, verdict) << reason;
  }
}

TEST(Sflow, CountersAndUnknownSamplesArePassedOver) {
  const Writer counters = record(2, Writer().u32(1).u32(3).u32(0));
  const Writer foreign = record(0x00deb001, Writer().u32(7).text("abc"));
  const Writer arp = Writer().number(0, 12).u16(0x0806).number(0, 8);
  const auto decoded = decode_sflow(datagram({counters, foreign, flow_sample({raw_header(arp)}),
                                              flow_sample({raw_header(syn_frame())})}),
                                    kNowMs, [](const ExportedFlow&) {});
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->samples, 2u);
  EXPECT_EQ(decoded->not_flows, 1u);
  EXPECT_FALSE(decoded->is_malformed);
}

TEST(Sflow, EveryTruncationIsRefusedOrGivesFewerFlows) {
  const Writer whole = datagram({flow_sample({raw_header(syn_frame())})});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto decoded =
        decode_sflow(whole.bytes().first(length), kNowMs, [](const ExportedFlow&) { FAIL(); });
    EXPECT_TRUE(!decoded || decoded->is_malformed) << length;
  }
}

TEST(Sflow, CountsBeyondTheDatagramEndAtItsEnd) {
  Writer content;
  content.u32(1).u32(3).u32(1).u32(0).u32(0).u32(3).u32(4).u32(0xffffffff);
  EXPECT_THAT(flows_of(datagram({record(1, content)})), IsEmpty());
}

TEST(Sflow, SamplesAreScaledRecordsOfTheAgentsInterface) {
  std::vector<std::string> lines;
  std::vector<ExporterInterface> interfaces;
  const auto format = *flow::Format::parse("${dstport} ${packets} ${bytes} ${tcp-flags}");
  Exporters exporters(
      {},
      [&](const flow::Context&, std::span<const flow::Record> records) {
        for (const auto& one : records) lines.push_back(format.line(one));
      },
      [&](const ExporterInterface& interface) {
        interfaces.push_back(interface);
        return interface.context;
      });
  const Peer peer{*net::Address::parse("192.168.1.1"), 6343};
  const Time now{kNowMs};
  const Writer sample = flow_sample({raw_header(syn_frame())});
  exporters.accept(peer, datagram({sample}, 1), now);
  exporters.accept(peer, datagram({sample}, 4), now);
  exporters.accept(peer, datagram({sample}, 9, "2001:db8::7"), now);
  exporters.tick(now + std::chrono::minutes(1));
  EXPECT_EQ(lines[0], "22 512 30720 2");
  EXPECT_EQ(exporters.stats().datagrams_lost, 2u);
  ASSERT_THAT(interfaces, SizeIs(2));
  EXPECT_FALSE(interfaces[0].agent.is_set());
  EXPECT_EQ(interfaces[1].agent.to_string(), "2001:db8::7") << "sent by a forwarder";
}

}  // namespace
}  // namespace weir::collect
