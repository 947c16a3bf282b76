// SPDX-License-Identifier: Apache-2.0
#include "insights/query_definitions.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::insights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct World {
  std::string put(QueryDefinition definition, std::string_view token = {}) {
    const auto id = definitions.put(scope, std::move(definition), token);
    return id ? *id : id.error().code + ": " + id.error().message;
  }
  std::vector<std::string> names(const QueryDefinitions::ListQuery& query = {}) {
    std::vector<std::string> found;
    const auto page = definitions.list(scope, query);
    for (const auto& definition : page->items) found.push_back(definition.name);
    return found;
  }
  SimulatedRuntime runtime{5};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope;
  QueryDefinitions definitions{runtime, *store};
};

QueryDefinition named(std::string name, std::string text = "fields @message") {
  QueryDefinition definition;
  definition.name = std::move(name);
  definition.query_string = std::move(text);
  return definition;
}

TEST(QueryDefinitions, AreListedByNameInPages) {
  World world;
  world.put(named("b"));
  world.put(named("folder/x"));
  world.put(named("a"));
  EXPECT_THAT(world.names(), ElementsAre("a", "b", "folder/x"));
  EXPECT_THAT(world.names({.name_prefix = "folder/"}), ElementsAre("folder/x"));
  EXPECT_THAT(world.names({.language = "SQL"}), IsEmpty());
  const auto page = world.definitions.list(world.scope, {.limit = 2});
  EXPECT_THAT(world.names({.after = page->next}), ElementsAre("folder/x"));
}

TEST(QueryDefinitions, AnUpdateReplacesEverything) {
  World world;
  QueryDefinition first = named("a");
  first.log_group_names = {"g"};
  QueryDefinition second = named("b");
  second.id = world.put(std::move(first));
  EXPECT_EQ(world.put(second), second.id);
  const auto page = world.definitions.list(world.scope, {});
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].name, "b");
  EXPECT_THAT(page->items[0].log_group_names, IsEmpty());
  second.id = "other";
  EXPECT_THAT(world.put(second), HasSubstr("ResourceNotFoundException"));
}

TEST(QueryDefinitions, ARepeatedRequestMakesOne) {
  World world;
  const std::string token(36, 't');
  EXPECT_EQ(world.put(named("a"), token), world.put(named("a"), token));
  EXPECT_THAT(world.names(), ElementsAre("a"));
}

TEST(QueryDefinitions, ThereAreAtMostAThousand) {
  World world;
  for (std::size_t i = 0; i < QueryDefinitions::kDefinitionsMax; ++i) {
    world.put(named("q" + std::to_string(i)));
  }
  EXPECT_EQ(world.put(named("more")), "LimitExceededException: Resource limit exceeded.");
}

TEST(QueryDefinitions, DeletedOnesAreGone) {
  World world;
  const std::string id = world.put(named("a"));
  EXPECT_TRUE(world.definitions.remove(world.scope, id));
  EXPECT_THAT(world.names(), IsEmpty());
  EXPECT_EQ(world.definitions.remove(world.scope, id).error().code, "ResourceNotFoundException");
}

TEST(QueryParameters, MustFitTheText) {
  World world;
  QueryDefinition definition = named("a", "filter action = '{{ action }}' | limit {{rows}}");
  definition.parameters =
      std::vector{QueryParameter{.name = "action", .default_value = "REJECT", .description = {}}};
  EXPECT_THAT(world.put(definition), HasSubstr("names the parameter 'rows'"));
  definition.parameters->push_back({.name = "rows", .default_value = {}, .description = {}});
  EXPECT_THAT(world.put(definition), ::testing::Not(HasSubstr("Exception")));
  definition.parameters->push_back({.name = "rows", .default_value = {}, .description = {}});
  EXPECT_THAT(world.put(definition), HasSubstr("is given twice"));
  definition.parameters =
      std::vector{QueryParameter{.name = "1x", .default_value = {}, .description = {}}};
  EXPECT_THAT(world.put(definition), HasSubstr("^[a-zA-Z_][a-zA-Z0-9_]*"));
}

TEST(QueryParameters, AreReplacedByValueOrDefault) {
  const std::vector<QueryParameter> parameters = {
      {.name = "action", .default_value = "REJECT", .description = {}},
      {.name = "rows", .default_value = {}, .description = {}}};
  constexpr std::string_view kText = "filter a = '{{action}}' | limit {{rows}} # {{ {x}}";
  EXPECT_EQ(*substitute(kText, parameters, {{"rows", "5"}}),
            "filter a = 'REJECT' | limit 5 # {{ {x}}");
  EXPECT_EQ(*substitute(kText, parameters, {{"rows", "5"}, {"action", "{{rows}}"}}),
            "filter a = '{{rows}}' | limit 5 # {{ {x}}");
  EXPECT_THAT(substitute(kText, parameters, {}).error().message, HasSubstr("'rows' has no value"));
}

}  // namespace
}  // namespace weir::insights
