// SPDX-License-Identifier: Apache-2.0
#include "logs/block_search.h"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::logs {
namespace {

Block block_of(const std::vector<std::string>& lines) {
  std::vector<InputLogEvent> events;
  for (const std::string& line : lines) {
    events.push_back({1'000 + static_cast<std::int64_t>(events.size()), line});
  }
  auto block = Block::read(BlockWriter(events).finish({5}, 6, 0));
  WEIR_ASSERT(block);
  return *std::move(block);
}

std::vector<std::uint32_t> all_rows(std::size_t count) {
  std::vector<std::uint32_t> rows(count);
  for (std::uint32_t row = 0; row < count; ++row) rows[row] = row;
  return rows;
}

/// The lines that the search of their block finds.
std::vector<std::string> found(const std::vector<std::string>& lines, std::string_view pattern) {
  Block block = block_of(lines);
  EXPECT_NE(block.columns(), nullptr);
  auto rows = all_rows(lines.size());
  BlockSearch search(*FilterPattern::compile(pattern));
  EXPECT_TRUE(search.keep_matching(block, rows));
  EXPECT_TRUE(block.unpack_messages_of(rows));
  std::vector<std::string> texts;
  for (const std::uint32_t row : rows) texts.emplace_back(block.message(row));
  return texts;
}

class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t bound) { return random_() % bound; }
  bool one_in(std::size_t count) { return below(count) == 0; }
  std::string of(std::initializer_list<const char*> texts) {
    return *(texts.begin() + static_cast<std::ptrdiff_t>(below(texts.size())));
  }
  std::string number(std::size_t bound) { return std::to_string(below(bound)); }

 private:
  std::mt19937_64 random_;
};

/// A line whose tokens have the types of a flow record's, seldom something else.
std::string random_line(Chance& chance, std::size_t oddity) {
  const auto address = [&] {
    return chance.one_in(9)
               ? "-"
               : "10." + chance.number(3) + "." + chance.number(300 - 44) + "." + chance.number(40);
  };
  std::vector<std::string> tokens = {
      "2",
      chance.of({"123456789010", "123456789011"}),
      "eni-" + chance.number(5),
      address(),
      address(),
      chance.one_in(20) ? "-" : chance.number(65'536),
      chance.one_in(20) ? "-" : chance.of({"22", "443", "80", "3389", "8080"}),
      chance.of({"6", "17", "-"}),
      chance.number(300),
      chance.number(4'000'000'000),
      std::to_string(1'767'225'600 + chance.below(90)),
      std::to_string(900'719'925'474'099'000 + chance.below(2'000)),
      chance.of({"ACCEPT", "REJECT", "-"}),
      chance.of({"OK", "NODATA", "OK"}),
  };
  if (chance.one_in(oddity)) {
    tokens[chance.below(tokens.size())] =
        chance.of({"", "x", "\"a", "\"a b\"", "[a", "[b", "c]", "[c d]", "e\tf", "\t", "007", "1e3",
                   "-5", "{\"a\":1}", "{", "\"", "3389\n", "99999999999999999999", "10.0.0.01"});
  }
  if (chance.one_in(oddity)) tokens.resize(1 + chance.below(tokens.size()));
  if (chance.one_in(oddity)) tokens.push_back("extra");
  std::string line;
  for (const std::string& token : tokens) line += token + " ";
  line.pop_back();
  return line;
}

std::string random_value(Chance& chance) {
  switch (chance.below(8)) {
    case 0:
      return chance.number(70'000);
    case 1:
      return chance.of({"22", "443", "0443", "4.43e2", "6", "1.5", "-5", "1767225633"});
    case 2:
      return chance.of({"REJECT", "OK", "\"-\"", "\"443\"", "\"10.0.0.1\"", "\"\"", "-", "x"});
    case 3:
      return chance.of({"10.0.*", "10.1.*", "10.0.7.*", "*.7", "10.*.1", "*", "4*", "RE*T", "10*"});
    case 4:
      return "10." + chance.number(3) + ".0." + chance.number(40);
    case 5:
      return chance.of({"%^10\\.0%", "%443|22%", "%[A-Z]+%", "%5$%", "%^-$%"});
    case 6:
      return chance.of({"900719925474099500", "900719925474100000", "9007199254740992", "1e18"});
    default:
      return chance.of({"3000000000", "4e9", "1e300", "0", "1"});
  }
}

std::string random_test(Chance& chance, const std::string& name) {
  if (chance.one_in(3)) {
    return name + chance.of({" > ", " >= ", " < ", " <= "}) +
           chance.of({"0", "22", "150", "1e3", "2.5", "-1", "100000", "2000000000", "1767225633",
                      "900719925474100000", "1e30"});
  }
  return name + chance.of({" = ", " != "}) + random_value(chance);
}

std::string random_delimited(Chance& chance) {
  std::string pattern = "[";
  const std::size_t slots = chance.one_in(5) ? 1 + chance.below(16) : 14;
  const std::size_t ellipsis = chance.one_in(3) ? chance.below(slots) : slots;
  for (std::size_t i = 0; i < slots; ++i) {
    if (i > 0) pattern += ", ";
    const std::string name = "f" + std::to_string(i);
    if (i == ellipsis) {
      pattern += "...";
    } else if (!chance.one_in(5)) {
      pattern += chance.one_in(2) ? name : "";
    } else {
      pattern += random_test(chance, name);
      while (chance.one_in(3)) pattern += chance.of({" && ", " || "}) + random_test(chance, name);
    }
  }
  return pattern + "]";
}

std::string random_terms(Chance& chance, const std::vector<std::string>& lines) {
  std::string pattern;
  const bool is_optional = chance.one_in(4);
  for (std::size_t i = 0; i <= chance.below(3); ++i) {
    std::string text;
    if (chance.one_in(8)) {
      text = chance.of({"%10\\.0%", "%ACC|22 %", "%\\s6\\s%", "%[34]{3}%", "%NODATA$%"});
    } else {
      const std::string& line = lines[chance.below(lines.size())];
      const std::size_t from = chance.below(line.size() + 1);
      text = line.substr(from, chance.below(24));
      if (chance.one_in(6) && !text.empty()) text[chance.below(text.size())] = ' ';
      std::string quoted;
      for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
      }
      text = '"' + quoted + '"';
    }
    if (!pattern.empty()) pattern += ' ';
    pattern += (is_optional ? "?" : (chance.one_in(4) ? "-" : "")) + text;
  }
  return pattern;
}

std::string random_pattern(Chance& chance, const std::vector<std::string>& lines) {
  switch (chance.below(8)) {
    case 0:
      return chance.of({"{ $.a = 1 }", "{ $.a NOT EXISTS }", "[]", "", "[...]", "[a]", "[a, b]"});
    case 1:
    case 2:
    case 3:
      return random_terms(chance, lines);
    default:
      return random_delimited(chance);
  }
}

// Goal: the search of columns answers as the search of lines does.
// Method: blocks of random flow records with odd lines among them, and random patterns of all
// dialects; each pattern is asked about several blocks, so that what it remembers is used.
TEST(BlockSearch, FindsInColumnsWhatMatchingEachLineFinds) {
  Chance chance(5);
  std::size_t matches = 0;
  std::size_t by_columns = 0;
  for (int round = 0; round < 30; ++round) {
    std::vector<std::vector<std::string>> blocks(3);
    for (auto& lines : blocks) {
      const std::size_t oddity = chance.one_in(2) ? 40 : 100'000;
      lines.resize(30 + chance.below(400));
      for (std::string& line : lines) line = random_line(chance, oddity);
    }
    std::vector<Block> blocks_read;
    for (const auto& lines : blocks) blocks_read.push_back(block_of(lines));
    for (int i = 0; i < 30; ++i) {
      const std::string text = random_pattern(chance, blocks[0]);
      const auto pattern = FilterPattern::compile(text);
      if (!pattern) continue;  // such as three expressions
      BlockSearch search(*pattern);
      for (const auto& lines : blocks) {
        Block block = blocks_read[static_cast<std::size_t>(&lines - blocks.data())];
        by_columns += block.columns() != nullptr;
        auto rows = all_rows(lines.size());
        if (chance.one_in(3)) std::erase_if(rows, [&](auto) { return chance.one_in(2); });
        std::vector<std::uint32_t> expected = rows;
        std::erase_if(expected, [&](std::uint32_t row) { return !pattern->matches(lines[row]); });
        ASSERT_TRUE(search.keep_matching(block, rows));
        ASSERT_EQ(rows, expected) << text;
        ASSERT_TRUE(block.unpack_messages_of(rows));
        for (const std::uint32_t row : rows) ASSERT_EQ(block.message(row), lines[row]) << text;
        matches += rows.size();
      }
    }
  }
  EXPECT_GT(matches, 5'000U);
  EXPECT_GT(by_columns, 1'000U);
}

std::vector<std::string> flow_lines() {
  std::vector<std::string> lines;
  for (int i = 0; i < 200; ++i) {
    lines.push_back("2 10.0." + std::to_string(i) + ".7 " + std::to_string(i * 331) + " 443 " +
                    (i % 50 == 0 ? "REJECT OK" : "ACCEPT OK"));
  }
  return lines;
}

TEST(BlockSearch, ALiteralAcrossColumnsIsWholeInTheMiddleAndCutAtItsEnds) {
  const auto lines = flow_lines();
  EXPECT_THAT(found(lines, "\".0.77.7 25487 443 ACC\""), testing::ElementsAre(lines[77]));
  EXPECT_THAT(found(lines, "\"7 5487 443\""), testing::IsEmpty());
  EXPECT_THAT(found(lines, "\"443 REJECT OK\""),
              testing::ElementsAre(lines[0], lines[50], lines[100], lines[150]));
}

TEST(BlockSearch, PointsOfAnAddressMeetPointsOfTheLiteral) {
  const auto lines = flow_lines();
  EXPECT_THAT(found(lines, "\".19.7\""), testing::ElementsAre(lines[19]));
  EXPECT_THAT(
      found(lines, "\"10.0.19\""),
      testing::ElementsAre(lines[19], lines[190], lines[191], lines[192], lines[193], lines[194],
                           lines[195], lines[196], lines[197], lines[198], lines[199]));
  EXPECT_THAT(found(lines, "\"0.0.19\""), testing::SizeIs(11));
  EXPECT_THAT(found(lines, "\"1.0.19\""), testing::IsEmpty());
}

TEST(BlockSearch, NumbersThatADoubleCannotTellApartAreComparedAsLinesAre) {
  std::vector<std::string> lines;
  for (int i = 0; i < 200; ++i) {
    lines.push_back("a " + std::to_string(900'719'925'474'099'200 + i));
  }
  for (const char* pattern : {"[a, b = 900719925474099264]", "[a, b > 900719925474099264]",
                              "[a, b <= 900719925474099300]", "[a, b != 900719925474099264]"}) {
    const auto compiled = *FilterPattern::compile(pattern);
    std::vector<std::string> expected;
    for (const std::string& line : lines) {
      if (compiled.matches(line)) expected.push_back(line);
    }
    EXPECT_EQ(found(lines, pattern), expected) << pattern;
  }
}

TEST(BlockSearch, PatternsOfVeryManyTermsAreSearchedAsOthersAre) {
  const auto lines = flow_lines();
  std::string many;
  std::string optional;
  std::string tests = "[a, b, c = 0";
  for (int i = 0; i < 200; ++i) {
    many += "4 ";
    optional += "?\"9 9 " + std::to_string(i) + "\" ";
    tests += " || c = " + std::to_string(331 * i);
  }
  EXPECT_THAT(found(lines, many), testing::SizeIs(200));
  EXPECT_THAT(found(lines, optional), testing::IsEmpty());
  EXPECT_THAT(found(lines, tests + ", ...]"), testing::SizeIs(200));
  EXPECT_THAT(found(lines, "\"" + std::string(900, ' ') + "\""), testing::IsEmpty());
}

TEST(BlockSearch, ABlockWithDamagedColumnsIsAnErrorAndNotAWrongAnswer) {
  std::vector<InputLogEvent> events;
  for (int i = 0; i < 100; ++i) events.push_back({i, "a " + std::to_string(i * 7919) + " x"});
  const std::string good = BlockWriter(events).finish({5}, 6, 0);
  BlockSearch search(*FilterPattern::compile("[a, b > 5, c]"));
  int errors = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    auto block = Block::read(bytes);
    if (!block) continue;
    auto rows = all_rows(block->size());
    errors += !search.keep_matching(*block, rows);
  }
  EXPECT_GT(errors, 0);
}

}  // namespace
}  // namespace weir::logs
