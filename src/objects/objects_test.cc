// SPDX-License-Identifier: Apache-2.0
#include "objects/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "base/base64.h"
#include "objects/digest.h"

namespace weir::objects {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A folder of its own for each test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "weir-objects-XXXXXX").string();
    WEIR_ASSERT(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

class ObjectsTest : public ::testing::Test {
 protected:
  ObjectsTest() {
    EXPECT_TRUE(objects_.load());
    EXPECT_TRUE(objects_.create_bucket(scope_, "bucket"));
  }

  Result<ObjectInfo> put(std::string_view key, std::string_view text, PutOptions options = {}) {
    return objects_.put(scope_, "bucket", key, PutSource::bytes(text), std::move(options));
  }
  std::string get(std::string_view key) const {
    auto text = objects_.get(scope_, "bucket", key, 1u << 30);
    return text ? *text : "error " + text.error().code;
  }
  std::vector<std::string> keys(ListQuery query = {}) const {
    std::vector<std::string> all;
    auto listing = objects_.list(scope_, "bucket", std::move(query));
    EXPECT_TRUE(listing);
    for (const auto& object : listing->objects) all.push_back(object.key);
    return all;
  }
  /// Everything that is in the folder, relative to it.
  std::vector<std::string> files() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) all.push_back(fs::relative(entry.path(), folder_.path()));
    }
    return all;
  }
  fs::path write_file(const fs::path& path, std::string_view text) const {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  TemporaryFolder folder_;
  SimulatedRuntime runtime_{1};
  Scope scope_;
  Objects objects_{runtime_, {.folder = folder_.path(), .is_durable = false}};
};

TEST_F(ObjectsTest, AnObjectIsAPlainFileAndComesBack) {
  PutOptions options;
  options.attributes.content_type = "text/plain";
  options.attributes.metadata = {{"owner", "me"}};
  const auto put_info = put("logs/a.log", "hello", options);
  ASSERT_TRUE(put_info);
  EXPECT_EQ(put_info->etag, "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(put_info->last_modified, runtime_.now());

  const auto info = objects_.head(scope_, "bucket", "logs/a.log");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->size, 5u);
  EXPECT_EQ(info->etag, put_info->etag);
  EXPECT_EQ(info->attributes, options.attributes);
  EXPECT_EQ(info->last_modified, runtime_.now());
  EXPECT_EQ(get("logs/a.log"), "hello");
  const auto path = objects_.local_path("bucket", "logs/a.log");
  ASSERT_TRUE(path);
  EXPECT_EQ(*path, folder_.path() / "bucket/logs/a.log");
}

TEST_F(ObjectsTest, ANewStoreOnTheSameFolderKnowsEverything) {
  PutOptions options;
  options.attributes.content_type = "text/x";
  ASSERT_TRUE(put("a", "1", options));
  Objects again(runtime_, {.folder = folder_.path(), .is_durable = true});
  ASSERT_TRUE(again.load());
  const auto info = again.head(scope_, "bucket", "a");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->attributes.content_type, "text/x");
  ASSERT_TRUE(again.put(scope_, "bucket", "b/c/d", PutSource::bytes("durable")));
  EXPECT_EQ(get("b/c/d"), "durable");
}

TEST_F(ObjectsTest, OverwritingLeavesOneObjectAndItsMetadata) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(put("k", std::to_string(i)));
  EXPECT_EQ(get("k"), "4");
  EXPECT_EQ(files().size(), 3u);  // data, metadata, bucket record
}

TEST_F(ObjectsTest, DeletingRemovesEmptyFoldersToo) {
  ASSERT_TRUE(put("a/b/c", "x"));
  ASSERT_TRUE(put("a/d", "y"));
  ASSERT_TRUE(objects_.remove(scope_, "bucket", "a/b/c"));
  ASSERT_TRUE(objects_.remove(scope_, "bucket", "a/b/c"));
  EXPECT_FALSE(fs::exists(folder_.path() / "bucket/a/b"));
  EXPECT_EQ(get("a/d"), "y");
  ASSERT_TRUE(objects_.remove(scope_, "bucket", "a/d"));
  EXPECT_TRUE(fs::is_empty(folder_.path() / "bucket"));
  ASSERT_TRUE(put("a/b/c", "again"));
  EXPECT_EQ(get("a/b/c"), "again");
}

