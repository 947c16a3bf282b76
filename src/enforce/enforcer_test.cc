// SPDX-License-Identifier: Apache-2.0
#include "enforce/enforcer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "enforce/test_namespaces.h"

namespace weir::enforce {
namespace {

using test::Namespaces;
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

class InNamespaces : public testing::Test {
 protected:
  void SetUp() override {
    if (!net_.reason().empty()) GTEST_SKIP() << net_.reason();
    enforcer_ = std::make_unique<Enforcer>(runtime_, net_.config());
  }
  int datagrams(const std::string& name, int family, std::uint16_t port) {
    const int fd = Namespaces::socket_in(name, family, SOCK_DGRAM, port);
    EXPECT_GE(fd, 0);
    return fd;
  }

  SystemRuntime runtime_{1};
  Namespaces net_{runtime_};
  std::unique_ptr<Enforcer> enforcer_;
};

// Goal: what the ACL refuses does not arrive, the lowest rule number decides, and what is allowed
// does. Method: a refused datagram is followed by an allowed one on the same cable; when that has
// arrived, the refused one would have too.
TEST_F(InNamespaces, InboundPacketsAreRefusedInRuleOrder) {
  const int refused = datagrams(net_.host(), AF_INET, 5001);
  const int allowed = datagrams(net_.host(), AF_INET, 5002);
  const int sender = datagrams(net_.peer(), AF_INET, 40000);
  const auto acl = rules({entry(10, "allow", "10.99.0.2/32", false, vpc::PortRange{5002, 5002}),
                          entry(20, "deny", "10.99.0.0/24")});
  const auto applied = enforcer_->apply({}, acl, {});
  ASSERT_TRUE(applied) << applied.error().message;

  EXPECT_EQ(Namespaces::send(sender, AF_INET, "10.99.0.1", 5001), 0);
  EXPECT_EQ(Namespaces::send(sender, AF_INET, "10.99.0.1", 5002), 0);
  EXPECT_TRUE(Namespaces::arrives(allowed));
  EXPECT_TRUE(Namespaces::is_empty(refused));
  EXPECT_THAT(net_.table(),
              HasSubstr("log prefix \"eni-1|acl-1|20|in\" group 4566 snaplen 128 counter "
                        "packets 1 bytes 29 drop"));
  for (const int fd : {refused, allowed, sender}) ::close(fd);
}

TEST_F(InNamespaces, OutboundPacketsAreRefusedAndTheSenderIsTold) {
  const int sender = datagrams(net_.host(), AF_INET, 40000);
  const int receiver = datagrams(net_.peer(), AF_INET, 5002);
  ASSERT_TRUE(enforcer_->apply(
      {}, rules({entry(10, "deny", "10.99.0.2/32", true, vpc::PortRange{5001, 5001})}), {}));
  EXPECT_EQ(Namespaces::send(sender, AF_INET, "10.99.0.2", 5001), EPERM);
  EXPECT_EQ(Namespaces::send(sender, AF_INET, "10.99.0.2", 5002), 0);
  EXPECT_TRUE(Namespaces::arrives(receiver));
  EXPECT_THAT(net_.table(), HasSubstr("eni-1|acl-1|10|out"));
  for (const int fd : {sender, receiver}) ::close(fd);
}

TEST_F(InNamespaces, Ipv4RulesLeaveIpv6AloneAndNeighboursAreStillFound) {
  const int receiver = datagrams(net_.host(), AF_INET6, 5001);
  const int sender = datagrams(net_.peer(), AF_INET6, 40000);
  ASSERT_TRUE(enforcer_->apply({},
                               rules({entry(10, "deny", "0.0.0.0/0"),
                                      entry(11, "allow", "fd99::2/128"), entry(12, "deny", "::/0")},
                                     false),
                               {}));
  EXPECT_EQ(Namespaces::send(sender, AF_INET6, "fd99::1", 5001), 0);
  EXPECT_TRUE(Namespaces::arrives(receiver));
  for (const int fd : {receiver, sender}) ::close(fd);
}

TEST_F(InNamespaces, TheLoopbackOfTheHostIsNeverFiltered) {
  ASSERT_TRUE(net_.run({"ip", "-n", net_.host(), "link", "set", "lo", "up"}));
  const int receiver = datagrams(net_.host(), AF_INET, 5001);
  const int sender = datagrams(net_.host(), AF_INET, 40000);
  ASSERT_TRUE(enforcer_->apply({}, rules({}, false), {}));  // closed both ways
  for (const char* to : {"127.0.0.1", "10.99.0.1"}) {
    EXPECT_EQ(Namespaces::send(sender, AF_INET, to, 5001), 0);
    EXPECT_TRUE(Namespaces::arrives(receiver));
    char byte;
    EXPECT_EQ(::recv(receiver, &byte, 1, 0), 1);
  }
  for (const int fd : {receiver, sender}) ::close(fd);
}

TEST_F(InNamespaces, ForeignTablesAreLeftAloneAndOursGoesAway) {
  ASSERT_EQ(net_.nft({"add table inet other"}), "");
  const auto before = net_.table();
  ASSERT_TRUE(enforcer_->apply({}, rules({entry(10, "deny", "192.0.2.0/24")}), {}));
  EXPECT_THAT(net_.table(), HasSubstr("table inet weir"));
  ASSERT_TRUE(enforcer_->switch_off());
  ASSERT_TRUE(enforcer_->switch_on());
  EXPECT_EQ(net_.table(), before);
}

TEST_F(InNamespaces, ATableThatACrashLeftBehindIsRemovedAtTheStart) {
  ASSERT_TRUE(enforcer_->apply({}, rules({entry(10, "deny", "192.0.2.0/24")}), {}));
  Enforcer next(runtime_, net_.config());
  ASSERT_TRUE(next.apply({}, rules({}), {.is_restore = true}));
  EXPECT_EQ(net_.table(), "");
}

}  // namespace
}  // namespace weir::enforce
