// SPDX-License-Identifier: Apache-2.0
#include "delivery/compactor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "delivery/delivery_test_tools.h"

namespace weir::delivery {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class CompactorTest : public DeliveryTest {
 protected:
  CompactorTest() {
    restart(with_compaction());
    EXPECT_TRUE(objects_->create_bucket(scope_, "records"));
  }
  static Delivery::Config with_compaction() {
    Delivery::Config config;
    config.compaction.is_on = true;
    return config;
  }
  /// A file for each of the first `count` slots of the hour.
  void write_files(int count, std::int64_t first_s = kStart) {
    for (int i = 0; i < count; ++i) {
      // The later record first: a merged Parquet file is sorted.
      accept({record(2 * i + 1, flow::Verdict::accept, first_s + i * 300 + 200),
              record(2 * i, flow::Verdict::accept, first_s + i * 300 + 100)});
      EXPECT_TRUE(delivery_->flush());
    }
  }
  /// Record lines of all files, sorted.
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const std::string& key : keys()) {
      std::istringstream text(file(key));
      std::string line;
      std::getline(text, line);
      EXPECT_THAT(line, StartsWith("version ")) << key;
      while (std::getline(text, line)) all.push_back(line);
    }
    std::sort(all.begin(), all.end());
    return all;
  }
};

const vpc::DestinationOptions kHourly{.per_hour_partition = true};

TEST_F(CompactorTest, FilesOfAPastHourBecomeOne) {
  to_bucket(kHourly);
  write_files(12);
  write_files(1, kStart + 3600);  // the next hour is not over
  ASSERT_THAT(keys(), SizeIs(13));
  const std::vector<std::string> before = lines();
  const std::string first = keys()[0];
  runtime_.advance(std::chrono::minutes(74));
  EXPECT_THAT(keys(), SizeIs(13)) << "not before the delay is over";
  runtime_.advance(std::chrono::minutes(2));
  ASSERT_THAT(keys(), SizeIs(2));
  EXPECT_EQ(lines(), before);
  EXPECT_THAT(keys()[0], StartsWith(first.substr(0, first.rfind('_'))));
  EXPECT_NE(keys()[0], first);
  EXPECT_EQ(objects_->head(scope_, "records", keys()[0])->attributes.content_type,
            "application/x-gzip");
}

TEST_F(CompactorTest, FilesOfADayWaitForItsEnd) {
  to_bucket();
  write_files(12);
  runtime_.advance(std::chrono::hours(24));
  EXPECT_THAT(keys(), SizeIs(12));
  runtime_.advance(std::chrono::minutes(16));
  EXPECT_THAT(keys(), SizeIs(1));
  EXPECT_THAT(lines(), SizeIs(24));
  EXPECT_THAT(left_in_store(), IsEmpty());
}

TEST_F(CompactorTest, AFileThatComesLaterIsMergedToo) {
  to_bucket(kHourly);
  write_files(2);
  runtime_.advance(std::chrono::minutes(80));
  ASSERT_THAT(keys(), SizeIs(1));
  write_files(1);
  ASSERT_THAT(keys(), SizeIs(2));
  runtime_.advance(std::chrono::minutes(2));
  EXPECT_THAT(keys(), SizeIs(1));
  EXPECT_THAT(lines(), SizeIs(6));
}

TEST_F(CompactorTest, OtherFlowLogsAndForeignFilesStay) {
  to_bucket(kHourly);
  write_files(2);
  const std::string folder = keys()[0].substr(0, keys()[0].rfind('/') + 1);
  const std::string foreign = folder + "000000000000_vpcflowlogs_us-east-1_fl-other_1.log.gz";
  ASSERT_TRUE(
      objects_->put(scope_, "records", foreign, objects::PutSource::bytes("not even gzip")));
  runtime_.advance(std::chrono::minutes(80));
  EXPECT_THAT(keys(), SizeIs(2));
  EXPECT_THAT(keys(), testing::Contains(foreign));
}

