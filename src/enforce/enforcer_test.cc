// SPDX-License-Identifier: Apache-2.0
#include "enforce/enforcer.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <thread>

#include "base/document.h"
#include "enforce/process.h"

namespace weir::enforce {
namespace {

using testing::HasSubstr;

vpc::AclEntry entry(int number, std::string action, std::string cidr, bool egress = false,
                    std::optional<vpc::PortRange> ports = {}) {
  vpc::AclEntry made;
  made.rule_number = number;
  made.rule_action = std::move(action);
  made.egress = egress;
  (cidr.find(':') == std::string::npos ? made.cidr_block : made.ipv6_cidr_block) = cidr;
  made.protocol = ports ? "17" : "-1";
  made.port_range = ports;
  return *vpc::canonical(made);
}

std::vector<vpc::InterfaceRules> rules(std::vector<vpc::AclEntry> own, bool with_default = true) {
  for (auto& last : with_default ? vpc::default_entries(true) : vpc::deny_all_entries(true)) {
    own.push_back(std::move(last));
  }
  vpc::sort_entries(own);
  return {{"eni-1", "weir0", {"10.99.0.1", "fd99::1"}, "acl-1", std::move(own)}};
}

TEST(Enforcer, SwitchedOffAdmitsEverythingAndRunsNothing) {
  SimulatedRuntime runtime(1);
  Enforcer enforcer(runtime, {.mode = Mode::off, .nft_command = {"/does/not/exist"}});
  EXPECT_TRUE(enforcer.probe());
  EXPECT_TRUE(enforcer.apply({}, rules({entry(10, "deny", "0.0.0.0/0")}), {}));
  EXPECT_TRUE(enforcer.check());
  EXPECT_TRUE(enforcer.switch_off());
  EXPECT_TRUE(enforcer.switch_on());
}

TEST(Enforcer, WithoutNftRefusesWhatItCannotMakeTrueAndNothingElse) {
  SystemRuntime runtime(1);
  Enforcer enforcer(runtime, {.nft_command = {"/does/not/exist"}});
  EXPECT_FALSE(enforcer.probe());
  EXPECT_TRUE(enforcer.apply({}, rules({}), {.is_restore = true}))
      << "the default ACL needs no nft";
  const auto refused = enforcer.apply(rules({}), rules({entry(10, "deny", "192.0.2.9/32")}), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "UnauthorizedOperation");
  EXPECT_EQ(refused.error().kind, ErrorKind::forbidden);
  EXPECT_THAT(refused.error().message, HasSubstr("CAP_NET_ADMIN"));
}

TEST(Enforcer, TellsWhatNftSaid) {
  SystemRuntime runtime(1);
  Enforcer enforcer(runtime,
                    {.nft_command = {"sh", "-c", "echo 'Operation not permitted' >&2; exit 1"}});
  EXPECT_THAT(enforcer.probe().error().message, HasSubstr("nft said: Operation not permitted"));
}

TEST(Enforcer, KillsAnNftThatHangs) {
  SystemRuntime runtime(1);
  Enforcer enforcer(runtime, {.nft_command = {"sh", "-c", "exec tail -f /dev/null"},
                              .nft_timeout = Duration(50)});
  EXPECT_THAT(enforcer.probe().error().message, HasSubstr("did not end within 50 ms"));
}

TEST(Enforcer, GuardsTheSshSessionUnlessForcedOrRestoring) {
  const std::string folder = testing::TempDir() + "weir-proc-net-" + std::to_string(::getpid());
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  // 10.99.0.1:22 with 10.99.0.2:50000, established.
  std::ofstream(folder + "/tcp") << "   0: 0100630A:0016 0200630A:C350 01 0\n";
  SystemRuntime runtime(1);
  const Config config{.nft_command = {"sh", "-c", "echo '{\"nftables\": []}'"}, .proc_net = folder};
  const auto cut = rules({entry(10, "deny", "10.99.0.2/32")});

  Enforcer guarded(runtime, config);
  EXPECT_EQ(guarded.apply(rules({}), cut, {}).error().code, "OperationNotPermitted");
  EXPECT_TRUE(guarded.apply({}, cut, {.is_restore = true}));
  Config forced_config = config;
  forced_config.force = true;
  Enforcer forced(runtime, forced_config);
  EXPECT_TRUE(forced.apply(rules({}), cut, {}));

  std::remove((folder + "/tcp").c_str());
  ::rmdir(folder.c_str());
}

/// Two network namespaces of our own, joined by a cable: `host` has weir0, `peer` has peer0.
class Namespaces : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root for network namespaces";
    host_ = "weir-host-" + std::to_string(::getpid());
    peer_ = "weir-peer-" + std::to_string(::getpid());
    if (!run({"ip", "netns", "add", host_})) GTEST_SKIP() << "cannot make a network namespace";
    if (!run({"ip", "netns", "add", peer_})) GTEST_SKIP() << "cannot make a network namespace";
    const bool is_wired = run({"ip", "-n", host_, "link", "add", "weir0", "type", "veth", "peer",
                               "name", "peer0", "netns", peer_}) &&
                          address(host_, "weir0", "1") && address(peer_, "peer0", "2");
    if (!is_wired) GTEST_SKIP() << "cannot make a veth pair";
    config_.nft_command = {"ip", "netns", "exec", host_, "nft"};
    config_.proc_net = "/does/not/exist";
    enforcer_ = std::make_unique<Enforcer>(runtime_, config_);
    if (const auto works = enforcer_->probe(); !works) GTEST_SKIP() << works.error().message;
  }
  void TearDown() override {
    run({"ip", "netns", "del", host_});
    run({"ip", "netns", "del", peer_});
  }

