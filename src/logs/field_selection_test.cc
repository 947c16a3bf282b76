// SPDX-License-Identifier: Apache-2.0
#include "logs/field_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::logs {
namespace {

using ::testing::HasSubstr;

const Scope kScope{.account = "123456789012", .region = "us-east-1"};

/// "takes", "leaves" or the complaint.
std::string verdict(std::string_view text) {
  const auto selection = FieldSelection::parse(text, true);
  if (!selection) return selection.error().message;
  return selection->takes(kScope, "/vpc/flow") ? "takes" : "leaves";
}

// source: API reference, PutSubscriptionFilter, fieldSelectionCriteria (its two examples come
// first).
TEST(FieldSelection, TestsWhereAnEventComesFrom) {
  EXPECT_EQ(verdict(R"(@aws.region = "us-east-1")"), "takes");
  EXPECT_EQ(verdict(R"(@aws.account IN ["123456789012", "987654321098"])"), "takes");
  EXPECT_EQ(verdict(""), "takes");
  EXPECT_EQ(verdict("  "), "takes");
  EXPECT_EQ(verdict(R"(@aws.region != "us-east-1")"), "leaves");
  EXPECT_EQ(verdict(R"(@aws.account NOT IN ["123456789012"])"), "leaves");
  EXPECT_EQ(verdict(R"(@aws.account not in ['1','2'])"), "takes");
  EXPECT_EQ(verdict("@aws.account=123456789012"), "takes");
  EXPECT_EQ(verdict(R"(@source.log = "/vpc/flow")"), "takes");
}

TEST(FieldSelection, AndBindsTighterThanOr) {
  EXPECT_EQ(verdict("@aws.region = us-east-1 OR @aws.region = a AND @aws.region = b"), "takes");
  EXPECT_EQ(verdict("(@aws.region = us-east-1 OR @aws.region = a) AND @aws.region = b"), "leaves");
  EXPECT_EQ(verdict("@aws.region=us-east-1 AND @aws.account!=5"), "takes");
}

TEST(FieldSelection, OfMetricFiltersKnowsAccountAndRegionOnly) {
  EXPECT_TRUE(FieldSelection::parse("@aws.region = a", false));
  const auto refused = FieldSelection::parse("@source.log = a", false);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("expected @aws.account or @aws.region at"));
}

TEST(FieldSelection, RefusesWhatItDoesNotUnderstand) {
  EXPECT_EQ(verdict("@aws.zone = a"),
            "Invalid fieldSelectionCriteria: expected @aws.account, @aws.region or @source.log "
            "at character 9");
  EXPECT_THAT(verdict("@aws.region > a"), HasSubstr("expected =, !=, IN or NOT IN"));
  EXPECT_THAT(verdict("@aws.region = "), HasSubstr("expected a value"));
  EXPECT_THAT(verdict("@aws.region = \"a"), HasSubstr("closing quotation mark"));
  EXPECT_THAT(verdict("@aws.region IN []"), HasSubstr("expected a value"));
  EXPECT_THAT(verdict("@aws.region IN [a"), HasSubstr("expected ',' or ']'"));
  EXPECT_THAT(verdict("@aws.region IN a"), HasSubstr("expected '['"));
  EXPECT_THAT(verdict("@aws.region = a @aws.region = b"), HasSubstr("expected AND, OR or the end"));
  EXPECT_THAT(verdict("@aws.region = a AND"), HasSubstr("expected @aws.account"));
  EXPECT_THAT(verdict("(@aws.region = a"), HasSubstr("expected ')'"));
  EXPECT_THAT(verdict(std::string(50, '(')), HasSubstr("expected fewer parentheses"));
  EXPECT_THAT(verdict(std::string(2001, 'x')), HasSubstr("longer than 2000"));
}

}  // namespace
}  // namespace weir::logs
