// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/select.h"

#include <gtest/gtest.h>

namespace weir::api::ec2 {
namespace {

TEST(FilterValues, StarQuestionMarkAndBackslashAreWildcards) {
  EXPECT_TRUE(matches_filter("vpc-1", "vpc-1"));
  EXPECT_FALSE(matches_filter("vpc-1", "vpc-12"));
  EXPECT_FALSE(matches_filter("VPC-1", "vpc-1"));
  EXPECT_TRUE(matches_filter("*", ""));
  EXPECT_TRUE(matches_filter("vpc-*", "vpc-12"));
  EXPECT_TRUE(matches_filter("*-a*b", "x-aab-aXb"));
  EXPECT_TRUE(matches_filter("v?c-1", "vpc-1"));
  EXPECT_FALSE(matches_filter("?", ""));
  EXPECT_TRUE(matches_filter("a\\*b", "a*b"));
  EXPECT_FALSE(matches_filter("a\\*b", "axb"));
  EXPECT_TRUE(matches_filter("*\\?", "what?"));
  EXPECT_TRUE(matches_filter("a\\", "a\\"));
  EXPECT_FALSE(matches_filter("", "a"));
}

TEST(FilterValues, AreBoundedAsOnAws) {
  EXPECT_EQ(check_filters({{"a", {std::string(256, 'x')}}}).error().code, "FilterLimitExceeded");
  EXPECT_EQ(check_filters({{"a", Values(201, "x")}}).error().code, "FilterLimitExceeded");
  EXPECT_TRUE(check_filters({{"a", Values(200, std::string(255, 'x'))}}));
}

}  // namespace
}  // namespace weir::api::ec2
