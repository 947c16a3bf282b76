// SPDX-License-Identifier: Apache-2.0
#include "insights/index_policies.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::insights {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct World {
  World() { create("g"); }
  void create(const std::string& name, const std::string& log_group_class = "STANDARD") {
    logs::LogGroup group;
    group.name = name;
    group.log_group_class = log_group_class;
    WEIR_ASSERT(logs.create_log_group(scope, group));
  }
  SimulatedRuntime runtime{5};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope;
  logs::Logs logs{runtime,
                  *store,
                  [](const Scope&, std::string_view,
                     std::span<const logs::MetricValue>) -> Result<void> { return {}; },
                  {}};
  IndexPolicies policies{runtime, *store, logs};
};

// source: CloudWatch Logs API reference, "PutIndexPolicy"; verified on AWS: no
TEST(IndexPolicyDocument, NamesFieldsInTwoWays) {
  const auto fields = parse_index_policy(R"({"Fields":["a"],"FieldsV2":{"b":{"type":"FACET"}}})");
  ASSERT_TRUE(fields);
  ASSERT_EQ(fields->size(), 2u);
  EXPECT_EQ((*fields)[0].type, "FIELD_INDEX");
  EXPECT_EQ((*fields)[1].name, "b");
  EXPECT_EQ((*fields)[1].type, "FACET");
}

TEST(IndexPolicyDocument, AnythingElseIsRefused) {
  std::string many = R"({"Fields":["f0")";
  for (int i = 1; i <= 20; ++i) many += ",\"f" + std::to_string(i) + '"';
  for (const std::string& document :
       {std::string("x"), std::string("[]"), std::string("{}"), std::string(R"({"Fields":[]})"),
        std::string(R"({"Fields":[1]})"), std::string(R"({"Fields":["a","a"]})"),
        std::string(R"({"Fields":["a"],"FieldsV2":{"a":{"type":"FACET"}}})"),
        std::string(R"({"FieldsV2":{"a":{"type":"TREE"}}})"), std::string(R"({"Field":["a"]})"),
        R"({"Fields":[")" + std::string(101, 'a') + R"("]})", many + "]}"}) {
    const auto fields = parse_index_policy(document);
    ASSERT_FALSE(fields) << document;
    EXPECT_EQ(fields.error().code, "InvalidParameterException");
  }
}

TEST(IndexPolicies, BelongToTheGroupThatWasThere) {
  World world;
  ASSERT_TRUE(world.policies.put(world.scope, "g", R"({"Fields":["a","b"]})"));
  EXPECT_TRUE((*world.policies.policy(world.scope, "g")).has_value());
  ASSERT_TRUE(world.logs.delete_log_group(world.scope, "g"));
  EXPECT_EQ(world.policies.policy(world.scope, "g").error().code, "ResourceNotFoundException");
  world.create("g");
  EXPECT_FALSE((*world.policies.policy(world.scope, "g")).has_value());
}

TEST(IndexPolicies, FindGroupsByAllFields) {
  World world;
  world.create("h");
  ASSERT_TRUE(world.policies.put(world.scope, "g", R"({"Fields":["a","b"]})"));
  ASSERT_TRUE(world.policies.put(world.scope, "h", R"({"Fields":["b"]})"));
  const std::vector<std::string> b = {"b"};
  const std::vector<std::string> both = {"a", "b"};
  const std::vector<std::string> other = {"c"};
  EXPECT_THAT(world.policies.groups_with(world.scope, b), ElementsAre("g", "h"));
  EXPECT_THAT(world.policies.groups_with(world.scope, both), ElementsAre("g"));
  EXPECT_THAT(world.policies.groups_with(world.scope, other), IsEmpty());
}

TEST(IndexPolicies, FailuresSayWhatIsWrong) {
  World world;
  world.create("ia", "INFREQUENT_ACCESS");
  EXPECT_EQ(world.policies.put(world.scope, "x", R"({"Fields":["a"]})").error().code,
            "ResourceNotFoundException");
  EXPECT_EQ(world.policies.put(world.scope, "ia", R"({"Fields":["a"]})").error().code,
            "InvalidParameterException");
  EXPECT_EQ(world.policies.remove(world.scope, "g").error().code, "ResourceNotFoundException");
  ASSERT_TRUE(world.policies.put(world.scope, "g", R"({"Fields":["a"]})"));
  EXPECT_TRUE(world.policies.remove(world.scope, "g"));
}

}  // namespace
}  // namespace weir::insights
