// SPDX-License-Identifier: Apache-2.0
#include "metrics/statistic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace weir::metrics {
namespace {

Aggregate of_values(const std::vector<double>& values) {
  Aggregate out;
  for (const double value : values) out.add(value, 1);
  return out;
}

double value_of(std::string_view statistic, const std::vector<double>& values) {
  return Statistic::parse(statistic)->of(of_values(values)).value();
}

TEST(Statistic, GrammarOfAwsIsAccepted) {
  for (const char* text :
       {"SampleCount", "Average",  "Sum",        "Minimum",     "Maximum",        "IQM",
        "p0",          "p99",      "p99.9",      "p100",        "p99.0123456789", "tm90",
        "tc90",        "ts90",     "wm90",       "TM(10%:90%)", "TM(:90%)",       "TM(10%:)",
        "TC(80:500)",  "TS(:0.5)", "WM(5%:95%)", "PR(:300)",    "PR(100:)",       "PR(100:300)",
        "o100",        "u0.5",     "p99_E",      "Average_L",   "IQM_H",          "tm90_L",
        "o5_H"}) {
    EXPECT_TRUE(Statistic::parse(text)) << text;
  }
}

TEST(Statistic, OtherTextIsRefused) {
  for (const char* text : {"",
                           "90",
                           "p",
                           "p101",
                           "p-1",
                           "P99",
                           "average",
                           "p99.01234567890",
                           "tm",
                           "TM()",
                           "TM(:)",
                           "TM(10%:90)",
                           "TM(90%:10%)",
                           "PR(10%:90%)",
                           "XX(1:2)",
                           "TM(1:2",
                           "p1e2",
                           "p99%",
                           "o",
                           "u-1",
                           "p99_X",
                           "_E",
                           "p99_E_E",
                           "TM(10%:90%)_E"}) {
    EXPECT_FALSE(Statistic::parse(text)) << text;
  }
}

TEST(Statistic, PercentilesOfFewValuesAreExact) {
  const std::vector<double> values = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
  EXPECT_EQ(value_of("p50", values), 50);
  EXPECT_EQ(value_of("p90", values), 90);
  EXPECT_EQ(value_of("p99", values), 100);
  EXPECT_EQ(value_of("p0", values), 10);
  EXPECT_EQ(value_of("p100", values), 100);
}

TEST(Statistic, TrimmedStatisticsDropTheOutside) {
  const std::vector<double> values = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
  EXPECT_DOUBLE_EQ(value_of("tm90", values), 50);         // without the 100
  EXPECT_DOUBLE_EQ(value_of("TM(10%:90%)", values), 55);  // without 10 and 100
  EXPECT_DOUBLE_EQ(value_of("tc90", values), 9);
  EXPECT_DOUBLE_EQ(value_of("ts90", values), 450);
  EXPECT_DOUBLE_EQ(value_of("IQM", values), 55);
  EXPECT_DOUBLE_EQ(value_of("wm90", values), 54);  // 100 counts as 90
}

// Goal: every form against a slow twin that has all samples in a sorted list. Percentages are
// chosen so that no sample is cut.
TEST(Statistic, ExactValuesEqualASlowTwin) {
  std::mt19937_64 random(3);
  const auto join = [](double number) {
    const std::string text = std::to_string(number);
    return text.substr(0, text.find('.') + 4);
  };
  for (int round = 0; round < 500; ++round) {
    std::vector<double> values(100);
    for (double& value : values) value = static_cast<double>(random() % 60);
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const int low = static_cast<int>(random() % 50);
    const int high = 51 + static_cast<int>(random() % 49);
    const double above = static_cast<double>(random() % 30);
    const double up_to = above + 1 + static_cast<double>(random() % 30);
    std::vector<double> ranks(sorted.begin() + low, sorted.begin() + high);
    std::vector<double> between;
    for (const double value : sorted) {
      if (value > above && value <= up_to) between.push_back(value);
    }
    const auto sum = [](const std::vector<double>& of) {
      double total = 0;
      for (const double value : of) total += value;
      return total;
    };
    const std::string percents = std::to_string(low) + "%:" + std::to_string(high) + "%)";
    const std::string bounds = join(above) + ":" + join(up_to) + ")";
    const auto n = static_cast<double>(ranks.size());
    EXPECT_DOUBLE_EQ(value_of("TM(" + percents, values), sum(ranks) / n);
    EXPECT_DOUBLE_EQ(value_of("TS(" + percents, values), sum(ranks));
    EXPECT_DOUBLE_EQ(value_of("TC(" + percents, values), n);
    EXPECT_DOUBLE_EQ(value_of("TC(" + bounds, values), static_cast<double>(between.size()));
    EXPECT_DOUBLE_EQ(value_of("TS(" + bounds, values), sum(between));
    EXPECT_DOUBLE_EQ(value_of("PR(" + bounds, values), static_cast<double>(between.size()));
    EXPECT_DOUBLE_EQ(value_of("o" + join(above), values),
                     static_cast<double>(std::count_if(sorted.begin(), sorted.end(),
                                                       [&](double v) { return v > above; })));
    EXPECT_DOUBLE_EQ(value_of("u" + join(up_to), values),
                     static_cast<double>(std::count_if(sorted.begin(), sorted.end(),
                                                       [&](double v) { return v <= up_to; })));
    EXPECT_EQ(value_of("p" + std::to_string(high), values),
              sorted[static_cast<std::size_t>(high) - 1]);
    double clamped = 0;
    for (const double value : sorted) clamped += std::min(std::max(value, above), up_to);
    EXPECT_NEAR(value_of("WM(" + bounds, values), clamped / 100, 1e-12 * 100);
    EXPECT_DOUBLE_EQ(value_of("IQM", values), sum({sorted.begin() + 25, sorted.begin() + 75}) / 50);
    EXPECT_DOUBLE_EQ(value_of("tm" + std::to_string(high), values),
                     sum({sorted.begin(), sorted.begin() + high}) / high);
  }
}

TEST(Statistic, LowerValueBoundIsExclusiveAndUpperInclusive) {
  const std::vector<double> values = {10, 20, 30, 40};
  EXPECT_DOUBLE_EQ(value_of("TC(10:30)", values), 2);
  EXPECT_DOUBLE_EQ(value_of("TS(10:30)", values), 50);
  EXPECT_DOUBLE_EQ(value_of("PR(10:30)", values), 50);
  EXPECT_DOUBLE_EQ(value_of("PR(:10)", values), 25);
  EXPECT_DOUBLE_EQ(value_of("WM(20:30)", values), 25);
}

TEST(Statistic, NegativeValuesHaveNoPercentilesButAllBasicStatistics) {
  const Aggregate bucket = of_values({-5, 5});
  EXPECT_FALSE(Statistic::parse("p50")->of(bucket));
  EXPECT_EQ(Statistic::parse("Minimum")->of(bucket), -5);
  EXPECT_EQ(Statistic::parse("Average")->of(bucket), 0);
}

TEST(Statistic, StatisticSetHasPercentilesOnlyIfItHidesNothing) {
  Aggregate hidden;
  hidden.add(StatisticSet{.sample_count = 3, .sum = 9, .minimum = 1, .maximum = 5});
  EXPECT_FALSE(Statistic::parse("p50")->of(hidden));
  EXPECT_EQ(Statistic::parse("Average")->of(hidden), 3);

  Aggregate equal;
  equal.add(StatisticSet{.sample_count = 3, .sum = 12, .minimum = 4, .maximum = 4});
  EXPECT_EQ(Statistic::parse("p50")->of(equal), 4);
}

TEST(Distribution, ManyValuesStayWithinTheStatedError) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> heavy_tailed(8, 3);
  Distribution sketch;
  std::vector<double> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(heavy_tailed(random));
    sketch.add(values.back(), 1);
  }
  std::sort(values.begin(), values.end());
  Aggregate bucket;
  bucket.sample_count = 20'000;
  bucket.minimum = values.front();
  bucket.maximum = values.back();
  bucket.distribution = sketch;
  for (const double percent : {1.0, 10.0, 50.0, 90.0, 99.0, 99.9}) {
    const double exact = values[static_cast<std::size_t>(std::ceil(percent * 200 - 1e-6)) - 1];
    const double got = *Statistic::parse("p" + std::to_string(percent))->of(bucket);
    EXPECT_NEAR(got, exact, exact * Distribution::kRelativeError * 1.0001) << percent;
  }
  EXPECT_LE(sketch.entries().size(), Distribution::kBinsMax);
}

