// SPDX-License-Identifier: Apache-2.0
#include "import/importer.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "base/guarded.h"
#include "columnar/gzip.h"
#include "columnar/parquet_reader.h"
#include "import/object_destination.h"

namespace weir::import {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Objects in memory.
struct MemoryStore final : ObjectStore {
  Result<void> put(const std::string& key, std::string body, const std::string&) override {
    if (is_broken) return Error{ErrorKind::unavailable, "Down", "the store is down"};
    (*objects.lock())[key] = std::move(body);
    return {};
  }
  Result<std::optional<std::string>> get(const std::string& key) override {
    auto locked = objects.lock();
    const auto found = locked->find(key);
    if (found == locked->end()) return std::optional<std::string>();
    return std::optional(found->second);
  }
  std::vector<std::string> keys() {
    std::vector<std::string> found;
    auto locked = objects.lock();
    for (const auto& [key, body] : *locked) {
      if (!key.starts_with("_weir_import/")) found.push_back(key);
    }
    return found;
  }
  Guarded<std::map<std::string, std::string>> objects;
  bool is_broken = false;
};

class ImporterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "weir-import-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  static std::string record(std::int64_t end, const std::string& source = "10.0.0.1") {
    return "2 123456789010 eni-1235b8ca123456789 " + source + " 10.0.0.2 20641 22 6 20 4249 " +
           std::to_string(end - 60) + ' ' + std::to_string(end) + " ACCEPT OK\n";
  }
  static std::string header() { return flow::Format::standard().header() + '\n'; }

  Result<void> run(ObjectOptions options = {}) {
    const auto destination = object_destination(store_, options);
    Importer importer(runtime_, *destination, {}, stop_);
    std::vector<std::unique_ptr<Sources>> places;
    places.push_back(*local_sources(folder_));
    auto done = importer.run(places);
    summary_ = importer.summary();
    return done;
  }

  std::uint64_t rows(const std::string& key) {
    const auto file = folder_.string() + ".parquet";
    std::ofstream(file, std::ios::binary) << store_.objects.lock()->at(key);
    std::uint64_t count = 0;
    const std::vector<std::string> columns = {"srcaddr"};
    EXPECT_TRUE(columnar::ParquetRows::read(file, columns, [&](auto) -> Result<void> {
      ++count;
      return {};
    }));
    std::filesystem::remove(file);
    return count;
  }

  SystemRuntime runtime_{12};
  std::filesystem::path folder_;
  MemoryStore store_;
  Summary summary_;
  std::atomic<bool> stop_{false};
};