  bool run(const std::vector<std::string>& command) {
    const auto result = run_process(runtime_, command, "", Duration(10'000));
    return result && result->exit_status == 0;
  }
  bool address(const std::string& ns, const std::string& device, const std::string& number) {
    return run({"ip", "-n", ns, "addr", "add", "10.99.0." + number + "/24", "dev", device}) &&
           run({"ip", "-n", ns, "addr", "add", "fd99::" + number + "/64", "dev", device,
                "nodad"}) &&
           run({"ip", "-n", ns, "link", "set", device, "up"});
  }

  /// A UDP socket inside a namespace, bound to that port.
  int socket_in(const std::string& ns, int family, std::uint16_t port) {
    int fd = -1;
    std::thread inside([&] {
      const int name = ::open(("/run/netns/" + ns).c_str(), O_RDONLY | O_CLOEXEC);
      if (::setns(name, CLONE_NEWNET) == 0) fd = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      ::close(name);
    });
    inside.join();
    sockaddr_in6 any{};
    const socklen_t size = fill(any, family, "", port);
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&any), size), 0) << std::strerror(errno);
    return fd;
  }
  static socklen_t fill(sockaddr_in6& out, int family, const std::string& to, std::uint16_t port) {
    const auto parsed = net::Address::parse(to);
    if (family == AF_INET) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(out);
      v4.sin_family = AF_INET;
      v4.sin_port = htons(port);
      v4.sin_addr.s_addr = parsed ? htonl(parsed->v4_value()) : 0;
      return sizeof v4;
    }
    out.sin6_family = AF_INET6;
    out.sin6_port = htons(port);
    for (std::size_t i = 0; parsed && i < 16; ++i) {
      const std::uint64_t half = i < 8 ? parsed->high() : parsed->low();
      out.sin6_addr.s6_addr[i] = static_cast<std::uint8_t>(half >> (56 - 8 * (i % 8)));
    }
    return sizeof out;
  }
  /// 0 or errno.
  static int send(int fd, int family, const std::string& to, std::uint16_t port) {
    sockaddr_in6 target{};
    const socklen_t size = fill(target, family, to, port);
    const auto sent = ::sendto(fd, "x", 1, 0, reinterpret_cast<sockaddr*>(&target), size);
    return sent == 1 ? 0 : errno;
  }
  static bool arrives(int fd) {
    pollfd waiting{fd, POLLIN, 0};
    return ::poll(&waiting, 1, 5000) == 1;
  }
  static bool is_empty(int fd) {
    pollfd waiting{fd, POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 0;
  }
  std::string table() {
    const auto result = run_process(
        runtime_, {"ip", "netns", "exec", host_, "nft", "list", "ruleset"}, "", Duration(10'000));
    return result ? result->output : result.error().message;
  }

  SystemRuntime runtime_{1};
  Config config_;
  std::string host_;
  std::string peer_;
  std::unique_ptr<Enforcer> enforcer_;
};

// Goal: what the ACL refuses does not arrive, the lowest rule number decides, and what is allowed
// does. Method: a refused datagram is followed by an allowed one on the same cable; when that has
// arrived, the refused one would have too.
TEST_F(Namespaces, InboundPacketsAreRefusedInRuleOrder) {
  const int refused = socket_in(host_, AF_INET, 5001);
  const int allowed = socket_in(host_, AF_INET, 5002);
  const int sender = socket_in(peer_, AF_INET, 40000);
  const auto acl = rules({entry(10, "allow", "10.99.0.2/32", false, vpc::PortRange{5002, 5002}),
                          entry(20, "deny", "10.99.0.0/24")});
  const auto applied = enforcer_->apply({}, acl, {});
  ASSERT_TRUE(applied) << applied.error().message;

  EXPECT_EQ(send(sender, AF_INET, "10.99.0.1", 5001), 0);
  EXPECT_EQ(send(sender, AF_INET, "10.99.0.1", 5002), 0);
  EXPECT_TRUE(arrives(allowed));
  EXPECT_TRUE(is_empty(refused));
  EXPECT_THAT(table(), HasSubstr("log prefix \"eni-1|acl-1|20|in\" group 4566 snaplen 128 counter "
                                 "packets 1 bytes 29 drop"));
  for (const int fd : {refused, allowed, sender}) ::close(fd);
}

TEST_F(Namespaces, OutboundPacketsAreRefusedAndTheSenderIsTold) {
  const int sender = socket_in(host_, AF_INET, 40000);
  const int receiver = socket_in(peer_, AF_INET, 5002);
  ASSERT_TRUE(enforcer_->apply(
      {}, rules({entry(10, "deny", "10.99.0.2/32", true, vpc::PortRange{5001, 5001})}), {}));
  EXPECT_EQ(send(sender, AF_INET, "10.99.0.2", 5001), EPERM);
  EXPECT_EQ(send(sender, AF_INET, "10.99.0.2", 5002), 0);
  EXPECT_TRUE(arrives(receiver));
  EXPECT_THAT(table(), HasSubstr("eni-1|acl-1|10|out"));
  for (const int fd : {sender, receiver}) ::close(fd);
}

TEST_F(Namespaces, Ipv4RulesLeaveIpv6AloneAndNeighboursAreStillFound) {
  const int receiver = socket_in(host_, AF_INET6, 5001);
  const int sender = socket_in(peer_, AF_INET6, 40000);
  ASSERT_TRUE(enforcer_->apply({},
                               rules({entry(10, "deny", "0.0.0.0/0"),
                                      entry(11, "allow", "fd99::2/128"), entry(12, "deny", "::/0")},
                                     false),
                               {}));
  EXPECT_EQ(send(sender, AF_INET6, "fd99::1", 5001), 0);
  EXPECT_TRUE(arrives(receiver));
  for (const int fd : {receiver, sender}) ::close(fd);
}

TEST_F(Namespaces, TheLoopbackOfTheHostIsNeverFiltered) {
  ASSERT_TRUE(run({"ip", "-n", host_, "link", "set", "lo", "up"}));
  const int receiver = socket_in(host_, AF_INET, 5001);
  const int sender = socket_in(host_, AF_INET, 40000);
  ASSERT_TRUE(enforcer_->apply({}, rules({}, false), {}));  // closed both ways
  for (const char* to : {"127.0.0.1", "10.99.0.1"}) {
    EXPECT_EQ(send(sender, AF_INET, to, 5001), 0);
    EXPECT_TRUE(arrives(receiver));
    char byte;
    EXPECT_EQ(::recv(receiver, &byte, 1, 0), 1);
  }
  for (const int fd : {receiver, sender}) ::close(fd);
}

TEST_F(Namespaces, ForeignTablesAreLeftAloneAndOursGoesAway) {
  ASSERT_TRUE(run({"ip", "netns", "exec", host_, "nft", "add table inet other"}));
  const auto before = table();
  ASSERT_TRUE(enforcer_->apply({}, rules({entry(10, "deny", "192.0.2.0/24")}), {}));
  EXPECT_THAT(table(), HasSubstr("table inet weir"));
  ASSERT_TRUE(enforcer_->switch_off());
  ASSERT_TRUE(enforcer_->switch_on());
  EXPECT_EQ(table(), before);
}

TEST_F(Namespaces, ATableThatACrashLeftBehindIsRemovedAtTheStart) {
  ASSERT_TRUE(enforcer_->apply({}, rules({entry(10, "deny", "192.0.2.0/24")}), {}));
  Enforcer next(runtime_, config_);
  ASSERT_TRUE(next.apply({}, rules({}), {.is_restore = true}));
  EXPECT_EQ(table(), "");
}

}  // namespace
}  // namespace weir::enforce
