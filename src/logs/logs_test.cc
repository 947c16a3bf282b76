// SPDX-License-Identifier: Apache-2.0
#include "logs/logs.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/logs_test_world.h"

namespace weir::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

LogGroup named(const std::string& name) {
  LogGroup group;
  group.name = name;
  return group;
}

std::vector<std::string> names(const Page<LogGroupStatus>& page) {
  std::vector<std::string> all;
  for (const auto& item : page.items) all.push_back(item.group.name);
  return all;
}

std::vector<std::string> names(const Result<Page<LogStream>>& page) {
  std::vector<std::string> all;
  for (const auto& item : page->items) all.push_back(item.name);
  return all;
}

TEST(LogGroups, CreatedGroupIsShownAndSurvivesARestart) {
  TestWorld world;
  LogGroup group = named("/vpc/flow");
  group.kms_key_id = "arn:aws:kms:us-east-1:000000000000:key/1";
  group.tags = {{"team", "net"}};
  ASSERT_TRUE(world.logs->create_log_group(world.scope, group));
  world.restart();
  const auto found = world.logs->log_group(world.scope, "/vpc/flow");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->group.creation_time_ms, world.now_ms());
  EXPECT_EQ(found->group.log_group_class, "STANDARD");
  EXPECT_EQ(found->group.kms_key_id, group.kms_key_id);
  EXPECT_EQ(found->group.tags, group.tags);
  EXPECT_EQ(found->group.retention_in_days, std::nullopt);
  EXPECT_EQ(found->stored_bytes, 0);
}

TEST(LogGroups, ScopesDoNotSeeEachOther) {
  TestWorld world;
  world.create_group();
  const Scope other{.account = "111111111111", .region = "eu-west-1"};
  EXPECT_FALSE(world.logs->log_group(other, "/vpc/flow"));
  EXPECT_TRUE(world.logs->create_log_group(other, named("/vpc/flow")));
  EXPECT_TRUE(world.logs->delete_log_group(other, "/vpc/flow"));
  EXPECT_TRUE(world.logs->log_group(world.scope, "/vpc/flow"));
}

TEST(LogGroups, BadNamesAreRefusedWithTheTextsOfAws) {
  TestWorld world;
  const auto message = [&](const std::string& name) {
    const auto result = world.logs->create_log_group(world.scope, named(name));
    return result ? "accepted" : result.error().code + ": " + result.error().message;
  };
  world.create_group();
  EXPECT_EQ(message("/vpc/flow"),
            "ResourceAlreadyExistsException: The specified log group already exists");
  EXPECT_EQ(message(std::string(513, 'a')),
            "InvalidParameterException: Invalid LogGroup or LogStream, both must have length less "
            "than or equal to 512.");
  EXPECT_EQ(message("aws/lambda"),
            "InvalidParameterException: Log groups starting with AWS/ are reserved for AWS.");
  EXPECT_EQ(message("a b"),
            "InvalidParameterException: 1 validation error detected: Value 'a b' at "
            "'logGroupName' failed to satisfy constraint: Member must satisfy regular expression "
            "pattern: [\\.\\-_/#A-Za-z0-9]+");
  EXPECT_THAT(message(""), HasSubstr("Member must have length greater than or equal to 1"));
  EXPECT_EQ(message("/aws/lambda"), "accepted");
}

