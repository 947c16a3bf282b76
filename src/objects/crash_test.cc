// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
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

/// What the writer of versions reports: before (`id` empty) and after each write.
struct VersionReport {
  int write = 0;
  char id[33] = {};
};
constexpr int kVersionKeys = 4;

bool is_delete(int write) { return write % 5 == 4; }
bool is_removal(int write) { return write % 7 == 6; }

/// Puts, deletes and removals of current versions, until it is killed.
[[noreturn]] void write_versions_for_ever(const fs::path& folder, int reports, int first) {
  SystemRuntime runtime(1);
  Objects objects(runtime, {.folder = folder});
  const Scope scope;
  if (!objects.load() || !objects.create_bucket(scope, "versions", true)) ::_exit(1);
  for (int write = first;; ++write) {
    const VersionReport before{write, {}};
    if (::write(reports, &before, sizeof before) != sizeof before) ::_exit(2);
    const std::string key = key_of(write % kVersionKeys);
    VersionReport after{write, {}};
    RemoveOptions options;
    std::string id;
    if (is_removal(write)) {
      const auto present = objects.head(scope, "versions", key);
      if (present) options.version_id = present->version_id;
      id = present ? present->version_id : "";
      if (present && !objects.remove(scope, "versions", key, options)) ::_exit(3);
    } else if (is_delete(write)) {
      const auto removed = objects.remove(scope, "versions", key, options);
      if (!removed) ::_exit(3);
      id = removed->version_id;
    } else {
      const auto put = objects.put(scope, "versions", key, PutSource::bytes(value_of(write)), {});
      if (!put) ::_exit(3);
      id = put->version_id;
    }
    if (id.empty()) id = "-";
    std::copy(id.begin(), id.end(), after.id);
    if (::write(reports, &after, sizeof after) != sizeof after) ::_exit(2);
  }
}

// Goal: every acknowledged version and delete marker is there once, whole, and those that were
// removed are gone; the newest is the current one.
// Method: as above. A write in doubt may have added a version, or removed the one it was to remove.
TEST(ObjectsCrash, EveryAcknowledgedVersionSurvivesAKillOnce) {
  std::string name = (fs::temp_directory_path() / "weir-crash-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const fs::path folder = name;
  std::map<std::string, int> expected;  // by id, the write
  int last = 0;
  for (int round = 0; round < kRounds; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      write_versions_for_ever(folder, ends[1], last + 1);
    }
    ::close(ends[1]);
    VersionReport report;
    int in_doubt = 0;
    int reports = 0;
    const int kill_after = 3 + (round * 5) % 17;
    while (::read(ends[0], &report, sizeof report) == sizeof report) {
      last = report.write;
      const std::string id = report.id;
      in_doubt = id.empty() ? last : 0;
      if (!id.empty() && is_removal(last)) expected.erase(id);
      if (!id.empty() && id != "-" && !is_removal(last)) expected[id] = last;
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
    std::map<std::string, int> found;
    VersionQuery query;
    for (;;) {
      const auto listing = objects.versions(scope, "versions", query);
      ASSERT_TRUE(listing);
      for (const auto& version : listing->versions) {
        ASSERT_TRUE(found.emplace(version.version_id, 0).second) << "twice: " << version.key;
        const auto head = objects.head(scope, "versions", version.key);
        ASSERT_EQ(version.is_latest && !version.is_delete_marker,
                  head && head->version_id == version.version_id);
        if (version.is_delete_marker) continue;
        const auto opened = objects.open(scope, "versions", version.key, version.version_id);
        ASSERT_TRUE(opened);
        const std::string text = *(*opened)->read(0, version.size);
        ASSERT_EQ(text, value_of(std::atoi(text.c_str()))) << "torn: " << version.key;
        ASSERT_EQ(version.etag, to_hex(md5_bytes(text)));
      }
      if (!listing->is_truncated) break;
      query.key_marker = listing->next_key;
      query.version_id_marker = listing->next_version_id;
    }
    for (const auto& [id, write] : expected) {
      const bool may_be_removed =
          in_doubt != 0 && is_removal(in_doubt) && write % kVersionKeys == in_doubt % kVersionKeys;
      ASSERT_TRUE(found.contains(id) || may_be_removed) << "lost: write " << write;
    }
    std::size_t unknown = 0;
    for (const auto& [id, ignored] : found) unknown += !expected.contains(id);
    ASSERT_LE(unknown, in_doubt != 0 && !is_removal(in_doubt) ? 1u : 0u) << "doubled or come back";
    // From now on what is there counts.
    std::map<std::string, int> next;
    for (const auto& [id, ignored] : found) {
      next[id] = expected.contains(id) ? expected[id] : in_doubt;
    }
    expected = std::move(next);
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace weir::objects
