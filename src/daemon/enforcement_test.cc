// SPDX-License-Identifier: Apache-2.0
// What ACLs and security groups do to real packets, and the flow records that tell of it.
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "capture/test_net.h"
#include "daemon/traffic.h"
#include "enforce/enforcer.h"
#include "flow/format.h"
#include "store/kv_store.h"
#include "vpc/network.h"

namespace weir::daemon {
namespace {

using capture::test::send_frame;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kPingPayload = 56;
const Scope kScope;

std::uint16_t checksum(const std::vector<std::uint8_t>& bytes, std::uint32_t sum) {
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const std::uint32_t low = i + 1 < bytes.size() ? bytes[i + 1] : 0;
    sum += static_cast<std::uint32_t>(bytes[i]) << 8 | low;
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

/// A frame from 10.9.0.2 to 10.9.0.1 whose IP payload is `body`, its checksum filled in at `at`.
std::vector<std::uint8_t> frame_with(std::uint8_t protocol, std::vector<std::uint8_t> body,
                                     std::size_t at, bool with_pseudo_header) {
  std::uint32_t sum = 0;
  if (with_pseudo_header) {
    sum = 0x0a09 + 0x0002 + 0x0a09 + 0x0001 + protocol + static_cast<std::uint32_t>(body.size());
  }
  const std::uint16_t value = checksum(body, sum);
  body[at] = static_cast<std::uint8_t>(value >> 8);
  body[at + 1] = static_cast<std::uint8_t>(value);
  auto frame = capture::test::frame(17, 0, 0, body.size() - 8);  // the right length
  constexpr std::size_t kEthernet = 14;
  frame[kEthernet + 9] = protocol;
  // The header's checksum was made for UDP; the protocol is one byte of its sum.
  std::vector<std::uint8_t> header(frame.begin() + kEthernet, frame.begin() + kEthernet + 20);
  header[10] = header[11] = 0;
  const std::uint16_t header_sum = checksum(header, 0);
  frame[kEthernet + 10] = static_cast<std::uint8_t>(header_sum >> 8);
  frame[kEthernet + 11] = static_cast<std::uint8_t>(header_sum);
  std::copy(body.begin(), body.end(), frame.begin() + kEthernet + 20);
  return frame;
}

std::vector<std::uint8_t> ping(std::uint8_t sequence) {
  std::vector<std::uint8_t> body = {8, 0, 0, 0, 0x12, 0x34, 0, sequence};
  body.resize(body.size() + kPingPayload);
  return frame_with(kIcmp, body, 2, false);
}

std::vector<std::uint8_t> syn(std::uint16_t from, std::uint16_t to) {
  const auto high = [](std::uint16_t n) { return static_cast<std::uint8_t>(n >> 8); };
  const auto low = [](std::uint16_t n) { return static_cast<std::uint8_t>(n); };
  return frame_with(kTcp, {high(from), low(from), high(to), low(to), 0, 0, 0, 1, 0, 0,
                           0,          0,         0x50,     2,       4, 0, 0, 0, 0, 0},
                    16, true);
}

struct Allowed {
  bool in = true;
  bool out = true;
};

/// A host with one interface (near, 10.9.0.1), its VPC, enforcement and capture. `far` is outside.
class Lab {
 public:
  Lab() {
    EXPECT_TRUE(network.load());
    EXPECT_TRUE(network.set_interfaces({{"near", "", true, false, {{"10.9.0.1", 24}}}}));
    const auto gate = network.set_gate(&enforcer);
    EXPECT_TRUE(gate) << gate.error().message;
    eni = network.host_enis().at(0);
    Traffic::Config config;
    config.meter.early_reject.reset();
    config.meter.nodata = false;
    traffic = std::make_unique<Traffic>(runtime, config, [this](const auto&, auto records) {
      for (const flow::Record& record : records) lines.push_back(format.line(record));
    });
    Traffic::Interface interface;
    interface.device = "near";
    interface.context.interface_id = eni.id;
    interface.context.primary_v4 = *net::Address::parse("10.9.0.1");
    interface.context.addresses = {interface.context.primary_v4};
    interface.window = Duration(600'000);
    EXPECT_TRUE(traffic->set_interfaces({interface}));
    EXPECT_TRUE(traffic->start_verdicts());
  }
  ~Lab() { EXPECT_TRUE(network.set_gate(nullptr)); }

  /// A new group for the interface: everything of that protocol (and port) in, everything out.
  std::string use_group(std::string name, Allowed allowed, std::string protocol = "-1",
                        std::optional<int> port = {}) {
    const auto made = network.create_group(kScope, {name, "of the lab", "", {}});
    EXPECT_TRUE(made) << made.error().message;
    vpc::GroupRuleSpec rule{.ip_protocol = std::move(protocol)};
    rule.from_port = rule.to_port = port;
    rule.cidr_ipv4 = "0.0.0.0/0";
    if (allowed.in) {
      const auto added = network.authorize_group(kScope, {made->id, ""}, false, {rule}, {});
      EXPECT_TRUE(added) << added.error().message;
    }
    if (!allowed.out) {
      vpc::GroupRuleSpec all{.ip_protocol = "-1"};
      all.cidr_ipv4 = "0.0.0.0/0";
      EXPECT_TRUE(network.revoke_group(kScope, {made->id, ""}, true, {all}));
    }
    attach(made->id);
    return made->id;
  }
  void attach(const std::string& group) {
    const auto changed = network.change_interface(kScope, eni.id, {.group_ids = {{group}}});
    EXPECT_TRUE(changed) << changed.error().message;
  }
  void deny(bool egress, std::string protocol = "-1", std::optional<vpc::PortRange> ports = {}) {
    vpc::AclEntry entry;
    entry.rule_number = 50;
    entry.rule_action = "deny";
    entry.egress = egress;
    entry.protocol = std::move(protocol);
    entry.cidr_block = "0.0.0.0/0";
    entry.port_range = ports;
    if (entry.protocol == "1") entry.icmp = vpc::IcmpTypeCode{};
    const auto acl = network.acl_for_eni(kScope, eni.id);
    const auto made = network.create_acl_entry(kScope, acl->id, entry);
    EXPECT_TRUE(made) << made.error().message;
  }

  void pings(std::uint8_t from, std::uint8_t to) {
    for (std::uint8_t i = from; i <= to; ++i) EXPECT_TRUE(send_frame("far", ping(i)));
  }
  /// Waits until the meter has seen so many packets and refusals.
  void await(std::uint64_t packets, std::uint64_t refused) {
    const auto deadline = runtime.monotonic() + std::chrono::seconds(15);
    for (;;) {
      const auto meter = traffic->status().interfaces.at(0).meter;
      if (meter.packets >= packets && meter.packets_refused >= refused) return;
      if (runtime.monotonic() > deadline) {
        ADD_FAILURE() << meter.packets << " packets, " << meter.packets_refused << " refused";
        return;
      }
      std::this_thread::yield();
    }
  }
  /// The records of everything, protocol, ports, packets, bytes, flags, direction, action, refuser.
  std::vector<std::string> records() {
    traffic->stop();
    return lines;
  }

  SystemRuntime runtime{2};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  vpc::Network network{runtime, *store, {.machine_id = "lab"}};
  enforce::Enforcer enforcer{runtime, {.proc_net = "/proc/thread-self/net"}};
  vpc::Eni eni;
  const flow::Format format = *flow::Format::parse(
      "${protocol} ${dstport} ${packets} ${bytes} ${tcp-flags} ${flow-direction} ${action} "
      "${weir-reject-owner}");
  std::vector<std::string> lines;
  std::unique_ptr<Traffic> traffic;
};

/// Makes this thread nobody with the two capabilities that deploy/weir.service gives, ambient, so
/// that programs which it starts have them too.
bool become_service() {
  constexpr ::uid_t kNobody = 65534;
  constexpr std::uint32_t kRights = 1u << CAP_NET_RAW | 1u << CAP_NET_ADMIN;
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return false;
  // The system calls themselves: the C library would change every thread of the test.
  if (::syscall(SYS_setresgid, kNobody, kNobody, kNobody) != 0) return false;
  if (::syscall(SYS_setresuid, kNobody, kNobody, kNobody) != 0) return false;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> rights{{{kRights, kRights, kRights}, {}}};
  if (::syscall(SYS_capset, &header, rights.data()) != 0) return false;
  return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) == 0 &&
         ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) == 0 &&
         ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

void in_lab(const std::function<void(Lab&)>& body, bool as_service = false) {
  std::string why_not;
  const std::string reason = capture::test::in_namespace([&] {
    std::ofstream("/proc/sys/net/ipv6/conf/all/disable_ipv6") << "1\n";
    if (as_service && !become_service()) {
      why_not = "cannot take other rights";
      return;
    }
    SystemRuntime runtime(1);
    enforce::Enforcer enforcer(runtime, {});
    const auto able = enforcer.probe();
    if (!able) {
      why_not = able.error().message;
      return;
    }
    Lab lab;
    body(lab);
  });
  if (!reason.empty()) why_not = reason;
  if (!why_not.empty()) GTEST_SKIP() << why_not;
}

// The rows of VPC User Guide, "Flow log record examples", with its ping: 4 packets, 336 bytes.

TEST(EnforcedRecords, GroupAndAclAllow) {
  in_lab([](Lab& lab) {
    lab.use_group("open", {});
    lab.pings(1, 4);
    lab.await(8, 0);
    EXPECT_THAT(lab.records(), UnorderedElementsAre("1 0 4 336 0 ingress ACCEPT -",
                                                    "1 0 4 336 0 egress ACCEPT -"));
  });
}

TEST(EnforcedRecords, AGroupThatAllowsNothingOutLetsRepliesOut) {
  in_lab([](Lab& lab) {
    lab.use_group("in-only", {.out = false}, "icmp", -1);
    lab.pings(1, 4);
    lab.await(8, 0);
    EXPECT_THAT(lab.records(), UnorderedElementsAre("1 0 4 336 0 ingress ACCEPT -",
                                                    "1 0 4 336 0 egress ACCEPT -"));
  });
}

TEST(EnforcedRecords, AnAclThatAllowsNothingOutRefusesReplies) {
  in_lab([](Lab& lab) {
    lab.use_group("open", {});
    lab.deny(true);
    lab.pings(1, 4);
    lab.await(8, 4);
    EXPECT_THAT(lab.records(), UnorderedElementsAre("1 0 4 336 0 ingress ACCEPT -",
                                                    "1 0 4 336 0 egress REJECT NACL"));
  });
}

TEST(EnforcedRecords, AGroupRefusesWhatItDoesNotAllowIn) {
  in_lab([](Lab& lab) {
    lab.use_group("closed", {.in = false});
    lab.pings(1, 4);
    lab.await(4, 4);
    EXPECT_THAT(lab.records(), ElementsAre("1 0 4 336 0 ingress REJECT SG"));
  });
}

TEST(EnforcedRecords, AnAclRefusesInboundBeforeTheGroupIsAsked) {
  in_lab([](Lab& lab) {
    lab.use_group("closed", {.in = false});
    lab.deny(false);
    lab.pings(1, 4);
    lab.await(4, 4);
    EXPECT_THAT(lab.records(), ElementsAre("1 0 4 336 0 ingress REJECT NACL"));
  });
}

TEST(EnforcedRecords, AnAclChangedInMidWindowGivesTwoAcceptsAndOneReject) {
  in_lab([](Lab& lab) {
    lab.use_group("open", {});
    lab.pings(1, 2);
    lab.await(4, 0);
    lab.deny(true);
    lab.pings(3, 4);
    lab.await(8, 2);
    EXPECT_THAT(lab.records(),
                UnorderedElementsAre("1 0 4 336 0 ingress ACCEPT -", "1 0 2 168 0 egress ACCEPT -",
                                     "1 0 2 168 0 egress REJECT NACL"));
  });
}

TEST(EnforcedRecords, AGroupRefusesOutboundConnections) {
  in_lab([](Lab& lab) {
    lab.use_group("no-way-out", {.out = false});
    EXPECT_FALSE(capture::test::send_datagram("10.9.0.2", 5353, 50));
    lab.await(1, 1);
    EXPECT_THAT(lab.records(), ElementsAre("17 5353 1 78 0 egress REJECT SG"));
  });
}

TEST(EnforcedRecords, AnAclWithoutEphemeralPortsRefusesTheReplies) {
  in_lab([](Lab& lab) {
    lab.use_group("open", {});
    lab.deny(false, "17", vpc::PortRange{1024, 65535});
    EXPECT_TRUE(capture::test::send_datagram("10.9.0.2", 5353, 50));
    EXPECT_TRUE(send_frame("far", capture::test::frame(kUdp, 5353, 40'000, 50)));
    lab.await(2, 1);
    EXPECT_THAT(lab.records(), UnorderedElementsAre("17 5353 1 78 0 egress ACCEPT -",
                                                    "17 40000 1 78 0 ingress REJECT NACL"));
  });
}

TEST(EnforcedRecords, AClosedPortIsAcceptedAndAnswersReset) {
  in_lab([](Lab& lab) {
    lab.use_group("ssh", {.out = false}, "tcp", 22);
    EXPECT_TRUE(send_frame("far", syn(40'000, 22)));
    lab.await(2, 0);
    EXPECT_THAT(lab.records(), UnorderedElementsAre("6 22 1 40 2 ingress ACCEPT -",
                                                    "6 40000 1 40 4 egress ACCEPT -"));
  });
}

TEST(EnforcedRecords, SwappingTheGroupAwayAndBackIsSeenOnPort22) {
  in_lab([](Lab& lab) {
    const std::string ssh = lab.use_group("ssh", {}, "tcp", 22);
    EXPECT_TRUE(send_frame("far", syn(40'000, 22)));
    lab.await(2, 0);
    const std::string web = lab.use_group("web", {}, "tcp", 80);
    for (std::uint16_t i = 1; i <= 3; ++i) EXPECT_TRUE(send_frame("far", syn(40'001, 22)));
    lab.await(5, 3);
    lab.attach(ssh);
    EXPECT_TRUE(send_frame("far", syn(40'002, 22)));
    lab.await(7, 3);
    EXPECT_THAT(lab.records(), UnorderedElementsAre(
                                   "6 22 1 40 2 ingress ACCEPT -", "6 40000 1 40 4 egress ACCEPT -",
                                   "6 22 3 120 2 ingress REJECT SG", "6 22 1 40 2 ingress ACCEPT -",
                                   "6 40002 1 40 4 egress ACCEPT -"));
    EXPECT_NE(ssh, web);
  });
}

TEST(EnforcedRecords, AreTheSameWithNothingButTheRightsOfTheSystemdUnit) {
  in_lab(
      [](Lab& lab) {
        ASSERT_NE(::syscall(SYS_getuid), 0);
        lab.use_group("ssh", {}, "tcp", 22);
        EXPECT_TRUE(send_frame("far", syn(40'000, 22)));
        EXPECT_TRUE(send_frame("far", syn(40'001, 23)));
        lab.await(3, 1);
        EXPECT_THAT(lab.records(), UnorderedElementsAre("6 22 1 40 2 ingress ACCEPT -",
                                                        "6 40000 1 40 4 egress ACCEPT -",
                                                        "6 23 1 40 2 ingress REJECT SG"));
      },
      true);
}

TEST(EnforcedRecords, TheDefaultGroupOfAFreshHostRefusesNothing) {
  in_lab([](Lab& lab) {
    lab.pings(1, 4);
    lab.await(8, 0);
    EXPECT_FALSE(lab.enforcer.status().is_enforcing);
    EXPECT_THAT(lab.records(), UnorderedElementsAre("1 0 4 336 0 ingress ACCEPT -",
                                                    "1 0 4 336 0 egress ACCEPT -"));
  });
}

}  // namespace
}  // namespace weir::daemon
