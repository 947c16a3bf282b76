// SPDX-License-Identifier: Apache-2.0
#include "client/address_guard.h"

#include <gtest/gtest.h>

namespace weir::client {
namespace {

bool allows(const AddressGuard& guard, const std::string& host) {
  return guard.may_allow_host_of("http://" + host + "/path");
}

TEST(AddressGuard, RefusesWhatIsNotPublic) {
  const auto guard = AddressGuard::make({});
  ASSERT_TRUE(guard);
  for (const char* host : {"127.0.0.1",
                           "127.9.9.9:8080",
                           "10.1.2.3",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "0.0.0.0",
                           "224.0.0.1",
                           "255.255.255.255",
                           "localhost",
                           "LOCALHOST:80",
                           "a.localhost.",
                           "[::1]",
                           "[::1]:80",
                           "[::]",
                           "[fd00::1]",
                           "[fe80::1]",
                           "[::ffff:10.0.0.1]",
                           "[64:ff9b::7f00:1]",
                           "[2002:a00:1::]",
                           "user:pw@127.0.0.1"}) {
    EXPECT_FALSE(allows(*guard, host)) << host;
  }
  for (const char* host : {"8.8.8.8", "172.32.0.1", "192.0.2.1", "[2001:4860:4860::8888]",
                           "[::ffff:8.8.8.8]", "example.com", "127.0.0.1.example.com"}) {
    EXPECT_TRUE(allows(*guard, host)) << host;
  }
}

TEST(AddressGuard, AllowsTheBlocksOfTheConfiguration) {
  const auto guard = AddressGuard::make({"10.0.0.0/8", "fd00::/8", "127.0.0.1"});
  ASSERT_TRUE(guard);
  EXPECT_TRUE(allows(*guard, "10.200.0.1"));
  EXPECT_TRUE(allows(*guard, "[::ffff:10.0.0.1]"));
  EXPECT_TRUE(allows(*guard, "[fd12::1]"));
  EXPECT_TRUE(allows(*guard, "127.0.0.1"));
  EXPECT_TRUE(allows(*guard, "localhost"));
  EXPECT_FALSE(allows(*guard, "127.0.0.2"));
  EXPECT_FALSE(allows(*guard, "192.168.0.1"));
  EXPECT_TRUE(allows(*AddressGuard::make({"*"}), "192.168.0.1"));
}

TEST(AddressGuard, NamesABlockThatIsNone) {
  for (const char* block : {"10.0.0.0/33", "10.0.0/8", "x", "::1/129", "10.0.0.0/"}) {
    const auto guard = AddressGuard::make({block});
    ASSERT_FALSE(guard) << block;
    EXPECT_NE(guard.error().message.find(block), std::string::npos);
  }
}

}  // namespace
}  // namespace weir::client
