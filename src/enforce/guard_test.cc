// SPDX-License-Identifier: Apache-2.0
#include "enforce/guard.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace weir::enforce {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
    "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
    "   1: 0500000A:0016 097100CB:C350 01 00000000:00000000 02:000A7D8E 00000000     0\n"
    "   2: broken line\n";
constexpr std::string_view kTcp6 =
    "   0: 0000000000000000FFFF00000500000A:0016 0000000000000000FFFF0000097100CB:C351 01 0\n"
    "   1: B80D0120000000000000000005000000:0016 B80D0120000000000000000009000000:C352 01 0\n";

Connection session() {
  return {*net::Address::parse("10.0.0.5"), *net::Address::parse("203.0.113.9"), 22, 50000};
}

std::vector<vpc::InterfaceRules> rules(std::vector<vpc::AclEntry> own) {
  for (auto& entry : vpc::default_entries(false)) own.push_back(std::move(entry));
  vpc::sort_entries(own);
  return {{"eni-1", "eth0", {"10.0.0.5"}, "acl-1", std::move(own)}};
}

vpc::AclEntry deny(int number, std::string cidr, bool egress = false) {
  vpc::AclEntry entry;
  entry.rule_number = number;
  entry.rule_action = "deny";
  entry.egress = egress;
  entry.cidr_block = std::move(cidr);
  return entry;
}

TEST(Connections, AreReadFromTheKernelsTextWithMappedAddressesAsIpv4) {
  EXPECT_THAT(parse_connections(kTcp), ElementsAre(session()));
  Connection mapped = session();
  mapped.remote_port = 50001;
  const Connection v6{*net::Address::parse("2001:db8::5"), *net::Address::parse("2001:db8::9"), 22,
                      50002};
  EXPECT_THAT(parse_connections(kTcp6), ElementsAre(mapped, v6));
}

TEST(LockOutGuard, RefusesAChangeThatCutsAnOpenSession) {
  const Connection open[] = {session()};
  const auto inbound = check_lock_out(rules({}), rules({deny(10, "203.0.113.0/24")}), open);
  ASSERT_FALSE(inbound);
  EXPECT_EQ(inbound.error().code, "OperationNotPermitted");
  EXPECT_THAT(inbound.error().message, HasSubstr("203.0.113.9"));
  EXPECT_THAT(inbound.error().message, HasSubstr("rule 10 of acl-1 refuses its inbound"));
  EXPECT_FALSE(check_lock_out(rules({}), rules({deny(10, "203.0.113.0/24", true)}), open));
}

TEST(LockOutGuard, LetsThroughWhatDoesNotTouchTheSession) {
  const Connection open[] = {session()};
  EXPECT_TRUE(check_lock_out(rules({}), rules({deny(10, "198.51.100.0/24")}), open));
  const auto cut = rules({deny(10, "203.0.113.0/24")});
  EXPECT_TRUE(check_lock_out(cut, cut, open)) << "it did not pass before either";
  EXPECT_TRUE(check_lock_out(rules({}), cut, {}));
}

TEST(LockOutGuard, ConnectionsInsideTheHostDoNotCount) {
  Connection own = session();
  own.remote = own.local;
  Connection elsewhere = session();
  elsewhere.local = *net::Address::parse("127.0.0.1");
  const Connection open[] = {own, elsewhere};
  EXPECT_TRUE(check_lock_out(rules({}), rules({deny(10, "0.0.0.0/0")}), open));
}

/// The groups of eth0 allow only this port in.
std::vector<vpc::InterfaceRules> only_port(int port) {
  auto made = rules({});
  made[0].groups = {{"sg-1", "sg-2"},
                    true,
                    {{vpc::Direction::ingress, 6, port, port, *net::Prefix::parse("0.0.0.0/0")}}};
  return made;
}

TEST(LockOutGuard, GroupsDoNotCutAnOpenSession) {
  const Connection open[] = {session()};
  EXPECT_TRUE(check_lock_out(rules({}), only_port(443), open));
}

TEST(LockOutGuard, GroupsMustNotShutOutWhoeverAsks) {
  Connection asking = session();
  asking.local_port = 4566;
  asking.is_asking = true;
  const Connection open[] = {asking};
  EXPECT_TRUE(check_lock_out(rules({}), only_port(4566), open));
  EXPECT_TRUE(check_lock_out(only_port(443), only_port(22), open)) << "it could not before either";
  const auto shut_out = check_lock_out(rules({}), only_port(443), open);
  ASSERT_FALSE(shut_out);
  EXPECT_EQ(shut_out.error().code, "OperationNotPermitted");
  EXPECT_THAT(shut_out.error().message, HasSubstr("sg-1, sg-2 would not allow it"));
}

TEST(OpenConnections, AreTheEstablishedAndTheClosingOnesOfOtherHosts) {
  const std::string folder = testing::TempDir() + "weir-open-" + std::to_string(::getpid());
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  std::ofstream(folder + "/tcp") << "   0: 0500000A:0050 097100CB:C350 08 0\n"   // CLOSE_WAIT
                                 << "   1: 0500000A:0051 097100CB:C350 06 0\n"   // TIME_WAIT
                                 << "   2: 0100007F:0016 0100007F:C350 01 0\n"   // loopback
                                 << "   3: 0500000A:0016 097100CB:C350 01 0\n";  // SSH
  const std::uint16_t ssh[] = {22};
  Connection closing = session();
  closing.local_port = 80;
  EXPECT_THAT(open_connections(folder, ssh), ElementsAre(session(), closing));
  std::remove((folder + "/tcp").c_str());
  ::rmdir(folder.c_str());
}

}  // namespace
}  // namespace weir::enforce
