// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <unordered_set>
#include <vector>

#include "net/protocol.h"

namespace weir::net {
namespace {

std::string again(std::string_view text) {
  const auto address = Address::parse(text);
  return address ? address->to_string() : "refused";
}

TEST(Address, V4TextComesBackUnchanged) {
  for (const char* text : {"0.0.0.0", "10.0.0.1", "203.0.113.9", "255.255.255.255"}) {
    EXPECT_EQ(again(text), text);
  }
}

TEST(Address, V4TextIsReadStrictly) {
  for (const char* text :
       {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1..3.4",
        "1.2.3.0004", "1.2.3.4:22", "a.b.c.d", "1.2.3.-4"}) {
    EXPECT_EQ(again(text), "refused") << text;
  }
}

// The reader computes without branches; this is its slow twin.
TEST(Address, EveryOctetTextAtEveryPlace) {
  for (int place = 0; place < 4; ++place) {
    for (int n = 0; n <= 1100; ++n) {
      for (const char* zeros : {"", "0", "00"}) {
        std::string text;
        for (int i = 0; i < 4; ++i) {
          if (i > 0) text += '.';
          text += i == place ? zeros + std::to_string(n) : std::to_string(i * 77);
        }
        EXPECT_EQ(again(text), n <= 255 && *zeros == 0 ? text : "refused") << text;
      }
    }
  }
}

// RFC 5952, sections 4 and 5.
TEST(Address, V6TextIsCanonical) {
  EXPECT_EQ(again("2001:0db8:0000:0000:0000:0000:0002:0001"), "2001:db8::2:1");
  EXPECT_EQ(again("2001:DB8::1"), "2001:db8::1");
  EXPECT_EQ(again("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(again("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");
  EXPECT_EQ(again("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
  EXPECT_EQ(again("::"), "::");
  EXPECT_EQ(again("::1"), "::1");
  EXPECT_EQ(again("1::"), "1::");
  EXPECT_EQ(again("::ffff:192.0.2.1"), "::ffff:192.0.2.1");
  EXPECT_EQ(again("64:ff9b::192.0.2.33"), "64:ff9b::c000:221");
  EXPECT_EQ(again("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
}

TEST(Address, V6TextIsReadStrictly) {
  for (const char* text : {":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::",
                           "g::", "1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::", "fe80::1%eth0",
                           "[::1]", "1:", ":1", "1:2:3:4:5:6:7:1.2.3.4"}) {
    EXPECT_EQ(again(text), "refused") << text;
  }
}

TEST(Address, NoneIsADash) {
  EXPECT_FALSE(Address().is_set());
  EXPECT_EQ(Address().to_string(), "-");
}

TEST(Address, OrderIsFamilyThenValue) {
  const std::vector<Address> ordered = {Address(),
                                        *Address::parse("1.2.3.4"),
                                        *Address::parse("1.2.3.5"),
                                        *Address::parse("::"),
                                        *Address::parse("::1"),
                                        *Address::parse("1::")};
  EXPECT_TRUE(std::is_sorted(ordered.begin(), ordered.end()));
  EXPECT_NE(*Address::parse("0.0.0.1"), *Address::parse("::1"));
}

TEST(Address, SpecialRangesAreKnown) {
  EXPECT_TRUE(Address::parse("224.0.0.251")->is_multicast());
  EXPECT_TRUE(Address::parse("ff02::1")->is_multicast());
  EXPECT_FALSE(Address::parse("223.255.255.255")->is_multicast());
  EXPECT_TRUE(Address::parse("255.255.255.255")->is_broadcast());
  EXPECT_TRUE(Address::parse("fe80::1")->is_link_local());
  EXPECT_TRUE(Address::parse("169.254.169.254")->is_link_local());
  for (const char* text : {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1",
                           "127.0.0.1", "fd00::1", "::1"}) {
    EXPECT_TRUE(Address::parse(text)->is_private()) << text;
  }
  for (const char* text : {"172.32.0.1", "100.128.0.1", "8.8.8.8", "2001:db8::1", "192.169.0.1"}) {
    EXPECT_FALSE(Address::parse(text)->is_private()) << text;
  }
}

TEST(Address, HashTellsFamiliesAndSeedsApart) {
  std::unordered_set<std::uint64_t> seen;
  for (const char* text : {"0.0.0.1", "0.0.0.2", "::1", "::2", "1::"}) {
    seen.insert(hash(*Address::parse(text)));
    seen.insert(hash(*Address::parse(text), 7));
  }
  EXPECT_EQ(seen.size(), 10U);
}

TEST(Address, OffsetStaysInTheFamily) {
  EXPECT_EQ(offset(*Address::parse("10.0.0.255"), 1).to_string(), "10.0.1.0");
  EXPECT_EQ(offset(*Address::parse("2001:db8::ffff:ffff:ffff:ffff"), 1).to_string(),
            "2001:db8:0:1::");
}

TEST(Prefix, HostBitsAreKeptUntilCanonical) {
  const auto prefix = Prefix::parse("100.68.0.18/18");
  ASSERT_TRUE(prefix);
  EXPECT_EQ(prefix->to_string(), "100.68.0.18/18");
  EXPECT_FALSE(prefix->is_canonical());
  EXPECT_EQ(prefix->canonical().to_string(), "100.68.0.0/18");
  EXPECT_EQ(prefix->last().to_string(), "100.68.63.255");
  EXPECT_EQ(Prefix::parse("2001:db8:1::1/47")->canonical().to_string(), "2001:db8::/47");
  EXPECT_EQ(Prefix::parse("2001:db8::1:0:0:1/65")->canonical().to_string(), "2001:db8::/65");
}

TEST(Prefix, ContainsByFamilyAndLength) {
  const Prefix ten = *Prefix::parse("10.0.0.0/8");
  EXPECT_TRUE(ten.contains(*Address::parse("10.255.0.1")));
  EXPECT_FALSE(ten.contains(*Address::parse("11.0.0.0")));
  EXPECT_FALSE(ten.contains(*Address::parse("::a00:1")));
  EXPECT_TRUE(ten.contains(*Prefix::parse("10.1.0.0/16")));
  EXPECT_FALSE(ten.contains(*Prefix::parse("0.0.0.0/0")));
  EXPECT_TRUE(ten.overlaps(*Prefix::parse("0.0.0.0/0")));
  EXPECT_TRUE(Prefix::parse("0.0.0.0/0")->contains(*Address::parse("255.1.1.1")));
  EXPECT_FALSE(Prefix::parse("::/0")->contains(*Address::parse("1.1.1.1")));
  EXPECT_FALSE(Prefix().contains(Address()));
}

TEST(Prefix, TextIsReadStrictly) {
  for (const char* text : {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "::/129", "/8",
                           "10.0.0.0/-1", "10.0.0.0/8 ", "10.0.0/8"}) {
    EXPECT_FALSE(Prefix::parse(text)) << text;
  }
  EXPECT_THAT(Prefix::parse("10.0.0.0/33").error().message, testing::HasSubstr("10.0.0.0/33"));
}

TEST(Protocol, NamesAndNumbersReadBothWays) {
  EXPECT_EQ(protocol_name(6), "tcp");
  EXPECT_EQ(protocol_name(58), "icmpv6");
  EXPECT_EQ(protocol_name(253), "253");
  EXPECT_EQ(parse_protocol("UDP"), 17);
  EXPECT_EQ(parse_protocol("ipv6-icmp"), 58);
  EXPECT_EQ(parse_protocol("132"), 132);
  EXPECT_EQ(parse_protocol("256"), std::nullopt);
  EXPECT_EQ(parse_protocol("-1"), std::nullopt);
  EXPECT_EQ(parse_protocol(""), std::nullopt);
}

}  // namespace
}  // namespace weir::net
