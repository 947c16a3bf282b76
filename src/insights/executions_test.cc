// SPDX-License-Identifier: Apache-2.0
#include "insights/executions.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::insights {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Virtual time: a query runs when the test lets it.
struct World {
  World() { start(); }

  void start() {
    logs = std::make_unique<logs::Logs>(
        runtime, *store,
        [](const Scope&, std::string_view, std::span<const logs::MetricValue>) -> Result<void> {
          return {};
        },
        logs::Logs::Config{});
    WEIR_ASSERT(logs->load());
    config.first_wait = Duration(0);
    executions =
        std::make_unique<Executions>(runtime, *store, *logs, Executions::Context{}, config);
    WEIR_ASSERT(executions->load());
  }
  /// As after a crash: what was posted is lost.
  void kill() {
    runtime.quiesce();
    executions.reset();
    logs.reset();
    start();
  }
  void put(int count, const std::string& group = "g") {
    logs::LogGroup made;
    made.name = group;
    WEIR_ASSERT(logs->create_log_group(scope, made));
    WEIR_ASSERT(logs->create_log_stream(scope, group, "s"));
    std::vector<logs::InputLogEvent> events;
    for (int i = 0; i < count; ++i) {
      events.push_back({runtime.now().ms, "message " + std::to_string(i)});
    }
    WEIR_ASSERT(logs->put_log_events(scope, group, "s", events));
  }
  Result<std::string> start_query(const std::string& text = "fields @message",
                                  std::vector<std::string> groups = {"g"}) {
    WEIR_TRY(Query query, compile(text));
    return executions->start(scope, {.query = std::move(query),
                                     .text = text,
                                     .log_groups = std::move(groups),
                                     .from = runtime.now() - hours(1),
                                     .to = runtime.now(),
                                     .user_identity = "me"});
  }
  std::string started(const std::string& text = "fields @message") {
    const auto id = start_query(text);
    WEIR_ASSERT(static_cast<bool>(id));
    return *id;
  }
  std::string status(const std::string& id) {
    const auto found = executions->execution(scope, id);
    return found ? found->status : found.error().code;
  }

  SimulatedRuntime runtime{5};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope{.account = "123456789012", .region = "eu-west-1"};
  Executions::Config config;
  std::unique_ptr<logs::Logs> logs;
  std::unique_ptr<Executions> executions;
};

TEST(Executions, AQueryRunsAndItsResultStays) {
  World world;
  world.put(3);
  const std::string id = world.started();
  EXPECT_EQ(world.status(id), "Running");
  world.runtime.run_ready();
  EXPECT_EQ(world.status(id), "Complete");
  const auto page = world.executions->results(world.scope, id, 0, 10'000);
  ASSERT_TRUE(page);
  EXPECT_THAT(page->rows, SizeIs(3));
  EXPECT_EQ(page->execution.records_scanned, 3);
  EXPECT_EQ(page->execution.row_count, 3);
  EXPECT_FALSE(page->next);
}

TEST(Executions, ResultsComeInPagesOfAnySize) {
  World world;
  world.put(25);
  const std::string id = world.started("fields @message | limit 25");
  world.runtime.run_ready();
  std::vector<std::string> messages;
  std::optional<std::size_t> first = 0;
  while (first) {
    const auto page = world.executions->results(world.scope, id, *first, 10);
    ASSERT_TRUE(page);
    for (const Row& row : page->rows) messages.push_back(row.front().value);
    first = page->next;
  }
  EXPECT_THAT(messages, SizeIs(25));
  EXPECT_THAT(std::set<std::string>(messages.begin(), messages.end()), SizeIs(25));
  EXPECT_THAT(world.executions->results(world.scope, id, 1000, 10)->rows, IsEmpty());
}

TEST(Executions, ResultsSurviveARestart) {
  World world;
  world.put(3);
  const std::string id = world.started();
  world.runtime.run_ready();
  const auto before = world.executions->results(world.scope, id, 0, 10);
  world.kill();
  const auto after = world.executions->results(world.scope, id, 0, 10);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->rows, after->rows);
  EXPECT_EQ(after->execution.status, "Complete");
  EXPECT_EQ(after->execution.user_identity, "me");
}

TEST(Executions, WhatRanWhenTheProcessEndedHasFailed) {
  World world;
  world.put(3);
  const std::string id = world.started();
  world.kill();
  world.runtime.run_ready();
  const auto page = world.executions->results(world.scope, id, 0, 10);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->execution.status, "Failed");
  EXPECT_EQ(page->execution.reason, "the daemon ended while the query ran");
  EXPECT_THAT(page->rows, IsEmpty());
}

TEST(Executions, MoreThanMayRunWaitAsScheduled) {
  World world;
  world.put(3);
  world.config.running_max = 1;
  world.kill();
  const std::string first = world.started();
  const std::string second = world.started();
  EXPECT_EQ(world.status(first), "Running");
  EXPECT_EQ(world.status(second), "Scheduled");
  world.runtime.run_ready();
  EXPECT_EQ(world.status(first), "Complete");
  EXPECT_EQ(world.status(second), "Complete");
}