TEST_F(ImporterTest, AFileThatGrewIsToldFromOneThatChanged) {
  const std::string old_lines(100'000, 'a');
  const auto look = [this](Sources& place) {
    SourceInfo found;
    EXPECT_TRUE(place.list([&](const SourceInfo& source) {
      found = source;
      return true;
    }));
    return found;
  };
  write("records.log", old_lines);
  const auto place = *local_sources(folder_);
  const std::string version = look(*place).version;
  EXPECT_FALSE(place->is_grown_from(look(*place), version));  // nothing came
  write("records.log", old_lines + "more");
  EXPECT_NE(look(*place).version, version);
  EXPECT_TRUE(place->is_grown_from(look(*place), version));
  EXPECT_FALSE(place->is_grown_from(look(*place), "5-0000000000000000"));
  EXPECT_FALSE(place->is_grown_from(look(*place), "\"etag\""));

  write("records.log", std::string(100'000, 'b') + "more");  // rotated
  EXPECT_FALSE(place->is_grown_from(look(*place), version));
  write("records.log", old_lines);  // touched, or copied back
  EXPECT_EQ(look(*place).version, version);
  write("records.log", "");
  const std::string empty = look(*place).version;
  write("records.log", old_lines);
  EXPECT_FALSE(place->is_grown_from(look(*place), empty));
}

TEST_F(ImporterTest, RecordsGoToTheKeyOfTheirEndAndOfTheirOrigin) {
  write("123456789012_vpcflowlogs_eu-west-1_fl-0a1b2c3d4e5f60718_20260131T2355Z_0a1b2c3d.log.gz",
        columnar::gzip(header() + record(1769903999) + record(1769904000)));
  ASSERT_TRUE(run());
  EXPECT_TRUE(summary_.is_clean());
  const auto keys = store_.keys();
  ASSERT_THAT(keys, SizeIs(2));
  EXPECT_THAT(keys[0], HasSubstr("AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/"
                                 "aws-region=eu-west-1/year=2026/month=01/day=31/"
                                 "123456789012_vpcflowlogs_eu-west-1_fl-0a1b2c3d4e5f60718_"
                                 "20260131T2355Z_"));
  EXPECT_THAT(keys[1], HasSubstr("/year=2026/month=02/day=01/"));
  EXPECT_EQ(rows(keys[0]), 1U);
}

TEST_F(ImporterTest, ARepetitionPassesOverAndOneWithoutMarkerReplaces) {
  write("a.log", header() + record(1769903999));
  ASSERT_TRUE(run());
  const auto keys = store_.keys();
  ASSERT_TRUE(run());
  EXPECT_EQ(summary_.sources_known, 1U);
  EXPECT_EQ(summary_.records, 0U);
  std::erase_if(*store_.objects.lock(),
                [](const auto& object) { return object.first.starts_with("_weir_import/"); });
  ASSERT_TRUE(run());
  EXPECT_EQ(summary_.records, 1U);
  EXPECT_EQ(store_.keys(), keys);
}

TEST_F(ImporterTest, DamagedFilesAndLinesAreNamedAndTheRestGoesOn) {
  const std::string good = columnar::gzip(header() + record(1769903999) + "2 cut\n");
  write("a.log.gz", good.substr(0, good.size() / 2));
  write("b/c.log.gz", good);
  write("d.parquet", "PAR1 no footer");
  ASSERT_TRUE(run());
  EXPECT_EQ(summary_.sources, 1U);
  EXPECT_EQ(summary_.sources_failed, 2U);
  EXPECT_EQ(summary_.damaged, 1U);
  ASSERT_THAT(summary_.damages, SizeIs(1));
  EXPECT_EQ(summary_.damages[0].source, (folder_ / "b/c.log.gz").string());
  EXPECT_EQ(summary_.damages[0].number, 3U);
  EXPECT_FALSE(summary_.is_clean());
}

TEST_F(ImporterTest, AMixOfFormatsBecomesObjectsOfEachAndNumbersThatAreNoneAreDamage) {
  write("a.log", header() + record(1769903999) + "srcaddr end\n10.0.0.9 1769903999\nx 12y\n");
  ASSERT_TRUE(run());
  EXPECT_EQ(summary_.records, 2U);
  EXPECT_EQ(summary_.damaged, 1U);
  EXPECT_THAT(store_.keys(), SizeIs(2));
  EXPECT_THAT(summary_.formats, SizeIs(2));
}

TEST_F(ImporterTest, LittleMemoryMakesMoreObjectsAndLosesNothing) {
  std::string text = header();
  for (int i = 0; i < 60'000; ++i) {
    text += record(1769903999 + i % 20 * 86400,
                   "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250));
  }
  write("a.log", text);
  ObjectOptions options;
  options.buffered_bytes_max = 1u << 20;
  ASSERT_TRUE(run(options));
  const auto keys = store_.keys();
  EXPECT_GT(keys.size(), 20U);
  std::uint64_t sum = 0;
  for (const auto& key : keys) sum += rows(key);
  EXPECT_EQ(sum, 60'000U);
}

TEST_F(ImporterTest, AFailingDestinationEndsTheImportWithItsError) {
  write("a.log", header() + record(1769903999));
  store_.is_broken = true;
  const auto done = run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "the store is down");
}

TEST_F(ImporterTest, RecordsWithoutAnyTimeTakeThatOfTheirFile) {
  write("123456789012_vpcflowlogs_us-east-1_fl-1_20240229T1205Z_0a1b2c3d.log",
        "interface-id srcaddr\neni-1 10.0.0.1\n");
  ASSERT_TRUE(run());
  EXPECT_TRUE(summary_.is_clean());
  EXPECT_THAT(store_.keys()[0], HasSubstr("/year=2024/month=02/day=29/"));
}

TEST(Sources, LocalFilesComeInTheOrderOfTheirPathsWithoutHiddenOnes) {
  std::string name = ::testing::TempDir() + "weir-sources-XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const std::filesystem::path folder = std::filesystem::canonical(name);
  for (const char* file : {"a/x", "a-b", "a0", ".hidden/y", "b"}) {
    std::filesystem::create_directories((folder / file).parent_path());
    std::ofstream(folder / file) << "x";
  }
  std::vector<std::string> found;
  ASSERT_TRUE((*local_sources(name))->list([&](const SourceInfo& source) {
    found.push_back(std::filesystem::path(source.shown()).lexically_relative(folder));
    return true;
  }));
  EXPECT_THAT(found, ElementsAre("a-b", "a/x", "a0", "b"));
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(local_sources(name));
}

TEST(DateFolders, AreFoundInAwsKeysOfBothKinds) {
  const Time day = *parse_iso8601("2026-02-01");
  const auto plain = DateFolders::of("AWSLogs/1/vpcflowlogs/us-east-1/2026/01/31/x.log.gz");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->day(day), "AWSLogs/1/vpcflowlogs/us-east-1/2026/02/01/");
  const auto hive = DateFolders::of("p/aws-region=us-east-1/year=2026/month=01/day=31/x");
  ASSERT_TRUE(hive);
  EXPECT_EQ(hive->day(day), "p/aws-region=us-east-1/year=2026/month=02/day=01/");
  EXPECT_FALSE(DateFolders::of("exports/2026-01-31/x.gz"));
  EXPECT_FALSE(DateFolders::of("a/2026"));
}

TEST(Prefetch, GivesTheSamePiecesAndTheErrorAtTheEnd) {
  class Failing final : public columnar::ByteSource {
   public:
    Result<std::string_view> next() override {
      if (++count_ > 100) return Error{ErrorKind::invalid, "InvalidData", "the end is damaged"};
      piece_ = std::to_string(count_);
      return std::string_view(piece_);
    }

   private:
    int count_ = 0;
    std::string piece_;
  };
  SystemRuntime runtime(2);
  {
    const auto source = prefetch(runtime, std::make_unique<Failing>());
    for (int i = 1; i <= 100; ++i) EXPECT_EQ(*source->next(), std::to_string(i));
    EXPECT_EQ(source->next().error().message, "the end is damaged");
    EXPECT_EQ(source->next().error().message, "the end is damaged");
  }
  const auto unread = prefetch(runtime, std::make_unique<Failing>());
  EXPECT_EQ(*unread->next(), "1");
}

}  // namespace
}  // namespace weir::import