TEST_F(CompactorTest, ADamagedFileKeepsAllFilesAsTheyAre) {
  to_bucket(kHourly);
  write_files(3);
  ASSERT_TRUE(
      objects_->put(scope_, "records", keys()[1], objects::PutSource::bytes("not even gzip")));
  const std::vector<std::string> before = keys();
  runtime_.advance(std::chrono::minutes(80));
  EXPECT_EQ(keys(), before);
  EXPECT_THAT(fs::directory_iterator(objects_->spool_folder()), fs::directory_iterator());
}

// The merge's object is there, the old ones could not be deleted any more: kill -9 in between.
TEST_F(CompactorTest, ACrashBeforeTheOldFilesAreGoneIsFinishedAtTheNextStart) {
  to_bucket(kHourly);
  write_files(3);
  const std::vector<std::string> before = lines();
  // As Compactor::merge does it, up to the put.
  objects::PutOptions options;
  std::string all = file(keys()[0]).substr(0, file(keys()[0]).find('\n') + 1);
  for (const std::string& line : before) all += line + '\n';
  const std::string target = keys()[0].substr(0, keys()[0].rfind('_')) + "_ffffffff.log.gz";
  std::string sources;
  for (const std::string& key : keys()) {
    sources += sources.empty() ? "" : ",";
    sources += R"({"key":")" + key + R"(","etag":")" +
               objects_->head(scope_, "records", key)->etag + "\"}";
  }
  const std::string id = shown().id;
  ASSERT_TRUE(store_.put("delivery/merge/" + id + "/12345678",
                         R"({"account":"000000000000","region":"us-east-1","bucket":"records",)"
                         R"("target":")" +
                             target + R"(","sources":[)" + sources + "]}"));
  // Without its object the merge has not happened.
  restart(with_compaction());
  EXPECT_THAT(keys(), SizeIs(3));
  EXPECT_THAT(left_in_store("delivery/merge/"), IsEmpty());

  ASSERT_TRUE(store_.put("delivery/merge/" + id + "/12345678",
                         R"({"account":"000000000000","region":"us-east-1","bucket":"records",)"
                         R"("target":")" +
                             target + R"(","sources":[)" + sources + "]}"));
  const std::string replaced = keys()[1];
  ASSERT_TRUE(objects_->put(scope_, "records", replaced,
                            objects::PutSource::bytes(columnar::gzip("version\n"))));
  ASSERT_TRUE(objects_->put(scope_, "records", target,
                            objects::PutSource::bytes(columnar::gzip(all)), options));
  restart(with_compaction());
  EXPECT_THAT(keys(), testing::UnorderedElementsAre(target, replaced))
      << "what somebody has replaced stays";
  EXPECT_THAT(left_in_store("delivery/merge/"), IsEmpty());
}

TEST_F(CompactorTest, ParquetFilesAreMergedInTheOrderOfStart) {
  vpc::DestinationOptions options = kHourly;
  options.file_format = "parquet";
  to_bucket(options);
  write_files(4);
  ASSERT_THAT(keys(), SizeIs(4));
  runtime_.advance(std::chrono::minutes(80));
  ASSERT_THAT(keys(), SizeIs(1));
  EXPECT_THAT(keys()[0], testing::EndsWith(".log.parquet"));
  const auto bytes = objects_->get(scope_, "records", keys()[0], 1u << 20);
  ASSERT_TRUE(bytes);
  EXPECT_TRUE(bytes->starts_with("PAR1") && bytes->ends_with("PAR1"));
  EXPECT_THAT(fs::directory_iterator(objects_->spool_folder()), fs::directory_iterator());
}

TEST_F(CompactorTest, IsOffUnlessAskedFor) {
  restart();
  to_bucket(kHourly);
  write_files(3);
  runtime_.advance(std::chrono::hours(3));
  EXPECT_THAT(keys(), SizeIs(3));
  EXPECT_THAT(left_in_store(), IsEmpty());
}

}  // namespace
}  // namespace weir::delivery
