// SPDX-License-Identifier: Apache-2.0
#include "capture/flow_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::capture {
namespace {

FlowExpression::Subject subject(const char* source, const char* destination, std::uint8_t protocol,
                                std::uint16_t source_port, std::uint16_t destination_port,
                                std::uint8_t flags = 0) {
  return {*net::Address::parse(source),
          *net::Address::parse(destination),
          source_port,
          destination_port,
          protocol,
          flags};
}

bool matches(const std::string& expression, const FlowExpression::Subject& subject) {
  const auto compiled = FlowExpression::compile(expression);
  EXPECT_TRUE(compiled) << expression;
  return compiled && compiled->matches(subject);
}

TEST(FlowExpression, AsksAboutAddressesPortsAndProtocols) {
  const auto ssh = subject("198.51.100.7", "10.0.0.5", 6, 40000, 22, 0x02);
  EXPECT_TRUE(matches("", ssh));
  EXPECT_TRUE(matches("tcp dst port 22", ssh));
  EXPECT_FALSE(matches("tcp src port 22", ssh));
  EXPECT_TRUE(matches("host 10.0.0.5 and net 198.51.100.0/24", ssh));
  EXPECT_FALSE(matches("udp or icmp", ssh));
  EXPECT_TRUE(matches("portrange 20-25 and not host 10.0.0.6", ssh));
  EXPECT_TRUE(matches("icmp", subject("10.0.0.5", "10.0.0.6", 1, 0, 0)));
  EXPECT_TRUE(matches("ip proto 47", subject("10.0.0.5", "10.0.0.6", 47, 0, 0)));
}

TEST(FlowExpression, KnowsIpv6) {
  const auto dns = subject("2001:db8::1", "2001:db8::53", 17, 5353, 53);
  EXPECT_TRUE(matches("ip6 and udp port 53", dns));
  EXPECT_TRUE(matches("src host 2001:db8::1", dns));
  EXPECT_FALSE(matches("ip", dns));
}

TEST(FlowExpression, SeesTheFlagsOfTheFlow) {
  const auto syn = subject("10.0.0.5", "10.0.0.6", 6, 1, 2, 0x02);
  EXPECT_TRUE(matches("tcp[tcpflags] & tcp-syn != 0", syn));
  EXPECT_FALSE(matches("tcp[tcpflags] & tcp-rst != 0", syn));
}

TEST(FlowExpression, AWrongTextIsRefusedWithLibpcapsReason) {
  const auto wrong = FlowExpression::compile("tcp dst prot 22");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::invalid);
  EXPECT_THAT(wrong.error().message, testing::HasSubstr("tcp dst prot 22"));
  EXPECT_FALSE(FlowExpression::compile("ether host aa:bb:cc:dd:ee:ff"));
  EXPECT_FALSE(FlowExpression::compile(std::string(5000, 'a')));
}

TEST(FlowExpression, AFlowWithoutAddressesMatchesNothing) {
  EXPECT_FALSE(FlowExpression::compile("")->matches({}));
}

}  // namespace
}  // namespace weir::capture
