// SPDX-License-Identifier: Apache-2.0
#include "contributors/definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::contributors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::string_view kRecord =
    "2 123456789010 eni-0a1b2c3d4e5f60718 203.0.113.9 10.0.0.5 50123 443 6 4 240 1767603600 "
    "1767603655 REJECT OK";

struct Parts {
  std::string groups = R"("LogGroupNames":["/vpc/flow*"])";
  std::string format = "CLF";
  std::string fields = R"("Fields":{"4":"srcaddr","5":"dstaddr","10":"bytes"},)";
  std::string contribution = R"({"Keys":["srcaddr","dstaddr"],"ValueOf":"bytes","Filters":[]})";
  std::string aggregate = "Sum";
};
std::string text_of(const Parts& parts) {
  return R"({"Schema":{"Name":"CloudWatchLogRule","Version":1},)" + parts.groups +
         R"(,"LogFormat":")" + parts.format + "\"," + parts.fields + R"("Contribution":)" +
         parts.contribution + R"(,"AggregateOn":")" + parts.aggregate + "\"}";
}
Parts json(std::string contribution, std::string aggregate = "Count") {
  return {.format = "JSON",
          .fields = "",
          .contribution = std::move(contribution),
          .aggregate = std::move(aggregate)};
}
Parts clf(std::string contribution, std::string aggregate = "Count") {
  return {.fields = "", .contribution = std::move(contribution), .aggregate = std::move(aggregate)};
}

Definition parsed(const Parts& parts) {
  auto definition = Definition::parse(text_of(parts));
  EXPECT_TRUE(definition) << definition.error().message;
  return *std::move(definition);
}
std::string refused(const std::string& text) {
  const auto definition = Definition::parse(text);
  if (definition) return "accepted";
  EXPECT_EQ(definition.error().code, "InvalidParameterValue");
  EXPECT_THAT(definition.error().message, HasSubstr("The rule definition is invalid: "));
  return definition.error().message;
}
std::string refused(const Parts& parts) { return refused(text_of(parts)); }

struct Counted {
  std::vector<std::string> keys;
  double value;
  bool operator==(const Counted&) const = default;
};
std::optional<Counted> count(const Definition& definition, std::string_view message) {
  EventView view;
  view.reset(message);
  std::string key;
  double value = 0;
  if (!definition.contribution(view, key, value)) return {};
  return Counted{unpack_keys(key), value};
}
bool counts(const std::string& filter, std::string_view message) {
  const bool is_json = message.starts_with('{');
  const std::string key = is_json ? R"("$.k")" : R"("1")";
  const std::string contribution = R"({"Keys":[)" + key + R"(],"Filters":[)" + filter + "]}";
  return count(parsed(is_json ? json(contribution) : clf(contribution)), message).has_value();
}

TEST(Definition, SampleOfBytesForEachSourceAndDestination) {
  const Definition definition = parsed({});
  EXPECT_EQ(count(definition, kRecord), (Counted{{"203.0.113.9", "10.0.0.5"}, 240}));
  EXPECT_THAT(definition.key_labels(), ElementsAre("srcaddr", "dstaddr"));
  EXPECT_EQ(definition.aggregate(), Definition::Aggregate::sum);
  EXPECT_TRUE(definition.covers("/vpc/flow"));
  EXPECT_TRUE(definition.covers("/vpc/flow/2"));
  EXPECT_FALSE(definition.covers("/vpc"));
}

// User Guide, "Contributor Insights example rules": bytes of TCP transfers by receiver on port 443.
TEST(Definition, SampleOfReceiversOnPort443) {
  const Definition definition =
      parsed(clf(R"({"Keys":["5"],"ValueOf":"9","Filters":[{"Match":"7","EqualTo":443}]})", "Sum"));
  EXPECT_EQ(count(definition, kRecord), (Counted{{"10.0.0.5"}, 4}));
}

// The same page, refused TCP connections: Sum without ValueOf.
TEST(Definition, SampleOfRefusedConnectionsCountsEvents) {
  const Definition definition = parsed(clf(
      R"({"Keys":["3","4"],"Filters":[{"Match":"8","EqualTo":6},{"Match":"13","In":["REJECT"]}]})",
      "Sum"));
  EXPECT_EQ(count(definition, kRecord), (Counted{{"eni-0a1b2c3d4e5f60718", "203.0.113.9"}, 1}));
  EXPECT_EQ(count(definition, "2 1 eni-1 1.1.1.1 2.2.2.2 1 2 6 1 1 1 1 ACCEPT OK"), std::nullopt);
}

TEST(Definition, RecordsWithoutDataDoNotCountInASum) {
  EXPECT_EQ(count(parsed({}), "2 1 eni-1 - - - - - - - 1 2 - NODATA"), std::nullopt);
}

