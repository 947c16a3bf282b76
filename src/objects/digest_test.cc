// SPDX-License-Identifier: Apache-2.0
#include "objects/digest.h"

#include <gtest/gtest.h>

namespace weir::objects {
namespace {

std::string hex_of(ChecksumAlgorithm algorithm, std::string_view text) {
  return to_hex(checksum_bytes(algorithm, text));
}

// The check values of the CRC catalogue; SHA from FIPS 180.
TEST(Digest, CheckValues) {
  EXPECT_EQ(hex_of(ChecksumAlgorithm::crc32, "123456789"), "cbf43926");
  EXPECT_EQ(hex_of(ChecksumAlgorithm::crc32c, "123456789"), "e3069283");
  EXPECT_EQ(hex_of(ChecksumAlgorithm::crc64nvme, "123456789"), "ae8b14860a799888");
  EXPECT_EQ(hex_of(ChecksumAlgorithm::sha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex_of(ChecksumAlgorithm::sha256, ""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(md5_bytes("")), "d41d8cd98f00b204e9800998ecf8427e");
}

TEST(Digest, PiecesGiveTheSameAsTheWhole) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
  for (const auto algorithm :
       {ChecksumAlgorithm::crc32, ChecksumAlgorithm::crc32c, ChecksumAlgorithm::crc64nvme,
        ChecksumAlgorithm::sha1, ChecksumAlgorithm::sha256}) {
    for (std::size_t piece = 1; piece < 20; ++piece) {
      Digester digester(true, algorithm);
      for (std::size_t i = 0; i < text.size(); i += piece) {
        digester.add(std::string_view(text).substr(i, piece));
      }
      EXPECT_EQ(digester.md5_hex(), to_hex(md5_bytes(text)));
      const std::string value = digester.checksum_bytes();
      EXPECT_EQ(value, checksum_bytes(algorithm, text));
      EXPECT_EQ(value.size(), checksum_size(algorithm));
    }
  }
}

TEST(Hex, ComesBack) {
  EXPECT_EQ(from_hex("00ffAb"), std::string("\x00\xff\xab", 3));
  EXPECT_EQ(from_hex("0"), std::nullopt);
  EXPECT_EQ(from_hex("zz"), std::nullopt);
}

}  // namespace
}  // namespace weir::objects
