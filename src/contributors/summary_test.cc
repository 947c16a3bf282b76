// SPDX-License-Identifier: Apache-2.0
#include "contributors/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

namespace weir::contributors {
namespace {

using ::testing::Le;
using ::testing::SizeIs;

constexpr std::uint64_t kSeed = 0x5eed;
constexpr Summary::Limits kSmall{.contributors_max = 256, .key_bytes_max = 1u << 20};

/// The slow obvious twin: everything is kept.
struct Exact {
  struct One {
    double sum = 0;
    double weight = 0;
    std::uint64_t count = 0;
  };
  std::map<std::string, One> keys;
  double weight = 0;

  void add(const std::string& key, double value) {
    One& one = keys[key];
    one.sum += value;
    one.weight += std::abs(value);
    ++one.count;
    weight += std::abs(value);
  }
  std::vector<std::pair<double, std::string>> top(std::size_t size) const {
    std::vector<std::pair<double, std::string>> all;
    for (const auto& [key, one] : keys) all.emplace_back(one.sum, key);
    std::sort(all.rbegin(), all.rend());
    all.resize(std::min(size, all.size()));
    return all;
  }
};

/// Ranks drawn with probability ~ 1 / rank^exponent.
class Zipf {
 public:
  Zipf(std::size_t size, double exponent, std::uint32_t seed) : engine_(seed) {
    std::vector<double> weights;
    for (std::size_t i = 1; i <= size; ++i) {
      weights.push_back(1 / std::pow(static_cast<double>(i), exponent));
    }
    ranks_ = std::discrete_distribution<std::size_t>(weights.begin(), weights.end());
  }
  std::string next() { return "10.0." + std::to_string(ranks_(engine_)); }
  double value() { return static_cast<double>(engine_() % 1500 + 40); }

