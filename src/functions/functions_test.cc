// SPDX-License-Identifier: Apache-2.0
#include "functions/functions.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::functions {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Real processes on real time.
struct World {
  explicit World(std::vector<Function> entries) : functions(runtime, std::move(entries)) {}
  ~World() { runtime.quiesce(); }

  Result<Functions::Answer> call(std::string_view name, std::string payload = "{}") {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<Functions::Answer>> result;
    functions.invoke(name, std::move(payload), [&](Result<Functions::Answer> answer) {
      const std::lock_guard lock(mutex);
      result = std::move(answer);
      changed.notify_one();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return result.has_value(); });
    return *std::move(result);
  }
  /// What it wrote, or `Code: message`.
  std::string text(std::string_view name, std::string payload = "{}") {
    const auto answer = call(name, std::move(payload));
    return answer ? answer->output : answer.error().code + ": " + answer.error().message;
  }

  SystemRuntime runtime{2};
  Functions functions;
};

Function program(std::string name, std::vector<std::string> command) {
  Function function;
  function.name = std::move(name);
  function.command = std::move(command);
  return function;
}

Function shell(std::string name, std::string script) {
  return program(std::move(name), {"sh", "-c", std::move(script)});
}

/// Whether the process ends within ten seconds: a signal that was sent may not have arrived yet,
/// and whoever adopted the process may not have reaped it.
bool has_ended(pid_t pid) {
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (process < 0) return errno == ESRCH;
  pollfd ended{.fd = process, .events = POLLIN, .revents = 0};
  const int changes = ::poll(&ended, 1, 10'000);
  ::close(process);
  return changes == 1;
}

TEST(Functions, GiveTheEventOnStandardInputAndReturnWhatIsWritten) {
  World world(std::vector<Function>{program("echo", {"/bin/cat"})});
  EXPECT_TRUE(world.functions.knows("echo"));
  EXPECT_FALSE(world.functions.knows("other"));
  EXPECT_EQ(world.text("echo", R"({"a":"b"})"), R"({"a":"b"})");
  const std::string large(3'000'000, 'x');
  EXPECT_EQ(world.text("echo", large), large);
}

TEST(Functions, PassArgumentsAsTheyAre) {
  World world({program("words", {"printf", "%s|", "a b", "$HOME", "*"})});
  EXPECT_EQ(world.text("words"), "a b|$HOME|*|");
}

TEST(Functions, SeeNothingOfTheDaemon) {
  ::setenv("WEIR_SECRET_OF_TEST", "1", 1);
  Function function = shell("env", "env; pwd; ls -l /proc/self/fd | wc -l");
  function.environment = {{"COLOUR", "green"}};
  World world(std::vector<Function>{function});
  const std::string seen = world.text("env");
  EXPECT_THAT(seen, AllOf(HasSubstr("COLOUR=green\n"), HasSubstr("AWS_LAMBDA_FUNCTION_NAME=env\n"),
                          HasSubstr("PATH=/usr"), HasSubstr("\n/\n"),
                          Not(HasSubstr("WEIR_SECRET_OF_TEST")), Not(HasSubstr("HOME="))));
  EXPECT_THAT(seen, ::testing::EndsWith("\n5\n"));  // the total, three, and the folder itself
}

TEST(Functions, AProgramThatCannotBeRunIsNamed) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer runs vfork as fork, so the child cannot say what went wrong";
#endif
  World world(std::vector<Function>{program("absent", {"/nonexistent/program"})});
  const auto absent = world.call("absent");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(absent.error().message, "cannot run /nonexistent/program: No such file or directory");
}

TEST(Functions, AFailureSaysHowItEndedAndTheEndOfItsComplaint) {
  World world(std::vector<Function>{
      shell("fails", "echo something >&1; echo no such table >&2; exit 3"),
      shell("dies", "kill -9 $$"), program("unknown", {"no-such-program-anywhere"})});
  const auto failed = world.call("fails");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::internal);
  EXPECT_EQ(failed.error().message, "the command ended with status 3: no such table");
  EXPECT_EQ(world.text("dies"), "Runtime.ExitError: the command was ended by signal 9");
  EXPECT_EQ(world.text("unknown"),
            "Runtime.StartError: cannot find the program no-such-program-anywhere");
  const auto missing = world.call("missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
}

// Goal: the whole group goes when the time is over, also what the command left in the background.
TEST(Functions, AreKilledWithTheirChildrenWhenTheTimeIsOver) {
  Function function = shell("slow", "sleep 1000 & echo $! >&2; echo $! > \"$FILE\"; wait");
  const std::string file = ::testing::TempDir() + "/weir_function_pid";
  function.environment = {{"FILE", file}};
  function.timeout_s = 1;
  World world(std::vector<Function>{function});
  const auto slow = world.call("slow");
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(slow.error().message, "Task timed out after 1.00 seconds");
  pid_t child = 0;
  std::ifstream(file) >> child;
  ASSERT_GT(child, 0);
  EXPECT_TRUE(has_ended(child));
}

