// SPDX-License-Identifier: Apache-2.0
#include "flow/meter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "flow/format.h"
#include "net/protocol.h"

namespace weir::flow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::int64_t kNs = 1'000'000'000;
constexpr std::int64_t kBegin = 1'767'603'600;  // seconds
const Rule kRule{"NACL", "acl-0123456789abcdef0", 90};

std::shared_ptr<const Context> host() {
  Context context;
  context.account_id = "123456789010";
  context.interface_id = "eni-0a1b2c3d4e5f60718";
  context.vpc_id = "vpc-1";
  context.primary_v4 = *net::Address::parse("10.0.0.5");
  context.addresses = {context.primary_v4, *net::Address::parse("10.0.0.6")};
  context.vpc_prefixes = {*net::Prefix::parse("10.0.0.0/16")};
  return std::make_shared<const Context>(context);
}

struct PacketSpec {
  double at = 0;  // seconds after kBegin
  std::string from = "203.0.113.9";
  std::string to = "10.0.0.5";
  std::uint16_t from_port = 50'000;
  std::uint16_t to_port = 22;
  std::uint8_t protocol = net::protocol::kTcp;
  std::uint8_t flags = net::tcp_flag::kSyn;
  std::uint32_t bytes = 60;
  std::uint32_t packets = 1;
};
net::Packet packet(const PacketSpec& spec) {
  net::Packet out;
  out.time_ns = kBegin * kNs + static_cast<std::int64_t>(spec.at * 1e9);
  out.source = *net::Address::parse(spec.from);
  out.destination = *net::Address::parse(spec.to);
  out.source_port = spec.from_port;
  out.destination_port = spec.to_port;
  out.protocol = spec.protocol;
  out.tcp_flags = spec.flags;
  out.ip_bytes = spec.bytes;
  out.packets = spec.packets;
  return out;
}
Time at(double seconds) { return {kBegin * 1000 + static_cast<std::int64_t>(seconds * 1000)}; }

class MeterTest : public testing::Test {
 protected:
  Meter& meter(Meter::Config config = {}, std::shared_ptr<const Context> context = host()) {
    meter_.emplace(std::move(context), config,
                   [this](const Record& record) { lines_.push_back(format_.line(record)); });
    return *meter_;
  }
  std::vector<std::string> take() { return std::exchange(lines_, {}); }

  Format format_ = *Format::parse(
      "${srcaddr} ${dstaddr} ${srcport} ${dstport} ${packets} ${bytes} ${start} ${end} ${action} "
      "${log-status}");
  std::optional<Meter> meter_;
  std::vector<std::string> lines_;
};

std::string line(std::string_view tuple, std::string_view counts, int start, int end,
                 std::string_view rest) {
  return std::string(tuple) + ' ' + std::string(counts) + ' ' + std::to_string(kBegin + start) +
         ' ' + std::to_string(kBegin + end) + ' ' + std::string(rest);
}
constexpr std::string_view kIn = "203.0.113.9 10.0.0.5 50000 22";
constexpr std::string_view kOut = "10.0.0.5 203.0.113.9 22 50000";

TEST_F(MeterTest, AcceptedFlowIsOneRecordAtTheEndOfItsWindow) {
  Meter& m = meter();
  m.add(packet({.at = 0.5}), Direction::ingress);
  m.add(packet({.at = 59.5, .bytes = 100}), Direction::ingress);
  m.advance(at(60.5));
  EXPECT_THAT(take(), IsEmpty());  // grace for late packets and verdicts
  m.advance(at(61));
  EXPECT_THAT(take(), ElementsAre(line(kIn, "2 160", 0, 59, "ACCEPT OK")));
  EXPECT_EQ(m.stats().packets, 2U);
  EXPECT_EQ(m.stats().bytes, 160U);
}

