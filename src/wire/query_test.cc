// SPDX-License-Identifier: Apache-2.0
#include "wire/query.h"

#include <gtest/gtest.h>

#include "wire/http.h"
#include "wire/text.h"

namespace weir::wire {
namespace {

std::string tree_of(std::string_view form) {
  const auto tree = parse_query(parse_form(form));
  return tree ? to_json(*tree) : tree.error().code;
}

TEST(Query, DotsGoDown) {
  EXPECT_EQ(
      tree_of("Action=A&MetricData.member.1.Dimensions.member.2.Name=x"),
      R"({"Action":"A","MetricData":{"member":{"1":{"Dimensions":{"member":{"2":{"Name":"x"}}}}}}})");
  EXPECT_EQ(tree_of("Attributes.entry.1.key=k&Attributes.entry.1.value=v"),
            R"({"Attributes":{"entry":{"1":{"key":"k","value":"v"}}}})");
}

TEST(Query, PositionsAreInNumericOrder) {
  EXPECT_EQ(tree_of("a.10=x&a.9=y&a.100=z"), R"({"a":{"9":"y","10":"x","100":"z"}})");
}

TEST(Query, EmptyValuesStay) { EXPECT_EQ(tree_of("Dimensions=&b"), R"({"b":"","Dimensions":""})"); }

TEST(Query, PartsWinOverAValue) { EXPECT_EQ(tree_of("a.1=x&a=y"), R"({"a":{"1":"x"}})"); }

TEST(Query, NothingIsAnEmptyMap) { EXPECT_EQ(tree_of(""), "{}"); }

TEST(Query, BoundsAreKept) {
  std::string deep = "a";
  for (int i = 0; i < 100; ++i) deep += ".a";
  EXPECT_EQ(tree_of(deep + "=1"), "MalformedQueryString");

  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 50; ++i) many.emplace_back("a." + std::to_string(i), "");
  EXPECT_FALSE(parse_query(many, {.depth_max = 10, .nodes_max = 20}));
}

TEST(Query, ManyItemsAreFast) {
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 100'000; ++i) many.emplace_back("a.member." + std::to_string(i), "v");
  const auto tree = parse_query(many);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->find("a")->find("member")->map()->size(), 100'000u);
}

TEST(Percent, DecodingKeepsWhatIsNoEscape) {
  EXPECT_EQ(percent_decode("a%20b%2Fc%zz%4"), "a b/c%zz%4");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("%41"), "A");
}

TEST(Percent, EncodingIsThatOfSigV4) {
  EXPECT_EQ(percent_encode("a b/c~-._*+=\xc3\xa9"), "a%20b%2Fc~-._%2A%2B%3D%C3%A9");
  EXPECT_EQ(percent_encode("a/b c", true), "a/b%20c");
}

TEST(Target, IsSplit) {
  HttpRequest request;
  set_target(request, "/b/k%20x?uploads&partNumber=2&a=b=c");
  EXPECT_EQ(request.path, "/b/k%20x");
  EXPECT_EQ(request.query_value("uploads"), "");
  EXPECT_EQ(request.query_value("partNumber"), "2");
  EXPECT_EQ(request.query_value("a"), "b=c");
  EXPECT_EQ(request.query_value("missing"), std::nullopt);
  set_target(request, "http://host:80/x?y=1");
  EXPECT_EQ(request.path, "/x");
  set_target(request, "http://host");
  EXPECT_EQ(request.path, "/");
}

TEST(Headers, CompareWithoutCase) {
  Headers headers;
  headers.add("Content-Type", "a");
  headers.add("X", "1");
  headers.add("x", "2");
  EXPECT_EQ(headers.get("content-TYPE"), "a");
  headers.set("X", "3");
  EXPECT_EQ(headers.all().size(), 2u);
  EXPECT_EQ(headers.get("x"), "3");
}

TEST(Utf8, OverlongFormsAndSurrogatesAreInvalid) {
  EXPECT_TRUE(is_utf8("a\xc3\xa9\xe1\x88\xb4\xf0\x90\x85\x91"));
  for (const std::string_view bad :
       {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80", "\x80", "\xc3", "\xf5"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
  EXPECT_EQ(valid_utf8("a\xff\xc3\xa9"), "a\xef\xbf\xbd\xc3\xa9");
}

}  // namespace
}  // namespace weir::wire
