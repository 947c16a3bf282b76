// SPDX-License-Identifier: Apache-2.0
#include "logs/pattern_text.h"

#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/filter_pattern.h"

namespace weir::logs {
namespace {

std::string literal_of(std::string_view body) {
  const auto regex = Regex::compile(body);
  EXPECT_TRUE(regex) << body;
  return regex ? regex->literal() : "";
}

TEST(Regex, KnowsATextThatItIsNeverFoundWithout) {
  EXPECT_EQ(literal_of("198\\.51\\.100\\.[0-9]+"), "198.51.100.");
  EXPECT_EQ(literal_of("^ERROR:? [45]\\d\\d$"), "ERROR");
  EXPECT_EQ(literal_of("ab+c"), "ab");
  EXPECT_EQ(literal_of("abc?de{2,3}xyz"), "xyz");
  EXPECT_EQ(literal_of("\\x41\\x42.C"), "AB");
  EXPECT_EQ(literal_of("gray|grey"), "");
  EXPECT_EQ(literal_of("[ab|c]d[]x]e"), "d");
  EXPECT_EQ(literal_of("[\\]q]rs"), "rs");
  EXPECT_EQ(literal_of("[[:alpha:]uvw]x"), "");
  EXPECT_EQ(literal_of("a*"), "");
}

// Goal: a line that an expression is found in always has the expression's literal.
// Method: random expressions over few characters, so that many are found in random texts.
TEST(Regex, IsFoundOnlyWhereItsLiteralIs) {
  std::mt19937 random(3);
  const auto below = [&random](std::size_t bound) { return random() % bound; };
  constexpr std::string_view kParts[] = {
      "a",   "b",    "ab", "c", "\\.", "\\x61", ".",      "[ab]", "[^c]", "[]a]", "?", "*",    "+",
      "{2}", "{,2}", "^",  "$", "\\w", "\\[",   "[\\]b]", "|",    "a+",   "b?",   " ", "[a-c]"};
  int found = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string body;
    for (std::size_t part = 1 + below(6); part > 0; --part)
      body += kParts[below(std::size(kParts))];
    const auto regex = Regex::compile(body);
    if (!regex) continue;
    for (int k = 0; k < 5; ++k) {
      std::string text;
      for (std::size_t size = below(9); size > 0; --size) text += "abc.[] "[below(7)];
      if (!regex->found_in(text)) continue;
      ++found;
      ASSERT_NE(text.find(regex->literal()), text.npos) << body << " in " << text;
    }
  }
  EXPECT_GT(found, 5'000);
}

TEST(ValueTest, KnowsItsNumbersAndAddresses) {
  using Range = NumberRanges::Range;
  const auto numbers = [](Comparison comparison, std::string_view literal) {
    const auto ranges = ValueTest::number(comparison, literal, *parse_number(literal)).numbers();
    return std::vector<Range>(ranges->ranges().begin(), ranges->ranges().end());
  };
  const std::uint64_t greatest = ~std::uint64_t{0};
  EXPECT_THAT(numbers(Comparison::equal, "5e0"), testing::ElementsAre(Range{5, 5}));
  EXPECT_THAT(numbers(Comparison::equal, "5.5"), testing::IsEmpty());
  EXPECT_THAT(numbers(Comparison::not_equal, "0"), testing::ElementsAre(Range{1, greatest}));
  EXPECT_THAT(numbers(Comparison::greater, "5.5"), testing::ElementsAre(Range{6, greatest}));
  EXPECT_THAT(numbers(Comparison::greater_or_equal, "5"), testing::ElementsAre(Range{5, greatest}));
  EXPECT_THAT(numbers(Comparison::less, "5"), testing::ElementsAre(Range{0, 4}));
  EXPECT_THAT(numbers(Comparison::less, "0.5"), testing::ElementsAre(Range{0, 0}));
  EXPECT_THAT(numbers(Comparison::less_or_equal, "-0.5"), testing::IsEmpty());
  EXPECT_FALSE(ValueTest::number(Comparison::less, "1e16", 1e16).numbers());

  const auto addresses = [](std::string_view literal) {
    const auto ranges = ValueTest::text(Comparison::equal, literal).addresses();
    return ranges ? std::vector<Range>(ranges->ranges().begin(), ranges->ranges().end())
                  : std::vector<Range>{{1, 0}};
  };
  EXPECT_THAT(addresses("10.0.2.*"), testing::ElementsAre(Range{0x0a000200, 0x0a0002ff}));
  EXPECT_THAT(addresses("10.*"), testing::ElementsAre(Range{0x0a000000, 0x0affffff}));
  EXPECT_THAT(addresses("*"), testing::ElementsAre(Range{0, 0xffffffff}));
  EXPECT_THAT(addresses("10.0.2.1"), testing::ElementsAre(Range{0x0a000201, 0x0a000201}));
  for (const char* none : {"10.0.2.", "10.0.2", "10.0.02.1", "10.0.2.256", "10.0.2.1.", "", "x",
                           "1.2.3.4.*", "300.*"}) {
    EXPECT_THAT(addresses(none), testing::IsEmpty()) << none;
  }
  for (const char* unknown : {"10.0.2*", "*.1", "10.*.1", "10.**"}) {
    EXPECT_THAT(addresses(unknown), testing::ElementsAre(Range{1, 0})) << unknown;
  }
}

}  // namespace
}  // namespace weir::logs
