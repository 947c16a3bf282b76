// SPDX-License-Identifier: Apache-2.0
#include "net/packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "net/protocol.h"

namespace weir::net {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets operator+(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
std::uint8_t high(std::size_t n) { return static_cast<std::uint8_t>(n >> 8); }
std::uint8_t low(std::size_t n) { return static_cast<std::uint8_t>(n); }

Octets tcp(std::uint8_t flags) {
  return {0x9c, 0x40, 0, 22, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0};
}

struct V4 {
  std::uint8_t protocol = protocol::kTcp;
  std::uint16_t id = 0;
  std::uint16_t fragment = 0;
  int total_length = -1;  // -1: the true one
  std::size_t option_words = 0;
};
Octets ipv4(const V4& v4, const Octets& payload) {
  const std::size_t header = 20 + 4 * v4.option_words;
  const std::size_t total =
      v4.total_length < 0 ? header + payload.size() : static_cast<std::size_t>(v4.total_length);
  Octets out = {static_cast<std::uint8_t>(0x45 + v4.option_words),
                0,
                high(total),
                low(total),
                high(v4.id),
                low(v4.id),
                high(v4.fragment),
                low(v4.fragment),
                64,
                v4.protocol,
                0,
                0,
                10,
                0,
                0,
                1,
                203,
                0,
                113,
                9};
  out.resize(header, 1);
  return out + payload;
}
Octets ipv6(std::uint8_t next, const Octets& payload, int length = -1) {
  const std::size_t total = length < 0 ? payload.size() : static_cast<std::size_t>(length);
  Octets out = {0x60, 0, 0, 0, high(total), low(total), next, 64};
  out.resize(40);
  out[8] = 0x20;
  out[9] = 0x01;
  out[23] = 1;
  out[24] = 0x20;
  out[25] = 0x01;
  out[39] = 2;
  return out + payload;
}
Octets ethernet(std::initializer_list<std::uint8_t> behind_addresses, const Octets& payload) {
  return Octets(12, 0x02) + Octets(behind_addresses) + payload;
}

struct Outcome {
  Parsed parsed;
  Packet packet;
};
Outcome parse(LinkType link, const Octets& bytes, std::size_t original = 0) {
  Outcome outcome{};
  outcome.parsed =
      parse_frame(link, bytes, original == 0 ? bytes.size() : original, outcome.packet);
  return outcome;
}

TEST(ParseFrame, TcpOverIpv4OverEthernet) {
  // 18 bytes of Ethernet padding do not count.
  const auto [parsed, packet] =
      parse(LinkType::ethernet, ethernet({0x08, 0x00}, ipv4({}, tcp(tcp_flag::kSyn)) + Octets(18)));
  ASSERT_EQ(parsed, Parsed::packet);
  EXPECT_EQ(packet.source.to_string(), "10.0.0.1");
  EXPECT_EQ(packet.destination.to_string(), "203.0.113.9");
  EXPECT_EQ(packet.source_port, 40000);
  EXPECT_EQ(packet.destination_port, 22);
  EXPECT_EQ(packet.protocol, protocol::kTcp);
  EXPECT_EQ(packet.tcp_flags, tcp_flag::kSyn);
  EXPECT_EQ(packet.ip_bytes, 40U);
  EXPECT_EQ(packet.packets, 1U);
  EXPECT_EQ(packet.header_bytes, 40U);
  EXPECT_FALSE(packet.is_truncated);
}

TEST(ParseFrame, VlanTagsOfAnyDepthAreStripped) {
  const Octets inner = ipv4({}, tcp(0));
  const auto one = parse(LinkType::ethernet, ethernet({0x81, 0, 0x60, 0x2a, 8, 0}, inner));
  EXPECT_EQ(one.parsed, Parsed::packet);
  EXPECT_EQ(one.packet.vlan, 42);
  EXPECT_EQ(one.packet.ip_bytes, 40U);
  const auto three = parse(LinkType::ethernet,
                           ethernet({0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 0x81, 0, 0, 9, 8, 0}, inner));
  EXPECT_EQ(three.parsed, Parsed::packet);
  EXPECT_EQ(three.packet.vlan, 7);
}

TEST(ParseFrame, EndlessVlanTagsAreRefused) {
  Octets tags;
  for (int i = 0; i < 100; ++i) tags = tags + Octets{0x81, 0, 0, 1};
  EXPECT_EQ(parse(LinkType::ethernet, Octets(12) + tags).parsed, Parsed::malformed);
}

TEST(ParseFrame, MplsAndPppoeAreLookedThrough) {
  const Octets inner = ipv4({}, tcp(0));
  EXPECT_EQ(parse(LinkType::ethernet, ethernet({0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64}, inner))
                .packet.ip_bytes,
            40U);
  EXPECT_EQ(parse(LinkType::ethernet, ethernet({0x88, 0x64, 0x11, 0, 0, 1, 0, 42, 0, 0x21}, inner))
                .packet.ip_bytes,
            40U);
}

TEST(ParseFrame, OtherProtocolsAreNotIp) {
  EXPECT_EQ(parse(LinkType::ethernet, ethernet({0x08, 0x06}, Octets(28))).parsed, Parsed::not_ip);
  EXPECT_EQ(parse(LinkType::ethernet, ethernet({0x00, 0x26}, Octets(38))).parsed, Parsed::not_ip);
  EXPECT_EQ(parse(LinkType::raw, {0x50, 0, 0, 0}).parsed, Parsed::not_ip);
}

TEST(ParseFrame, CookedCapturesTellTheCourse) {
  const Octets inner = ipv4({}, tcp(0));
  Octets sll(16);
  sll[1] = 4;
  sll[14] = 8;
  const auto leaving = parse(LinkType::linux_sll, sll + inner);
  EXPECT_EQ(leaving.parsed, Parsed::packet);
  EXPECT_EQ(leaving.packet.course, Course::leaving);
  Octets sll2(20);
  sll2[0] = 8;
  const auto arriving = parse(LinkType::linux_sll2, sll2 + inner);
  EXPECT_EQ(arriving.parsed, Parsed::packet);
  EXPECT_EQ(arriving.packet.course, Course::arriving);
}

TEST(ParseFrame, RawLoopbackAndNflogLinkTypes) {
  const Octets inner = ipv4({}, tcp(0));
  EXPECT_EQ(parse(LinkType::raw, inner).parsed, Parsed::packet);
  EXPECT_EQ(parse(LinkType::null, Octets{2, 0, 0, 0} + inner).parsed, Parsed::packet);
  EXPECT_EQ(parse(LinkType::loop, Octets{0, 0, 0, 2} + inner).parsed, Parsed::packet);
  // A prefix attribute of 5 bytes with padding, then the payload.
  const Octets nflog = Octets{2, 0, 0, 1, 5, 0, 10, 0, 0, 0, 0, 0, 44, 0, 9, 0} + inner;
  EXPECT_EQ(parse(LinkType::nflog, nflog).packet.ip_bytes, 40U);
}

TEST(ParseFrame, OptionsAndShortCapturesOfHeaders) {
  const auto options = parse(LinkType::raw, ipv4({.option_words = 10}, tcp(tcp_flag::kRst)));
  EXPECT_EQ(options.packet.destination_port, 22);
  EXPECT_EQ(options.packet.tcp_flags, tcp_flag::kRst);
  EXPECT_EQ(options.packet.ip_bytes, 80U);

  Octets cut = ipv4({.total_length = 1500}, tcp(tcp_flag::kSyn));
  cut.resize(28);  // ports, but no flags
  const auto ports_only = parse(LinkType::raw, cut, 1500);
  EXPECT_EQ(ports_only.packet.destination_port, 22);
  EXPECT_EQ(ports_only.packet.tcp_flags, 0);
  EXPECT_EQ(ports_only.packet.ip_bytes, 1500U);
  EXPECT_TRUE(ports_only.packet.is_truncated);
  cut.resize(19);
  EXPECT_EQ(parse(LinkType::raw, cut, 1500).parsed, Parsed::truncated);
}

std::string fields_of(Parsed parsed, const Packet& packet) {
  if (parsed != Parsed::packet) return "none";
  std::string out;
  for (const std::uint64_t value :
       {std::uint64_t{packet.source_port}, std::uint64_t{packet.destination_port},
        std::uint64_t{packet.protocol}, std::uint64_t{packet.tcp_flags},
        std::uint64_t{packet.is_fragment}, std::uint64_t{packet.is_later_fragment},
        std::uint64_t{packet.is_truncated}, std::uint64_t{packet.vlan},
        std::uint64_t{packet.header_bytes}, std::uint64_t{packet.fragment_id},
        std::uint64_t{packet.packets}, std::uint64_t{packet.ip_bytes}}) {
    out += std::to_string(value) + ' ';
  }
  return out + packet.source.to_string() + ' ' + packet.destination.to_string();
}

// The short way for plain packets gives what the long way gives: every first byte (version and
// header length), every capture length, every offset bit and every protocol.
TEST(ParseFrame, EveryHeaderLengthAndCutReadsTheSameWithAndWithoutEthernet) {
  const Octets ethernet = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0x08, 0x00};
  const Octets whole = ipv4({.id = 7}, tcp(tcp_flag::kSyn) + Octets(60, 0x11));
  std::vector<Octets> packets;
  const auto with = [&](std::size_t at, unsigned value) {
    Octets changed = whole;
    changed[at] = static_cast<std::uint8_t>(value);
    packets.push_back(changed);
  };
  for (unsigned value = 0; value < 256; ++value) {
    for (const std::size_t at : {0U, 2U, 3U, 6U, 7U, 9U, 32U, 33U}) with(at, value);
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    packets.emplace_back(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    Octets udp = packets.back();
    if (size > 9) udp[9] = protocol::kUdp;
    packets.push_back(udp);
  }
  for (const Octets& bytes : packets) {
    Packet framed;
    Packet bare;
    const Octets frame = ethernet + bytes;
    const Parsed parsed = parse_frame(LinkType::ethernet, frame, frame.size(), framed);
    const Parsed expected = parse_frame(LinkType::ipv4, bytes, bytes.size(), bare);
    const bool is_other_version = !bytes.empty() && bytes[0] >> 4 != 4 && bytes[0] >> 4 != 6;
    if (is_other_version) continue;  // an EtherType of IPv4 makes it malformed, none makes it other
    EXPECT_EQ(fields_of(parsed, framed), fields_of(expected, bare));
  }
}

TEST(ParseFrame, PlainPacketLeavesNothingOfTheOneBefore) {
  Packet used;
  ASSERT_EQ(parse_frame(LinkType::ethernet,
                        ethernet({0x81, 0x00, 0x00, 0x07, 0x08, 0x00},
                                 ipv4({.id = 9, .fragment = 0x2001}, tcp(tcp_flag::kFin))),
                        100, used),
            Parsed::packet);
  used.packets = 5;
  used.is_truncated = true;
  const Octets plain = ethernet({0x08, 0x00}, ipv4({.id = 3}, tcp(tcp_flag::kSyn)));
  ASSERT_EQ(parse_frame(LinkType::ethernet, plain, plain.size(), used), Parsed::packet);
  const auto [parsed, fresh] = parse(LinkType::ethernet, plain);
  EXPECT_EQ(fields_of(Parsed::packet, used), fields_of(parsed, fresh));
}

TEST(ParseFrame, LengthsThatCannotBeAreMalformed) {
  EXPECT_EQ(parse(LinkType::raw, ipv4({.total_length = 19}, tcp(0))).parsed, Parsed::malformed);
  Octets short_header = ipv4({}, tcp(0));
  short_header[0] = 0x44;
  EXPECT_EQ(parse(LinkType::raw, short_header).parsed, Parsed::malformed);
}

TEST(ParseFrame, LengthZeroMeansWhatTheFrameHolds) {
  EXPECT_EQ(parse(LinkType::raw, ipv4({.total_length = 0}, tcp(0)), 80'000).packet.ip_bytes,
            80'000U);
  EXPECT_EQ(parse(LinkType::raw, ipv6(protocol::kTcp, tcp(0), 0), 80'060).packet.ip_bytes, 80'060U);
  EXPECT_EQ(parse(LinkType::raw, ipv6(protocol::kNoNext, {}, 0), 60).packet.ip_bytes, 40U);
}

TEST(ParseFrame, JumboOptionCountsButNotBeyondTheFrame) {
  const Octets jumbo = {protocol::kTcp, 0, 0xc2, 4, 0, 1, 0x38, 0x80};  // 80000
  const Octets frame = ipv6(protocol::kHopByHop, jumbo + tcp(0), 0);
  EXPECT_EQ(parse(LinkType::raw, frame, 80'040).packet.ip_bytes, 80'040U);
  EXPECT_EQ(parse(LinkType::raw, frame, 80'040).packet.destination_port, 22);
  EXPECT_EQ(parse(LinkType::raw, frame, 1'000).packet.ip_bytes, 1'000U);
}

TEST(ParseFrame, ExtensionHeadersLeadToTheUpperProtocol) {
  const Octets headers = Octets{protocol::kDestination, 0, 1, 4, 0, 0, 0, 0} +
                         Octets{protocol::kTcp, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const auto [parsed, packet] =
      parse(LinkType::raw, ipv6(protocol::kHopByHop, headers + tcp(tcp_flag::kSyn)));
  ASSERT_EQ(parsed, Parsed::packet);
  EXPECT_EQ(packet.protocol, protocol::kTcp);
  EXPECT_EQ(packet.destination_port, 22);
  EXPECT_EQ(packet.tcp_flags, tcp_flag::kSyn);
  EXPECT_EQ(packet.ip_bytes, 84U);
  EXPECT_EQ(parse(LinkType::raw, ipv6(protocol::kEsp, Octets(20))).packet.protocol, protocol::kEsp);
  EXPECT_EQ(parse(LinkType::raw, ipv6(protocol::kAh, Octets(20))).packet.protocol, protocol::kAh);
}

TEST(ParseFrame, ChainOfExtensionHeadersIsBounded) {
  Octets headers;
  for (int i = 0; i < 200; ++i)
    headers = headers + Octets{protocol::kDestination, 0, 1, 4, 0, 0, 0, 0};
  EXPECT_EQ(parse(LinkType::raw, ipv6(protocol::kDestination, headers)).parsed, Parsed::packet);
}

TEST(ParseFrame, TunnelIsTheOuterPacket) {
  const auto sit =
      parse(LinkType::raw, ipv4({.protocol = protocol::kIpv6}, ipv6(protocol::kTcp, tcp(0))));
  EXPECT_EQ(sit.packet.protocol, protocol::kIpv6);
  EXPECT_EQ(sit.packet.source_port, 0);
  EXPECT_EQ(sit.packet.ip_bytes, 80U);
}

TEST(CountSegments, MergedSegmentsCountWithTheirHeaders) {
  auto packet = parse(LinkType::raw, ipv4({.total_length = 40 + 4000}, tcp(0)), 4040).packet;
  count_segments(packet, 1448);
  EXPECT_EQ(packet.packets, 3U);
  EXPECT_EQ(packet.ip_bytes, 4000U + 3 * 40);
  count_segments(packet, 0);
  EXPECT_EQ(packet.packets, 3U);
}

TEST(FragmentTable, LaterFragmentsGetThePortsOfTheFirst) {
  FragmentTable table;
  auto first =
      parse(LinkType::raw, ipv4({.id = 7, .fragment = 0x2000}, tcp(tcp_flag::kSyn))).packet;
  auto later = parse(LinkType::raw, ipv4({.id = 7, .fragment = 0x0010}, Octets(100))).packet;
  auto other = parse(LinkType::raw, ipv4({.id = 8, .fragment = 0x0010}, Octets(100))).packet;
  EXPECT_TRUE(later.is_later_fragment);
  EXPECT_EQ(later.destination_port, 0);
  table.resolve(first);
  table.resolve(later);
  table.resolve(other);
  EXPECT_EQ(later.destination_port, 22);
  EXPECT_EQ(later.source_port, 40000);
  EXPECT_EQ(later.tcp_flags, 0);
  EXPECT_EQ(other.destination_port, 0);
  EXPECT_EQ(table.unresolved(), 1U);
}

TEST(FragmentTable, OldEntriesAreNotUsedForANewDatagram) {
  FragmentTable table;
  auto first = parse(LinkType::raw, ipv4({.id = 7, .fragment = 0x2000}, tcp(0))).packet;
  table.resolve(first);
  auto later = parse(LinkType::raw, ipv4({.id = 7, .fragment = 0x0010}, Octets(100))).packet;
  later.time_ns = FragmentTable::kTimeoutNs + 1;
  table.resolve(later);
  EXPECT_EQ(later.destination_port, 0);
}

TEST(FragmentTable, AtomicIpv6FragmentIsNoFragment) {
  const Octets atomic = Octets{protocol::kTcp, 0, 0, 0, 0, 0, 0, 1} + tcp(0);
  const auto packet = parse(LinkType::raw, ipv6(protocol::kFragment, atomic)).packet;
  EXPECT_FALSE(packet.is_fragment);
  EXPECT_EQ(packet.destination_port, 22);
}

TEST(FragmentTable, ThousandsOfDatagramsStayInTheirBound) {
  FragmentTable table;
  for (std::uint32_t id = 0; id < 4 * FragmentTable::kEntries; ++id) {
    auto first = parse(LinkType::raw, ipv4({.fragment = 0x2000}, tcp(0))).packet;
    first.fragment_id = id;
    first.time_ns = id;
    table.resolve(first);
  }
  auto later = parse(LinkType::raw, ipv4({.fragment = 0x0010}, Octets(100))).packet;
  later.fragment_id = 4 * FragmentTable::kEntries - 1;
  table.resolve(later);
  EXPECT_EQ(later.destination_port, 22);
}

}  // namespace
}  // namespace weir::net
