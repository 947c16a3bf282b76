// SPDX-License-Identifier: Apache-2.0
#include "store/kv_store.h"

#include <gmock/gmock.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

namespace weir::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    char name[] = "/tmp/weir-store-XXXXXX";
    WEIR_ASSERT(::mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// Both engines must behave alike.
class KvStoreTest : public ::testing::TestWithParam<bool> {
 protected:
  KvStoreTest() {
    if (GetParam()) {
      auto opened = open_rocksdb_store(folder_.path());
      WEIR_ASSERT(static_cast<bool>(opened));
      store_ = *std::move(opened);
    } else {
      store_ = make_memory_store();
    }
  }
  std::vector<std::string> keys(std::string_view prefix) const {
    std::vector<std::string> found;
    EXPECT_TRUE(store_->scan(prefix, [&](std::string_view key, std::string_view) {
      found.emplace_back(key);
      return true;
    }));
    return found;
  }
  TemporaryFolder folder_;
  std::unique_ptr<KvStore> store_;
};
INSTANTIATE_TEST_SUITE_P(Engines, KvStoreTest, ::testing::Bool(),
                         [](const auto& engine) { return engine.param ? "rocksdb" : "memory"; });

TEST_P(KvStoreTest, AMissingKeyIsNoError) {
  const auto value = store_->get("none");
  ASSERT_TRUE(value);
  EXPECT_FALSE(value->has_value());
}

TEST_P(KvStoreTest, ABatchIsVisibleTogetherAndInOrder) {
  ASSERT_TRUE(store_->put("a/1", "old"));
  WriteBatch batch;
  batch.erase("a/1");
  batch.put("a/2", "x");
  batch.put("a/3", "y");
  batch.erase_range("a/3", "a/4");
  batch.put("a/4", "z");
  ASSERT_TRUE(store_->write(batch));
  EXPECT_THAT(keys("a/"), ElementsAre("a/2", "a/4"));
}

TEST_P(KvStoreTest, ErasePrefixSparesTheNeighbours) {
  for (const char* key : {"a", "b/", "b/1", "b/2", "b0", "c"}) ASSERT_TRUE(store_->put(key, "v"));
  WriteBatch batch;
  batch.erase_prefix("b/");
  ASSERT_TRUE(store_->write(batch));
  EXPECT_THAT(keys(""), ElementsAre("a", "b0", "c"));
}

TEST_P(KvStoreTest, CursorsWalkBothWays) {
  for (const char* key : {"a", "c", "e"}) ASSERT_TRUE(store_->put(key, key));
  const auto cursor = store_->cursor();
  cursor->seek("b");
  ASSERT_TRUE(cursor->valid());
  EXPECT_EQ(cursor->key(), "c");
  cursor->previous();
  EXPECT_EQ(cursor->key(), "a");
  cursor->previous();
  EXPECT_FALSE(cursor->valid());
  cursor->seek_back("d");
  EXPECT_EQ(cursor->key(), "c");
  cursor->next();
  EXPECT_EQ(cursor->value(), "e");
  cursor->next();
  EXPECT_FALSE(cursor->valid());
  EXPECT_TRUE(cursor->status());
}

TEST_P(KvStoreTest, ConcurrentWritersLoseNothing) {
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([this, writer] {
      for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(store_->put("w/" + std::to_string(writer) + "/" + std::to_string(i), "v"));
      }
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(keys("w/").size(), 200u);
}

TEST(RocksStore, AnotherProcessIsToldThatTheFolderIsInUse) {
  const TemporaryFolder folder;
  const auto first = open_rocksdb_store(folder.path());
  ASSERT_TRUE(first);
  const auto second = open_rocksdb_store(folder.path());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("is another daemon using it?"));
}

TEST(RocksStore, AFolderThatCannotBeMadeIsNamed) {
  const auto store = open_rocksdb_store("/proc/weir");
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message, HasSubstr("/proc/weir"));
}

TEST(Keys, NumbersSortAsBytes) {
  std::string small;
  std::string large;
  append_u64(small, 255);
  append_u64(large, 256);
  EXPECT_LT(small, large);
  EXPECT_EQ(read_u64(large), 256u);
  EXPECT_EQ(prefix_end("a\xff"), "b");
  EXPECT_EQ(prefix_end("\xff"), "");
}

