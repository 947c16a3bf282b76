// SPDX-License-Identifier: Apache-2.0
#include "base/shape.h"

#include <gmock/gmock.h>

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kUnits[] = {"Seconds", "Count"};

struct Item {
  std::string message;
  std::optional<int> weight;
  static Shape shape() {
    using S = Item;
    static constexpr Member members[] = {
        required<&S::message>("message", length(1, 5)),
        optional<&S::weight>("weight", range(0, 10)),
    };
    return {"Item", members};
  }
  bool operator==(const Item&) const = default;
};

struct Everything {
  std::string name;
  bool flag = false;
  std::int64_t big = 0;
  double ratio = 0;
  Bytes data;
  Time when;
  std::vector<Item> items;
  std::map<std::string, std::string> tags;
  std::optional<std::string> unit;
  static Shape shape() {
    using S = Everything;
    static constexpr Member members[] = {
        required<&S::name>("name", pattern("[a-z]+")),
        optional<&S::flag>("flag"),
        optional<&S::big>("big"),
        optional<&S::ratio>("ratio"),
        optional<&S::data>("data"),
        optional<&S::when>("when"),
        optional<&S::items>("items", weir::items(0, 2)).query("Item"),
        optional<&S::tags>("tags"),
        optional<&S::unit>("unit", one_of(kUnits)),
    };
    return {"Everything", members};
  }
  bool operator==(const Everything&) const = default;
};

Result<Everything> from(std::string_view json, const BindOptions& options = {}) {
  WEIR_TRY(const Document tree, parse_json(json));
  return from_document<Everything>(tree, options);
}

TEST(Shape, StoredJsonReadsBackEqual) {
  Everything value;
  value.name = "x";
  value.flag = true;
  value.big = std::int64_t{1} << 60;
  value.ratio = 0.1;
  value.data.value = std::string("\0\xff", 2);
  value.when = Time{1580822771831};
  value.items = {{"a", 3}, {"b", std::nullopt}};
  value.tags = {{"k", "v"}};
  value.unit = "Count";
  const auto back = from_json_text<Everything>(to_json_text(value));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, value);
}

TEST(Shape, UnsetOptionalsAreNotWritten) {
  EXPECT_THAT(to_json_text(Item{"m", std::nullopt}), R"({"message":"m"})");
}

TEST(Shape, LargeLimitsStandWithAllTheirDigits) {
  struct Limited {
    int limit = 0;
    static Shape shape() {
      using S = Limited;
      static constexpr Member members[] = {optional<&S::limit>("limit", range(1, 100000))};
      return {"Limited", members};
    }
  };
  const auto result = from_json_text<Limited>(R"({"limit":100001})");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, testing::EndsWith("less than or equal to 100000"));
}

TEST(Shape, OneViolationReadsAsOnAws) {
  const auto result = from(R"({"name":"UPPER"})");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "1 validation error detected: Value 'UPPER' at 'name' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-z]+");
}

TEST(Shape, PathsBeginWithSmallLettersWhateverTheMembersAreCalled) {
  struct Dimension {
    std::string value;
    static Shape shape() {
      static constexpr Member members[] = {required<&Dimension::value>("Value", length(1, 3))};
      return {"Dimension", members};
    }
  };
  struct Input {
    std::vector<Dimension> dimensions;
    static Shape shape() {
      static constexpr Member members[] = {optional<&Input::dimensions>("Dimensions")};
      return {"Input", members};
    }
  };
  const auto result = from_json_text<Input>(R"({"Dimensions":[{"Value":""}]})");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("Value '' at 'dimensions.1.member.value' failed"));
}

TEST(Shape, SeveralViolationsAreListedWithTheirPaths) {
  const auto result = from(R"({"items":[{"message":"toolong"},{"weight":11}],"unit":"Meters"})");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "5 validation errors detected: "
            "Value null at 'name' failed to satisfy constraint: Member must not be null; "
            "Value 'toolong' at 'items.1.member.message' failed to satisfy constraint: "
            "Member must have length less than or equal to 5; "
            "Value null at 'items.2.member.message' failed to satisfy constraint: Member must not "
            "be null; "
            "Value '11' at 'items.2.member.weight' failed to satisfy constraint: "
            "Member must have value less than or equal to 10; "
            "Value 'Meters' at 'unit' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Seconds, Count]");
}

TEST(Shape, ListsAreShownInJavaStyle) {
  const auto result =
      from(R"({"name":"x","items":[{"message":"a"},{"message":"b"},{"message":"c","weight":1}]})");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message,
              HasSubstr("Value '[Item(message=a, weight=null), Item(message=b, weight=null), "
                        "Item(message=c, weight=1)]' at 'items'"));
}

TEST(Shape, NullCountsAsAbsentAndUnknownMembersAreIgnored) {
  const auto result = from(R"({"name":"x","big":null,"strange":[1]})");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->big, 0);
}

TEST(Shape, WrongTypesAreSerializationErrors) {
  for (const char* json :
       {R"({"name":1})", R"({"name":"x","big":"1"})", R"({"name":"x","flag":"true"})",
        R"({"name":"x","items":{}})", R"({"name":"x","big":1.5})", R"([])"}) {
    const auto result = from(json);
    ASSERT_FALSE(result) << json;
    EXPECT_EQ(result.error().code, "SerializationException") << json;
  }
}

TEST(Shape, QueryTreesBindListsAndMaps) {
  const auto result = from(
      R"({"name":"x","flag":"true","big":"7","Item":{"member":{"2":{"message":"b"},"10":{"message":"c"}}},
               "tags":{"entry":{"1":{"key":"k","value":"v"}}}})",
      {.textual = true, .names = BindOptions::Names::query});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->flag);
  EXPECT_EQ(result->big, 7);
  EXPECT_THAT(result->items, ElementsAre(Item{"b", {}}, Item{"c", {}}));
  EXPECT_EQ(result->tags.at("k"), "v");
}

TEST(Shape, Ec2TreesUseCapitalisedNamesAndPlainPositions) {
  const auto result = from(R"({"Name":"x","Item":{"1":{"Message":"b","Weight":"3"}}})",
                           {.textual = true, .names = BindOptions::Names::ec2});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(result->items, ElementsAre(Item{"b", 3}));
}

TEST(Shape, TimesAreTakenAsSecondsOrIso8601) {
  EXPECT_EQ(from(R"({"name":"x","when":1580822771.831})")->when.ms, 1580822771831);
  EXPECT_EQ(from(R"({"name":"x","when":"2020-02-04T13:26:11.831Z"})")->when.ms, 1580822771831);
}

TEST(Shape, UnknownConfigurationKeysNameTheNearest) {
  const auto result = from(R"({"name":"x","ratoi":1})", {.refuse_unknown = true});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "unknown key 'ratoi', did you mean 'ratio'?");
}

TEST(NearestName, FarNamesAreNotSuggested) {
  constexpr std::string_view known[] = {"listen", "data"};
  EXPECT_EQ(nearest_name("lisen", known), "listen");
  EXPECT_EQ(nearest_name("completely", known), "");
}

}  // namespace
}  // namespace weir
