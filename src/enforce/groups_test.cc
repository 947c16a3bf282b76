// SPDX-License-Identifier: Apache-2.0
// Security groups against real packets, in network namespaces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enforce/enforcer.h"
#include "enforce/test_namespaces.h"

namespace weir::enforce {
namespace {

using test::Namespaces;
using testing::HasSubstr;
using testing::Not;

constexpr int kTcp = 6;
constexpr int kUdp = 17;

vpc::GroupAllowance allow(vpc::Direction direction, int protocol, int port, std::string peer) {
  return {direction, protocol, port, port, *net::Prefix::parse(peer)};
}
vpc::GroupAllowance allow_in(int protocol, int port, std::string peer = "10.99.0.0/24") {
  return allow(vpc::Direction::ingress, protocol, port, std::move(peer));
}
std::vector<vpc::GroupAllowance> all_out() {
  return {allow(vpc::Direction::egress, -1, -1, "0.0.0.0/0"),
          allow(vpc::Direction::egress, -1, -1, "::/0")};
}

/// weir0 with these allowances and an ACL that refuses nothing.
std::vector<vpc::InterfaceRules> groups(std::vector<vpc::GroupAllowance> allowances,
                                        bool with_all_out = true) {
  if (with_all_out) {
    for (auto& out : all_out()) allowances.push_back(out);
  }
  std::sort(allowances.begin(), allowances.end());
  vpc::InterfaceRules rules{
      "eni-1", "weir0", {"10.99.0.1", "fd99::1"}, "acl-1", vpc::default_entries(true)};
  rules.groups = {{"sg-1", "sg-2"}, true, std::move(allowances)};
  return {rules};
}

std::vector<vpc::InterfaceRules> nothing() {
  return {{"eni-1", "weir0", {"10.99.0.1", "fd99::1"}, "acl-1", vpc::default_entries(true)}};
}

vpc::AclEntry deny_all(bool egress) {
  vpc::AclEntry entry;
  entry.rule_number = 50;
  entry.rule_action = "deny";
  entry.egress = egress;
  entry.cidr_block = "0.0.0.0/0";
  return entry;
}

class Groups : public testing::Test {
 protected:
  void SetUp() override {
    if (!net_.reason().empty()) GTEST_SKIP() << net_.reason();
    enforcer_ = std::make_unique<Enforcer>(runtime_, net_.config());
  }
  void TearDown() override {
    for (const int fd : sockets_) ::close(fd);
  }
  void apply(const std::vector<vpc::InterfaceRules>& rules) {
    const auto applied = enforcer_->apply({}, rules, {});
    ASSERT_TRUE(applied) << applied.error().message;
  }
  int keep(int fd) {
    EXPECT_GE(fd, 0);
    sockets_.push_back(fd);
    return fd;
  }
  int datagrams(const std::string& name, std::uint16_t port, int family = AF_INET) {
    return keep(Namespaces::socket_in(name, family, SOCK_DGRAM, port));
  }
  int listener(const std::string& name, std::uint16_t port) {
    const int fd = keep(Namespaces::socket_in(name, AF_INET, SOCK_STREAM, port));
    EXPECT_EQ(::listen(fd, 8), 0);
    return fd;
  }
  struct Stream {
    int client = -1;
    int server = -1;
  };
  /// A TCP connection from the peer to a port of the host.
  Stream connect(int listening, std::uint16_t port) {
    Stream stream;
    stream.client = keep(Namespaces::socket_in(net_.peer(), AF_INET, SOCK_STREAM, 0));
    Namespaces::begin_connect(stream.client, "10.99.0.1", port);
    EXPECT_TRUE(Namespaces::arrives(listening));
    stream.server = keep(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    return stream;
  }
  static bool passes(int from, int to) {
    return ::send(from, "x", 1, MSG_NOSIGNAL) == 1 && Namespaces::take(to);
  }
  /// A datagram behind whatever was sent before it has arrived.
  void flush(std::uint16_t allowed_port) {
    const int receiver = datagrams(net_.host(), allowed_port);
    const int sender = datagrams(net_.peer(), 0);
    EXPECT_EQ(Namespaces::send(sender, AF_INET, "10.99.0.1", allowed_port), 0);
    EXPECT_TRUE(Namespaces::arrives(receiver));
  }

  SystemRuntime runtime_{1};
  Namespaces net_{runtime_};
  std::unique_ptr<Enforcer> enforcer_;
  std::vector<int> sockets_;
};

TEST_F(Groups, OnlyWhatIsAllowedComesIn) {
  const int allowed = datagrams(net_.host(), 5001);
  const int refused = datagrams(net_.host(), 5002);
  const int refused_v6 = datagrams(net_.host(), 5003, AF_INET6);
  const int allowed_v6 = datagrams(net_.host(), 5004, AF_INET6);
  const int sender = datagrams(net_.peer(), 40000);
  const int sender_v6 = datagrams(net_.peer(), 40000, AF_INET6);
  apply(groups({allow_in(kUdp, 5001), allow_in(kUdp, 5004, "fd99::2/128")}));

  EXPECT_EQ(Namespaces::send(sender, AF_INET, "10.99.0.1", 5002), 0);
  EXPECT_EQ(Namespaces::send(sender_v6, AF_INET6, "fd99::1", 5003), 0);
  EXPECT_EQ(Namespaces::send(sender, AF_INET, "10.99.0.1", 5001), 0);
  EXPECT_EQ(Namespaces::send(sender_v6, AF_INET6, "fd99::1", 5004), 0);
  EXPECT_TRUE(Namespaces::arrives(allowed));
  EXPECT_TRUE(Namespaces::arrives(allowed_v6)) << "neighbour discovery passes";
  EXPECT_TRUE(Namespaces::is_empty(refused));
  EXPECT_TRUE(Namespaces::is_empty(refused_v6));
  EXPECT_THAT(net_.table(), HasSubstr("log prefix \"eni-1|sg-1,sg-2|0|in\" group 4566 snaplen 128 "
                                      "counter packets 2 "));
}

TEST_F(Groups, RepliesPassWhateverTheOtherDirectionSays) {
  const int server = datagrams(net_.host(), 5001);
  const int client = datagrams(net_.peer(), 40000);
  apply(groups({allow_in(kUdp, 5001)}, false));  // nothing out
  EXPECT_EQ(Namespaces::send(client, AF_INET, "10.99.0.1", 5001), 0);
  EXPECT_TRUE(Namespaces::take(server));
  EXPECT_EQ(Namespaces::send(server, AF_INET, "10.99.0.2", 40000), 0);
  EXPECT_TRUE(Namespaces::take(client));
  EXPECT_EQ(Namespaces::send(server, AF_INET, "10.99.0.2", 40001), EPERM) << "that is no reply";
  EXPECT_THAT(net_.table(), HasSubstr("eni-1|sg-1,sg-2|0|out\" group 4566 snaplen 128 counter "
                                      "packets 1 "));
}

TEST_F(Groups, RepliesToWhatTheHostAsksComeIn) {
  const int client = datagrams(net_.host(), 40000);
  const int server = datagrams(net_.peer(), 5001);
  apply(groups({}));  // nothing in
  EXPECT_EQ(Namespaces::send(client, AF_INET, "10.99.0.2", 5001), 0);
  EXPECT_TRUE(Namespaces::take(server));
  EXPECT_EQ(Namespaces::send(server, AF_INET, "10.99.0.1", 40000), 0);
  EXPECT_TRUE(Namespaces::take(client));
}

TEST_F(Groups, ARuleThatGoesLeavesOpenConnectionsAndRefusesNewOnes) {
  const int listening = listener(net_.host(), 22);
  apply(groups({allow_in(kTcp, 22), allow_in(kUdp, 5001)}));
  const Stream open = connect(listening, 22);
  EXPECT_TRUE(passes(open.client, open.server));

  apply(groups({allow_in(kUdp, 5001)}));
  EXPECT_TRUE(passes(open.client, open.server));
  EXPECT_TRUE(passes(open.server, open.client));
  const int late = keep(Namespaces::socket_in(net_.peer(), AF_INET, SOCK_STREAM, 0));
  Namespaces::begin_connect(late, "10.99.0.1", 22);
  flush(5001);
  EXPECT_TRUE(Namespaces::is_empty(listening));
  EXPECT_THAT(net_.table(), Not(HasSubstr("counter packets 0 ")));
}

// Goal: nobody is locked out by the first group of a host. Method: the connection is made while
// there are no rules, so that the kernel does not track it; then nothing is allowed in and it is
// the client that speaks first.
TEST_F(Groups, AConnectionFromBeforeTheFirstRuleStaysOpen) {
  for (const char* loose : {"1", "0"}) {
    const std::uint16_t port = loose[0] == '1' ? 22 : 23;
    ASSERT_TRUE(net_.run(
        {"ip", "netns", "exec", net_.host(), "sh", "-c",
         "echo " + std::string(loose) + " > /proc/sys/net/netfilter/nf_conntrack_tcp_loose"}));
    const int listening = listener(net_.host(), port);
    const Stream open = connect(listening, port);
    apply(groups({}));
    EXPECT_TRUE(passes(open.client, open.server)) << loose;
    EXPECT_TRUE(passes(open.server, open.client)) << loose;
    apply(nothing());
  }
}

TEST_F(Groups, AStrayPacketIsNotTakenForAnOpenConnection) {
  const int listening = listener(net_.host(), 22);
  const Stream open = connect(listening, 22);
  apply(groups({allow_in(kUdp, 5001)}));
  // The same peer, another port: the middle of a connection that the host does not have.
  const int other = keep(Namespaces::socket_in(net_.peer(), AF_INET, SOCK_STREAM, 0));
  Namespaces::begin_connect(other, "10.99.0.1", 22);
  flush(5001);
  EXPECT_TRUE(Namespaces::is_empty(listening));
  EXPECT_TRUE(passes(open.client, open.server));
}

TEST_F(Groups, AnAclStillCutsAnOpenConnection) {
  const int listening = listener(net_.host(), 22);
  auto rules = groups({allow_in(kTcp, 22), allow_in(kUdp, 5001)});
  apply(rules);
  const Stream open = connect(listening, 22);
  EXPECT_TRUE(passes(open.client, open.server));
  vpc::AclEntry deny = deny_all(false);
  deny.protocol = "6";
  deny.port_range = vpc::PortRange{22, 22};
  rules[0].entries.push_back(deny);
  vpc::sort_entries(rules[0].entries);
  ASSERT_TRUE(enforcer_->apply({}, rules, {.is_restore = true}));
  EXPECT_EQ(::send(open.client, "x", 1, MSG_NOSIGNAL), 1);
  flush(5001);
  EXPECT_TRUE(Namespaces::is_empty(open.server));
  EXPECT_THAT(net_.table(), HasSubstr("eni-1|acl-1|50|in"));
}

// Goal: the order of AWS, inbound ACL first, outbound groups first. Method: both refuse everything;
// only the counter of the first may count.
TEST_F(Groups, AclAndGroupsAreAskedInTheOrderOfAws) {
  auto rules = groups({}, false);
  rules[0].entries.push_back(deny_all(false));
  rules[0].entries.push_back(deny_all(true));
  vpc::sort_entries(rules[0].entries);
  apply(rules);
  const int inside = datagrams(net_.host(), 5001);
  const int outside = datagrams(net_.peer(), 5001);
  EXPECT_EQ(Namespaces::send(outside, AF_INET, "10.99.0.1", 5001), 0);
  EXPECT_EQ(Namespaces::send(inside, AF_INET, "10.99.0.2", 5001), EPERM);
  const std::string table = net_.table();
  EXPECT_THAT(table, HasSubstr("\"eni-1|acl-1|50|in\" group 4566 snaplen 128 counter packets 1 "));
  EXPECT_THAT(table,
              HasSubstr("\"eni-1|sg-1,sg-2|0|out\" group 4566 snaplen 128 counter packets 1 "));
  EXPECT_THAT(table, HasSubstr("\"eni-1|acl-1|50|out\" group 4566 snaplen 128 counter packets 0 "));
  EXPECT_THAT(table,
              HasSubstr("\"eni-1|sg-1,sg-2|0|in\" group 4566 snaplen 128 counter packets 0 "));
}

TEST_F(Groups, OfAGuestAreJudgedAtTheHostsEndOfItsCable) {
  auto rules = groups({allow_in(kUdp, 5001)}, false);
  rules[0].is_guest = true;  // the peer is the machine behind weir0
  rules[0].groups.allowances = {allow(vpc::Direction::ingress, kUdp, 5001, "10.99.0.1/32")};
  apply(rules);
  const int host = datagrams(net_.host(), 40000);
  const int allowed = datagrams(net_.peer(), 5001);
  EXPECT_EQ(Namespaces::send(host, AF_INET, "10.99.0.2", 5002), EPERM) << "not allowed in";
  EXPECT_EQ(Namespaces::send(host, AF_INET, "10.99.0.2", 5001), 0);
  EXPECT_TRUE(Namespaces::take(allowed));
  EXPECT_EQ(Namespaces::send(allowed, AF_INET, "10.99.0.1", 40000), 0) << "the reply";
  EXPECT_TRUE(Namespaces::take(host));
  EXPECT_THAT(net_.table(), HasSubstr("\"eni-1|sg-1,sg-2|0|in\" group 4566 snaplen 128 counter "
                                      "packets 1 "));
}

TEST_F(Groups, ACheckLeavesAloneWhatIsRight) {
  apply(groups({allow_in(kTcp, 22)}));
  const int sender = datagrams(net_.peer(), 0);
  EXPECT_EQ(Namespaces::send(sender, AF_INET, "10.99.0.1", 5001), 0);
  const auto checked = enforcer_->check();
  ASSERT_TRUE(checked) << checked.error().message;
  Enforcer next(runtime_, net_.config());  // a restart of the daemon
  ASSERT_TRUE(next.apply({}, groups({allow_in(kTcp, 22)}), {.is_restore = true}));
  EXPECT_THAT(net_.table(), HasSubstr("counter packets 1 ")) << "loaded again, it would be 0";
  EXPECT_EQ(enforcer_->status().drifts + next.status().drifts, 0U);
  EXPECT_TRUE(next.status().is_enforcing);
}

TEST_F(Groups, ACheckPutsRightWhatSomebodyChanged) {
  apply(groups({allow_in(kTcp, 22)}));
  const std::string wanted = net_.nft({"-s", "list", "table", "inet", "weir"});
  const char* const changes[] = {"delete table inet weir", "flush chain inet weir groups_in_eni-1",
                                 "add rule inet weir groups_in_eni-1 accept",
                                 "insert rule inet weir groups_in_eni-1 tcp dport 99 accept"};
  std::uint64_t drifts = 0;
  for (const char* change : changes) {
    ASSERT_EQ(net_.nft({change}), "");
    ASSERT_NE(net_.nft({"-s", "list", "table", "inet", "weir"}), wanted);
    ASSERT_TRUE(enforcer_->check());
    EXPECT_EQ(net_.nft({"-s", "list", "table", "inet", "weir"}), wanted) << change;
    EXPECT_EQ(enforcer_->status().drifts, ++drifts);
  }
  apply(nothing());
  EXPECT_EQ(net_.table(), "");
  ASSERT_EQ(net_.nft({"add table inet weir"}), "");
  ASSERT_TRUE(enforcer_->check());
  EXPECT_EQ(net_.table(), "") << "nothing is to be there";
}

TEST_F(Groups, AtTheStartAnOutdatedTableIsReplacedAndAChangedOneIsDrift) {
  apply(groups({allow_in(kTcp, 22)}));
  Enforcer outdated(runtime_, net_.config());
  ASSERT_TRUE(outdated.apply({}, groups({allow_in(kTcp, 23)}), {.is_restore = true}));
  EXPECT_EQ(outdated.status().drifts, 0U);
  ASSERT_EQ(net_.nft({"flush chain inet weir groups_in_eni-1"}), "");
  Enforcer changed(runtime_, net_.config());
  ASSERT_TRUE(changed.apply({}, groups({allow_in(kTcp, 23)}), {.is_restore = true}));
  EXPECT_EQ(changed.status().drifts, 1U);
  EXPECT_THAT(net_.table(), HasSubstr("tcp dport 23 return"));
}

TEST_F(Groups, SwitchedOffStaysOffUntilSwitchedOnOrRestarted) {
  apply(groups({allow_in(kTcp, 22)}));
  Enforcer operator_(runtime_, net_.config());  // the command line
  ASSERT_TRUE(operator_.switch_off());
  const std::string off = net_.table();
  EXPECT_THAT(off, Not(HasSubstr("hook")));
  ASSERT_TRUE(enforcer_->check());
  EXPECT_TRUE(enforcer_->status().is_switched_off);
  apply(groups({allow_in(kTcp, 23)}));  // a change of groups meanwhile is kept, not enforced
  EXPECT_EQ(net_.table(), off);

  ASSERT_TRUE(operator_.switch_on());
  EXPECT_EQ(net_.table(), "");
  ASSERT_TRUE(enforcer_->check());
  EXPECT_THAT(net_.table(), HasSubstr("tcp dport 23 return"));
  EXPECT_FALSE(enforcer_->status().is_switched_off);
  EXPECT_EQ(enforcer_->status().drifts, 0U);

  ASSERT_TRUE(operator_.switch_off());
  Enforcer restarted(runtime_, net_.config());
  ASSERT_TRUE(restarted.apply({}, groups({allow_in(kTcp, 23)}), {.is_restore = true}));
  EXPECT_THAT(net_.table(), HasSubstr("tcp dport 23 return"));
}

TEST_F(Groups, ADryRunChangesNothing) {
  ASSERT_TRUE(enforcer_->apply({}, groups({}), {.is_dry_run = true}));
  EXPECT_EQ(net_.table(), "");
  apply(groups({}));
  const std::string before = net_.table();
  ASSERT_TRUE(enforcer_->apply(groups({}), nothing(), {.is_dry_run = true}));
  EXPECT_EQ(net_.table(), before);
}

}  // namespace
}  // namespace weir::enforce