TEST(LogGroups, NumberOfGroupsIsBounded) {
  TestWorld world;
  world.config.log_groups_max = 1;
  world.restart();
  world.create_group();
  const auto result = world.logs->create_log_group(world.scope, named("second"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "LimitExceededException");
  EXPECT_EQ(result.error().message, "Resource limit exceeded.");
}

TEST(LogGroups, ListsAreInOrderFilteredAndPaged) {
  TestWorld world;
  for (const char* name : {"b/2", "a/1", "b/1", "B/1", "b/3"}) world.create_group(name);
  Logs::GroupQuery query;
  EXPECT_THAT(names(world.logs->log_groups(world.scope, query)),
              ElementsAre("B/1", "a/1", "b/1", "b/2", "b/3"));
  query.prefix = "b/";
  query.limit = 2;
  auto page = world.logs->log_groups(world.scope, query);
  EXPECT_THAT(names(page), ElementsAre("b/1", "b/2"));
  query.after = page.next;
  page = world.logs->log_groups(world.scope, query);
  EXPECT_THAT(names(page), ElementsAre("b/3"));
  EXPECT_EQ(page.next, "");

  Logs::GroupQuery by_part;
  by_part.substrings = {"/1"};
  EXPECT_THAT(names(world.logs->log_groups(world.scope, by_part)),
              ElementsAre("B/1", "a/1", "b/1"));
  by_part.substrings = {"^a", "^B"};
  EXPECT_THAT(names(world.logs->log_groups(world.scope, by_part)), ElementsAre("B/1", "a/1"));
  by_part.substrings = {};
  by_part.names = {"b/3", "none"};
  EXPECT_THAT(names(world.logs->log_groups(world.scope, by_part)), ElementsAre("b/3"));
  by_part.names = {};
  by_part.log_group_class = "DELIVERY";
  EXPECT_THAT(names(world.logs->log_groups(world.scope, by_part)), IsEmpty());
}

TEST(LogGroups, DeletionTakesEverythingWithIt) {
  TestWorld world;
  world.create_group();
  world.create_stream();
  ASSERT_TRUE(world.put({{world.now_ms(), "x"}}));
  ASSERT_TRUE(world.logs->delete_log_group(world.scope, "/vpc/flow"));
  EXPECT_EQ(world.put({{world.now_ms(), "x"}}).error().message,
            "The specified log group does not exist.");
  EXPECT_EQ(world.logs->delete_log_group(world.scope, "/vpc/flow").error().code,
            "ResourceNotFoundException");
  int keys = 0;
  ASSERT_TRUE(world.store->scan("logs/", [&](auto, auto) { return ++keys > 0; }));
  EXPECT_EQ(keys, 0);
  world.create_group();
  world.create_stream();
  EXPECT_THAT(world.logs->get_events(world.scope, "/vpc/flow", "eni-1", {})->events, IsEmpty());
}

TEST(LogGroups, ProtectedGroupIsNotDeleted) {
  TestWorld world;
  world.create_group();
  ASSERT_TRUE(world.logs->set_deletion_protection(world.scope, "/vpc/flow", true));
  world.restart();
  const auto refused = world.logs->delete_log_group(world.scope, "/vpc/flow");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "ValidationException");
  EXPECT_EQ(refused.error().message,
            "Cannot delete log group with deletion protection enabled. Disable deletion "
            "protection first.");
  ASSERT_TRUE(world.logs->set_deletion_protection(world.scope, "/vpc/flow", false));
  EXPECT_TRUE(world.logs->delete_log_group(world.scope, "/vpc/flow"));
}

TEST(LogGroups, RetentionTakesTheValuesOfAwsOnly) {
  TestWorld world;
  world.create_group();
  EXPECT_TRUE(world.logs->set_retention(world.scope, "/vpc/flow", 3653));
  const auto refused = world.logs->set_retention(world.scope, "/vpc/flow", 2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "InvalidParameterException");
  EXPECT_THAT(refused.error().message, HasSubstr("enum value set: [1, 3, 5, 7, 14, 30"));
  world.restart();
  EXPECT_EQ(world.logs->log_group(world.scope, "/vpc/flow")->group.retention_in_days, 3653);
  EXPECT_TRUE(world.logs->set_retention(world.scope, "/vpc/flow", std::nullopt));
  EXPECT_EQ(world.logs->log_group(world.scope, "/vpc/flow")->group.retention_in_days, std::nullopt);
  EXPECT_EQ(world.logs->set_retention(world.scope, "none", 1).error().code,
            "ResourceNotFoundException");
}

TEST(LogGroups, TagsAreMergedRemovedAndBounded) {
  TestWorld world;
  world.create_group();
  ASSERT_TRUE(world.logs->tag(world.scope, "/vpc/flow", {{"a", "1"}, {"b", "2"}}));
  ASSERT_TRUE(world.logs->tag(world.scope, "/vpc/flow", {{"a", "3"}}));
  const std::vector<std::string> keys = {"b", "unknown"};
  ASSERT_TRUE(world.logs->untag(world.scope, "/vpc/flow", keys));
  std::map<std::string, std::string> many;
  for (int i = 0; i < 50; ++i) many["k" + std::to_string(i)] = "v";
  const auto refused = world.logs->tag(world.scope, "/vpc/flow", many);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "TooManyTagsException");
  world.restart();
  EXPECT_EQ(world.logs->log_group(world.scope, "/vpc/flow")->group.tags,
            (std::map<std::string, std::string>{{"a", "3"}}));
}

TEST(LogStreams, CreatedStreamIsShownAndSurvivesARestart) {
  TestWorld world;
  world.create_group();
  world.create_stream("eni-1");
  world.restart();
  const auto page = world.logs->log_streams(world.scope, "/vpc/flow", {});
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].creation_time_ms, world.now_ms());
  EXPECT_EQ(page->items[0].first_event_ms, std::nullopt);
}

