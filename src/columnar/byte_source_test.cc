// SPDX-License-Identifier: Apache-2.0
#include "columnar/byte_source.h"

#include <gmock/gmock.h>
#include <zstd.h>

#include <memory>
#include <string>
#include <vector>

#include "columnar/gzip.h"

namespace weir::columnar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Gives a text in pieces of `size` bytes.
class Pieces final : public ByteSource {
 public:
  Pieces(std::string text, std::size_t size) : text_(std::move(text)), size_(size) {}
  Result<std::string_view> next() override {
    piece_ = text_.substr(std::min(at_, text_.size()), size_);
    at_ += piece_.size();
    return std::string_view(piece_);
  }

 private:
  std::string text_;
  std::string piece_;
  std::size_t size_;
  std::size_t at_ = 0;
};

Result<std::string> all_of(ByteSource& source) {
  std::string text;
  while (true) {
    WEIR_TRY(const std::string_view piece, source.next());
    if (piece.empty()) return text;
    text += piece;
  }
}

Result<std::string> unpacked(std::string packed, std::size_t piece) {
  WEIR_TRY(Unpacked stream, unpack(std::make_unique<Pieces>(std::move(packed), piece)));
  return all_of(*stream.bytes);
}

std::string zstd(std::string_view text) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);  // as the zstd program does
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress2(context, packed.data(), packed.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return packed;
}

std::string long_text() {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += "line " + std::to_string(i * 7919) + '\n';
  return text;
}

TEST(Unpack, EveryPieceSizeGivesTheSameText) {
  const std::string text = long_text();
  const std::string packed[] = {text, gzip(text), zstd(text)};
  for (const std::string& bytes : packed) {
    for (const std::size_t size :
         {std::size_t{1}, std::size_t{3}, std::size_t{4096}, bytes.size()}) {
      const auto got = unpacked(bytes, size);
      ASSERT_TRUE(got) << got.error().message;
      EXPECT_EQ(*got, text);
    }
  }
}

TEST(Unpack, MembersAndFramesBehindEachOtherAreOneText) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
    EXPECT_EQ(*unpacked(gzip("one\n") + gzip("") + gzip("two\n") + std::string(3, '\0'), size),
              "one\ntwo\n");
    EXPECT_EQ(*unpacked(zstd("one\n") + zstd("two\n"), size), "one\ntwo\n");
  }
}

TEST(Unpack, WhatIsCutShortOrDamagedIsAnErrorAfterTheGoodPart) {
  const std::string text = long_text();
  for (std::string packed : {gzip(text), zstd(text)}) {
    const auto cut = unpacked(packed.substr(0, packed.size() - 1), 4096);
    ASSERT_FALSE(cut);
    EXPECT_THAT(cut.error().message, HasSubstr("cut short"));
    packed[packed.size() / 2] ^= 0x55;
    packed[packed.size() / 2 + 1] ^= 0x55;
    EXPECT_FALSE(unpacked(packed, 4096));
  }
  std::string wrong_sum = gzip(text);
  wrong_sum[wrong_sum.size() - 6] ^= 1;
  EXPECT_FALSE(unpacked(wrong_sum, 4096));
  const auto followed = unpacked(gzip(text) + "plain text", 4096);
  ASSERT_FALSE(followed);
  EXPECT_THAT(followed.error().message, HasSubstr("something else behind"));
}

TEST(Unpack, RecognisesParquetAndTellsThePacking) {
  EXPECT_TRUE(unpack(bytes_of("PAR1....")).operator*().is_parquet);
  EXPECT_EQ((*unpack(bytes_of(gzip("x")))).packing, Packing::gzip);
  EXPECT_EQ((*unpack(bytes_of("2"))).packing, Packing::none);
  EXPECT_EQ(*unpacked("", 10), "");
}

std::vector<std::string> lines_of(std::string text, std::size_t piece) {
  Pieces source(std::move(text), piece);
  LineReader reader(source);
  std::vector<std::string> lines;
  std::string_view line;
  while (true) {
    const auto more = reader.next(line);
    if (!more || !*more) return lines;
    lines.emplace_back(line);
    EXPECT_EQ(reader.number(), lines.size());
  }
}

TEST(LineReader, LineEndsAndAMissingLastOneMakeNoDifference) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{100}}) {
    EXPECT_THAT(lines_of("a\r\nbb\n\nccc", size), ElementsAre("a", "bb", "", "ccc"));
    EXPECT_THAT(lines_of("a\n", size), ElementsAre("a"));
    EXPECT_THAT(lines_of("", size), ElementsAre());
  }
}

TEST(LineReader, AnEndlessLineIsAnError) {
  Pieces source("short\n" + std::string(LineReader::kLineBytesMax * 2, 'x'), 1000);
  LineReader reader(source);
  std::string_view line;
  ASSERT_TRUE(*reader.next(line));
  const auto second = reader.next(line);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::too_large);
  EXPECT_THAT(second.error().message, HasSubstr("line 2 "));
}

}  // namespace
}  // namespace weir::columnar
