// SPDX-License-Identifier: Apache-2.0
#include "logs/block.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weir::logs {
namespace {

std::vector<InputLogEvent> events(std::size_t count, const std::string& message) {
  std::vector<InputLogEvent> made;
  for (std::size_t i = 0; i < count; ++i) {
    made.push_back({1'000'000 + static_cast<std::int64_t>(i * i), message + std::to_string(i)});
  }
  return made;
}

void expect_round_trip(const std::vector<InputLogEvent>& in) {
  const BlockWriter writer(in);
  const std::string bytes = writer.finish({77}, ~0ULL, 5);
  const auto block = Block::read(bytes);
  ASSERT_TRUE(block);
  ASSERT_EQ(block->size(), in.size());
  std::uint64_t billed = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    EXPECT_EQ(block->message(i), in[i].message);
    EXPECT_EQ(block->id(i), (EventId{.timestamp = {in[i].timestamp_ms},
                                     .ingestion = {77},
                                     .batch = ~0ULL,
                                     .index = static_cast<std::uint16_t>(5 + i)}));
    billed += in[i].message.size() + 26;
  }
  const auto info = BlockInfo::read(bytes);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->count, in.size());
  EXPECT_EQ(info->billed_bytes, billed);
  EXPECT_EQ(info->first.ms, in.front().timestamp_ms);
  EXPECT_EQ(info->last.ms, in.back().timestamp_ms);
}

TEST(Block, ReadsBackWhatWasWritten) {
  expect_round_trip(events(1, "one"));
  expect_round_trip(events(3, std::string("zero \0 byte", 11)));
  expect_round_trip(events(1000, "2 123456789010 eni-0a1b2c3d4e5f60718 203.0.113.9 10.0.0.5 "));
  expect_round_trip({{0, ""}, {0, ""}});
}

TEST(Block, RepeatingMessagesGetSmaller) {
  const BlockWriter writer(events(1000, "2 123456789010 eni-0a1b2c3d4e5f60718 203.0.113.9 "));
  EXPECT_LT(writer.finish({1}, 1, 0).size() * 5, writer.billed_bytes());
}

TEST(Block, DamagedBytesAreAnError) {
  const std::string bytes = BlockWriter(events(100, "some text ")).finish({1}, 1, 0);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Block::read(bytes.substr(0, size)));
  }
  std::string other_version = bytes;
  other_version[0] = 99;
  EXPECT_FALSE(Block::read(other_version));
  EXPECT_FALSE(BlockInfo::read(other_version));
  for (std::size_t i = 0; i < bytes.size(); ++i) {  // must not crash; some changes go unnoticed
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x55);
    (void)Block::read(changed);
  }
}

}  // namespace
}  // namespace weir::logs