 private:
  std::mt19937 engine_;
  std::discrete_distribution<std::size_t> ranks_;
};

/// What the header promises, key by key.
void expect_bounds(const Summary& summary, const Exact& exact, double bound) {
  EXPECT_THAT(summary.threshold(), Le(bound));
  for (const auto& [key, truth] : exact.keys) {
    const Summary::Contributor* const found = summary.find(key);
    if (found == nullptr) {
      EXPECT_THAT(truth.weight, Le(summary.threshold())) << key;
      continue;
    }
    EXPECT_THAT(found->missed, Le(summary.threshold())) << key;
    EXPECT_THAT(found->weight, Le(truth.weight)) << key;
    EXPECT_THAT(truth.weight, Le(found->weight + found->missed)) << key;
    EXPECT_THAT(found->count, Le(truth.count)) << key;
  }
}

double bound_of(const Exact& exact, const Summary::Limits& limits) {
  return exact.weight / (static_cast<double>(limits.contributors_max) * 0.75 + 1);
}

TEST(Summary, EverythingIsExactUpToItsNumberOfContributors) {
  Summary summary(kSeed, kSmall);
  Exact exact;
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = "k" + std::to_string(i * i % 256);
    summary.add(key, i);
    exact.add(key, i);
  }
  EXPECT_TRUE(summary.is_exact());
  EXPECT_EQ(summary.threshold(), 0);
  EXPECT_EQ(summary.unique_count(), static_cast<double>(exact.keys.size()));
  for (const auto& [key, truth] : exact.keys) {
    const Summary::Contributor* const found = summary.find(key);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->sum, truth.sum);
    EXPECT_EQ(found->count, truth.count);
    EXPECT_EQ(found->missed, 0);
  }
  EXPECT_EQ(summary.count(), 10'000u);
  EXPECT_EQ(summary.sum(), 9999.0 * 5000);
  EXPECT_EQ(summary.minimum(), 0);
  EXPECT_EQ(summary.maximum(), 9999);
}

TEST(Summary, OfNothingIsZero) {
  const Summary summary(kSeed);
  EXPECT_EQ(summary.count(), 0u);
  EXPECT_EQ(summary.unique_count(), 0);
  EXPECT_EQ(summary.find("a"), nullptr);
}

TEST(Summary, TopOfAZipfStreamIsExactAndWithinItsBound) {
  for (const double exponent : {0.8, 1.0, 1.2}) {
    Summary summary(kSeed);
    Exact exact;
    Zipf zipf(100'000, exponent, 1);
    for (int i = 0; i < 300'000; ++i) {
      const std::string key = zipf.next();
      const double value = zipf.value();
      summary.add(key, value);
      exact.add(key, value);
    }
    expect_bounds(summary, exact, bound_of(exact, {}));
    double worst = 0;
    for (const auto& [sum, key] : exact.top(100)) {
      const Summary::Contributor* const found = summary.find(key);
      ASSERT_NE(found, nullptr) << key;
      worst = std::max(worst, (sum - found->sum) / sum);
    }
    const double unique = static_cast<double>(exact.keys.size());
    const double unique_error = std::abs(summary.unique_count() - unique) / unique;
    // Measured: 2.6 % at 0.8 (rank 100 has 1 of 1300 of the total), 0 at 1.0 and above.
    EXPECT_THAT(worst, Le(exponent < 1 ? 0.05 : 0.005)) << exponent;
    EXPECT_THAT(unique_error, Le(0.049)) << exponent;
    RecordProperty("worst_" + std::to_string(exponent), std::to_string(worst));
    std::cout << "zipf " << exponent << ": worst error of the top 100 " << worst << ", unique "
              << unique_error << ", threshold / total " << summary.threshold() / exact.weight
              << '\n';
  }
}

// The hardest streams: all keys different, heavy keys behind as many light ones as fit, in turns.
TEST(Summary, AdversarialStreamsStayWithinTheBound) {
  const auto check = [](auto&& next) {
    Summary summary(kSeed, kSmall);
    Exact exact;
    for (int i = 0; i < 60'000; ++i) {
      const auto [key, value] = next(i);
      summary.add(key, value);
      exact.add(key, value);
      if (i % 6'000 == 5'999) expect_bounds(summary, exact, bound_of(exact, kSmall));
    }
    EXPECT_THAT(summary.contributors().size(), Le(kSmall.contributors_max));
    EXPECT_EQ(summary.count(), 60'000u);
  };
  using Pair = std::pair<std::string, double>;
  check([](int i) { return Pair{std::to_string(i), 1}; });
  check([](int i) { return Pair{std::to_string(i % 300), 1}; });
  check([](int i) { return Pair{std::to_string(i), 1 + i % 1000}; });
  check([](int i) { return Pair{std::to_string(i), 60'000 - i}; });
  check([](int i) { return Pair{i % 100 == 0 ? "heavy" : std::to_string(i), 1}; });
  check([](int i) { return i < 50'000 ? Pair{std::to_string(i), 1} : Pair{"late", 1}; });
  check([](int i) { return Pair{std::to_string(i % 257), i % 257 == 256 ? 5 : 1}; });
  check([](int i) { return Pair{std::to_string(i % 1000), i % 2 == 0 ? -3.5 : 3.5}; });
}

TEST(Summary, AHeavyContributorThatCameLateIsFound) {
  Summary summary(kSeed, kSmall);
  for (int i = 0; i < 50'000; ++i) summary.add(std::to_string(i), 1);
  for (int i = 0; i < 1'000; ++i) summary.add("late", 1);
  const Summary::Contributor* const found = summary.find("late");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->sum, 1'000);
}

TEST(Summary, MergerIsAsOneSummaryOfBothStreams) {
  Summary merged(kSeed, {.contributors_max = 4096, .key_bytes_max = 1u << 20});
  Exact exact;
  double bound = 0;
  for (int minute = 0; minute < 20; ++minute) {
    Summary one(kSeed, kSmall);
    Exact of_minute;
    Zipf zipf(3'000, 1.0, static_cast<std::uint32_t>(minute));
    for (int i = 0; i < 5'000; ++i) {
      const std::string key = zipf.next();
      const double value = zipf.value();
      one.add(key, value);
      of_minute.add(key, value);
      exact.add(key, value);
    }
    bound += bound_of(of_minute, kSmall);
    merged.merge(one);
  }
  EXPECT_EQ(merged.count(), 100'000u);
  expect_bounds(merged, exact, bound);
  const double unique = static_cast<double>(exact.keys.size());
  EXPECT_THAT(std::abs(merged.unique_count() - unique) / unique, Le(0.049));
}

TEST(Summary, MergerOfExactSummariesIsExact) {
  Summary merged(kSeed, {.contributors_max = 1024, .key_bytes_max = 1u << 20});
  Exact exact;
  for (int minute = 0; minute < 5; ++minute) {
    Summary one(kSeed, kSmall);
    for (int i = 0; i < 1'000; ++i) {
      const std::string key = std::to_string(minute * 50 + i % 200);
      one.add(key, i);
      exact.add(key, i);
    }
    merged.merge(one);
  }
  EXPECT_TRUE(merged.is_exact());
  EXPECT_EQ(merged.unique_count(), 400);
  for (const auto& [key, truth] : exact.keys) {
    ASSERT_NE(merged.find(key), nullptr);
    EXPECT_EQ(merged.find(key)->sum, truth.sum);
  }
}

TEST(Summary, TrimKeepsTheLargestAndSaysWhatItDropped) {
  Summary summary(kSeed, kSmall);
  for (int i = 1; i <= 100; ++i) summary.add(std::to_string(i), i);
  summary.trim(10);
  EXPECT_THAT(summary.contributors(), SizeIs(10));
  EXPECT_EQ(summary.threshold(), 90);
  EXPECT_NE(summary.find("91"), nullptr);
  EXPECT_EQ(summary.find("90"), nullptr);
  EXPECT_NEAR(summary.unique_count(), 100, 2);
  EXPECT_EQ(summary.sum(), 5050);
}

TEST(Summary, LongKeysFillTheTableSooner) {
  Summary summary(kSeed, {.contributors_max = 4096, .key_bytes_max = 64u << 10});
  for (int i = 0; i < 1'000; ++i) summary.add(std::to_string(i) + std::string(1'000, 'x'), 1);
  EXPECT_THAT(summary.memory(), Le(std::size_t{300} << 10));
  EXPECT_FALSE(summary.is_exact());
  EXPECT_NEAR(summary.unique_count(), 1'000, 49);
}

TEST(Summary, ReadsBackWhatItWrote) {
  for (const int keys : {0, 3, 200, 2'000}) {
    for (const double step : {0.0, 1.0, -0.25}) {
      Summary summary(kSeed, kSmall);
      for (int i = 0; i < keys; ++i) summary.add(std::to_string(i), 1 + step * i);
      const auto read = Summary::decode(summary.encode(), kSeed, kSmall);
      ASSERT_TRUE(read) << keys << ' ' << step;
      EXPECT_EQ(read->encode(), summary.encode());
      EXPECT_EQ(read->count(), summary.count());
      EXPECT_EQ(read->sum(), summary.sum());
      EXPECT_EQ(read->threshold(), summary.threshold());
      EXPECT_EQ(read->unique_count(), summary.unique_count());
      for (const auto& contributor : summary.contributors()) {
        const auto* const found = read->find(summary.key(contributor));
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->sum, contributor.sum);
        EXPECT_EQ(found->weight, contributor.weight);
        EXPECT_EQ(found->missed, contributor.missed);
      }
    }
  }
}

TEST(Summary, DamagedBytesAreRefused) {
  Summary summary(kSeed, kSmall);
  for (int i = 0; i < 300; ++i) summary.add(std::to_string(i), 0.5 * i);
  const std::string bytes = summary.encode();
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    EXPECT_FALSE(Summary::decode(bytes.substr(0, size), kSeed, kSmall)) << size;
  }
  EXPECT_FALSE(Summary::decode(bytes + "x", kSeed, kSmall));
}

}  // namespace
}  // namespace weir::contributors
