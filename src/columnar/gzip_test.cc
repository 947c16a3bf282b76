// SPDX-License-Identifier: Apache-2.0
#include "columnar/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <vector>

namespace weir::columnar {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LinesTest : public ::testing::Test {
 protected:
  LinesTest() {
    std::string name = (fs::temp_directory_path() / "weir-gzip-XXXXXX").string();
    WEIR_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  ~LinesTest() override { fs::remove_all(folder_); }

  fs::path write(std::string_view bytes) const {
    const fs::path file = folder_ / "file";
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }
  std::vector<std::string> lines(const fs::path& file, LineLimits limits = {}) {
    std::vector<std::string> all;
    result_ = read_lines(
        file,
        [&](std::string_view line) {
          all.emplace_back(line);
          return true;
        },
        limits);
    return all;
  }

  fs::path folder_;
  Result<void> result_;
};

TEST(Gzip, ComesBack) {
  for (const std::string& text :
       {std::string(), std::string("hello"), std::string(1'000'000, 'x')}) {
    const auto back = gunzip(gzip(text), 2'000'000);
    ASSERT_TRUE(back);
    EXPECT_TRUE(*back == text) << text.size();
  }
}

TEST(Gzip, MembersInARowAreOneText) {
  const auto back = gunzip(gzip("one ") + gzip("") + gzip("two"), 100);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, "one two");
}

TEST(Gzip, BombsAndBrokenDataAreRefused) {
  EXPECT_EQ(gunzip(gzip(std::string(100'000, 'x')), 99'999).error().kind, ErrorKind::too_large);
  EXPECT_TRUE(gunzip(gzip(std::string(100'000, 'x')), 100'000));
  std::string bytes = gzip("some text that is long enough");
  EXPECT_FALSE(gunzip(bytes.substr(0, bytes.size() - 1), 1000));
  bytes[bytes.size() - 6] ^= 1;  // the checksum
  EXPECT_FALSE(gunzip(bytes, 1000));
  EXPECT_FALSE(gunzip("plain text", 1000));
}

TEST_F(LinesTest, OfCompressedAndPlainFiles) {
  EXPECT_THAT(lines(write(gzip("a\nbb\n\nc"))), ElementsAre("a", "bb", "", "c"));
  EXPECT_TRUE(result_);
  EXPECT_THAT(lines(write("a\nb\n")), ElementsAre("a", "b"));
  EXPECT_THAT(lines(write("")), ElementsAre());
}

TEST_F(LinesTest, AFileCanBeReadWhileItGrows) {
  const fs::path file = write(gzip("first\n"));
  EXPECT_THAT(lines(file), ElementsAre("first"));
  std::ofstream(file, std::ios::binary | std::ios::app) << gzip("second\nthird\n");
  EXPECT_THAT(lines(file), ElementsAre("first", "second", "third"));
}

TEST_F(LinesTest, LongFilesAndLongLines) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "line " + std::to_string(i) + '\n';
  const auto all = lines(write(gzip(text)));
  ASSERT_EQ(all.size(), 100'000u);
  EXPECT_EQ(all.back(), "line 99999");
  EXPECT_THAT(lines(write(gzip("short\n" + std::string(2'000'000, 'x'))), {.line_bytes_max = 1000}),
              ElementsAre("short"));
  EXPECT_EQ(result_.error().kind, ErrorKind::too_large);
}

TEST_F(LinesTest, WhatIsBrokenIsSaid) {
  lines(folder_ / "missing");
  ASSERT_FALSE(result_);
  EXPECT_THAT(result_.error().message, HasSubstr("No such file"));
  const std::string bytes = gzip(std::string(100'000, 'a') + "\n");
  lines(write(bytes.substr(0, bytes.size() / 2)));
  EXPECT_FALSE(result_);
}

TEST_F(LinesTest, TheVisitorMayStop) {
  int seen = 0;
  EXPECT_TRUE(read_lines(write("1\n2\n3\n"), [&](std::string_view) { return ++seen < 2; }));
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace weir::columnar