TEST(Definition, ClfFieldsInQuotesAndBracketsAreOne) {
  const Definition definition = parsed(clf(R"({"Keys":["1","4","5"],"ValueOf":"7"})", "Sum"));
  EXPECT_EQ(
      count(definition, "127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /a b\" 200 2326"),
      (Counted{{"127.0.0.1", "10/Oct/2000:13:55:36 -0700", "GET /a b"}, 2326}));
}

TEST(Definition, JsonPathsReachIntoObjectsAndArrays) {
  const Definition definition =
      parsed(json(R"({"Keys":["$.a.b","$.list[1].n","$.ok","$.['x.y']"],"ValueOf":"$.v"})", "Sum"));
  EXPECT_EQ(count(definition, R"({"a":{"b":"q"},"list":[0,{"n":7}],"ok":true,"v":-2.5,"x.y":"z"})"),
            (Counted{{"q", "7", "true", "z"}, -2.5}));
  EXPECT_EQ(count(definition, R"({"a":{"b":{}},"list":[0,{"n":7}],"ok":true,"v":1,"x.y":"z"})"),
            std::nullopt);
  EXPECT_EQ(count(definition, "no json"), std::nullopt);
}

TEST(Definition, EventsWithoutAKeyOrANumberDoNotCount) {
  const Definition definition = parsed(json(R"({"Keys":["$.k"],"ValueOf":"$.v"})", "Sum"));
  EXPECT_EQ(count(definition, R"({"k":"a","v":"12"})"), (Counted{{"a"}, 12}));
  EXPECT_EQ(count(definition, R"({"k":"a","v":"x"})"), std::nullopt);
  EXPECT_EQ(count(definition, R"({"k":"a"})"), std::nullopt);
  EXPECT_EQ(count(definition, R"({"k":null,"v":1})"), std::nullopt);
  EXPECT_EQ(count(definition, R"({"v":1})"), std::nullopt);
  EXPECT_EQ(count(definition, R"({"k":"a","v":1000000000})"), (Counted{{"a"}, 1e9}));
  EXPECT_EQ(count(definition, R"({"k":"a","v":1000000001})"), std::nullopt);
  EXPECT_EQ(count(definition, R"({"k":"a","v":-1000000001})"), std::nullopt);
}

TEST(Definition, LongKeysAreCutBetweenCharacters) {
  const Definition definition = parsed(json(R"({"Keys":["$.k"]})"));
  const std::string ascii(2000, 'x');
  EXPECT_EQ(count(definition, R"({"k":")" + ascii + R"("})")->keys[0], std::string(1024, 'x'));
  std::string umlauts = "x";
  for (int i = 0; i < 1000; ++i) umlauts += "\xc3\xbc";
  EXPECT_EQ(count(definition, R"({"k":")" + umlauts + R"("})")->keys[0], umlauts.substr(0, 1023));
}

TEST(Definition, FiltersOfEveryKind) {
  constexpr std::string_view kJson =
      R"({"k":"a","s":"ec2.amazonaws.com","n":200,"t":"31","z":null})";
  EXPECT_TRUE(counts(R"({"Match":"$.s","In":["x","ec2.amazonaws.com"]})", kJson));
  EXPECT_TRUE(counts(R"({"Match":"$.n","In":["200"]})", kJson));
  EXPECT_FALSE(counts(R"({"Match":"$.s","In":["EC2.amazonaws.com"]})", kJson));
  EXPECT_TRUE(counts(R"({"Match":"$.s","NotIn":["x","y"]})", kJson));
  EXPECT_FALSE(counts(R"({"Match":"$.s","NotIn":["x","ec2.amazonaws.com"]})", kJson));
  EXPECT_TRUE(counts(R"({"Match":"$.s","StartsWith":["s3","ec2"]})", kJson));
  EXPECT_FALSE(counts(R"({"Match":"$.s","StartsWith":["amazonaws"]})", kJson));
  EXPECT_TRUE(counts(R"({"Match":"$.n","GreaterThan":199.5})", kJson));
  EXPECT_FALSE(counts(R"({"Match":"$.n","GreaterThan":200})", kJson));
  EXPECT_TRUE(counts(R"({"Match":"$.t","LessThan":32})", kJson));
  EXPECT_FALSE(counts(R"({"Match":"$.t","LessThan":31})", kJson));
  EXPECT_TRUE(counts(R"({"Match":"$.n","EqualTo":200.0})", kJson));
  EXPECT_FALSE(counts(R"({"Match":"$.s","EqualTo":200})", kJson));
  EXPECT_TRUE(counts(R"({"Match":"$.n","NotEqualTo":404})", kJson));
  EXPECT_FALSE(counts(R"({"Match":"$.n","NotEqualTo":200})", kJson));
  EXPECT_TRUE(counts(R"({"Match":"$.n","IsPresent":true})", kJson));
  EXPECT_TRUE(counts(R"({"Match":"$.zz","IsPresent":false})", kJson));
  EXPECT_FALSE(counts(R"({"Match":"$.zz","IsPresent":true})", kJson));
  EXPECT_TRUE(counts(R"({"Match":"$.z","IsPresent":false})", kJson));
  EXPECT_TRUE(
      counts(R"({"Match":"14","IsPresent":true},{"Match":"15","IsPresent":false})", kRecord));
  EXPECT_TRUE(counts(R"({"Match":"7","GreaterThan":442},{"Match":"7","LessThan":444})", kRecord));
  EXPECT_FALSE(counts(R"({"Match":"7","GreaterThan":442},{"Match":"7","LessThan":443})", kRecord));
}