TEST_F(ObjectsTest, AKeyAndAFolderOfItsNameLiveTogether) {
  ASSERT_TRUE(put("a", "file first"));
  ASSERT_TRUE(put("a/b", "under it"));
  ASSERT_TRUE(put("a/b/c", "deeper"));
  ASSERT_TRUE(put("x/y", "folder first"));
  ASSERT_TRUE(put("x", "file then"));
  ASSERT_TRUE(put("a/", "the folder itself"));
  ASSERT_TRUE(put("a", "replaced"));
  EXPECT_EQ(get("a"), "replaced");
  EXPECT_EQ(get("a/b"), "under it");
  EXPECT_EQ(get("a/b/c"), "deeper");
  EXPECT_EQ(get("a/"), "the folder itself");
  EXPECT_EQ(get("x"), "file then");
  EXPECT_THAT(keys(), ElementsAre("a", "a/", "a/b", "a/b/c", "x", "x/y"));
  for (const char* key : {"a/b/c", "a/b", "a/", "x/y"})
    ASSERT_TRUE(objects_.remove(scope_, "bucket", key));
  EXPECT_THAT(keys(), ElementsAre("a", "x"));
  ASSERT_TRUE(put("x", "still one"));
  EXPECT_THAT(keys(), ElementsAre("a", "x"));
  EXPECT_EQ(get("x"), "still one");
}

TEST_F(ObjectsTest, NoKeyLeavesTheFolderOfItsBucket) {
  for (const char* key : {"../escape", "/etc/passwd", "a/../../../b", "..", ".weir/tmp/x", "./."}) {
    ASSERT_TRUE(put(key, key)) << key;
    EXPECT_EQ(get(key), key);
  }
  EXPECT_FALSE(fs::exists(folder_.path() / "escape"));
  EXPECT_THAT(keys(),
              ElementsAre("..", "../escape", "./.", ".weir/tmp/x", "/etc/passwd", "a/../../../b"));
}

TEST_F(ObjectsTest, KeysThatS3RefusesAreRefused) {
  EXPECT_EQ(put(std::string(1025, 'k'), "").error().code, "KeyTooLongError");
  EXPECT_TRUE(put(std::string(1024, 'k'), ""));
  EXPECT_TRUE(put(std::string(1024, '/'), ""));
  EXPECT_EQ(put("\xff", "").error().code, "InvalidURI");
}

TEST_F(ObjectsTest, AReaderKeepsItsBytesWhenTheObjectGoes) {
  ASSERT_TRUE(put("k", "old bytes"));
  const auto opened = objects_.open(scope_, "bucket", "k");
  ASSERT_TRUE(opened);
  ASSERT_TRUE(put("k", "new"));
  ASSERT_TRUE(objects_.remove(scope_, "bucket", "k"));
  EXPECT_EQ(*(*opened)->read(0, (*opened)->info().size), "old bytes");
  std::ifstream file((*opened)->path());
  std::string text;
  std::getline(file, text);
  EXPECT_EQ(text, "old bytes");
}

TEST_F(ObjectsTest, FilesOfOtherProgramsAreObjects) {
  write_file(folder_.path() / "bucket/dropped/in.log", "by hand");
  EXPECT_THAT(keys(), ElementsAre("dropped/in.log"));
  EXPECT_EQ(get("dropped/in.log"), "by hand");
  const auto info = objects_.head(scope_, "bucket", "dropped/in.log");
  ASSERT_TRUE(info);
  EXPECT_THAT(info->etag, ::testing::EndsWith("-1"));
  write_file(folder_.path() / "other-bucket/x", "1");
  Objects again(runtime_, {.folder = folder_.path()});
  ASSERT_TRUE(again.load());
  EXPECT_TRUE(again.head(scope_, "other-bucket", "x"));
}

