// SPDX-License-Identifier: Apache-2.0
#include "logs/selection_criteria.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::logs {
namespace {

using ::testing::HasSubstr;

const Scope kScope{.account = "123456789012", .region = "us-east-1"};

bool selects(std::string_view text) {
  const auto criteria = SelectionCriteria::compile(text);
  EXPECT_TRUE(criteria) << text << ": " << criteria.error().message;
  return criteria && criteria->selects(kScope);
}

// Source: API reference, PutMetricFilter, the two samples of fieldSelectionCriteria; the rest from
// its list of operators. Verified on AWS: no.
TEST(SelectionCriteria, TestAccountAndRegion) {
  EXPECT_TRUE(selects(R"(@aws.region = "us-east-1")"));
  EXPECT_FALSE(selects(R"(@aws.region = "eu-west-1")"));
  EXPECT_TRUE(selects(R"(@aws.account IN ["123456789012", "987654321098"])"));
  EXPECT_FALSE(selects(R"(@aws.account NOT IN ["123456789012", "987654321098"])"));
  EXPECT_TRUE(selects(R"(@aws.region!="eu-west-1")"));
  EXPECT_TRUE(selects(R"(@aws.region in ['us-east-1'])"));
}

TEST(SelectionCriteria, AndBindsBeforeOr) {
  const std::string yes = R"(@aws.region = "us-east-1")";
  const std::string no = R"(@aws.region = "x")";
  EXPECT_TRUE(selects(yes + " OR " + no + " AND " + no));
  EXPECT_FALSE(selects("(" + yes + " OR " + no + ") AND " + no));
  EXPECT_TRUE(selects("( " + yes + " )and" + yes));
}

TEST(SelectionCriteria, NothingSelectsEverything) {
  EXPECT_TRUE(selects(""));
  EXPECT_TRUE(selects("  "));
  EXPECT_TRUE(SelectionCriteria().selects(kScope));
}

TEST(SelectionCriteria, ErrorsSayWhereAndWhy) {
  const auto message = [](std::string_view text) {
    const auto criteria = SelectionCriteria::compile(text);
    EXPECT_FALSE(criteria) << text;
    return criteria ? std::string() : criteria.error().message;
  };
  EXPECT_THAT(message("@aws.zone = \"a\""), HasSubstr("at offset 0: expected @aws.account"));
  EXPECT_THAT(message("@aws.region"), HasSubstr("expected =, !=, IN or NOT IN"));
  EXPECT_THAT(message("@aws.region = us-east-1"), HasSubstr("at offset 14: a value stands"));
  EXPECT_THAT(message("@aws.region = \"a"), HasSubstr("closing quote"));
  EXPECT_THAT(message("@aws.region IN \"a\""), HasSubstr("in brackets"));
  EXPECT_THAT(message("@aws.region IN []"), HasSubstr("a value stands"));
  EXPECT_THAT(message("@aws.region IN [\"a\""), HasSubstr("expected , or ]"));
  EXPECT_THAT(message("@aws.region = \"a\" XOR @aws.region = \"b\""), HasSubstr("AND or OR"));
  EXPECT_THAT(message("@aws.region = \"a\" AND"), HasSubstr("expected @aws.account"));
  EXPECT_THAT(message(std::string(100, '(')), HasSubstr("too many nested"));
  EXPECT_THAT(message(std::string(9000, 'x')), HasSubstr("longer than"));
}

}  // namespace
}  // namespace weir::logs