TEST(Distribution, MergingGivesWhatAddingGives) {
  std::mt19937_64 random(11);
  std::exponential_distribution<double> values(0.01);
  for (const int count : {10, 90, 150, 1000}) {
    Distribution whole;
    Distribution parts[3];
    for (int i = 0; i < count; ++i) {
      const double value = std::floor(values(random));
      whole.add(value, 1);
      parts[i % 3].add(value, 1);
    }
    parts[1].merge(parts[2]);
    parts[0].merge(parts[1]);
    EXPECT_EQ(parts[0], whole) << count;
  }
}

TEST(Distribution, FarSpreadValuesKeepHighPercentilesAndZero) {
  Distribution sketch;
  sketch.add(0, 1);
  for (int exponent = -100; exponent < 100; ++exponent) {
    for (int step = 0; step < 20; ++step) {
      sketch.add(std::pow(10, exponent) * (1 + step * 0.4), 1);
    }
  }
  EXPECT_LE(sketch.entries().size(), Distribution::kBinsMax);
  EXPECT_EQ(sketch.entries().front(), (Distribution::Entry{0, 1}));
  EXPECT_EQ(sketch.count(), 4001);
  EXPECT_NEAR(sketch.entries().back().value, 8.6e99, 8.6e97);
}

TEST(Aggregate, EncodingKeepsEverything) {
  const Aggregate bucket = of_values({1, 2, 2, 3.5});
  const auto back = Aggregate::decode(bucket.encode());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->sum, 8.5);
  EXPECT_EQ(back->sample_count, 4);
  EXPECT_EQ(back->minimum, 1);
  EXPECT_EQ(back->maximum, 3.5);
  EXPECT_EQ(back->distribution, bucket.distribution);
}

TEST(Aggregate, DamagedBytesAreAnError) {
  const std::string bytes = of_values({1, 2, 3}).encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Aggregate::decode(std::string_view(bytes).substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace weir::metrics
