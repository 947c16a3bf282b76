// SPDX-License-Identifier: Apache-2.0
#include "collect/netflow5.h"

#include <gmock/gmock.h>

#include <vector>

#include "collect/test_export.h"

namespace weir::collect {
namespace {

using test::netflow5;

std::vector<ExportedFlow> flows_of(Bytes datagram) {
  std::vector<ExportedFlow> flows;
  decode_netflow5(datagram, [&](const ExportedFlow& flow) { flows.push_back(flow); });
  return flows;
}

TEST(Netflow5, EveryFieldIsRead) {
  const auto flows = flows_of(netflow5({{}}));
  ASSERT_EQ(flows.size(), 1u);
  const ExportedFlow& flow = flows[0];
  EXPECT_EQ(flow.source.to_string(), "10.0.0.1");
  EXPECT_EQ(flow.destination.to_string(), "10.0.0.2");
  EXPECT_EQ(flow.input, 3u);
  EXPECT_EQ(flow.output, 4u);
  EXPECT_EQ(flow.packets, 10u);
  EXPECT_EQ(flow.bytes, 1000u);
  EXPECT_EQ(flow.source_port, 40000);
  EXPECT_EQ(flow.destination_port, 443);
  EXPECT_EQ(flow.tcp_flags, 2);
  EXPECT_EQ(flow.protocol, 6);
  EXPECT_EQ(flow.sampling, 1u);
}

TEST(Netflow5, UptimesBecomeUnixTimes) {
  // Exported at 1767225600 s, when the exporter had run for 100 s.
  const auto flow = flows_of(netflow5({{.first_ms = 90'000, .last_ms = 95'500}})).at(0);
  EXPECT_EQ(flow.start_ms, 1767225590'000);
  EXPECT_EQ(flow.end_ms, 1767225595'500);
}

TEST(Netflow5, TheUptimeClockMayWrapBetweenFlowAndExport) {
  const auto flow =
      flows_of(netflow5({{.first_ms = 0xfffffff0, .last_ms = 500}}, {.uptime_ms = 1000})).at(0);
  EXPECT_EQ(flow.start_ms, 1767225600'000 - 1016);
  EXPECT_EQ(flow.end_ms, 1767225600'000 - 500);
}

TEST(Netflow5, TheSamplingRateIsInTheLower14Bits) {
  EXPECT_EQ(flows_of(netflow5({{}}, {}, 0x4000 | 512)).at(0).sampling, 512u);
}

TEST(Netflow5, ADatagramShorterThanItsCountGivesNoFlows) {
  const test::Writer whole = netflow5({{}, {}});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_TRUE(flows_of(whole.bytes().first(length)).empty()) << length;
  }
  EXPECT_EQ(flows_of(whole).size(), 2u);
}

TEST(Netflow5, OtherVersionsAreNotTaken) {
  EXPECT_FALSE(decode_netflow5(test::netflow9(test::Writer()), [](const ExportedFlow&) {}));
}

}  // namespace
}  // namespace weir::collect
