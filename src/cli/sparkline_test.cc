// SPDX-License-Identifier: Apache-2.0
#include "cli/sparkline.h"

#include <gtest/gtest.h>

#include <limits>

namespace weir::cli {
namespace {

TEST(Sparkline, HeightsGoFromTheLeastToTheMost) {
  EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6, 7}), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline({-1e300, 1e300}), "▁█");
  EXPECT_EQ(sparkline({}), "");
}

TEST(Sparkline, MissingValuesAreBlankAndEqualOnesFlat) {
  EXPECT_EQ(sparkline({5, std::nullopt, 5}), "▄ ▄");
  EXPECT_EQ(sparkline({std::nullopt, std::numeric_limits<double>::infinity()}), "  ");
}

TEST(Sparkline, ChosenValuesAreMarked) {
  const auto line = sparkline(
      {1, 9}, [](double value) { return value > 5; },
      [](const std::string& block) { return "<" + block + ">"; });
  EXPECT_EQ(line, "▁<█>");
}

}  // namespace
}  // namespace weir::cli
