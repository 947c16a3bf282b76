// SPDX-License-Identifier: Apache-2.0
#include "logs/columns.h"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/block.h"

namespace weir::logs {
namespace {

using testing::Each;
using testing::ElementsAre;

std::vector<InputLogEvent> events_of(const std::vector<std::string>& lines) {
  std::vector<InputLogEvent> events;
  for (const std::string& line : lines) {
    events.push_back({1'000 + static_cast<std::int64_t>(events.size()), line});
  }
  return events;
}

Block block_of(const std::vector<std::string>& lines) {
  auto block = Block::read(BlockWriter(events_of(lines)).finish({5}, 6, 0));
  WEIR_ASSERT(block && block->unpack_messages());
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(block->message(i), lines[i]);
  return *std::move(block);
}

/// `count` lines in which each `%` is the line's number.
std::vector<std::string> lines_like(const std::string& pattern, std::size_t count = 200) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < count; ++i) {
    std::string line;
    for (const char c : pattern) line += c == '%' ? std::to_string(i) : std::string(1, c);
    lines.push_back(line);
  }
  return lines;
}

TEST(Columns, NumbersAddressesAndWordsAreToldApart) {
  const Block block = block_of(lines_like("2 10.0.0.% - eni-a % 443 ACCEPT"));
  ASSERT_NE(block.columns(), nullptr);
  EXPECT_EQ(block.columns()->count(), 7U);
  EXPECT_EQ(block.columns()->kind(0), Column::Kind::number);
  EXPECT_EQ(block.columns()->kind(1), Column::Kind::ipv4);
  EXPECT_EQ(block.columns()->kind(2), Column::Kind::text);
  EXPECT_EQ(block.columns()->kind(3), Column::Kind::text);
  EXPECT_EQ(block.columns()->kind(4), Column::Kind::number);
  EXPECT_THAT(block.column(0)->numbers, Each(2));
  EXPECT_EQ(block.column(1)->addresses[7], 0x0a000007U);
  EXPECT_EQ(block.column(2)->word(0), "-");
  EXPECT_EQ(block.column(3)->dictionary_size(), 1U);
  EXPECT_EQ(block.column(4)->numbers[199], 199);
  EXPECT_EQ(block.columns()->bounds(4)->least, 0);
  EXPECT_EQ(block.columns()->bounds(4)->greatest, 199);
  EXPECT_EQ(block.columns()->bounds(6), std::nullopt);
}

TEST(Columns, TellWhichTokensTheyDoNotHave) {
  // Ports of three values far apart are a dictionary; the counted numbers are not.
  std::vector<std::string> lines;
  const char* const kPorts[] = {"22", "443", "65535"};
  for (std::size_t i = 0; i < 300; ++i) {
    lines.push_back("10.0.0." + std::to_string(i % 3) + ' ' + kPorts[i % 3] + ' ' +
                    std::to_string(1000 + i) + (i % 2 == 0 ? " ACCEPT" : " REJECT"));
  }
  lines[7] = "- 22 - ACCEPT";
  const Block block = block_of(lines);
  ASSERT_NE(block.columns(), nullptr);
  for (const auto& [column, token] :
       {std::pair(0, "10.0.0.1"), {0, "-"}, {1, "443"}, {2, "1100"}, {2, "-"}, {3, "REJECT"}}) {
    EXPECT_TRUE(block.may_have(static_cast<std::size_t>(column), token)) << column << token;
  }
  for (const auto& [column, token] : {std::pair(0, "10.0.1.1"),
                                      {0, "x"},
                                      {0, "10.0.0"},
                                      {1, "65536"},
                                      {1, "-"},
                                      {1, "-22"},
                                      {2, "999"},
                                      {2, "1300"},
                                      {2, "1e3"},
                                      {3, "DROP"},
                                      {3, "REJEC"},
                                      {3, ""}}) {
    EXPECT_FALSE(block.may_have(static_cast<std::size_t>(column), token)) << column << token;
  }
}

TEST(Columns, HyphensAmongNumbersAndAddressesAreNulls) {
  auto lines = lines_like("% 10.0.0.1 x");
  lines[0] = "- - x";
  lines[50] = "- 10.0.0.2 x";
  lines[199] = "199 - x";
  const Block block = block_of(lines);
  const Column numbers = *block.column(0);
  EXPECT_EQ(numbers.kind, Column::Kind::number);
  EXPECT_EQ(numbers.numbers[0], Column::kNull);
  EXPECT_EQ(numbers.numbers[50], Column::kNull);
  EXPECT_EQ(numbers.numbers[51], 51);
  const Column addresses = *block.column(1);
  EXPECT_EQ(addresses.is_null[0], 1);
  EXPECT_EQ(addresses.is_null[1], 0);
  EXPECT_EQ(addresses.is_null[199], 1);
  EXPECT_EQ(addresses.addresses[50], 0x0a000002U);
}

TEST(Columns, AFewLinesOfAnotherShapeAreKeptAsideToTheByte) {
  auto lines = lines_like("% 10.0.0.1 x", 640);
  lines[3] = "one two";
  lines[4] = "a b c d";
  lines[100] = "";
  lines[101] = "007 10.0.0.1 x";
  lines[102] = "5 10.0.0.01 x";
  lines[639] = " 5 10.0.0.1 x ";
  const Block block = block_of(lines);
  ASSERT_NE(block.columns(), nullptr);
  EXPECT_THAT(block.columns()->odd_rows(), ElementsAre(3, 4, 100, 101, 102, 639));
  EXPECT_EQ(block.column(0)->numbers[638], 638);
}

// What would not come back to the byte stays text: signs, leading zeros, numbers beyond 18 digits,
// addresses that are written in another way.
TEST(Columns, WhatIsNotWrittenInTheOneWayStaysText) {
  for (const char* token :
       {"+%", "0%", "-%", "%.0", "9999999999999999999%", "10.0.0.0%", "1.2.3", "1.2.3.4.%", "0x%",
        "1.2.3.256", "256.2.3.4", "%\n", "\t%", "2001:db8::%"}) {
    const Block block = block_of(lines_like(std::string(token) + " 1"));
    ASSERT_NE(block.columns(), nullptr);
    EXPECT_EQ(block.columns()->kind(0), Column::Kind::text) << token;
  }
}

TEST(Columns, NumbersAtTheEdgesComeBack) {
  auto lines = lines_like("% 1.1.1.1 %00000000");
  lines[0] = "7 7.7.7.7 7";
  lines[1] = "0 0.0.0.0 0";
  lines[2] = "999999999999999999 255.255.255.255 99999999";
  lines[3] = "100000000000000000 1.10.100.200 10000000000000000";
  lines[4] = "12345678 9.9.9.9 1234567890123456";
  const Block block = block_of(lines);
  EXPECT_EQ(block.columns()->kind(0), Column::Kind::number);
  EXPECT_TRUE(block.columns()->odd_rows().empty());
  EXPECT_EQ(block.column(0)->numbers[2], 999'999'999'999'999'999);
  EXPECT_EQ(block.column(2)->numbers[4], 1'234'567'890'123'456);
}

TEST(Columns, DoubledBlanksAreEmptyTokens) {
  const Block block = block_of(lines_like("a  % b"));
  ASSERT_NE(block.columns(), nullptr);
  EXPECT_EQ(block.columns()->count(), 4U);
  EXPECT_EQ(block.column(1)->word(0), "");
}

TEST(Columns, FewOrDifferentOrPlainLinesAreStoredAsText) {
  EXPECT_EQ(block_of(lines_like("% 1", 5)).columns(), nullptr);
  EXPECT_EQ(block_of(lines_like("%")).columns(), nullptr);
  std::vector<std::string> lines;
  for (int i = 0; i < 200; ++i)
    lines.push_back("a" + std::string(static_cast<std::size_t>(i) % 7, ' '));
  EXPECT_EQ(block_of(lines).columns(), nullptr);
}

/// Lines of random shape, with everything that could go wrong in them.
std::vector<std::string> random_lines(std::mt19937& random) {
  const auto below = [&random](std::size_t bound) { return random() % bound; };
  const std::size_t columns = 1 + below(20);
  const std::size_t oddity = 2 + below(200);
  std::vector<std::string> lines(1 + below(600));
  for (std::string& line : lines) {
    for (std::size_t column = 0; column < columns; ++column) {
      if (column > 0) line += ' ';
      std::size_t kind = (column * 7 + columns) % 9;
      if (below(oddity) == 0) kind = below(9);
      switch (kind) {
        case 0:
          line += std::to_string(below(3));
          break;
        case 1:
          line += std::to_string(std::uint64_t{random()} * random());
          break;
        case 2:
          line += std::to_string(below(70'000));
          break;
        case 3:
          line += "10." + std::to_string(below(300)) + ".0." + std::to_string(below(20));
          break;
        case 4:
          line += below(4) == 0 ? "-" : std::to_string(below(9));
          break;
        case 5:
          line += "eni-" + std::to_string(below(30));
          break;
        case 6:
          line += std::string(below(40), static_cast<char>(below(256)));
          break;
        case 7:
          line += "-";
          break;
        default:
          line += std::to_string(below(256)) + ".1.2." + std::to_string(below(256));
          break;
      }
    }
  }
  return lines;
}

TEST(Columns, LinesOfAnyShapeComeBackToTheByte) {
  std::mt19937 random(11);
  int by_columns = 0;
  for (int i = 0; i < 300; ++i) by_columns += block_of(random_lines(random)).columns() != nullptr;
  EXPECT_GT(by_columns, 50);
  EXPECT_LT(by_columns, 300);
}

}  // namespace
}  // namespace weir::logs
