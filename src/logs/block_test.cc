// SPDX-License-Identifier: Apache-2.0
#include "logs/block.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "logs/bytes.h"

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
  auto block = Block::read(bytes);
  ASSERT_TRUE(block);
  ASSERT_TRUE(block->unpack_messages());
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
  EXPECT_EQ(info->billed_bytes(), billed);
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

Block read(const std::string& bytes) {
  auto block = Block::read(bytes);
  WEIR_ASSERT(block && block->unpack_messages());
  return *std::move(block);
}

/// What a block holds, in the order of ids.
std::vector<std::pair<EventId, std::string>> contents(const Block& block) {
  std::vector<std::uint32_t> rows(block.size());
  std::iota(rows.begin(), rows.end(), 0U);
  block.sort(rows);
  std::vector<std::pair<EventId, std::string>> all;
  for (const std::uint32_t row : rows) all.emplace_back(block.id(row), block.message(row));
  return all;
}

// Ids of events must not change: clients tell repeated events by them.
TEST(Block, MergedBlocksKeepTheIdsOfTheirEvents) {
  const auto line = [](std::int64_t ms, int n) {
    return InputLogEvent{ms, "2 123 10.0.0.1 " + std::to_string(n)};
  };
  std::vector<InputLogEvent> first, second, third;
  for (int i = 0; i < 40; ++i) first.push_back(line(1000 + i * 10, i));
  for (int i = 0; i < 40; ++i) second.push_back(line(1005 + i * 10, 100 + i));
  for (int i = 0; i < 3; ++i) third.push_back(line(1000, 200 + i));
  std::vector<Block> blocks;
  blocks.push_back(read(BlockWriter(second).finish({50}, 9, 2)));
  blocks.push_back(read(BlockWriter(first).finish({60}, 7, 0)));
  blocks.push_back(read(BlockWriter(third).finish({50}, 8, 65'000)));

  std::vector<std::pair<EventId, std::string>> expected;
  for (const Block& block : blocks) {
    const auto some = contents(block);
    expected.insert(expected.end(), some.begin(), some.end());
  }
  std::ranges::sort(expected);
  const Block merged = read(BlockWriter::merge(blocks));
  EXPECT_EQ(contents(merged), expected);
  EXPECT_FALSE(merged.is_in_order());
  EXPECT_EQ(merged.info().first, Time{1000});
  EXPECT_EQ(merged.info().last, Time{1395});
  EXPECT_NE(merged.columns(), nullptr);

  std::vector<Block> again;
  again.push_back(read(BlockWriter::merge(std::span(blocks).subspan(1))));
  again.push_back(read(BlockWriter::merge(std::span(blocks).first(1))));
  EXPECT_EQ(contents(read(BlockWriter::merge(again))), expected);
}

// Blocks as they were written before there were columns.
TEST(Block, TheFirstVersionIsRead) {
  std::string bytes = "\x01";
  for (const std::uint64_t number : {2u, 0u, 2u * 26 + 5, 1000u, 7u, 77u, 9u, 3u})
    put_number(bytes, number);
  for (const std::uint64_t number : {0u, 3u, 7u, 2u}) put_number(bytes, number);
  const Block block = read(bytes + "onetw");
  EXPECT_EQ(block.info().billed_bytes(), 57U);
  EXPECT_EQ(block.info().last, Time{1007});
  EXPECT_EQ(block.message(0), "one");
  EXPECT_EQ(block.message(1), "tw");
  EXPECT_EQ(block.id(1), (EventId{.timestamp = {1007}, .ingestion = {77}, .batch = 9, .index = 4}));
}

bool reads(const std::string& bytes) {
  auto block = Block::read(bytes);
  return block && block->unpack_messages();
}

TEST(Block, DamagedBytesAreAnError) {
  const std::string bytes = BlockWriter(events(100, "some text ")).finish({1}, 1, 0);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(reads(bytes.substr(0, size)));
  }
  std::string other_version = bytes;
  other_version[0] = 99;
  EXPECT_FALSE(Block::read(other_version));
  EXPECT_FALSE(BlockInfo::read(other_version));
  for (std::size_t i = 0; i < bytes.size(); ++i) {  // must not crash; some changes go unnoticed
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x55);
    (void)reads(changed);
  }
}

}  // namespace
}  // namespace weir::logs
