// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "objects/digest.h"
#include "objects/objects.h"

namespace weir::objects {
namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 50;
constexpr int kKeys = 12;

/// Keys that share folders, clash with each other, and are long.
std::string key_of(int number) {
  static const char* const kForms[] = {"k", "k/a", "k/a/b", "deep/er/and/deeper/x"};
  return std::string(kForms[number % 4]) + (number % 4 == 3 ? std::to_string(number) : "");
}

/// Says which write it is; large enough that a kill falls into it.
std::string value_of(int write) {
  std::string text = std::to_string(write) + ':';
  text.resize(static_cast<std::size_t>(64 + (write * 7919) % 300'000),
              static_cast<char>('a' + write % 26));
  return text;
}

/// Writes until it is killed. Says on `acknowledged` which write it is about to make (negative) and
/// has made.
[[noreturn]] void write_for_ever(const fs::path& folder, int acknowledged, int first) {
  SystemRuntime runtime(1);
  Objects objects(runtime, {.folder = folder});
  const Scope scope;
  if (!objects.load() || !objects.create_bucket(scope, "bucket")) ::_exit(1);
  for (int write = first;; ++write) {
    const int before = -write;
    const std::string text = value_of(write);
    if (::write(acknowledged, &before, sizeof before) != sizeof before) ::_exit(2);
    PutOptions options;
    options.attributes.metadata = {{"write", std::to_string(write)}};
    if (!objects.put(scope, "bucket", key_of(write % kKeys), PutSource::bytes(text), options))
      ::_exit(3);
    if (::write(acknowledged, &write, sizeof write) != sizeof write) ::_exit(2);
  }
}

// Goal: every acknowledged object is there, whole, with its own metadata, and none is torn.
// Method: a child writes and reports; it is killed at a moment that differs each round; the store
// is then opened anew on what is there. The last write may be there or not, as it was not
// acknowledged.
TEST(ObjectsCrash, EveryAcknowledgedObjectSurvivesAKill) {
  std::string name = (fs::temp_directory_path() / "weir-crash-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const fs::path folder = name;
  std::map<std::string, int> expected;
  int last = 0;
  for (int round = 0; round < kRounds; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      write_for_ever(folder, ends[1], last + 1);
    }
    ::close(ends[1]);
    std::map<std::string, int> in_doubt;
    int report = 0;
    int reports = 0;
    const int kill_after = 3 + (round * 5) % 17;
    while (::read(ends[0], &report, sizeof report) == sizeof report) {
      last = std::abs(report);
      if (report < 0) in_doubt = {{key_of(last % kKeys), last}};
      if (report > 0) expected[key_of(last % kKeys)] = last;
      if (report > 0) in_doubt.clear();
      if (++reports == kill_after) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed with " << WEXITSTATUS(status);

    SystemRuntime runtime(1);
    Objects objects(runtime, {.folder = folder});
    ASSERT_TRUE(objects.load());
    const Scope scope;
    EXPECT_TRUE(fs::is_empty(objects.spool_folder()));
    const auto listing = objects.list(scope, "bucket", {});
    ASSERT_TRUE(listing);
    for (const auto& object : listing->objects) {
      const auto text = objects.get(scope, "bucket", object.key, 1u << 20);
      ASSERT_TRUE(text);
      const int write = std::atoi(text->c_str());
      ASSERT_EQ(*text, value_of(write)) << "torn: " << object.key;
      ASSERT_EQ(object.etag, to_hex(md5_bytes(*text))) << object.key;
      ASSERT_EQ(object.attributes.metadata.at("write"), std::to_string(write)) << object.key;
      if (in_doubt.contains(object.key) && in_doubt[object.key] == write)
        expected[object.key] = write;
      ASSERT_EQ(expected.at(object.key), write) << object.key;
    }
    ASSERT_EQ(listing->objects.size(), expected.size());
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace weir::objects