// A record is one 5-tuple on one interface (VPC User Guide), so each direction has its own.
TEST_F(MeterTest, EachDirectionIsItsOwnRecord) {
  Meter& m = meter();
  m.add(packet({}), Direction::ingress);
  m.add(packet(
            {.at = 1, .from = "10.0.0.5", .to = "203.0.113.9", .from_port = 22, .to_port = 50'000}),
        Direction::egress);
  m.finish();
  EXPECT_THAT(take(), ElementsAre(line(kIn, "1 60", 0, 0, "ACCEPT OK"),
                                  line(kOut, "1 60", 1, 1, "ACCEPT OK")));
}

TEST_F(MeterTest, LongFlowHasOneRecordPerWindowWithoutAGap) {
  Meter& m = meter();
  for (int second = 0; second < 150; ++second)
    m.add(packet({.at = second + 0.0}), Direction::ingress);
  m.finish();
  EXPECT_THAT(take(), ElementsAre(line(kIn, "60 3600", 0, 59, "ACCEPT OK"),
                                  line(kIn, "60 3600", 60, 119, "ACCEPT OK"),
                                  line(kIn, "30 1800", 120, 149, "ACCEPT OK")));
}

TEST_F(MeterTest, WindowTimesAreABySetting) {
  Meter& m = meter({.times = Meter::RecordTimes::window});
  m.add(packet({.at = 0.25}), Direction::ingress);
  m.add(packet({.at = 20}), Direction::ingress);
  m.finish();
  EXPECT_THAT(take(), ElementsAre(line(kIn, "2 120", 0, 60, "ACCEPT OK")));
}

TEST_F(MeterTest, RefusedFlowIsReportedEarlyAndTheRestOfItAtTheEnd) {
  Meter& m = meter();
  m.add(packet({.at = 0.1}), Direction::ingress);
  m.refused(packet({.at = 0.1}), Direction::ingress, kRule, true);
  m.advance(at(1.0));
  EXPECT_THAT(take(), IsEmpty());
  m.advance(at(1.1));
  EXPECT_THAT(take(), ElementsAre(line(kIn, "1 60", 0, 0, "REJECT OK")));
  for (const double second : {1.2, 3.2, 7.2}) {
    m.add(packet({.at = second}), Direction::ingress);
    m.refused(packet({.at = second}), Direction::ingress, kRule, true);
  }
  m.advance(at(59));
  EXPECT_THAT(take(), IsEmpty());
  m.advance(at(61));
  // No ACCEPT: what was captured is what was refused.
  EXPECT_THAT(take(), ElementsAre(line(kIn, "3 180", 1, 7, "REJECT OK")));
  EXPECT_EQ(m.stats().packets, 4U);
  EXPECT_EQ(m.stats().packets_refused, 4U);
}

TEST_F(MeterTest, VerdictMayComeBeforeThePacketOrLongAfterIt) {
  Meter& m = meter({.early_reject = std::nullopt});
  m.advance(at(0));
  m.refused(packet({.at = 1}), Direction::ingress, kRule, true);
  m.add(packet({.at = 1}), Direction::ingress);
  m.add(packet({.at = 59.9}), Direction::ingress);
  m.add(packet({.at = 60.2}), Direction::ingress);  // the next window is open
  m.refused(packet({.at = 59.9}), Direction::ingress, kRule, true);
  m.finish();
  EXPECT_THAT(take(), ElementsAre(line(kIn, "2 120", 1, 59, "REJECT OK"),
                                  line(kIn, "1 60", 60, 60, "ACCEPT OK")));
}

// AWS: the "2 ACCEPT / 1 REJECT" case, a rule changed in mid-window.
TEST_F(MeterTest, FlowThatIsPartlyRefusedHasBothRecords) {
  format_ = *Format::parse("${srcport} ${packets} ${bytes} ${tcp-flags} ${action}");
  Meter& m = meter();
  m.add(packet({.at = 1, .flags = net::tcp_flag::kAck, .bytes = 500}), Direction::ingress);
  m.add(packet({.at = 2, .flags = net::tcp_flag::kFin | net::tcp_flag::kAck, .bytes = 52}),
        Direction::ingress);
  m.refused(packet({.at = 2, .flags = net::tcp_flag::kFin | net::tcp_flag::kAck, .bytes = 52}),
            Direction::ingress, kRule, true);
  m.finish();
  EXPECT_THAT(take(), ElementsAre("50000 1 52 1 REJECT", "50000 1 500 0 ACCEPT"));
}

TEST_F(MeterTest, LeavingRefusedPacketIsCountedWithoutCapture) {
  Meter& m = meter();
  const PacketSpec out{.from = "10.0.0.5", .to = "203.0.113.9", .from_port = 22, .to_port = 50'000};
  m.refused(packet(out), Direction::egress, kRule, false);
  m.advance(at(61));
  EXPECT_THAT(take(), ElementsAre(line(kOut, "1 60", 0, 0, "REJECT OK")));
  EXPECT_EQ(m.stats().packets, 1U);
}

TEST_F(MeterTest, MergedSegmentsThatWereRefusedAreNotAccepted) {
  Meter& m = meter();
  m.add(packet({.bytes = 4120, .packets = 3}), Direction::ingress);
  m.refused(packet({.bytes = 4040}), Direction::ingress, kRule, true);
  m.finish();
  EXPECT_THAT(take(), ElementsAre(line(kIn, "1 4040", 0, 0, "REJECT OK")));
}

TEST_F(MeterTest, RuleStandsInItsOwnFields) {
  format_ = *Format::parse(
      "${action} ${weir-reject-owner} ${weir-reject-id} ${weir-reject-rule} "
      "${weir-start-ms} ${weir-end-ms}");
  Meter& m = meter();
  m.refused(packet({.at = 0.25}), Direction::ingress, kRule, false);
  m.add(packet({.at = 0.5, .to_port = 443}), Direction::ingress);
  m.finish();
  EXPECT_THAT(take(),
              ElementsAre("REJECT NACL acl-0123456789abcdef0 90 1767603600250 1767603600250",
                          "ACCEPT - - - 1767603600500 1767603600500"));
}

// VPC User Guide, tcp-flags: FIN 1, SYN 2, RST 4, SYN-ACK 18, OR-ed; ACK and PSH alone are not
// recorded.
TEST_F(MeterTest, TcpFlagsFollowTheTableOfAws) {
  using namespace net::tcp_flag;
  struct Case {
    std::vector<int> packets;
    std::string recorded;
  };
  const std::vector<Case> cases = {{{kAck}, "0"},
                                   {{kPsh | kAck}, "0"},
                                   {{kSyn}, "2"},
                                   {{kSyn | kAck}, "18"},
                                   {{kFin | kAck}, "1"},
                                   {{kRst | kAck}, "4"},
                                   {{kSyn | 0xc0}, "2"},
                                   {{kSyn, kAck, kFin}, "3"},
                                   {{kSyn | kAck, kFin | kAck}, "19"},
                                   {{kSyn | kAck, kFin, kRst}, "23"},
                                   {{kSyn | kAck, kSyn}, "18"},
                                   {{0}, "0"},
                                   {{kSyn | kFin | kRst}, "7"}};
  format_ = *Format::parse("${tcp-flags}");
  for (const Case& one : cases) {
    Meter& m = meter();
    for (const int flags : one.packets) {
      m.add(packet({.flags = static_cast<std::uint8_t>(flags)}), Direction::ingress);
    }
    m.finish();
    EXPECT_THAT(take(), ElementsAre(one.recorded));
  }
}

TEST_F(MeterTest, OwnSideIsThePrimaryAddress) {
  format_ = *Format::parse(
      "${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} ${traffic-path}");
  Meter& m = meter();
  m.add(packet({.to = "10.0.0.6"}), Direction::ingress);
  m.add(packet({.from = "192.168.7.7", .to = "203.0.113.9"}), Direction::egress);
  m.add(packet({.from = "10.0.0.6", .to = "10.0.9.9"}), Direction::egress);
  m.add(packet({.from = "10.0.0.9", .to = "224.0.0.251"}), Direction::ingress);
  m.finish();
  EXPECT_THAT(take(), ElementsAre("203.0.113.9 10.0.0.5 203.0.113.9 10.0.0.6 ingress -",
                                  "10.0.0.5 203.0.113.9 192.168.7.7 203.0.113.9 egress 8",
                                  "10.0.0.5 10.0.9.9 10.0.0.6 10.0.9.9 egress 1",
                                  "10.0.0.9 224.0.0.251 10.0.0.9 224.0.0.251 ingress -"));
}

TEST_F(MeterTest, NeverLoggedTrafficIsHidden) {
  const std::vector<PacketSpec> hidden = {
      {.from = "0.0.0.0", .to = "255.255.255.255", .from_port = 68, .to_port = 67, .protocol = 17},
      {.from = "fe80::1", .to = "ff02::1:2", .from_port = 546, .to_port = 547, .protocol = 17},
      {.from = "10.0.0.5", .to = "169.254.169.253", .to_port = 53, .protocol = 17},
      {.from = "10.0.0.5", .to = "169.254.169.254", .to_port = 80},
      {.from = "169.254.169.123", .to = "10.0.0.5", .from_port = 123, .protocol = 17},
      {.from = "10.0.0.5", .to = "169.254.169.250", .to_port = 1688},
      {.from = "10.0.0.5", .to = "fd00:ec2::254", .to_port = 80}};
  const std::vector<PacketSpec> logged = {
      {.from = "10.0.0.5", .to = "10.0.0.2", .to_port = 53, .protocol = 17},
      {.from = "10.0.0.5", .to = "169.254.169.250", .to_port = 80},
      {.from = "10.0.0.5", .to = "169.254.0.1", .to_port = 80},
      {.from = "10.0.0.5", .to = "10.0.0.1", .from_port = 68, .to_port = 9, .protocol = 17}};
  Meter& m = meter({.nodata = false});
  for (const auto& spec : hidden) {
    m.add(packet(spec), Direction::egress);
    m.refused(packet(spec), Direction::egress, kRule, true);
  }
  m.finish();
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(m.stats().packets_unlogged, hidden.size());
  for (const auto& spec : logged) m.add(packet(spec), Direction::egress);
  m.finish();
  EXPECT_EQ(take().size(), logged.size());

  Meter& all = meter({.hide_unlogged = false});
  for (const auto& spec : hidden) all.add(packet(spec), Direction::egress);
  all.finish();
  EXPECT_EQ(take().size(), hidden.size());
}

TEST_F(MeterTest, IdleWindowIsNoData) {
  Meter& m = meter();
  m.advance(at(0));
  m.advance(at(61));
  EXPECT_THAT(take(), ElementsAre(line("- - - -", "- -", 0, 60, "- NODATA")));
  m.finish();  // the window that has just begun says nothing
  EXPECT_THAT(take(), IsEmpty());

  Meter& quiet = meter({.nodata = false});
  quiet.advance(at(0));
  quiet.advance(at(200));
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(MeterTest, JumpOfTimeGivesABoundedNumberOfNoDataRecords) {
  Meter& m = meter();
  m.add(packet({.at = 0}), Direction::ingress);
  m.add(packet({.at = 60.0 * 1000 + 30}), Direction::ingress);
  const auto lines = take();
  ASSERT_EQ(lines.size(), 1U + static_cast<std::size_t>(Meter::kIdleWindowsMax));
  EXPECT_EQ(lines[0], line(kIn, "1 60", 0, 0, "ACCEPT OK"));
  EXPECT_EQ(lines[1], line("- - - -", "- -", 60, 120, "- NODATA"));
  EXPECT_EQ(m.stats().windows_unreported,
            999U - static_cast<std::uint64_t>(Meter::kIdleWindowsMax));
}

TEST_F(MeterTest, FullTableEndsWithSkipData) {
  Meter& m = meter({.flows_max = 2});
  for (std::uint16_t port = 1; port <= 5; ++port) {
    m.add(packet({.at = 0.5, .from_port = port}), Direction::ingress);
  }
  m.advance(at(61));
  const auto lines = take();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[2], line("- - - -", "- -", 0, 60, "- SKIPDATA"));
  EXPECT_EQ(m.stats().packets_skipped, 3U);
}

TEST_F(MeterTest, LossElsewhereEndsWithSkipData) {
  Meter& m = meter();
  m.advance(at(0));
  m.lost(7);
  m.advance(at(61));
  EXPECT_THAT(take(), ElementsAre(line("- - - -", "- -", 0, 60, "- SKIPDATA")));
  EXPECT_EQ(m.stats().packets_lost, 7U);
}

// Ring buffers may hand blocks over out of order: a packet older than the open windows is not
// dropped.
TEST_F(MeterTest, LatePacketsStayVisible) {
  Meter& m = meter();
  m.add(packet({.at = 10}), Direction::ingress);
  m.add(packet({.at = 200}), Direction::ingress);
  m.add(packet({.at = 20}), Direction::ingress);
  m.finish();
  EXPECT_EQ(m.stats().packets_late, 1U);
  EXPECT_EQ(m.stats().packets, 3U);
}

TEST_F(MeterTest, ClockThatIsSetBackDoesNotStopReporting) {
  Meter& m = meter({.nodata = false});
  m.add(packet({.at = 7200}), Direction::ingress);
  m.advance(at(0));
  EXPECT_EQ(take().size(), 1U);
  m.add(packet({.at = 1}), Direction::ingress);
  m.advance(at(61));
  EXPECT_EQ(take().size(), 1U);
  EXPECT_EQ(m.stats().packets_late, 0U);
}

TEST_F(MeterTest, ManyFlowsKeepTheirCounters) {
  Meter& m = meter();
  for (int round = 0; round < 3; ++round) {
    for (std::uint16_t port = 0; port < 20'000; ++port) {
      m.add(packet({.at = round * 1.0, .from_port = port}), Direction::ingress);
    }
  }
  m.finish();
  const auto lines = take();
  ASSERT_EQ(lines.size(), 20'000U);
  EXPECT_EQ(lines.back(), line("203.0.113.9 10.0.0.5 19999 22", "3 180", 0, 2, "ACCEPT OK"));
}

TEST_F(MeterTest, TunnelIsTrafficPathThreeOutsideTheVpc) {
  format_ = *Format::parse("${dstaddr} ${traffic-path}");
  Context context = *host();
  context.is_tunnel = true;
  Meter& m = meter({}, std::make_shared<const Context>(context));
  m.add(packet({.from = "10.0.0.5", .to = "10.0.9.9"}), Direction::egress);
  m.add(packet({.from = "10.0.0.5", .to = "192.168.7.7"}), Direction::egress);
  m.add(packet({.from = "10.0.0.5", .to = "203.0.113.9"}), Direction::egress);
  m.add(packet({.from = "10.0.0.5", .to = "224.0.0.251"}), Direction::egress);
  m.add(packet({}), Direction::ingress);
  m.finish();
  EXPECT_THAT(take(), ElementsAre("10.0.9.9 1", "192.168.7.7 3", "203.0.113.9 3", "224.0.0.251 -",
                                  "10.0.0.5 -"));
}

// Who opened the connection is known from SYN and SYN-ACK, else from the window's first packet.
TEST_F(MeterTest, InitiatorIsWhoOpenedTheConnection) {
  using namespace net::tcp_flag;
  constexpr auto kIngress = Direction::ingress;
  constexpr auto kEgress = Direction::egress;
  const PacketSpec in{.from_port = 50'000, .to_port = 22};
  const PacketSpec out{.from = "10.0.0.5", .to = "203.0.113.9", .from_port = 22, .to_port = 50'000};
  const auto with = [](PacketSpec spec, double at, std::uint8_t flags, std::uint8_t protocol) {
    spec.at = at;
    spec.flags = flags;
    spec.protocol = protocol;
    return packet(spec);
  };
  format_ = *Format::parse("${srcaddr} ${weir-initiator}");

  Meter& handshake = meter();
  handshake.add(with(out, 1, kSyn | kAck, 6), kEgress);  // overtook the SYN
  handshake.add(with(in, 2, kSyn, 6), kIngress);
  handshake.finish();
  EXPECT_THAT(take(), ElementsAre("10.0.0.5 203.0.113.9", "203.0.113.9 203.0.113.9"));

  Meter& reset = meter();  // a closed port: only the reverse flow tells
  reset.add(with(in, 1, kSyn, 6), kIngress);
  reset.add(with(out, 2, kRst | kAck, 6), kEgress);
  reset.finish();
  EXPECT_THAT(take(), ElementsAre("203.0.113.9 203.0.113.9", "10.0.0.5 203.0.113.9"));

  Meter& old = meter();  // opened before the window
  old.add(with(in, 1, kAck, 6), kIngress);
  old.add(with(out, 2, kAck, 6), kEgress);
  old.finish();
  EXPECT_THAT(take(), ElementsAre("203.0.113.9 -", "10.0.0.5 -"));

  Meter& datagrams = meter();
  datagrams.add(with(out, 1, 0, 17), kEgress);
  datagrams.add(with(in, 2, 0, 17), kIngress);
  datagrams.finish();
  EXPECT_THAT(take(), ElementsAre("10.0.0.5 10.0.0.5", "203.0.113.9 10.0.0.5"));

  Meter& refused = meter();
  refused.refused(with(in, 1, kSyn, 6), kIngress, kRule, false);
  refused.finish();
  EXPECT_THAT(take(), ElementsAre("203.0.113.9 203.0.113.9"));

  Meter& off = meter({.initiator = false});
  off.add(with(in, 2, kSyn, 6), kIngress);
  off.finish();
  EXPECT_THAT(take(), ElementsAre("203.0.113.9 -"));
}

TEST_F(MeterTest, OpenFlowsSayWhatTheRecordsWill) {
  Meter& m = meter();
  m.add(packet({.at = 1, .from_port = 1, .bytes = 100}), Direction::ingress);
  m.add(packet({.at = 3, .from_port = 1, .bytes = 100}), Direction::ingress);
  for (const double second : {2.0, 10.0}) {
    m.add(packet({.at = second, .from_port = 2}), Direction::ingress);
    m.refused(packet({.at = second, .from_port = 2}), Direction::ingress, kRule, true);
    m.advance(at(second + 2));  // the first is reported early, and still counts
  }
  m.add(packet({.at = 12, .from_port = 2, .bytes = 7}), Direction::ingress);
  std::vector<std::string> seen;
  m.for_each_open_flow([&](const Meter::OpenFlow& flow) {
    seen.push_back(std::to_string(flow.key.source_port) + ' ' +
                   (flow.verdict == Verdict::accept ? "ACCEPT " : "REJECT ") +
                   std::to_string(flow.packets) + ' ' + std::to_string(flow.bytes) + ' ' +
                   std::to_string(flow.first.ms - kBegin * 1000) + ' ' +
                   std::to_string(flow.last.ms - kBegin * 1000) + ' ' +
                   (flow.rule == nullptr ? "-" : flow.rule->id));
  });
  EXPECT_THAT(seen, ElementsAre("1 ACCEPT 2 200 1000 3000 -",
                                "2 REJECT 2 120 2000 10000 acl-0123456789abcdef0",
                                "2 ACCEPT 1 7 2000 12000 -"));
}

TEST_F(MeterTest, HugeCountersAreExact) {
  format_ = *Format::parse("${packets} ${bytes} ${tcp-flags} ${action}");
  Meter& m = meter();
  constexpr std::uint32_t kMost = 0xffffffff;
  for (int i = 0; i < 5; ++i) {
    m.add(packet({.bytes = kMost, .packets = kMost}), Direction::ingress);
  }
  // More refused SYNs than the flow's own counter of them can hold, all but one.
  m.add(packet({.bytes = 1}), Direction::ingress);
  for (int i = 0; i < 70'000; ++i) {
    m.add(packet({.flags = net::tcp_flag::kFin, .bytes = 1}), Direction::ingress);
    m.refused(packet({.flags = net::tcp_flag::kFin, .bytes = 1}), Direction::ingress, kRule, true);
  }
  m.finish();
  EXPECT_THAT(take(), ElementsAre("70000 70000 1 REJECT", "21474836476 21474836476 2 ACCEPT"));
}

// Goal: a flood of spoofed addresses neither takes more memory than set nor touches what was there.
TEST_F(MeterTest, FloodOfSpoofedFlowsLeavesOldFlowsRight) {
  format_ = *Format::parse("${srcaddr} ${packets} ${bytes} ${log-status}");
  constexpr std::size_t kFlows = 1000;
  std::uint64_t records = 0;
  std::vector<std::string> old;
  Meter m(host(), {.flows_max = kFlows, .hash_seed = 7}, [&](const Record& record) {
    ++records;
    if (!record.is_data() || record.number(Field::srcport) == 50'000)
      old.push_back(format_.line(record));
  });
  std::mt19937_64 random(1);
  constexpr int kSpoofed = 10'000'000;
  net::Packet spoofed = packet({.from_port = 1});
  const net::Packet known = packet({});
  m.add(known, Direction::ingress);
  for (int i = 1; i <= kSpoofed; ++i) {
    spoofed.source = net::Address::v4(static_cast<std::uint32_t>(random()) | 0xe0000000U);
    m.add({&spoofed, 1});
    if (i % 1'000'000 == 0) m.add(known, Direction::ingress);
  }
  m.finish();
  EXPECT_THAT(old, ElementsAre("203.0.113.9 11 660 OK", "- - - SKIPDATA"));
  EXPECT_EQ(records, kFlows + 1);
  EXPECT_EQ(m.stats().packets + m.stats().packets_skipped, kSpoofed + 11U);
  EXPECT_EQ(m.stats().windows_incomplete, 1U);
}

/// Random traffic in and out of a meter, counted beside it.
class Conservation : public MeterTest {
 protected:
  using Sums = std::pair<std::uint64_t, std::uint64_t>;  // packets, bytes

  net::Packet random_packet() {
    const bool is_v6 = below(4) == 0;
    static constexpr std::array<std::uint8_t, 4> kProtocols = {6, 6, 17, 1};
    net::Packet out;
    time_ns_ += static_cast<std::int64_t>(below(20'000'000));
    if (below(300) == 0) time_ns_ += static_cast<std::int64_t>(below(400)) * kNs;  // jumps
    if (below(300) == 0) time_ns_ -= static_cast<std::int64_t>(below(400)) * kNs;
    out.time_ns = time_ns_ - static_cast<std::int64_t>(below(2'000'000'000));
    out.source = address(is_v6);
    out.destination = address(is_v6);
    out.source_port = static_cast<std::uint16_t>(below(4));
    out.destination_port = static_cast<std::uint16_t>(below(4));
    out.protocol = kProtocols[below(4)];
    out.tcp_flags = out.protocol == 6 ? static_cast<std::uint8_t>(below(64)) : std::uint8_t{0};
    out.packets = below(10) == 0 ? static_cast<std::uint32_t>(1 + below(40)) : 1;
    out.ip_bytes = static_cast<std::uint32_t>(20 + below(1500) * out.packets);
    return out;
  }
  net::Address address(bool is_v6) {
    const auto host = static_cast<std::uint32_t>(below(6));
    return is_v6 ? net::Address::v6(0x20010db800000000U, host)
                 : net::Address::v4(0x0a000000U + host);
  }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  std::mt19937_64 random_;
  std::int64_t time_ns_ = kBegin * kNs;
};

// What goes in comes out: packets and bytes of all records are those given in, less counted losses.
TEST_F(Conservation, RecordsAddUpToThePackets) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    random_.seed(seed);
    time_ns_ = kBegin * kNs;
    Sums in;
    Sums out;
    std::uint64_t skip_records = 0;
    const bool is_small = below(3) == 0;
    Meter m(host(),
            {.window = Duration(1'000 + static_cast<int>(below(60'000))),
             .early_reject = below(3) == 0 ? std::nullopt : std::optional(Duration(500)),
             .hide_unlogged = false,
             .flows_max = is_small ? 20 : 1u << 16,
             .hash_seed = seed},
            [&](const Record& record) {
              if (record.text(Field::log_status) == kSkipData) ++skip_records;
              EXPECT_LE(record.number_or(Field::start, 0), record.number_or(Field::end, 0));
              out.first += static_cast<std::uint64_t>(record.number_or(Field::packets, 0));
              out.second += static_cast<std::uint64_t>(record.number_or(Field::bytes, 0));
            });
    std::uint64_t bytes_skipped = 0;
    for (int i = 0; i < 2000; ++i) {
      const net::Packet one = random_packet();
      const Direction direction = direction_of(m.context(), one);
      const std::uint64_t skipped = m.stats().packets_skipped;
      const std::uint64_t kind = below(10);
      if (kind == 0) {
        m.refused(one, direction, kRule, false);
      } else {
        m.add({&one, 1});
      }
      if (m.stats().packets_skipped != skipped) {
        bytes_skipped += one.ip_bytes;
      } else if (kind == 1) {
        m.refused(one, direction, kRule, true);
      }
      in.first += one.packets;
      in.second += one.ip_bytes;
      if (below(50) == 0) m.advance({time_ns_ / 1'000'000});
    }
    m.finish();
    EXPECT_EQ(out.first + m.stats().packets_skipped, in.first);
    EXPECT_EQ(out.second + bytes_skipped, in.second);
    EXPECT_EQ(m.stats().packets + m.stats().packets_skipped, in.first);
    EXPECT_EQ(skip_records != 0, m.stats().packets_skipped != 0);
    EXPECT_EQ(skip_records, m.stats().windows_incomplete);
  }
}

TEST_F(Conservation, BatchesAndSinglePacketsGiveTheSameRecords) {
  format_ = Format::all();
  for (const bool is_guest : {false, true}) {
    std::vector<net::Packet> packets;
    for (int i = 0; i < 5000; ++i) {
      packets.push_back(random_packet());
      packets.back().course = below(2) == 0 ? net::Course::arriving : net::Course::leaving;
    }
    Meter& single = meter({.flows_max = 300});
    for (net::Packet one : packets) {
      if (is_guest) {
        const bool leaves = one.course == net::Course::leaving;
        one.course = leaves ? net::Course::arriving : net::Course::leaving;
      }
      single.add(one, direction_of(single.context(), one));
    }
    single.finish();
    const std::vector<std::string> expected = take();
    Meter& batches = meter({.flows_max = 300, .hash_seed = 99});
    for (std::span<const net::Packet> rest = packets; !rest.empty();) {
      const auto some = rest.first(std::min<std::size_t>(rest.size(), 1 + below(100)));
      batches.add(some, is_guest);
      rest = rest.subspan(some.size());
    }
    batches.finish();
    EXPECT_EQ(take(), expected);
    EXPECT_GT(expected.size(), 500U);
  }
}

TEST(DirectionOf, DeviceThenAddressesThenIngress) {
  const auto context = host();
  net::Packet out = packet({.from = "10.0.0.6", .to = "203.0.113.9"});
  EXPECT_EQ(direction_of(*context, out), Direction::egress);
  EXPECT_EQ(direction_of(*context, packet({})), Direction::ingress);
  EXPECT_EQ(direction_of(*context, packet({.from = "192.0.2.1", .to = "192.0.2.2"})),
            Direction::ingress);
  out.course = net::Course::arriving;
  EXPECT_EQ(direction_of(*context, out), Direction::ingress);
}

}  // namespace
}  // namespace weir::flow