TEST(Definition, FiltersOnWhatIsMissingDoNotHold) {
  constexpr std::string_view kJson = R"({"k":"a"})";
  for (const char* const filter :
       {R"({"Match":"$.x","In":["a"]})", R"({"Match":"$.x","NotIn":["a"]})",
        R"({"Match":"$.x","NotEqualTo":1})", R"({"Match":"$.x","LessThan":1})"}) {
    EXPECT_FALSE(counts(filter, kJson)) << filter;
  }
}

TEST(Definition, ArnsNameGroupsOfThisAccountAndRegion) {
  const auto by_arn = [](const std::string& arn) {
    Parts parts;
    parts.groups = R"("LogGroupARNs":[")" + arn + "\"]";
    return parsed(parts);
  };
  const Scope scope{"111122223333", "us-east-1"};
  for (const char* const arn : {"arn:aws:logs:us-east-1:111122223333:log-group:/vpc/flow",
                                "arn:aws:logs:us-east-1:111122223333:log-group:/vpc/flow:*",
                                "arn:aws:logs:us-east-1:*:log-group/vpc/flow"}) {
    EXPECT_TRUE(by_arn(arn).check(scope)) << arn;
  }
  EXPECT_TRUE(by_arn("arn:aws:logs:us-east-1:111122223333:log-group:/v*").covers("/vpc/flow"));
  EXPECT_FALSE(by_arn("arn:aws:logs:us-east-1:111122223333:log-group:/v:*").covers("/vpc/flow"));
  for (const char* const arn : {"arn:aws:logs:eu-west-1:111122223333:log-group:a",
                                "arn:aws:logs:us-east-1:444455556666:log-group:a"}) {
    const auto checked = by_arn(arn).check(scope);
    ASSERT_FALSE(checked) << arn;
    EXPECT_THAT(checked.error().message, HasSubstr("no other accounts are linked"));
  }
}

TEST(Definition, WhatDoesNotReadIsRefusedByName) {
  EXPECT_THAT(refused(""), HasSubstr("it is no JSON"));
  EXPECT_THAT(refused("[]"), HasSubstr("it must be an object"));
  EXPECT_THAT(refused("{}"), HasSubstr("Schema is missing"));
  EXPECT_THAT(refused(std::string(9000, ' ')), HasSubstr("more than 8192"));
  EXPECT_THAT(refused(R"({"Schema":{"Name":"ServiceLogRule","Version":1}})"), HasSubstr("Schema"));
  EXPECT_THAT(refused(R"({"Schem":1})"), HasSubstr("unknown member Schem (did you mean Schema?)"));
  EXPECT_THAT(refused(Parts{.groups = R"("LogGroupNames":[])"}), HasSubstr("1 to 100 strings"));
  EXPECT_THAT(refused(Parts{.groups = R"("LogGroupNames":["a*b"])"}), HasSubstr("at the end only"));
  EXPECT_THAT(refused(Parts{.groups = R"("LogGroupNames":["a"],"LogGroupARNs":["b"])"}),
              HasSubstr("either LogGroupNames or LogGroupARNs"));
  EXPECT_THAT(refused(Parts{.groups = R"("LogGroupARNs":["arn:aws:s3:::b"])"}),
              HasSubstr("no ARN"));
  EXPECT_THAT(refused(Parts{.format = "csv"}), HasSubstr("LogFormat must be JSON or CLF"));
  EXPECT_THAT(refused(Parts{.format = "JSON"}), HasSubstr("Fields is for LogFormat CLF only"));
  EXPECT_THAT(refused(Parts{.fields = R"("Fields":{"0":"a"},)"}), HasSubstr("position 0"));
  EXPECT_THAT(refused(Parts{.fields = R"("Fields":{"1":"a","2":"a"},)"}),
              HasSubstr("two positions"));
  EXPECT_THAT(refused(Parts{.fields = R"("Fields":{"1":7},)"}), HasSubstr("give a name"));
  EXPECT_THAT(refused(Parts{.aggregate = "Average"}),
              HasSubstr("AggregateOn must be Count or Sum"));
}