TEST_F(ObjectsTest, AFileIsTakenOverWithoutACopy) {
  const fs::path file = write_file(objects_.spool_folder() / "spooled", "from the server");
  const auto inode = [](const fs::path& path) { return fs::hard_link_count(path); };
  EXPECT_EQ(inode(file), 1u);
  const auto info = objects_.put(scope_, "bucket", "k",
                                 PutSource::take(file, "00112233445566778899aabbccddeeff"));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->etag, "00112233445566778899aabbccddeeff");
  EXPECT_FALSE(fs::exists(file));
  EXPECT_EQ(get("k"), "from the server");
}

TEST_F(ObjectsTest, WrongDigestsAreRefusedAndLeaveNothing) {
  const fs::path file = write_file(objects_.spool_folder() / "spooled", "hello");
  PutOptions options;
  options.content_md5 = base64_encode(std::string(16, 'x'));
  EXPECT_EQ(objects_.put(scope_, "bucket", "k", PutSource::take(file), options).error().code,
            "BadDigest");
  EXPECT_TRUE(fs::exists(file));
  fs::remove(file);
  options.content_md5 = "short";
  EXPECT_EQ(put("k", "hello", options).error().code, "InvalidDigest");
  options.content_md5.clear();
  options.checksum = Checksum{ChecksumAlgorithm::crc32, "AAAAAA==", false};
  auto refused = put("k", "hello", options);
  EXPECT_EQ(refused.error().code, "BadDigest");
  EXPECT_EQ(refused.error().message,
            "The CRC32 you specified did not match the calculated checksum.");
  options.checksum->value = "not base64!";
  refused = put("k", "hello", options);
  EXPECT_EQ(refused.error().message, "Value for x-amz-checksum-crc32 header is invalid.");
  EXPECT_EQ(get("k"), "error NoSuchKey");
  EXPECT_THAT(files(), ElementsAre(".weir/buckets/bucket.json"));
}

TEST_F(ObjectsTest, ChecksumsAreCheckedAndKept) {
  PutOptions options;
  options.checksum = Checksum{ChecksumAlgorithm::crc32, base64_encode("\xcb\xf4\x39\x26"), false};
  ASSERT_TRUE(put("k", "123456789", options));
  EXPECT_EQ(objects_.head(scope_, "bucket", "k")->checksum, options.checksum);
  ASSERT_TRUE(put("none", "123456789"));
  EXPECT_EQ(objects_.head(scope_, "bucket", "none")->checksum->algorithm,
            ChecksumAlgorithm::crc64nvme);
}

TEST_F(ObjectsTest, ConditionalPuts) {
  PutOptions absent;
  absent.if_none_match = true;
  ASSERT_TRUE(put("lock", "1", absent));
  EXPECT_EQ(put("lock", "2", absent).error().code, "PreconditionFailed");
  PutOptions same;
  same.if_match = '"' + objects_.head(scope_, "bucket", "lock")->etag + '"';
  ASSERT_TRUE(put("lock", "3", same));
  EXPECT_EQ(put("lock", "4", same).error().code, "PreconditionFailed");
  EXPECT_EQ(put("missing", "4", same).error().code, "NoSuchKey");
  EXPECT_EQ(objects_.remove(scope_, "bucket", "lock", {.if_match = same.if_match}).error().code,
            "PreconditionFailed");
  EXPECT_EQ(get("lock"), "3");
}

TEST(Conditions, FollowTheOrderOfPrecedence) {
  ObjectInfo object;
  object.etag = "e";
  object.last_modified = Time{5000};
  EXPECT_EQ(check({}, object), ConditionVerdict::holds);
  EXPECT_EQ(check({.if_match = "\"e\"", .if_unmodified_since = Time{0}}, object),
            ConditionVerdict::holds);
  EXPECT_EQ(check({.if_match = "\"x\", \"y\""}, object), ConditionVerdict::failed);
  EXPECT_EQ(check({.if_unmodified_since = Time{4000}}, object), ConditionVerdict::failed);
  EXPECT_EQ(check({.if_none_match = "*"}, object), ConditionVerdict::not_modified);
  EXPECT_EQ(check({.if_none_match = "x", .if_modified_since = Time{9000}}, object),
            ConditionVerdict::holds);
  EXPECT_EQ(check({.if_modified_since = Time{5000}}, object), ConditionVerdict::not_modified);
  EXPECT_EQ(check({.if_modified_since = Time{4000}}, object), ConditionVerdict::holds);
}

