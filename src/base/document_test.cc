// SPDX-License-Identifier: Apache-2.0
#include "base/document.h"

#include <gmock/gmock.h>

#include <limits>

namespace weir {
namespace {

using ::testing::HasSubstr;

TEST(Json, TextReadAndWrittenIsTheSame) {
  const std::string text = R"({"a":[1,-2,3.5,true,null,"x"],"b":{"c":{}},"d":[]})";
  const auto document = parse_json(text);
  ASSERT_TRUE(document);
  EXPECT_EQ(to_json(*document), text);
}

TEST(Json, WholeRealsKeepTheirFraction) {
  EXPECT_EQ(to_json(Document(0.0)), "0.0");
  EXPECT_EQ(to_json(Document(1e21)), "1e+21");
}

TEST(Json, TimesAreSeconds) {
  EXPECT_EQ(to_json(Document(Time{1580822771831})), "1580822771.831");
  EXPECT_EQ(to_json(Document(Time{1580822771500})), "1580822771.5");
  EXPECT_EQ(to_json(Document(Time{1580822771000})), "1580822771");
}

TEST(Json, RealsThatJsonCannotSayAreStrings) {
  EXPECT_EQ(to_json(Document(std::numeric_limits<double>::infinity())), "\"Infinity\"");
  EXPECT_EQ(to_json(Document(std::numeric_limits<double>::quiet_NaN())), "\"NaN\"");
}

TEST(Json, InvalidUtf8IsReplaced) {
  std::string out;
  append_json_string(out, "a\xff\"\n\xc3\xa4\xed\xa0\x80z");
  EXPECT_EQ(out, "\"a\xef\xbf\xbd\\\"\\n\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"");
}

TEST(Json, SyntaxErrorsNameTheOffset) {
  const auto result = parse_json(R"({"a": )");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "SerializationException");
  EXPECT_THAT(result.error().message, HasSubstr("offset"));
  EXPECT_FALSE(parse_json("{} x"));
  EXPECT_FALSE(parse_json(""));
}

TEST(Json, DeepNestingIsRefused) {
  EXPECT_FALSE(parse_json(std::string(100'000, '[')));
  EXPECT_TRUE(parse_json(std::string(50, '[') + std::string(50, ']')));
}

TEST(Json, TooManyValuesAreRefused) { EXPECT_FALSE(parse_json("[1,2,3,4,5]", {.nodes_max = 4})); }

TEST(Json, TheLastOfTwoEqualMembersWins) {
  const auto document = parse_json(R"({"a":1,"a":2})");
  ASSERT_TRUE(document);
  EXPECT_EQ(*document->find("a")->integer(), 2);
}

TEST(Yaml, PlainScalarsHaveTypesAndQuotedOnesAreText) {
  const auto document = parse_yaml("a: 12\nb: '12'\nc: true\nd: 1.5\ne: ~\nf: [x, y]\n");
  ASSERT_TRUE(document);
  EXPECT_EQ(*document->find("a")->integer(), 12);
  EXPECT_EQ(*document->find("b")->string(), "12");
  EXPECT_TRUE(*document->find("c")->boolean());
  EXPECT_EQ(*document->find("d")->real(), 1.5);
  EXPECT_TRUE(document->find("e")->is_null());
  EXPECT_EQ(document->find("f")->list()->size(), 2u);
}

TEST(Yaml, SyntaxErrorsAreErrors) { EXPECT_FALSE(parse_yaml("a: [1, 2")); }

}  // namespace
}  // namespace weir
