// SPDX-License-Identifier: Apache-2.0
#include "store/kv_store.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
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

}  // namespace
}  // namespace weir::store
