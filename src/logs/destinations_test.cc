// SPDX-License-Identifier: Apache-2.0
#include "logs/destinations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::logs {
namespace {

struct DestinationsWorld {
  Result<Destination> put(const std::string& name, const std::string& target = kTarget) {
    Destination destination;
    destination.destination_name = name;
    destination.target_arn = target;
    destination.role_arn = "arn:aws:iam::000000000000:role/r";
    return destinations.put(scope, destination);
  }
  static constexpr const char* kTarget = "arn:aws:lambda:us-east-1:000000000000:function:f";
  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope;
  Destinations destinations{runtime, *store};
};

TEST(Destinations, KeepPolicyAndCreationTimeWhenReplaced) {
  DestinationsWorld world;
  ASSERT_TRUE(world.put("d"));
  const Time created = world.runtime.now();
  ASSERT_TRUE(world.destinations.put_policy(world.scope, "d", R"({"Statement":[]})"));
  ASSERT_TRUE(world.destinations.tag(world.scope, "d", {{"team", "it"}}));
  world.runtime.advance(std::chrono::hours(1));
  const auto replaced = world.put("d", "arn:aws:logs:us-east-1:000000000000:log-group:g");
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->creation_time_ms, created.ms);
  EXPECT_EQ(replaced->access_policy, R"({"Statement":[]})");
  EXPECT_EQ(replaced->tags.at("team"), "it");
  const auto found = world.destinations.destination(world.scope, "d");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->target_arn, "arn:aws:logs:us-east-1:000000000000:log-group:g");
}

TEST(Destinations, AreListedByNameAndPrefix) {
  DestinationsWorld world;
  for (const char* name : {"b2", "a", "b1", "c"}) ASSERT_TRUE(world.put(name));
  const auto page = world.destinations.list(world.scope, "b", "", 50);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 2u);
  EXPECT_EQ(page->items[0].destination_name, "b1");
  const auto first = world.destinations.list(world.scope, "", "", 3);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->next, "b2");
  const auto rest = world.destinations.list(world.scope, "", first->next, 3);
  ASSERT_TRUE(rest);
  ASSERT_EQ(rest->items.size(), 1u);
  EXPECT_EQ(rest->items[0].destination_name, "c");
  ASSERT_TRUE(world.destinations.remove(world.scope, "c"));
  EXPECT_EQ(world.destinations.remove(world.scope, "c").error().message,
            "The specified destination does not exist.");
}

TEST(Destinations, BadInputIsRefused) {
  DestinationsWorld world;
  EXPECT_EQ(world.put("d", "nowhere").error().code, "InvalidParameterException");
  EXPECT_EQ(world.destinations.put_policy(world.scope, "d", "{}").error().code,
            "ResourceNotFoundException");
  ASSERT_TRUE(world.put("d"));
  EXPECT_EQ(world.destinations.put_policy(world.scope, "d", "[]").error().code,
            "InvalidParameterException");
}

TEST(Destinations, OtherAccountsNeedAnAllowStatement) {
  DestinationsWorld world;
  const auto is_open = [&](std::string_view account, std::string policy) {
    Destination destination;
    destination.access_policy = std::move(policy);
    return Destinations::is_open_to(world.scope, destination, account);
  };
  EXPECT_TRUE(is_open("000000000000", ""));
  EXPECT_FALSE(is_open("111111111111", ""));
  EXPECT_TRUE(is_open("111111111111",
                      R"({"Statement":[{"Effect":"Allow","Principal":{"AWS":"111111111111"}}]})"));
  EXPECT_TRUE(is_open(
      "111111111111",
      R"({"Statement":{"Effect":"Allow","Principal":{"AWS":["1","arn:aws:iam::111111111111:root"]}}})"));
  EXPECT_TRUE(is_open("111111111111", R"({"Statement":[{"Effect":"Allow","Principal":"*"}]})"));
  EXPECT_FALSE(is_open("111111111111", R"({"Statement":[{"Effect":"Deny","Principal":"*"}]})"));
  EXPECT_FALSE(is_open("222222222222",
                       R"({"Statement":[{"Effect":"Allow","Principal":{"AWS":"111111111111"}}]})"));
  EXPECT_FALSE(is_open(
      "111111111111",
      R"({"Statement":[{"Effect":"Allow","Principal":"*","Condition":{"StringEquals":{}}}]})"));
}

}  // namespace
}  // namespace weir::logs