TEST_F(ObjectsTest, ListsInTheByteOrderOfKeys) {
  std::vector<std::string> all = {"a",         "a!",   "a-b", "a.b",   "a/b",    "a/b/c",
                                  "a0",        "b//c", "b/c", "b/c/d", "é/日本", "Z",
                                  "a/b-c/d.e", "\x01", "~",   "a/"};
  all.push_back(std::string(200, 'l') + "/x");
  all.push_back(std::string(200, 'l') + "!");
  all.push_back(std::string(200, 'l'));
  all.push_back(std::string(500, 'l') + "/y");
  for (const auto& key : all) ASSERT_TRUE(put(key, key)) << key;
  std::sort(all.begin(), all.end());
  EXPECT_EQ(keys(), all);
}

// Method: random keys and deletions beside a std::map; every prefix, delimiter, start and page size
// gives what the definition of the listing gives on the map.
TEST_F(ObjectsTest, ListingsAgreeWithTheirDefinition) {
  static const std::vector<std::string> alphabet = {"a", "b", "/", "/", "-", ".", "%", "é", "0"};
  std::mt19937 random(3);
  const auto random_key = [&] {
    std::string key;
    for (std::size_t i = 0, n = 1 + random() % 6; i < n; ++i) {
      const std::string& piece = alphabet[random() % alphabet.size()];
      for (std::size_t t = random() % 30 == 0 ? 150 : 1; t > 0; --t) key += piece;
    }
    return key;
  };
  std::map<std::string, std::string> model;
  for (int i = 0; i < 300; ++i) {
    const std::string key = random_key();
    if (random() % 4 == 0) {
      ASSERT_TRUE(objects_.remove(scope_, "bucket", key));
      model.erase(key);
    } else {
      ASSERT_TRUE(put(key, key));
      model[key] = key;
    }
  }
  for (int i = 0; i < 15; ++i) {
    ListQuery query;
    if (random() % 2) query.prefix = random_key().substr(0, 2);
    if (!query.prefix.empty() && query.prefix.back() == '\xc3') query.prefix.pop_back();
    if (random() % 2) query.delimiter = random() % 3 ? "/" : "a";
    query.max_keys = 3 + random() % 30;
    std::vector<std::string> expected;
    for (const auto& [key, text] : model) {
      if (!key.starts_with(query.prefix)) continue;
      const auto found = query.delimiter.empty() ? std::string::npos
                                                 : key.find(query.delimiter, query.prefix.size());
      const std::string item = found == std::string::npos ? key : "P " + key.substr(0, found + 1);
      if (expected.empty() || expected.back() != item) expected.push_back(item);
    }
    std::vector<std::string> listed;
    for (int page = 0; page < 400; ++page) {
      auto listing = objects_.list(scope_, "bucket", query);
      ASSERT_TRUE(listing);
      std::vector<std::string> merged;
      for (const auto& object : listing->objects) merged.push_back(object.key);
      for (const auto& prefix : listing->common_prefixes) merged.push_back("P " + prefix);
      const auto plain = [](const std::string& item) {
        return item.starts_with("P ") ? item.substr(2) : item;
      };
      std::sort(merged.begin(), merged.end(),
                [&](const auto& a, const auto& b) { return plain(a) < plain(b); });
      listed.insert(listed.end(), merged.begin(), merged.end());
      ASSERT_LE(merged.size(), query.max_keys);
      if (!listing->is_truncated) break;
      query.after = listing->next_after;
      query.skip_after_prefix = listing->next_is_prefix;
    }
    ASSERT_EQ(listed, expected) << "prefix " << query.prefix << " delimiter " << query.delimiter;
  }
}

