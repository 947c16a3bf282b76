// SPDX-License-Identifier: Apache-2.0
#include "logs/resource_policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::logs {
namespace {

struct PoliciesWorld {
  /// The revision, or `Code: message`.
  std::string put(const std::string& name, std::optional<std::string> resource = {},
                  std::optional<std::string> revision = {},
                  const std::string& document = R"({"Version":"2012-10-17"})") {
    ResourcePolicy policy;
    policy.policy_name = name;
    policy.policy_document = document;
    policy.resource_arn = std::move(resource);
    const auto made = policies.put(scope, policy, revision);
    if (!made) return made.error().code + ": " + made.error().message;
    return made->revision_id.value_or("");
  }
  std::string remove(const std::string& name, std::optional<std::string> resource = {},
                     std::optional<std::string> revision = {}) {
    const auto removed = policies.remove(scope, name, resource, revision);
    return removed ? "" : removed.error().code + ": " + removed.error().message;
  }
  std::string names(const ResourcePolicies::Query& query = {}) {
    const auto page = policies.list(scope, query);
    WEIR_ASSERT(page);
    std::string text;
    for (const ResourcePolicy& policy : page->items) text += policy.policy_name + " ";
    return text + page->next;
  }

  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope;
  ResourcePolicies policies{runtime, *store, {}};
};

TEST(ResourcePolicies, AreListedByName) {
  PoliciesWorld world;
  for (const char* name : {"c", "a", "b"}) EXPECT_EQ(world.put(name), "");
  EXPECT_EQ(world.names(), "a b c ");
  EXPECT_EQ(world.names({.limit = 2}), "a b b");
  EXPECT_EQ(world.names({.after = "b", .limit = 2}), "c ");
  EXPECT_EQ(world.remove("a"), "");
  EXPECT_EQ(world.names(), "b c ");
}

// source: recorded answers of AWS.
TEST(ResourcePolicies, AnAccountHasTenAndMayChangeThem) {
  PoliciesWorld world;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(world.put("p" + std::to_string(i)), "");
  EXPECT_EQ(world.put("p10"), "LimitExceededException: Resource limit exceeded.");
  EXPECT_EQ(world.put("p3", {}, {}, R"({"Statement":[]})"), "");
  const auto page = world.policies.list(world.scope, {});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items[3].policy_document, R"({"Statement":[]})");
}

TEST(ResourcePolicies, FailuresHaveTheTextsOfAws) {
  PoliciesWorld world;
  EXPECT_EQ(world.remove("x"), "ResourceNotFoundException: Policy with name [x] does not exist.");
  EXPECT_EQ(world.put("x", {}, {}, "{"),
            "InvalidParameterException: This resource policy contains invalid Json");
  EXPECT_EQ(world.put(""),
            "InvalidParameterException: A policy needs a policyName or a resourceArn.");
}

TEST(ResourcePolicies, ThatOfAResourceIsChangedByWhoKnowsItsRevision) {
  PoliciesWorld world;
  const std::string resource = "arn:aws:logs:us-east-1:000000000000:log-group:g";
  const std::string first = world.put("", resource);
  EXPECT_EQ(first.size(), 32u);
  EXPECT_THAT(world.put("", resource), ::testing::StartsWith("OperationAbortedException: "));
  const std::string second = world.put("", resource, first);
  EXPECT_NE(second, first);
  EXPECT_EQ(world.names(), "");  // no policy of the account
  const auto page = world.policies.list(world.scope, {.resource_arn = resource});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].revision_id, second);
  EXPECT_THAT(world.remove("", resource, first), ::testing::StartsWith("OperationAborted"));
  EXPECT_EQ(world.remove("", resource, second), "");
}

}  // namespace
}  // namespace weir::logs
