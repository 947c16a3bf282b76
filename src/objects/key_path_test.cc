// SPDX-License-Identifier: Apache-2.0
#include "objects/key_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>

namespace weir::objects {
namespace {

std::string path_of(std::string_view key) {
  const KeyPath path = key_path(key);
  return path.folder.empty() ? path.name : path.folder + '/' + path.name;
}

TEST(KeyPath, AnOrdinaryKeyIsItsOwnPath) {
  const std::string key =
      "AWSLogs/1/vpcflowlogs/us-east-1/2026/01/05/1_vpcflowlogs_x_20260105T1620Z_ab.log.gz";
  EXPECT_EQ(path_of(key), key);
  EXPECT_EQ(path_of("Grüße/日本 +=&~.txt"), "Grüße/日本 +=&~.txt");
}

TEST(KeyPath, WhatHasAMeaningInAFileSystemIsEscaped) {
  EXPECT_EQ(path_of("../../etc/passwd"), "%2E./%2E./etc/passwd");
  EXPECT_EQ(path_of("/a//b/"), "%_/a/%_/b/%_");
  EXPECT_EQ(path_of("."), "%2E");
  EXPECT_EQ(path_of("100%.txt"), "100%25.txt");
  EXPECT_EQ(path_of(std::string("a\0b\n", 4)), "a%00b%0A");
}

TEST(KeyPath, ALongPartIsCutBetweenCharacters) {
  std::string key = std::string(kNameBytesMax - 1, 'x') + "é" + std::string(300, 'y');
  const std::string path = path_of(key);
  EXPECT_EQ(path.substr(0, kNameBytesMax + 3), std::string(kNameBytesMax - 1, 'x') + "%+/\xc3");
  EXPECT_EQ(path_key(path), key);
}

TEST(KeyPath, OnlyOneSpellingOfAPathIsAKey) {
  for (const char* path : {"%61", "a%2fb", "a%2Fb", "%", "a%", "a%+", "a%+/b", "a%=/b", "", "a//b",
                           ".a", "a/.b", "%_%+/a", "100%.txt"}) {
    EXPECT_EQ(path_key(path), std::nullopt) << path;
  }
  EXPECT_EQ(path_key("a%="), "a");
  EXPECT_EQ(path_key("%_"), std::nullopt);  // the empty key
  EXPECT_EQ(path_key("%_/%_"), "/");
}

// Method: random keys over an alphabet of trouble; every key comes back, two keys never share a
// path or differ only in the markers, and every name fits a file name and is never hidden, `.` or
// `..`.
TEST(KeyPath, EveryKeyHasItsOwnPathAndComesBack) {
  static const std::vector<std::string> alphabet = {"a",    "b",  "/",  "/",  ".",   "..", "%",
                                                    "%_",   "%+", "%=", "~",  "é",   "日", "\n",
                                                    "\x7f", " ",  "+",  "\\", "%2E", "x"};
  std::mt19937 random(7);
  std::map<std::string, std::string> key_by_path;
  for (int round = 0; round < 20000; ++round) {
    std::string key;
    const std::size_t pieces = 1 + random() % 12;
    for (std::size_t i = 0; i < pieces; ++i) {
      const std::string& piece = alphabet[random() % alphabet.size()];
      const std::size_t times = random() % 20 == 0 ? 1 + random() % 300 : 1;
      for (std::size_t t = 0; t < times && key.size() + piece.size() <= 1024; ++t) key += piece;
    }
    if (key.empty()) continue;
    const std::string path = path_of(key);
    ASSERT_EQ(path_key(path), key) << path;
    ASSERT_EQ(path_key(name_beside_folder(path)), key) << path;
    const auto [found, inserted] = key_by_path.emplace(path, key);
    ASSERT_EQ(found->second, key);
    for (const auto& name : std::filesystem::path(path)) {
      ASSERT_LE(name.native().size(), kNameBytesMax + 2);
      ASSERT_NE(name.native().front(), '.');
      ASSERT_FALSE(name.empty());
    }
  }
}

TEST(PrefixFolder, IsTheDeepestFolderThatHoldsAllItsKeys) {
  EXPECT_EQ(prefix_folder("a/b/c"), (std::pair<std::string, std::string_view>("a/b", "a/b/")));
  EXPECT_EQ(prefix_folder("a"), (std::pair<std::string, std::string_view>("", "")));
  EXPECT_EQ(prefix_folder("/"), (std::pair<std::string, std::string_view>("%_", "/")));
}

}  // namespace
}  // namespace weir::objects