TEST_F(ObjectsTest, CopyKeepsOrReplacesAttributes) {
  PutOptions options;
  options.attributes.metadata = {{"a", "1"}};
  ASSERT_TRUE(put("from", "text", options));
  const auto copied = objects_.copy(scope_, "bucket", "from", "bucket", "to/here");
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->attributes, options.attributes);
  EXPECT_EQ(get("to/here"), "text");
  Attributes other;
  other.content_type = "x/y";
  ASSERT_TRUE(objects_.copy(scope_, "bucket", "from", "bucket", "from", {}, other));
  EXPECT_EQ(objects_.head(scope_, "bucket", "from")->attributes, other);
  EXPECT_EQ(objects_.copy(scope_, "bucket", "from", "bucket", "from").error().code,
            "InvalidRequest");
  EXPECT_EQ(objects_.copy(scope_, "bucket", "from", "bucket", "z", {.if_match = "x"}).error().code,
            "PreconditionFailed");
}

TEST_F(ObjectsTest, BucketsBelongToTheirAccount) {
  const Scope other{"111111111111", "eu-west-1"};
  EXPECT_EQ(objects_.create_bucket(other, "bucket").error().code, "BucketAlreadyExists");
  EXPECT_EQ(objects_.bucket(other, "bucket").error().code, "AccessDenied");
  EXPECT_THAT(objects_.buckets(other), IsEmpty());
  ASSERT_TRUE(objects_.create_bucket(other, "elsewhere"));
  EXPECT_EQ(objects_.create_bucket(other, "elsewhere").error().code, "BucketAlreadyOwnedByYou");
  EXPECT_FALSE(*objects_.create_bucket(scope_, "bucket"));
  for (const char* name :
       {"ab", "UPPER", "a..b", "192.168.1.1", "-ab", "xn--abc", "abc-s3alias", ".weir"}) {
    EXPECT_EQ(objects_.create_bucket(scope_, name).error().code, "InvalidBucketName") << name;
  }
}

TEST_F(ObjectsTest, OnlyAnEmptyBucketIsDeleted) {
  ASSERT_TRUE(put("a/b", "x"));
  EXPECT_EQ(objects_.delete_bucket(scope_, "bucket").error().code, "BucketNotEmpty");
  ASSERT_TRUE(objects_.remove(scope_, "bucket", "a/b"));
  ASSERT_TRUE(objects_.create_upload(scope_, "bucket", "open upload", {}));
  ASSERT_TRUE(objects_.delete_bucket(scope_, "bucket"));
  EXPECT_EQ(put("a", "x").error().code, "NoSuchBucket");
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(ObjectsTest, ClearingForgetsAllButTheSpoolsOfOthers) {
  ASSERT_TRUE(put("a/b", "x"));
  ASSERT_TRUE(objects_.create_upload(scope_, "bucket", "big", {}));
  fs::create_directory(objects_.spool_folder() / "http");
  ASSERT_TRUE(objects_.clear());
  EXPECT_THAT(objects_.buckets(scope_), IsEmpty());
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_TRUE(fs::exists(objects_.spool_folder() / "http"));
  ASSERT_TRUE(objects_.create_bucket(scope_, "bucket"));
  EXPECT_TRUE(put("a/b", "x"));
}

TEST_F(ObjectsTest, PutsAreReported) {
  std::vector<std::string> seen;
  objects_.on_put([&](const Scope& owner, const std::string& bucket, const ObjectInfo& object) {
    seen.push_back(owner.account + ' ' + bucket + ' ' + object.key);
  });
  ASSERT_TRUE(put("k", "x"));
  EXPECT_THAT(seen, ElementsAre("000000000000 bucket k"));
}

class UploadTest : public ObjectsTest {
 protected:
  static constexpr std::size_t kMinimum = Objects::kPartBytesMin;

  std::string start(std::optional<ChecksumAlgorithm> algorithm = {}, bool is_whole = false) {
    Attributes attributes;
    attributes.content_type = "big/file";
    auto upload = objects_.create_upload(scope_, "bucket", "big", attributes, algorithm, is_whole);
    EXPECT_TRUE(upload);
    return upload->id;
  }
  Part put_part(const std::string& id, int number, std::string_view text) {
    auto part = objects_.put_part(scope_, "bucket", "big", id, number, PutSource::bytes(text));
    EXPECT_TRUE(part);
    return *part;
  }
};

TEST_F(UploadTest, PartsBecomeOneObjectInTheirOrder) {
  const std::string id = start();
  const std::string first(kMinimum, 'a');
  const Part two = put_part(id, 2, "tail");
  put_part(id, 1, "to be replaced");
  const Part one = put_part(id, 1, first);
  const auto parts = objects_.parts(scope_, "bucket", "big", id);
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].size, kMinimum);

  const std::vector<CompletedPart> wanted = {{1, '"' + one.etag + '"', {}}, {2, two.etag, {}}};
  const auto done = objects_.complete_upload(scope_, "bucket", "big", id, wanted);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->etag, to_hex(md5_bytes(md5_bytes(first) + md5_bytes("tail"))) + "-2");
  EXPECT_THAT(done->part_sizes, ElementsAre(kMinimum, 4u));
  EXPECT_EQ(done->attributes.content_type, "big/file");
  EXPECT_EQ(get("big"), first + "tail");
  EXPECT_EQ(objects_.head(scope_, "bucket", "big")->part_sizes.size(), 2u);
  // The same call again, as a client does that lost the answer.
  const auto again = objects_.complete_upload(scope_, "bucket", "big", id, wanted);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->etag, done->etag);
  EXPECT_EQ(objects_.parts(scope_, "bucket", "big", id).error().code, "NoSuchUpload");
  EXPECT_EQ(files().size(), 3u);
}

