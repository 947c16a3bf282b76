// SPDX-License-Identifier: Apache-2.0
#include "dashboards/dashboards.h"

#include <gmock/gmock.h>

namespace weir::dashboards {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::string_view kBody = R"({ "widgets":[] })";

struct DashboardsWorld {
  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Dashboards dashboards{runtime, *store};
  Scope scope{"123456789012", "us-east-1"};

  void put(std::string_view name, std::string_view body = kBody) {
    const auto done = dashboards.put(scope, name, body);
    EXPECT_TRUE(done) << done.error().message;
  }
  std::vector<std::string> names(std::string_view prefix = "", std::string_view after = "") {
    std::vector<std::string> out;
    const auto page = dashboards.list(scope, prefix, after);
    EXPECT_TRUE(page);
    for (const Entry& entry : *page) out.push_back(entry.name);
    return out;
  }
};

TEST(Dashboards, GiveTheBodyBackToTheByteInEveryRegion) {
  DashboardsWorld world;
  const std::string body = "{\n \"widgets\" : [ ],\t\"start\":\"-PT6H\"}\n";
  world.put("d", body);
  world.runtime.advance(std::chrono::hours(1));
  EXPECT_EQ(*world.dashboards.body({"123456789012", "eu-central-1"}, "d"), body);
  EXPECT_FALSE(world.dashboards.body({"210987654321", "us-east-1"}, "d"));
  const auto page = world.dashboards.list(world.scope, "", "");
  ASSERT_THAT(*page, SizeIs(1));
  EXPECT_EQ(page->front().arn, "arn:aws:cloudwatch::123456789012:dashboard/d");
  EXPECT_EQ(page->front().size, static_cast<std::int64_t>(body.size()));
  EXPECT_EQ(page->front().last_modified, world.runtime.now() - std::chrono::hours(1));
}

TEST(Dashboards, AreListedInOrderByPrefixAndBehindAName) {
  DashboardsWorld world;
  for (const std::string_view name : {"web", "app-2", "app-1", "App", "app"}) world.put(name);
  EXPECT_THAT(world.names(), ElementsAre("App", "app", "app-1", "app-2", "web"));
  EXPECT_THAT(world.names("app"), ElementsAre("app", "app-1", "app-2"));
  EXPECT_THAT(world.names("app", "app-1"), ElementsAre("app-2"));
  EXPECT_THAT(world.names("none"), IsEmpty());
  EXPECT_FALSE(world.dashboards.list(world.scope, "a b", ""));
}

// Recorded from the service, with the line feed.
TEST(Dashboards, NamesHaveLettersDigitsDashAndUnderscore) {
  DashboardsWorld world;
  const auto done = world.dashboards.put(world.scope, "a b", kBody);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "InvalidParameterValue");
  EXPECT_EQ(done.error().message,
            "The value for field DashboardName contains invalid characters. It can only contain "
            "alphanumerics, dash (-) and underscore (_).\n");
  EXPECT_FALSE(world.dashboards.put(world.scope, "", kBody));
  EXPECT_FALSE(world.dashboards.put(world.scope, std::string(256, 'a'), kBody));
  EXPECT_TRUE(world.dashboards.put(world.scope, std::string(255, 'a'), kBody));
}

TEST(Dashboards, ABadBodyIsAnErrorThatListsWhatIsWrong) {
  DashboardsWorld world;
  const auto done = world.dashboards.put(
      world.scope, "d", R"({"widgets":[{"type":"text","width":25,"properties":{}}]})");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "InvalidParameterInput");
  EXPECT_THAT(done.error().message,
              StartsWith("The dashboard body is invalid, there are 2 validation errors:\n[\n"));
  EXPECT_THAT(done.error().message, HasSubstr(R"("dataPath": "/widgets/0/width")"));
  ASSERT_THAT(done.error().details, SizeIs(1));
  EXPECT_EQ(
      done.error().details[0].second,
      R"([{"DataPath":"/widgets/0/width","Message":"Should be <= 24"},)"
      R"({"DataPath":"/widgets/0/properties","Message":"Should have required property 'markdown'"}])");
  EXPECT_THAT(world.names(), IsEmpty());
  for (const std::string_view bad : {"", "{", "[]", "1", "null"}) {
    const auto other = world.dashboards.put(world.scope, "d", bad);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().message, "The field DashboardBody must be a valid JSON object");
  }
}

TEST(Dashboards, WarningsDoNotKeepADashboardFromBeingStored) {
  DashboardsWorld world;
  const auto done = world.dashboards.put(world.scope, "d", R"({"widgets":[],"color":"red"})");
  ASSERT_TRUE(done);
  EXPECT_THAT(*done, ElementsAre(Message{"/color", "Unknown property 'color' is ignored"}));
  EXPECT_THAT(world.names(), ElementsAre("d"));
}

// API reference, DeleteDashboards: what can be deleted is.
TEST(Dashboards, DeletingNamesThoseThatAreNotThere) {
  DashboardsWorld world;
  for (const std::string_view name : {"a", "b", "c"}) world.put(name);
  const std::vector<std::string> names = {"a", "x", "b"};
  const auto done = world.dashboards.remove(world.scope, names);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "ResourceNotFound");
  EXPECT_EQ(done.error().message, "Dashboard x does not exist");
  EXPECT_THAT(world.names(), ElementsAre("c"));
  EXPECT_FALSE(world.dashboards.remove(world.scope, std::vector<std::string>(101, "c")));
  EXPECT_FALSE(world.dashboards.remove(world.scope, std::vector<std::string>{"c", "bad name"}));
  EXPECT_FALSE(world.dashboards.remove(world.scope, {}));
  EXPECT_THAT(world.names(), ElementsAre("c"));
  EXPECT_TRUE(world.dashboards.remove(world.scope, std::vector<std::string>{"c"}));
  EXPECT_FALSE(world.dashboards.body(world.scope, "c"));
}

TEST(Dashboards, TagsComeAtCreationOrByTheirOwnOperations) {
  DashboardsWorld world;
  ASSERT_TRUE(world.dashboards.put(world.scope, "d", kBody, {{"team", "net"}}));
  ASSERT_TRUE(world.dashboards.put(world.scope, "d", kBody, {{"team", "other"}}));
  EXPECT_EQ(world.dashboards.tags(world.scope, "d")->at("team"), "net");
  ASSERT_TRUE(world.dashboards.tag(world.scope, "d", {{"a", "1"}, {"b", "2"}}));
  ASSERT_TRUE(world.dashboards.untag(world.scope, "d", std::vector<std::string>{"a", "none"}));
  EXPECT_THAT(*world.dashboards.tags(world.scope, "d"), SizeIs(2));
  std::map<std::string, std::string> many;
  for (int i = 0; i < 49; ++i) many["k" + std::to_string(i)];
  EXPECT_FALSE(world.dashboards.tag(world.scope, "d", many));
  EXPECT_EQ(world.dashboards.tags(world.scope, "none").error().code, "ResourceNotFoundException");
  EXPECT_EQ(*Dashboards::name_in(world.scope, Dashboards::arn(world.scope, "d")), "d");
  EXPECT_FALSE(Dashboards::name_in(world.scope, "arn:aws:cloudwatch::1:dashboard/d"));
}

}  // namespace
}  // namespace weir::dashboards
