// SPDX-License-Identifier: Apache-2.0
#include "logs/export_tasks.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/gzip.h"
#include "logs/logs_test_world.h"

namespace weir::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Pair;
using ::testing::SizeIs;

struct TestSink final : ExportSink {
  Result<bool> has_bucket(const Scope&, std::string_view bucket) override {
    return bucket == "bucket";
  }
  Result<void> put(const Scope&, std::string_view, std::string_view key,
                   std::string_view bytes) override {
    if (error) return *error;
    const bool is_packed = key.ends_with(".gz");
    objects[std::string(key)] =
        is_packed ? columnar::gunzip(bytes, 256u << 20).operator*() : std::string(bytes);
    return {};
  }
  std::map<std::string, std::string> objects;
  std::optional<Error> error;
};

struct ExportWorld : TestWorld {
  explicit ExportWorld(ExportTasks::Config wanted = {}) : export_config(wanted) {
    create_group();
    start_exports();
  }
  void start_exports() {
    exports = std::make_unique<ExportTasks>(runtime, *store, *logs, sink, export_config);
    WEIR_ASSERT(exports->load());
  }
  void restart_all() {
    runtime.quiesce();
    exports.reset();
    restart();
    start_exports();
  }
  ExportTask task() const {
    ExportTask made;
    made.log_group_name = "/vpc/flow";
    made.from_ms = 0;
    made.to_ms = now_ms() + 1000;
    made.destination = "bucket";
    return made;
  }
  /// The id, or `Code: message`.
  std::string create(ExportTask wanted) {
    const auto made = exports->create(scope, std::move(wanted));
    return made ? *made : made.error().code + ": " + made.error().message;
  }
  std::string status(const std::string& id) const {
    const auto page = exports->list(scope, {.task_id = id});
    return page && page->items.size() == 1 ? page->items[0].status : "absent";
  }
  std::string cancel(const std::string& id) {
    const auto done = exports->cancel(scope, id);
    return done ? "" : done.error().code + ": " + done.error().message;
  }

  TestSink sink;
  ExportTasks::Config export_config;
  std::unique_ptr<ExportTasks> exports;
};

// source: User Guide, "Export log data to Amazon S3".
TEST(ExportTasks, WriteAFileForEachStreamInOrderOfTime) {
  ExportWorld world;
  world.create_stream("b/1");
  world.create_stream("a");
  const std::int64_t now = world.now_ms();
  ASSERT_TRUE(world.put({{now, "second"}, {now + 2, "fourth"}}, "b/1"));
  ASSERT_TRUE(world.put({{now - 1, "first"}, {now + 1, "third"}}, "b/1"));
  ASSERT_TRUE(world.put({{now, "only"}}, "a"));
  const std::string id = world.create(world.task());
  EXPECT_EQ(world.status(id), "PENDING");
  world.runtime.run_ready();
  EXPECT_EQ(world.status(id), "COMPLETED");
  const std::string folder = "exportedlogs/" + id + "/";
  EXPECT_THAT(world.sink.objects,
              ElementsAre(Pair(folder + "a/000000.gz", "2026-01-01T00:00:00.000Z only\n"),
                          Pair(folder + "b-1/000000.gz",
                               "2025-12-31T23:59:59.999Z first\n2026-01-01T00:00:00.000Z second\n"
                               "2026-01-01T00:00:00.001Z third\n2026-01-01T00:00:00.002Z fourth\n"),
                          Pair("exportedlogs/aws-logs-write-test", "Permission Check Successful")));
}

TEST(ExportTasks, TakeOnlyTheStreamsAndTimesAskedFor) {
  ExportWorld world;
  world.create_stream("eni-1");
  world.create_stream("x");
  const std::int64_t now = world.now_ms();
  ASSERT_TRUE(world.put({{now, "a"}, {now + 1, "b"}, {now + 2, "c"}, {now + 3, "d"}}));
  ASSERT_TRUE(world.put({{now + 1, "x"}}, "x"));
  ExportTask task = world.task();
  task.log_stream_name_prefix = "eni";
  task.from_ms = now + 1;
  task.to_ms = now + 2;
  task.destination_prefix = "p/";
  const std::string id = world.create(task);
  world.runtime.run_ready();
  ASSERT_THAT(world.sink.objects, SizeIs(2));
  EXPECT_EQ(world.sink.objects["p/" + id + "/eni-1/000000.gz"],
            "2026-01-01T00:00:00.001Z b\n2026-01-01T00:00:00.002Z c\n");
}

