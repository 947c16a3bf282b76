// SPDX-License-Identifier: Apache-2.0
#include "capture/af_packet_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <vector>

#include "capture/test_net.h"
#include "net/protocol.h"

namespace weir::capture {
namespace {

using test::frame;
using test::send_frame;

/// Reads until `count` packets of UDP or TCP between the test's addresses have come.
std::vector<net::Packet> read_packets(AfPacketSource& source, std::size_t count) {
  std::vector<net::Packet> packets;
  std::stop_source stop;
  int ticks_left = 100;  // ten seconds
  const auto result = source.run(stop.get_token(), [&](const Batch& batch) {
    for (const net::Packet& packet : batch.packets) {
      const bool is_ours = packet.source.is_v4() && net::has_ports(packet.protocol);
      if (is_ours) packets.push_back(packet);
    }
    if (packets.size() >= count || (batch.packets.empty() && --ticks_left == 0))
      stop.request_stop();
  });
  EXPECT_TRUE(result);
  return packets;
}

void expect_arriving_and_leaving() {
  auto source = AfPacketSource::open("near", {});
  ASSERT_TRUE(source) << source.error().message;
  ASSERT_TRUE(send_frame("far", frame(net::protocol::kUdp, 1111, 2222, 1000)));
  ASSERT_TRUE(test::send_datagram("10.9.0.2", 3333, 50));
  auto tagged = frame(net::protocol::kTcp, 4444, 22);
  tagged.insert(tagged.begin() + 12, {0x81, 0x00, 0x00, 0x2a});
  ASSERT_TRUE(send_frame("far", tagged));

  const auto packets = read_packets(**source, 3);
  ASSERT_EQ(packets.size(), 3U);
  EXPECT_EQ(packets[0].course, net::Course::arriving);
  EXPECT_EQ(packets[0].source.to_string(), "10.9.0.2");
  EXPECT_EQ(packets[0].destination_port, 2222);
  EXPECT_EQ(packets[0].ip_bytes, 1028U);
  EXPECT_GT(packets[0].time_ns, 1'600'000'000'000'000'000);
  EXPECT_EQ(packets[1].course, net::Course::leaving);
  EXPECT_EQ(packets[1].destination_port, 3333);
  EXPECT_EQ(packets[1].ip_bytes, 78U);
  EXPECT_EQ(packets[2].vlan, 42);
  EXPECT_EQ(packets[2].destination_port, 22);
  EXPECT_EQ(packets[2].tcp_flags, net::tcp_flag::kSyn);
  EXPECT_EQ((*source)->counters().dropped.value(), 0U);
}

TEST(AfPacketSource, SeesArrivingAndLeavingPackets) {
  const std::string reason = test::in_namespace(expect_arriving_and_leaving);
  if (!reason.empty()) GTEST_SKIP() << reason;
}

// A full ring is not silent: what the kernel drops is reported with the batches.
TEST(AfPacketSource, DropsOfTheKernelAreCounted) {
  const std::string reason = test::in_namespace([] {
    auto source = AfPacketSource::open("near", {.ring_bytes = 1});
    ASSERT_TRUE(source) << source.error().message;
    const auto bytes = frame(net::protocol::kUdp, 1111, 2222);
    constexpr std::uint64_t kSent = 20'000;  // the smallest ring holds some 8000
    ASSERT_TRUE(send_frame("far", bytes, kSent));
    std::uint64_t seen = 0;
    std::uint64_t dropped = 0;
    std::stop_source stop;
    const auto result = (*source)->run(stop.get_token(), [&](const Batch& batch) {
      for (const net::Packet& packet : batch.packets)
        seen += packet.destination_port == 2222 ? 1 : 0;
      dropped += batch.dropped;
      if (batch.packets.empty()) stop.request_stop();
    });
    EXPECT_TRUE(result);
    EXPECT_GT(dropped, 0U);
    EXPECT_GE(seen + dropped, kSent);
    EXPECT_EQ((*source)->counters().dropped.value(), dropped);
  });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(AfPacketSource, InterfaceThatVanishesEndsTheRun) {
  const std::string reason = test::in_namespace([] {
    auto source = AfPacketSource::open("near", {});
    ASSERT_TRUE(source) << source.error().message;
    ASSERT_EQ(std::system("ip link del far"), 0);
    const auto result = (*source)->run({}, [](const Batch&) {});
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, testing::HasSubstr("near"));
  });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(AfPacketSource, MissingInterfaceIsNamed) {
  const auto source = AfPacketSource::open("weir-none0", {});
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().message, testing::HasSubstr("cannot open interface weir-none0: "));
}

TEST(AfPacketSource, MissingRightIsNamed) {
  std::thread([] {
    test::drop_rights();
    const auto source = AfPacketSource::open("lo", {});
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().kind, ErrorKind::forbidden);
    EXPECT_EQ(source.error().message,
              "cannot open interface lo: Operation not permitted (the capture needs CAP_NET_RAW)");
  }).join();
}

}  // namespace
}  // namespace weir::capture
