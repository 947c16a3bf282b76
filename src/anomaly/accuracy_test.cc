// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "anomaly/model.h"
#include "anomaly/test_support.h"

// Goal: how many anomalies are found, and how many alarms are false, against a band of mean +- k
// standard deviations of the same past.
// Method: made-up traffic with a season, a trend and noise; 1 to 5 % of the past is wild. The day
// behind it has eight injected events (spikes to more than three times, dips to a fifth, outages)
// of one period to half an hour, each point is judged with the model as it was last learnt (every
// 15 minutes, or a fiftieth of the past). One line for each length of the past and kind of traffic;
// more seeds by WEIR_ACCURACY_SEEDS.
namespace weir::anomaly {
namespace {

struct Kind {
  const char* name;
  Traffic traffic;
};

const Kind kKinds[] = {
    {"load, 5 min", {.period_s = 300, .base = 50, .day = 0.4, .week = 0.2, .noise = 0.05}},
    {"bytes, 1 min",
     {.period_s = 60,
      .base = 1e6,
      .trend = 0.2,
      .noise = 0.25,
      .kind = Traffic::Noise::multiplicative}},
    {"refusals, 1 min", {.period_s = 60, .base = 20, .trend = 0, .kind = Traffic::Noise::counts}},
    {"bytes, 1 h",
     {.period_s = 3600, .base = 1000, .noise = 0.08, .kind = Traffic::Noise::multiplicative}},
};
constexpr double kDeviations[] = {2, 3, 4};

struct Score {
  double found = 0, missed = 0, false_alarms = 0, quiet = 0;
  void count(bool is_anomaly, bool is_alarm) {
    (is_anomaly ? (is_alarm ? found : missed) : (is_alarm ? false_alarms : quiet)) += 1;
  }
  double precision() const { return found / std::max(1.0, found + false_alarms); }
  double recall() const { return found / std::max(1.0, found + missed); }
};
struct Scores {
  Score model[3];
  Score naive[3];
};

class Scenario {
 public:
  Scenario(const Traffic& traffic, std::int64_t past_s, std::uint64_t seed)
      : traffic_(traffic), random_(seed * 7919) {
    // Any hour of any weekday.
    begin_s_ = kStart + static_cast<std::int64_t>(random_() % 168) * kHour;
    split_s_ = begin_s_ + past_s;
    points_ = Points::of(traffic, begin_s_, split_s_ + kDay, random_());
    is_anomaly_.resize(points_.times.size());
    first_ = static_cast<std::size_t>(past_s / traffic.period_s);
    spoil_past(0.01 * static_cast<double>(1 + seed % 5));
    for (int i = 0; i < 8; ++i) inject(i % 3);
  }

  void judge(Scores& scores) const {
    const auto [mean, deviation] = moments();
    const std::size_t step = std::max<std::size_t>(
        1, static_cast<std::size_t>(std::max<std::int64_t>(900, (split_s_ - begin_s_) / 50) /
                                    traffic_.period_s));
    std::optional<Model> model;
    for (std::size_t i = first_; i < points_.times.size(); ++i) {
      if ((i - first_) % step == 0) model = learnt(i);
      for (std::size_t k = 0; k < 3; ++k) {
        const double value = points_.values[i];
        bool is_alarm = false;
        if (model) {
          const auto band = model->at(points_.times[i], kDeviations[k]);
          is_alarm = value < band->lower || value > band->upper;
        }
        scores.model[k].count(is_anomaly_[i], is_alarm);
        scores.naive[k].count(is_anomaly_[i], std::abs(value - mean) > kDeviations[k] * deviation);
      }
    }
  }

 private:
  double unit() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  void spoil_past(double share) {
    for (std::size_t i = 0; i < first_; ++i) {
      if (unit() < share) points_.values[i] *= unit() < 0.5 ? 0.1 : 4;
    }
  }

  void inject(int kind) {
    const auto longest = std::max<std::int64_t>(1, 1800 / traffic_.period_s);
    const auto length =
        1 + static_cast<std::size_t>(random_() % static_cast<std::uint64_t>(longest));
    const std::size_t at = first_ + random_() % (points_.times.size() - first_ - length);
    for (std::size_t i = at; i < at + length; ++i) {
      double& value = points_.values[i];
      value = kind == 0 ? 3 * value + traffic_.base : (kind == 1 ? 0.2 * value : 0);
      is_anomaly_[i] = true;
    }
  }

  std::pair<double, double> moments() const {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < first_; ++i) {
      sum += points_.values[i];
      squares += points_.values[i] * points_.values[i];
    }
    const auto count = static_cast<double>(first_);
    const double mean = sum / count;
    return {mean, std::sqrt(std::max(0.0, squares / count - mean * mean))};
  }

  std::optional<Model> learnt(std::size_t until) const {
    const std::int64_t oldest = points_.times[until] - Model::kHistoryS;
    const auto from = static_cast<std::size_t>(
        std::lower_bound(points_.times.begin(), points_.times.end(), oldest) -
        points_.times.begin());
    return Model::fit({points_.times.data() + from, until - from},
                      {points_.values.data() + from, until - from},
                      {.period_s = traffic_.period_s});
  }

  const Traffic traffic_;
  std::mt19937_64 random_;
  std::int64_t begin_s_ = 0;
  std::int64_t split_s_ = 0;
  std::size_t first_ = 0;  // behind the past
  Points points_;
  std::vector<bool> is_anomaly_;
};

struct Past {
  const char* name;
  std::int64_t past_s;
  double precision_min;  // at 3 deviations, over all kinds
  double recall_min;
};

class Accuracy : public testing::TestWithParam<Past> {};

TEST_P(Accuracy, IsBetterThanMeanAndDeviation) {
  const char* const wanted = std::getenv("WEIR_ACCURACY_SEEDS");
  const int seeds = wanted != nullptr ? std::max(1, std::atoi(wanted)) : 3;
  const auto [past, past_s, precision_min, recall_min] = GetParam();
  Score model;
  Score naive;
  for (const Kind& kind : kKinds) {
    Scores scores;
    for (int seed = 1; seed <= seeds; ++seed) {
      Scenario(kind.traffic, past_s, static_cast<std::uint64_t>(seed)).judge(scores);
    }
    std::printf("| %s | %s |", past, kind.name);
    for (std::size_t k = 0; k < 3; ++k) {
      const Score& of = scores.model[k];
      std::printf(" %.2f / %.2f (%.2f / %.2f) |", of.precision(), of.recall(),
                  scores.naive[k].precision(), scores.naive[k].recall());
    }
    const Score& middle = scores.model[1];
    std::printf(" %.2f %% |\n", 100 * middle.false_alarms / (middle.false_alarms + middle.quiet));
    model.found += middle.found;
    model.missed += middle.missed;
    model.false_alarms += middle.false_alarms;
    naive.found += scores.naive[1].found;
    naive.missed += scores.naive[1].missed;
  }
  EXPECT_GE(model.precision(), precision_min);
  EXPECT_GE(model.recall(), recall_min);
  EXPECT_GE(model.recall(), naive.recall() + 0.2);
}

INSTANTIATE_TEST_SUITE_P(Pasts, Accuracy,
                         testing::Values(Past{"6 hours", 6 * kHour, 0.6, 0.6},
                                         Past{"1 day", kDay, 0.8, 0.5},
                                         Past{"3 days", 3 * kDay, 0.8, 0.7},
                                         Past{"2 weeks", 14 * kDay, 0.8, 0.8}));

}  // namespace
}  // namespace weir::anomaly