TEST_F(UploadTest, WrongCompletionsAreRefusedAndChangeNothing) {
  const std::string id = start();
  const Part one = put_part(id, 1, "small");
  const Part two = put_part(id, 2, "small too");
  const auto complete = [&](std::vector<CompletedPart> parts) {
    return objects_.complete_upload(scope_, "bucket", "big", id, parts).error().code;
  };
  EXPECT_EQ(complete({{1, one.etag, {}}, {2, two.etag, {}}}), "EntityTooSmall");
  EXPECT_EQ(complete({{2, two.etag, {}}, {1, one.etag, {}}}), "InvalidPartOrder");
  EXPECT_EQ(complete({{1, two.etag, {}}}), "InvalidPart");
  EXPECT_EQ(complete({{3, two.etag, {}}}), "InvalidPart");
  EXPECT_EQ(objects_.complete_upload(scope_, "bucket", "big", "../../x", {}).error().code,
            "NoSuchUpload");
  EXPECT_EQ(objects_.complete_upload(scope_, "bucket", "other key", id, {}).error().code,
            "NoSuchUpload");
  EXPECT_EQ(get("big"), "error NoSuchKey");
  ASSERT_TRUE(objects_.complete_upload(scope_, "bucket", "big", id, {{2, two.etag, {}}}));
  EXPECT_EQ(get("big"), "small too");
}

TEST_F(UploadTest, AbortRemovesTheParts) {
  const std::string id = start();
  put_part(id, 1, "x");
  ASSERT_TRUE(objects_.abort_upload(scope_, "bucket", "big", id));
  EXPECT_EQ(objects_.abort_upload(scope_, "bucket", "big", id).error().code, "NoSuchUpload");
  EXPECT_THAT(files(), ElementsAre(".weir/buckets/bucket.json"));
}

