// SPDX-License-Identifier: Apache-2.0
#include "logs/tag_filter.h"

#include <gtest/gtest.h>

namespace weir::logs {
namespace {

bool has(std::vector<std::string> values, std::string tag) {
  return fits({.key = "stage", .values = std::move(values)}, {{"stage", std::move(tag)}});
}

// source: CloudWatch Logs API reference, "TagFilter"; verified on AWS: no
TEST(TagFilter, ValuesAreComparedAsTheReferenceSays) {
  EXPECT_TRUE(has({"prod"}, "prod"));
  EXPECT_FALSE(has({"prod"}, "Prod"));
  EXPECT_TRUE(has({"test", "prod"}, "prod"));
  EXPECT_TRUE(has({"prod*"}, "PROD-eu"));
  EXPECT_FALSE(has({"prod*"}, "preprod"));
  EXPECT_TRUE(has({"*prod"}, "preProd"));
  EXPECT_TRUE(has({"*pro*"}, "reproduce"));
  EXPECT_TRUE(has({"*"}, ""));
  EXPECT_TRUE(has({""}, ""));
  EXPECT_FALSE(has({""}, "x"));
  EXPECT_TRUE(has({"!prod"}, "Prod"));
  EXPECT_FALSE(has({"!prod"}, "prod"));
  EXPECT_FALSE(has({"!prod*"}, "PRODUCT"));
  EXPECT_TRUE(has({"!*x"}, "prod"));
}

TEST(TagFilter, WithoutValuesTheKeyIsEnough) {
  const std::map<std::string, std::string> tags = {{"stage", ""}};
  EXPECT_TRUE(fits({.key = "stage", .values = {}}, tags));
  EXPECT_TRUE(fits({.key = "stage", .values = std::vector<std::string>()}, tags));
  EXPECT_FALSE(fits({.key = "Stage", .values = {}}, tags));
  EXPECT_FALSE(fits({.key = "owner", .values = std::vector<std::string>{"!me"}}, tags));
}

}  // namespace
}  // namespace weir::logs
