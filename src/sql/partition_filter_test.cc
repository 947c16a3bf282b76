// SPDX-License-Identifier: Apache-2.0
#include "sql/partition_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::sql {
namespace {

using Values = std::vector<std::string>;

Table partitioned() {
  Table table;
  table.name = "flow";
  table.partition_keys = {{"region", "string"}, {"day", "date"}, {"hour", "int"}};
  return table;
}

bool holds(std::string_view text, const Values& values = {"eu-west-1", "2026-01-31", "9"}) {
  const auto filter = PartitionFilter::compile(text, partitioned());
  if (!filter) ADD_FAILURE() << text << ": " << filter.error().message;
  return filter && filter->matches(values);
}

TEST(PartitionFilter, HoldsForEveryPartitionWithoutAnExpression) {
  EXPECT_TRUE(holds(""));
  EXPECT_TRUE(holds("  "));
}

// Glue API reference, GetPartitions: the operators and their examples.
TEST(PartitionFilter, KnowsTheOperatorsOfGlue) {
  EXPECT_TRUE(holds("region = 'eu-west-1'"));
  EXPECT_FALSE(holds("region <> 'eu-west-1'"));
  EXPECT_FALSE(holds("region != 'eu-west-1'"));
  EXPECT_TRUE(holds("day >= '2026-01-01' AND day < '2026-02-01'"));
  EXPECT_TRUE(holds("day = DATE '2026-01-31'"));
  EXPECT_TRUE(holds("hour BETWEEN 9 AND 10"));
  EXPECT_FALSE(holds("hour NOT BETWEEN 9 AND 10"));
  EXPECT_TRUE(holds("hour IN (7, 8, 9)"));
  EXPECT_FALSE(holds("hour NOT IN (7, 8, 9)"));
  EXPECT_TRUE(holds("region LIKE 'eu-%'"));
  EXPECT_TRUE(holds("region LIKE '_u%1'"));
  EXPECT_FALSE(holds("region LIKE 'eu'"));
  EXPECT_TRUE(holds("region NOT LIKE 'us-%'"));
  EXPECT_TRUE(holds("(region = 'x' OR hour > 8) AND NOT day < '2026-01-01'"));
  EXPECT_TRUE(holds("REGION = 'eu-west-1'"));
}

TEST(PartitionFilter, ComparesNumbersAsNumbersAndTextsAsTexts) {
  EXPECT_TRUE(holds("hour < 10"));
  EXPECT_TRUE(holds("hour < '10'"));
  EXPECT_TRUE(holds("hour > -1"));
  EXPECT_FALSE(holds("hour = 9", {"eu-west-1", "2026-01-31", "nine"}));
  EXPECT_FALSE(holds("region < 'a'"));
}

TEST(PartitionFilter, AMissingValueIsNeitherTrueNorFalse) {
  const Values missing = {"__HIVE_DEFAULT_PARTITION__", "2026-01-31", "9"};
  EXPECT_TRUE(holds("region IS NULL", missing));
  EXPECT_FALSE(holds("region IS NOT NULL", missing));
  EXPECT_FALSE(holds("region = 'a'", missing));
  EXPECT_FALSE(holds("NOT region = 'a'", missing));
  EXPECT_TRUE(holds("region = 'a' OR hour = 9", missing));
}

TEST(PartitionFilter, RefusesWhatIsNoCondition) {
  const auto refused = [](std::string_view text) {
    const auto filter = PartitionFilter::compile(text, partitioned());
    if (filter) return std::string();
    EXPECT_EQ(filter.error().code, "InvalidInputException");
    return filter.error().message;
  };
  EXPECT_THAT(refused("region ="), testing::HasSubstr("mismatched input"));
  EXPECT_EQ(refused("zone = 'a'"), "'zone' is no partition key of the table flow");
  EXPECT_THAT(refused("upper(region) = 'A'"), testing::HasSubstr("left side"));
  EXPECT_THAT(refused("hour = hour"), testing::HasSubstr("literal values"));
  EXPECT_THAT(refused("hour + 1"), testing::HasSubstr("knows ="));
  EXPECT_THAT(refused("region LIKE 'a' ESCAPE '!'"), testing::HasSubstr("knows ="));
  EXPECT_THAT(refused(std::string(3000, ' ') + "hour = 1"), testing::HasSubstr("longer than 2048"));
}

}  // namespace
}  // namespace weir::sql
