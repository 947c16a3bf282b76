// SPDX-License-Identifier: Apache-2.0
#include "capture/nflog_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "capture/test_net.h"
#include "net/protocol.h"

namespace weir::capture {
namespace {

using test::frame;
using test::send_frame;

TEST(VerdictPrefix, IsReadOrRefused) {
  const auto prefix = VerdictPrefix::parse("eni-0123456789abcdef0|acl-0123456789abcdef0|32767|in");
  ASSERT_TRUE(prefix);
  EXPECT_EQ(prefix->interface_id, "eni-0123456789abcdef0");
  EXPECT_EQ(prefix->owner_id, "acl-0123456789abcdef0");
  EXPECT_EQ(prefix->rule, 32767);
  EXPECT_TRUE(prefix->is_ingress);
  EXPECT_FALSE(VerdictPrefix::parse("eni-1|sg-1|0|out")->is_ingress);
  for (const char* text :
       {"", "eni-1", "eni-1|acl-1|1", "eni-1|acl-1|x|in", "eni-1|acl-1|1|", "eni-1||1|in",
        "x|acl-1|1|in", "eni-1|acl-1|-1|in", "eni-1|acl-1|1|in|more", "|||"}) {
    EXPECT_FALSE(VerdictPrefix::parse(text)) << text;
  }
}

struct Seen {
  std::vector<Verdict> verdicts;
  std::uint64_t lost = 0;
};
Seen read_verdicts(NflogSource& source, std::size_t count) {
  Seen seen;
  std::stop_source stop;
  int ticks_left = 100;  // ten seconds
  const auto result = source.run(stop.get_token(), [&](const VerdictBatch& batch) {
    seen.verdicts.insert(seen.verdicts.end(), batch.verdicts.begin(), batch.verdicts.end());
    seen.lost += batch.lost;
    if (seen.verdicts.size() >= count || --ticks_left == 0) stop.request_stop();
  });
  EXPECT_TRUE(result);
  return seen;
}

/// The hooks that nftables offers for packets of a device: each logs in its own way.
std::string rules() {
  return R"(
table inet weir_test {
  chain incoming {
    type filter hook prerouting priority -300
    udp dport 2222 log group 77 prefix "eni-1|acl-1|90|in" snaplen 128 drop
    udp dport 2223 log group 77 prefix "somebody else" drop
  }
  chain outgoing {
    type filter hook output priority 0
    udp dport 3333 log group 77 prefix "eni-1|sg-1|0|out" drop
  }
}
table netdev weir_test {
  chain device_in {
    type filter hook ingress device near priority 0
    udp dport 4444 log group 77 prefix "eni-1|acl-1|91|in" drop
  }
  chain device_out {
    type filter hook egress device near priority 0
    udp dport 5555 log group 77 prefix "eni-1|acl-1|92|out" drop
  }
}
)";
}

void expect_verdicts_of_every_hook() {
  auto source = NflogSource::open({.group = 77});
  ASSERT_TRUE(source) << source.error().message;
  ASSERT_TRUE(test::load_rules(rules()));
  ASSERT_TRUE(send_frame("far", frame(net::protocol::kUdp, 1111, 2222, 1000)));
  ASSERT_TRUE(send_frame("far", frame(net::protocol::kUdp, 1111, 2223)));
  EXPECT_FALSE(test::send_datagram("10.9.0.2", 3333, 50));
  ASSERT_TRUE(send_frame("far", frame(net::protocol::kUdp, 1111, 4444, 10)));
  test::send_datagram("10.9.0.2", 5555, 60);

  const Seen seen = read_verdicts(**source, 4);
  ASSERT_EQ(seen.verdicts.size(), 4U);
  EXPECT_EQ(seen.lost, 0U);
  const auto expect = [&](std::size_t i, std::int32_t rule, bool is_ingress, std::uint16_t port,
                          std::uint32_t bytes) {
    const Verdict& verdict = seen.verdicts[i];
    EXPECT_EQ(verdict.interface_id, "eni-1");
    EXPECT_EQ(verdict.rule, rule);
    EXPECT_EQ(verdict.is_ingress, is_ingress);
    EXPECT_EQ(verdict.packet.destination_port, port);
    EXPECT_EQ(verdict.packet.ip_bytes, bytes);
  };
  expect(0, 90, true, 2222, 1028);
  expect(1, 0, false, 3333, 78);
  expect(2, 91, true, 4444, 38);
  expect(3, 92, false, 5555, 88);
  EXPECT_EQ(seen.verdicts[1].owner_id, "sg-1");
  EXPECT_GT(seen.verdicts[0].packet.time_ns, 1'600'000'000'000'000'000);
  EXPECT_EQ((*source)->counters().foreign.value(), 1U);
}

TEST(NflogSource, ReadsVerdictsOfEveryHook) {
  const std::string reason = test::in_namespace(expect_verdicts_of_every_hook);
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(NflogSource, LossIsCountedByTheGapInTheSequence) {
  const std::string reason = test::in_namespace([] {
    auto source = NflogSource::open({.group = 77, .buffer_bytes = 4096});
    ASSERT_TRUE(source) << source.error().message;
    ASSERT_TRUE(test::load_rules(rules()));
    const auto bytes = frame(net::protocol::kUdp, 1111, 2222);
    constexpr std::uint64_t kSent = 5'000;
    std::uint64_t sent = 0;
    std::uint64_t read = 0;
    std::uint64_t lost = 0;
    std::stop_source stop;
    int quiet = 0;
    const auto result = (*source)->run(stop.get_token(), [&](const VerdictBatch& batch) {
      read += batch.verdicts.size();
      lost += batch.lost;
      if (sent < kSent) {
        EXPECT_TRUE(send_frame("far", bytes, 1'000));
        sent += 1'000;
      } else if (batch.verdicts.empty() && ++quiet == 3) {
        // One more, behind the gap, tells how long it was.
        EXPECT_TRUE(send_frame("far", bytes));
        ++sent;
      } else if (quiet > 3 || read + lost >= sent) {
        stop.request_stop();
      }
    });
    EXPECT_TRUE(result);
    EXPECT_GT(lost, 0U);
    EXPECT_EQ(read + lost, sent);
  });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(NflogSource, GroupOfAnotherProgramIsAnError) {
  const std::string reason = test::in_namespace([] {
    const auto first = NflogSource::open({.group = 78});
    ASSERT_TRUE(first) << first.error().message;
    const auto second = NflogSource::open({.group = 78});
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, testing::HasSubstr("NFLOG group 78"));
  });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(NflogSource, MissingRightIsNamed) {
  std::thread([] {
    test::drop_rights();
    const auto source = NflogSource::open({});
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().kind, ErrorKind::forbidden);
    EXPECT_THAT(source.error().message, testing::HasSubstr("CAP_NET_ADMIN"));
  }).join();
}

}  // namespace
}  // namespace weir::capture