TEST(LogStreams, FailuresHaveTheTextsOfAws) {
  TestWorld world;
  EXPECT_EQ(world.logs->create_log_stream(world.scope, "g", "s").error().message,
            "The specified log group does not exist.");
  world.create_group();
  world.create_stream();
  EXPECT_EQ(world.logs->create_log_stream(world.scope, "/vpc/flow", "eni-1").error().message,
            "The specified log stream already exists");
  EXPECT_THAT(world.logs->create_log_stream(world.scope, "/vpc/flow", "a:b").error().message,
              HasSubstr("Member must satisfy regular expression pattern: [^:*]*"));
  EXPECT_EQ(world.logs->delete_log_stream(world.scope, "/vpc/flow", "none").error().message,
            "The specified log stream does not exist.");
  EXPECT_EQ(world.logs->log_streams(world.scope, "none", {}).error().message,
            "The specified log group does not exist.");
}

TEST(LogStreams, ListsByNameAreFilteredPagedAndReversed) {
  TestWorld world;
  world.create_group();
  for (const char* name : {"b2", "a1", "b1", "b3"}) world.create_stream(name);
  Logs::StreamQuery query;
  query.prefix = "b";
  query.limit = 2;
  auto page = world.logs->log_streams(world.scope, "/vpc/flow", query);
  EXPECT_THAT(names(page), ElementsAre("b1", "b2"));
  query.after = page->next;
  EXPECT_THAT(names(world.logs->log_streams(world.scope, "/vpc/flow", query)), ElementsAre("b3"));
  query.after = "";
  query.descending = true;
  page = world.logs->log_streams(world.scope, "/vpc/flow", query);
  EXPECT_THAT(names(page), ElementsAre("b3", "b2"));
  query.after = page->next;
  EXPECT_THAT(names(world.logs->log_streams(world.scope, "/vpc/flow", query)), ElementsAre("b1"));
}

TEST(LogStreams, ListsByLastEventPutUnusedStreamsFirst) {
  TestWorld world;
  world.create_group();
  for (const char* name : {"a", "b", "c", "unused"}) world.create_stream(name);
  ASSERT_TRUE(world.put({{world.now_ms(), "x"}}, "b"));
  ASSERT_TRUE(world.put({{world.now_ms() - 5, "x"}}, "c"));
  ASSERT_TRUE(world.put({{world.now_ms() - 5, "x"}}, "a"));
  Logs::StreamQuery query;
  query.by_last_event = true;
  query.limit = 2;
  auto page = world.logs->log_streams(world.scope, "/vpc/flow", query);
  EXPECT_THAT(names(page), ElementsAre("unused", "a"));
  query.after = page->next;
  page = world.logs->log_streams(world.scope, "/vpc/flow", query);
  EXPECT_THAT(names(page), ElementsAre("c", "b"));
  EXPECT_EQ(page->next, "");
  query.after = "junk";
  EXPECT_EQ(world.logs->log_streams(world.scope, "/vpc/flow", query).error().message,
            "The specified nextToken is invalid.");
  query.after = "";
  query.descending = true;
  EXPECT_THAT(names(world.logs->log_streams(world.scope, "/vpc/flow", query)),
              ElementsAre("b", "c"));
}

TEST(LogStreams, DeletionTakesTheEventsAndTheirBytes) {
  TestWorld world;
  world.create_group();
  world.create_stream("a");
  world.create_stream("b");
  ASSERT_TRUE(world.put({{world.now_ms(), "xxxx"}}, "a"));
  ASSERT_TRUE(world.put({{world.now_ms(), "y"}}, "b"));
  EXPECT_EQ(world.logs->log_group(world.scope, "/vpc/flow")->stored_bytes, 4 + 26 + 1 + 26);
  ASSERT_TRUE(world.logs->delete_log_stream(world.scope, "/vpc/flow", "a"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(world.logs->log_group(world.scope, "/vpc/flow")->stored_bytes, 1 + 26);
    EXPECT_EQ(world.logs->filter_events(world.scope, "/vpc/flow", {})->events.size(), 1u);
    world.restart();
  }
}

TEST(LogStreams, EnsureMakesWhatIsMissingAndLeavesTheRest) {
  TestWorld world;
  ASSERT_TRUE(world.logs->ensure_stream(world.scope, "/vpc/flow", "eni-1"));
  ASSERT_TRUE(world.put({{world.now_ms(), "x"}}));
  ASSERT_TRUE(world.logs->ensure_stream(world.scope, "/vpc/flow", "eni-1"));
  ASSERT_TRUE(world.logs->ensure_group(world.scope, "/vpc/flow"));
  EXPECT_EQ(world.logs->filter_events(world.scope, "/vpc/flow", {})->events.size(), 1u);
  EXPECT_FALSE(world.logs->ensure_stream(world.scope, "bad name", "eni-1"));
}

}  // namespace
}  // namespace weir::logs