TEST(ExportTasks, LargeStreamsBecomeSeveralFiles) {
  ExportWorld world;
  world.create_stream();
  const std::string message(1'000'000, 'x');
  for (int i = 0; i < 70; ++i) ASSERT_TRUE(world.put({{world.now_ms() + i, message}}));
  const std::string id = world.create(world.task());
  world.runtime.run_ready();
  EXPECT_EQ(world.status(id), "COMPLETED");
  ASSERT_THAT(world.sink.objects, SizeIs(3));
  std::size_t bytes = 0;
  for (const auto& [key, text] : world.sink.objects)
    bytes += key.ends_with(".gz") ? text.size() : 0;
  EXPECT_EQ(bytes, 70u * (1'000'000 + 26));
  EXPECT_THAT(world.sink.objects.begin()->first, EndsWith("/eni-1/000000.gz"));
}

// source: recorded answers of AWS; the text about times is our own.
TEST(ExportTasks, FailuresHaveTheTextsOfAws) {
  ExportWorld world;
  ExportTask task = world.task();
  task.destination = "other";
  task.log_group_name = "missing";
  EXPECT_EQ(world.create(task),
            "InvalidParameterException: The given bucket does not exist. Please make sure the "
            "bucket is valid.");
  task.destination = "bucket";
  EXPECT_EQ(world.create(task),
            "ResourceNotFoundException: The specified log group does not exist.");
  task = world.task();
  task.to_ms = -1;
  EXPECT_EQ(world.create(task),
            "InvalidParameterException: The time range is invalid: from is later than to.");
  EXPECT_EQ(world.cancel("x"),
            "ResourceNotFoundException: The specified export task does not exist.");
  EXPECT_EQ(world.status("x"), "absent");
  const std::string id = world.create(world.task());
  EXPECT_EQ(world.create(world.task()), "LimitExceededException: Resource limit exceeded.");
  world.runtime.run_ready();
  EXPECT_EQ(world.cancel(id),
            "InvalidOperationException: The specified export task has already finished");
}

TEST(ExportTasks, ACancelledTaskWritesNothingMore) {
  ExportWorld world;
  world.create_stream();
  ASSERT_TRUE(world.put({{world.now_ms(), "a"}}));
  const std::string id = world.create(world.task());
  EXPECT_EQ(world.cancel(id), "");
  EXPECT_EQ(world.status(id), "PENDING_CANCEL");
  world.runtime.run_ready();
  EXPECT_EQ(world.status(id), "CANCELLED");
  EXPECT_THAT(world.sink.objects, SizeIs(0));
}

TEST(ExportTasks, ATaskFailsWithItsSinkAndSaysWhy) {
  ExportWorld world;
  world.sink.error = Error{ErrorKind::unavailable, "InternalError", "disk full"};
  const std::string id = world.create(world.task());
  world.runtime.run_ready();
  const auto page = world.exports->list(world.scope, {.status = "FAILED"});
  ASSERT_TRUE(page);
  ASSERT_THAT(page->items, SizeIs(1));
  EXPECT_EQ(page->items[0].task_id, id);
  EXPECT_EQ(page->items[0].message, "disk full");
}

TEST(ExportTasks, AreDoneAgainAfterARestart) {
  ExportWorld world;
  world.create_stream();
  ASSERT_TRUE(world.put({{world.now_ms(), "a"}}));
  const std::string id = world.create(world.task());
  world.restart_all();  // before anything ran
  world.runtime.run_ready();
  EXPECT_EQ(world.status(id), "COMPLETED");
  EXPECT_THAT(world.sink.objects, SizeIs(2));
  world.sink.objects.clear();
  world.restart_all();
  world.runtime.run_ready();
  EXPECT_EQ(world.status(id), "COMPLETED");
  EXPECT_THAT(world.sink.objects, SizeIs(0));
}

TEST(ExportTasks, AreListedNewestFirstAndTheOldestAreForgotten) {
  ExportWorld world({.active_max = 3, .kept_max = 5});
  std::vector<std::string> ids;
  for (int i = 0; i < 7; ++i) {
    ids.push_back(world.create(world.task()));
    world.runtime.advance(Duration(10));
  }
  const auto first = world.exports->list(world.scope, {.limit = 2});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->items[0].task_id, ids[6]);
  EXPECT_EQ(first->items[1].task_id, ids[5]);
  const auto rest = world.exports->list(world.scope, {.after = first->next});
  ASSERT_TRUE(rest);
  EXPECT_THAT(rest->items, SizeIs(3));
  EXPECT_EQ(world.status(ids[0]), "absent");
  EXPECT_EQ(world.exports->list(world.scope, {.after = "x"}).error().message,
            "The specified nextToken is invalid.");
}

}  // namespace
}  // namespace weir::logs
