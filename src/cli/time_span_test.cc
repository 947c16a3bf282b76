// SPDX-License-Identifier: Apache-2.0
#include "cli/time_span.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(TimeSpan, EachUnitIsRead) {
  EXPECT_EQ(*parse_span("90s"), 90s);
  EXPECT_EQ(*parse_span("30m"), 30min);
  EXPECT_EQ(*parse_span("6h"), 6h);
  EXPECT_EQ(*parse_span("2d"), 48h);
  EXPECT_EQ(*parse_span("1w"), 168h);
}

TEST(TimeSpan, WhatIsNoSpanIsSaidToBeNone) {
  for (const char* const text :
       {"", "s", "1", "0h", "-1h", "1.5h", "1 h", "1hh", "2 days", "soon", "1H", "+1h"}) {
    const auto span = parse_span(text);
    ASSERT_FALSE(span) << text;
    EXPECT_THAT(span.error().message, HasSubstr("is no time span such as 90s")) << text;
  }
}

TEST(TimeSpan, ALongOneIsRefusedWithTheLongest) {
  EXPECT_EQ(*parse_span("24h", 24h), 24h);
  EXPECT_EQ(*parse_span("1d", 24h), 24h);
  EXPECT_THAT(parse_span("2d", 24h).error().message, HasSubstr("longest time span here, 24h"));
  EXPECT_THAT(parse_span("999999999d").error().message, HasSubstr("3650d"));
  EXPECT_THAT(parse_span("99999999999999999999d").error().message, HasSubstr("3650d"));
}

}  // namespace
}  // namespace weir::cli