TEST(Definition, ContributionsThatDoNotReadAreRefusedByName) {
  EXPECT_THAT(refused(clf("[]")), HasSubstr("Contribution must be an object"));
  EXPECT_THAT(refused(clf("{}")), HasSubstr("Contribution.Keys is missing"));
  EXPECT_THAT(refused(clf(R"({"Keys":[]})")), HasSubstr("1 to 4 strings"));
  EXPECT_THAT(refused(clf(R"({"Keys":["1","2","3","4","5"]})")), HasSubstr("1 to 4 strings"));
  EXPECT_THAT(refused(clf(R"({"Keys":["srcaddr"]})")), HasSubstr("neither among Fields"));
  EXPECT_THAT(refused(clf(R"({"Keys":["1"],"Filter":[]})")), HasSubstr("did you mean Filters?"));
  EXPECT_THAT(refused(json(R"({"Keys":["ip"]})")), HasSubstr("no path like $.a.b[0]"));
  EXPECT_THAT(refused(json(R"({"Keys":["$.a[*]"]})")), HasSubstr("no path like $.a.b[0]"));
  EXPECT_THAT(refused(clf(R"({"Keys":["1"],"ValueOf":3})", "Sum")), HasSubstr("must be a string"));
  EXPECT_THAT(refused(clf(R"({"Keys":["1"],"ValueOf":"x"})")), HasSubstr("neither among Fields"));
}

TEST(Definition, FiltersThatDoNotReadAreRefusedByName) {
  const auto filter = [](const std::string& text) {
    return refused(clf(R"({"Keys":["1"],"Filters":[)" + text + "]}"));
  };
  std::string five = R"({"Match":"1","EqualTo":1})";
  for (int i = 0; i < 2; ++i) five += "," + five;
  EXPECT_EQ(filter(five), "accepted");
  EXPECT_THAT(filter(five + R"(,{"Match":"1","EqualTo":1})"), HasSubstr("at most 4 filters"));
  EXPECT_THAT(filter(R"({"EqualTo":1})"), HasSubstr("must have Match"));
  EXPECT_THAT(filter(R"({"Match":"1"})"), HasSubstr("must have Match and one of In, NotIn"));
  EXPECT_THAT(filter(R"({"Match":"1","In":["a"],"EqualTo":1})"), HasSubstr("one of In, NotIn"));
  EXPECT_THAT(filter(R"({"Match":"1","in":["a"]})"), HasSubstr("did you mean In?"));
  EXPECT_THAT(filter(R"({"Match":"1","In":"a"})"), HasSubstr("1 to 10 strings"));
  EXPECT_THAT(filter(R"({"Match":"1","In":[1]})"), HasSubstr("1 to 10 strings"));
  EXPECT_THAT(filter(R"({"Match":"1","In":["a","b","c","d","e","f","g","h","i","j","k"]})"),
              HasSubstr("1 to 10 strings"));
  EXPECT_THAT(filter(R"({"Match":"1","EqualTo":"443"})"), HasSubstr("EqualTo must be a number"));
  EXPECT_THAT(filter(R"({"Match":"1","IsPresent":1})"), HasSubstr("must be true or false"));
}

TEST(Definition, CountsAsAnotherWhileKeysAndValueAreTheSame) {
  const Definition definition = parsed({});
  Parts same;
  same.contribution =
      R"({"Keys":["srcaddr","dstaddr"],"ValueOf":"10","Filters":[{"Match":"7","EqualTo":22}]})";
  same.groups = R"("LogGroupNames":["other"])";
  EXPECT_TRUE(definition.counts_as(parsed(same)));
  Parts other_value;
  other_value.contribution = R"({"Keys":["srcaddr","dstaddr"],"ValueOf":"9"})";
  EXPECT_FALSE(definition.counts_as(parsed(other_value)));
  EXPECT_FALSE(definition.counts_as(parsed({.aggregate = "Count"})));
}

TEST(Definition, KeysAreUnpackedAsTheyWerePacked) {
  const std::vector<std::string> keys = {"", "a", std::string(1024, 'x'), std::string("\0b\0\0", 4),
                                         std::string(1, '\0')};
  std::string packed;
  for (const std::string& key : keys) append_key(packed, key);
  EXPECT_EQ(unpack_keys(packed), keys);
  EXPECT_THAT(unpack_keys(""), SizeIs(0));
}

}  // namespace
}  // namespace weir::contributors