TEST(Functions, WhatRunsOnInTheBackgroundDoesNotDelayTheAnswer) {
  World world(std::vector<Function>{shell("daemon", "sleep 1000 & echo done")});
  EXPECT_EQ(world.text("daemon"), "done\n");
}

TEST(Functions, OutputAndPayloadAreBounded) {
  World world(
      {program("endless", {"head", "-c", "9000000", "/dev/zero"}), program("echo", {"cat"})});
  const auto much = world.call("endless");
  ASSERT_TRUE(much);
  EXPECT_EQ(much->output.size(), Functions::kOutputBytesMax);
  EXPECT_TRUE(much->is_cut);
  const auto large = world.call("echo", std::string(Functions::kPayloadBytesMax + 1, 'x'));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind, ErrorKind::too_large);
}

TEST(Functions, AddressSpaceIsLimited) {
  Function function = shell("limit", "ulimit -v; ulimit -c");
  function.memory_mib = 512;
  World world(std::vector<Function>{function});
  EXPECT_EQ(world.text("limit"), "524288\n0\n");
}

// Method: each run makes a folder, which fails while another run has it.
TEST(Functions, AtMostSoManyRunAtATimeAndMoreWait) {
  Function one = shell("one", "mkdir \"$FOLDER\" || exit 1; sleep 0.02; rmdir \"$FOLDER\"");
  one.concurrency = 1;
  std::string folder = ::testing::TempDir() + "/weir_function_XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  one.environment = {{"FOLDER", folder + "/alone"}};
  World world(std::vector<Function>{one});
  std::mutex mutex;
  std::condition_variable changed;
  int ended = 0;
  int failed = 0;
  for (int i = 0; i < 10; ++i) {
    world.functions.invoke("one", "{}", [&](const Result<Functions::Answer>& answer) {
      const std::lock_guard lock(mutex);
      ++ended;
      failed += answer ? 0 : 1;
      changed.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ended == 10; });
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(::rmdir(folder.c_str()), 0);
}

TEST(Functions, TooManyWaitingAreRefused) {
  Function slow = shell("slow", "sleep 1000");
  slow.concurrency = 1;
  World world(std::vector<Function>{slow});
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Error> refused;
  for (std::size_t i = 0; i < Functions::kWaitingMax + 2; ++i) {
    world.functions.invoke("slow", "{}", [&](const Result<Functions::Answer>& answer) {
      const std::lock_guard lock(mutex);
      if (!answer) refused = answer.error();
      changed.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return refused.has_value(); });
  EXPECT_EQ(refused->kind, ErrorKind::limit);
}

TEST(FunctionSettings, AreChecked) {
  const auto complaint = [](std::vector<Function> entries) {
    const auto checked = check(entries);
    return checked ? std::string() : checked.error().message;
  };
  const Function good = shell("f", "true");
  EXPECT_EQ(complaint({good}), "");
  EXPECT_THAT(complaint({good, good}), HasSubstr("'f' stands twice"));
  Function relative = good;
  relative.command = {"bin/f"};
  EXPECT_THAT(complaint({relative}), HasSubstr("absolute path"));
  Function odd = good;
  odd.environment = {{"A=B", "c"}};
  EXPECT_THAT(complaint({odd}), HasSubstr("no name of an environment variable"));
  EXPECT_FALSE(from_json_text<Function>(R"({"name":"a b","command":["x"]})"));
  EXPECT_FALSE(from_json_text<Function>(R"({"name":"a","command":[]})"));
  EXPECT_FALSE(from_json_text<Function>(R"({"name":"a","command":["x"],"timeout_s":0})"));
}

TEST(FunctionArn, HoldsTheNameWithOrWithoutVersion) {
  const Scope scope{.account = "123456789012", .region = "eu-west-1"};
  EXPECT_EQ(function_arn(scope, "f"), "arn:aws:lambda:eu-west-1:123456789012:function:f");
  for (const char* text : {"arn:aws:lambda:eu-west-1:123456789012:function:f",
                           "arn:aws:lambda:eu-west-1:123456789012:function:f:live"}) {
    const auto parsed = Arn::parse(text);
    ASSERT_TRUE(parsed);
    const auto name = function_name(*parsed);
    ASSERT_TRUE(name);
    EXPECT_EQ(*name, "f");
  }
  const auto topic = Arn::parse("arn:aws:sns:eu-west-1:123456789012:topic");
  ASSERT_TRUE(topic);
  EXPECT_FALSE(function_name(*topic));
}

}  // namespace
}  // namespace weir::functions