// source: CloudWatch Logs API reference; the text was recorded on AWS with its former quota of 10
TEST(Executions, TheConcurrencyLimitHasTheTextOfAws) {
  World world;
  world.put(1);
  world.config.queries_max = 2;
  world.kill();
  world.started();
  world.started();
  const auto third = world.start_query();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, "LimitExceededException");
  EXPECT_EQ(third.error().message, "Account maximum query concurrency limit of [2] reached.");
  world.runtime.run_ready();
  EXPECT_TRUE(world.start_query());
}

TEST(Executions, StopEndsWhatRunsAndWhatWaits) {
  World world;
  world.put(3);
  world.config.running_max = 1;
  world.kill();
  const std::string running = world.started();
  const std::string waiting = world.started();
  EXPECT_TRUE(world.executions->stop(world.scope, waiting));
  EXPECT_EQ(world.status(waiting), "Cancelled");
  EXPECT_TRUE(world.executions->stop(world.scope, running));
  world.runtime.run_ready();
  EXPECT_EQ(world.status(running), "Cancelled");
  const auto again = world.executions->stop(world.scope, running);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "InvalidParameterException");
  EXPECT_THAT(again.error().message, HasSubstr("with status Cancelled"));
  world.started();
  world.runtime.run_ready();
  EXPECT_THAT(world.executions->list(world.scope, {.status = "Complete"})->items, SizeIs(1));
}

TEST(Executions, AnotherScopeSeesNothing) {
  World world;
  world.put(1);
  const std::string id = world.started();
  world.runtime.run_ready();
  const Scope other{.account = "210987654321", .region = "eu-west-1"};
  EXPECT_EQ(world.executions->results(other, id, 0, 10).error().code, "ResourceNotFoundException");
  EXPECT_EQ(world.executions->stop(other, id).error().code, "ResourceNotFoundException");
  EXPECT_THAT(world.executions->list(other, {})->items, IsEmpty());
}

TEST(Executions, TheListBeginsWithTheNewest) {
  World world;
  world.put(1);
  world.put(1, "h");
  const std::string first = world.started();
  world.runtime.advance(minutes(1));
  const std::string second = *world.start_query("fields @message", {"g", "h"});
  world.runtime.advance(minutes(1));
  const std::string third = *world.start_query("fields @message", {"h"});
  const auto ids = [&](const Executions::ListQuery& query) {
    std::vector<std::string> found;
    const auto page = world.executions->list(world.scope, query);
    for (const Execution& execution : page->items) found.push_back(execution.id);
    return found;
  };
  EXPECT_THAT(ids({}), ElementsAre(third, second, first));
  EXPECT_THAT(ids({.log_group = "g"}), ElementsAre(second, first));
  EXPECT_THAT(ids({.status = "Running"}), ElementsAre(third));
  const auto page = world.executions->list(world.scope, {.limit = 2});
  EXPECT_THAT(ids({.after = page->next}), ElementsAre(first));
}

TEST(Executions, AreForgottenAfterSevenDays) {
  World world;
  world.put(3);
  const std::string id = world.started();
  world.runtime.run_ready();
  world.runtime.advance(hours(24 * 7 - 1));
  EXPECT_EQ(world.status(id), "Complete");
  world.runtime.advance(hours(2));
  EXPECT_EQ(world.status(id), "ResourceNotFoundException");
  EXPECT_THAT(world.executions->list(world.scope, {})->items, IsEmpty());
  std::size_t left = 0;
  ASSERT_TRUE(world.store->scan("insights", [&](std::string_view, std::string_view) {
    ++left;
    return true;
  }));
  EXPECT_EQ(left, 0u);
}

TEST(Executions, TheOldestGoWhenThereAreTooMany) {
  World world;
  world.put(3);
  world.config.executions_max = 2;
  world.kill();
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(world.started());
    world.runtime.advance(minutes(1));
  }
  EXPECT_EQ(world.status(ids[0]), "ResourceNotFoundException");
  EXPECT_EQ(world.status(ids[1]), "Complete");
  EXPECT_EQ(world.status(ids[2]), "Complete");
}

TEST(Executions, TheKmsKeyOfResultsIsThatOfTheirStart) {
  World world;
  world.put(1);
  ASSERT_TRUE(world.executions->set_encryption_key(world.scope, "arn:aws:kms:x"));
  const std::string with = world.started();
  ASSERT_TRUE(world.executions->set_encryption_key(world.scope, ""));
  const std::string without = world.started();
  EXPECT_EQ(world.executions->execution(world.scope, with)->encryption_key, "arn:aws:kms:x");
  EXPECT_EQ(world.executions->execution(world.scope, without)->encryption_key, "");
}

TEST(StoredRows, ReadBackAsTheyWere) {
  const std::vector<Row> rows = {{{"a", "1"}, {"@ptr", std::string(3, '\0')}}, {}, {{"b", ""}}};
  const auto read = unpack_rows(pack_rows(rows));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, rows);
  EXPECT_FALSE(unpack_rows(pack_rows(rows).substr(0, 5)));
  EXPECT_FALSE(unpack_rows(pack_rows(rows) + "x"));
}

}  // namespace
}  // namespace weir::insights
