// SPDX-License-Identifier: Apache-2.0
#include "base/unique_counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace weir {
namespace {

using ::testing::DoubleEq;

TEST(UniqueCounter, StaysWithinFourStandardErrorsAtEverySize) {
  for (const std::size_t size : {1u, 100u, 2'049u, 10'000u, 20'000u, 100'000u, 1'000'000u}) {
    std::mt19937_64 hashes(7);
    UniqueCounter counter;
    for (std::size_t i = 0; i < size; ++i) counter.add(hashes());
    const double truth = static_cast<double>(size);
    EXPECT_NEAR(counter.estimate(), truth, std::max(1.0, truth * 4 * 1.04 / 64)) << size;
  }
}

TEST(UniqueCounter, WithoutHashesItIsZero) { EXPECT_EQ(UniqueCounter().estimate(), 0); }

TEST(UniqueCounter, MergerCountsWhatBothHaveOnce) {
  std::mt19937_64 hashes(7);
  UniqueCounter one;
  UniqueCounter other;
  UniqueCounter both;
  for (int i = 0; i < 30'000; ++i) {
    const auto hash = hashes();
    if (i < 20'000) one.add(hash);
    if (i >= 10'000) other.add(hash);
    both.add(hash);
  }
  one.merge(other);
  EXPECT_THAT(one.estimate(), DoubleEq(both.estimate()));
}

TEST(UniqueCounter, ItsBytesGiveItBackAndOthersAreRefused) {
  UniqueCounter counter;
  counter.add(0);
  counter.add(~std::uint64_t{0});
  const std::string bytes(counter.bytes());
  EXPECT_EQ(UniqueCounter::read(bytes)->bytes(), bytes);
  EXPECT_FALSE(UniqueCounter::read(bytes.substr(1)));
  EXPECT_FALSE(UniqueCounter::read("\xff" + bytes.substr(1)));
}

}  // namespace
}  // namespace weir