std::uint64_t folder_bytes(const std::string& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

std::string random_bytes(std::size_t size, std::mt19937_64& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST(RocksStore, ReclaimGivesTheSpaceOfWhatWasErasedBack) {
  const TemporaryFolder temporary;
  const std::string folder = temporary.path();
  {
    auto opened = open_rocksdb_store(folder);
    ASSERT_TRUE(opened);
    const auto store = *std::move(opened);
    std::mt19937_64 random(3);
    for (int i = 0; i < 400; ++i) {
      ASSERT_TRUE(store->put("gone/" + std::to_string(i), random_bytes(100'000, random)));
    }
    ASSERT_TRUE(store->put("kept/1", "still here"));
    const std::uint64_t before = folder_bytes(folder);
    EXPECT_GT(before, 38'000'000U);
    WriteBatch batch;
    batch.erase_prefix("gone/");
    ASSERT_TRUE(store->write(batch));
    ASSERT_TRUE(store->reclaim("gone/", prefix_end("gone/")));
    EXPECT_LT(folder_bytes(folder), before / 5);
    EXPECT_EQ(*store->get("kept/1"), "still here");
  }
}

// A cursor sees the store as it was when it was made.
TEST_P(KvStoreTest, CursorsDoNotSeeLaterWrites) {
  ASSERT_TRUE(store_->put("a", "1"));
  ASSERT_TRUE(store_->put("b", "1"));
  ASSERT_TRUE(store_->put("d", "1"));
  const auto before = store_->cursor();
  ASSERT_TRUE(store_->put("a", "2"));
  const auto between = store_->cursor();
  WriteBatch batch;
  batch.put("c", "2");
  batch.erase("b");
  batch.erase_range("d", "e");
  ASSERT_TRUE(store_->write(batch));
  const auto walk = [](Cursor& cursor) {
    std::string seen;
    for (cursor.seek(""); cursor.valid(); cursor.next()) {
      seen += std::string(cursor.key()) + std::string(cursor.value());
    }
    std::string back;
    for (cursor.seek_back("z"); cursor.valid(); cursor.previous()) {
      back = std::string(cursor.key()) + std::string(cursor.value()) + back;
    }
    EXPECT_EQ(seen, back);
    return seen;
  };
  EXPECT_EQ(walk(*before), "a1b1d1");
  EXPECT_EQ(walk(*between), "a2b1d1");
  EXPECT_EQ(walk(*store_->cursor()), "a2c2");
  ASSERT_TRUE(store_->put("b", "3"));
  EXPECT_EQ(walk(*before), "a1b1d1");
  EXPECT_EQ(walk(*store_->cursor()), "a2b3c2");
}

constexpr const char* kFullDiskVariable = "WEIR_TEST_FULL_DISK";

/// Runs in a process of its own whose folder is a disk of 512 MiB.
TEST(FullDisk, DISABLED_Scenario) {
  const char* const folder = std::getenv(kFullDiskVariable);
  ASSERT_NE(folder, nullptr);
  auto opened = open_rocksdb_store(std::string(folder) + "/store");
  ASSERT_TRUE(opened);
  const auto store = *std::move(opened);
  std::mt19937_64 random(5);
  int written = 0;
  Result<void> put;
  for (; written < 10000 && put; ++written) {
    put = store->put("k/" + std::to_string(written), random_bytes(100'000, random));
  }
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, "ServiceUnavailableException");
  EXPECT_EQ(put.error().kind, ErrorKind::unavailable);
  --written;
  EXPECT_EQ(*store->get("k/" + std::to_string(written)), std::nullopt);
  for (int i = 0; i < written; ++i) EXPECT_TRUE(*store->get("k/" + std::to_string(i))) << i;

  // Something else fills the disk to the last byte, so that writing fails inside RocksDB as well.
  const std::string ballast = std::string(folder) + "/ballast";
  {
    std::ofstream file(ballast);
    const std::string bytes(1 << 20, 'x');
    while (file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush()) continue;
  }
  EXPECT_FALSE(store->put("k/x", "x"));
  EXPECT_FALSE(store->erase("k/0"));
  EXPECT_TRUE(*store->get("k/0"));

  std::filesystem::remove(ballast);
  WriteBatch batch;  // erasing is possible although there is not enough space for puts
  batch.erase_prefix("k/");
  ASSERT_TRUE(store->write(batch));
  ASSERT_TRUE(store->reclaim("k/", prefix_end("k/")));
  const auto again = store->put("k/again", random_bytes(100'000, random));
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_TRUE(*store->get("k/again"));
}

// Goal: a full disk refuses writes with a retriable error, keeps what is there readable, and goes
// on without a restart. Method: this program again, in a mount namespace in which the folder is a
// small disk.
TEST(FullDisk, RefusesWritesStaysReadableAndRecovers) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a disk needs root";
  const TemporaryFolder temporary;
  const std::string folder = temporary.path();
  ASSERT_EQ(::setenv(kFullDiskVariable, folder.c_str(), 1), 0);
  constexpr int kCannotMount = 77;
  const ::pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", folder.c_str(), "tmpfs", 0, "size=512m") != 0) {
      ::_exit(kCannotMount);
    }
    ::execl("/proc/self/exe", "weir_store_tests", "--gtest_filter=FullDisk.DISABLED_Scenario",
            "--gtest_also_run_disabled_tests", nullptr);
    ::_exit(kCannotMount);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ::unsetenv(kFullDiskVariable);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCannotMount) {
    GTEST_SKIP() << "no mount namespace to be had";
  }
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace weir::store