TEST_F(UploadTest, ChecksumsOfPartsAndWhole) {
  const std::string composite = start(ChecksumAlgorithm::crc32);
  const Part part = put_part(composite, 1, "123456789");
  EXPECT_EQ(part.checksum->value, base64_encode("\xcb\xf4\x39\x26"));
  auto done =
      objects_.complete_upload(scope_, "bucket", "big", composite, {{1, part.etag, part.checksum}});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->checksum->value,
            base64_encode(checksum_bytes(ChecksumAlgorithm::crc32, "\xcb\xf4\x39\x26")) + "-1");
  const std::string whole = start(ChecksumAlgorithm::crc64nvme);
  const Part whole_part = put_part(whole, 1, "123456789");
  done = objects_.complete_upload(scope_, "bucket", "big", whole, {{1, whole_part.etag, {}}});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->checksum->value, base64_encode("\xae\x8b\x14\x86\x0a\x79\x98\x88"));
  EXPECT_FALSE(done->checksum->is_composite);
}

TEST_F(UploadTest, PartsAreCopiedFromRangesOfObjects) {
  ASSERT_TRUE(put("source", "0123456789"));
  const std::string id = start();
  const auto part =
      objects_.copy_part(scope_, "bucket", "source", ByteRange{2, 3}, {}, "bucket", "big", id, 1);
  ASSERT_TRUE(part);
  EXPECT_EQ(
      objects_.copy_part(scope_, "bucket", "source", ByteRange{8, 3}, {}, "bucket", "big", id, 2)
          .error()
          .code,
      "InvalidArgument");
  ASSERT_TRUE(objects_.complete_upload(scope_, "bucket", "big", id, {{1, part->etag, {}}}));
  EXPECT_EQ(get("big"), "234");
  EXPECT_EQ(get("source"), "0123456789");
}

TEST_F(UploadTest, UploadsAreListedByKeyPageByPage) {
  for (const char* key : {"b", "a", "a", "c"}) {
    ASSERT_TRUE(objects_.create_upload(scope_, "bucket", key, {}));
    runtime_.advance(std::chrono::seconds(1));
  }
  UploadQuery query;
  query.max_uploads = 1;
  std::vector<std::string> seen;
  for (int page = 0; page < 10; ++page) {
    const auto listing = objects_.uploads(scope_, "bucket", query);
    ASSERT_TRUE(listing);
    for (const auto& upload : listing->uploads) {
      seen.push_back(upload.key);
      query.key_marker = upload.key;
      query.upload_id_marker = upload.id;
    }
    if (!listing->is_truncated) break;
  }
  EXPECT_THAT(seen, ElementsAre("a", "a", "b", "c"));
}

// Goal: whoever reads sees a whole object, and no two writers of one key or of keys that clash
// disturb each other. Method: writers put values that say what they are and how long; readers and
// listings check each one.
TEST_F(ObjectsTest, ConcurrentReadersAndWritersSeeWholeObjects) {
  const std::vector<std::string> keys_used = {"a", "a/b", "a/b/c", "same", "x/y/z"};
  SystemRuntime system(1);
  Objects shared(system, {.folder = folder_.path(), .is_durable = false});
  ASSERT_TRUE(shared.load());
  std::atomic<bool> is_over{false};
  std::atomic<int> failures{0};
  const auto check_value = [](const std::string& text) {
    return !text.empty() && text == std::string(text.size(), text[0]);
  };
  std::vector<std::thread> threads;
  for (int writer = 0; writer < 3; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < 150; ++i) {
        const std::string& key = keys_used[static_cast<std::size_t>(i + writer) % keys_used.size()];
        const std::string text(static_cast<std::size_t>(1 + i * 37 + writer),
                               static_cast<char>('a' + i % 26));
        if (!shared.put(scope_, "bucket", key, PutSource::bytes(text))) ++failures;
        if (i % 7 == 0 && !shared.remove(scope_, "bucket", key)) ++failures;
      }
    });
  }
  for (int reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&] {
      while (!is_over) {
        for (const auto& key : keys_used) {
          const auto text = shared.get(scope_, "bucket", key, 1u << 20);
          if (text ? !check_value(*text) : text.error().code != "NoSuchKey") ++failures;
        }
        const auto listing = shared.list(scope_, "bucket", {});
        if (!listing) ++failures;
      }
    });
  }
  for (std::size_t i = 0; i < 3; ++i) threads[i].join();
  is_over = true;
  for (std::size_t i = 3; i < threads.size(); ++i) threads[i].join();
  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace weir::objects
