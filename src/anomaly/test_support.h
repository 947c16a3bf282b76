// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

namespace weir::anomaly {

/// Traffic that somebody made up: day, week, trend and noise, all from a seed.
struct Traffic {
  enum class Noise : std::uint8_t { additive, multiplicative, counts };
  int period_s = 300;
  double base = 100;
  double day = 0.5;    // how far the day moves it, as a share of the base
  double week = 0.3;   // by how much Saturdays and Sundays are lower
  double trend = 0.1;  // growth in two weeks
  double noise = 0.05;
  Noise kind = Noise::additive;

  /// Without noise.
  double expected(std::int64_t time_s) const {
    constexpr double kTurn = 2 * std::numbers::pi;
    const double of_day = static_cast<double>(time_s % 86'400) / 86'400;
    const std::int64_t weekday = time_s / 86'400 % 7;  // 0 is a Thursday
    double share =
        1 + day * (std::sin(kTurn * (of_day - 0.3)) + 0.4 * std::sin(2 * kTurn * (of_day - 0.1)));
    if (weekday == 2 || weekday == 3) share *= 1 - week;
    return base * share * (1 + trend * static_cast<double>(time_s - 1'767'225'600) / 1'209'600);
  }

  double value(std::int64_t time_s, std::mt19937_64& random) const {
    const double middle = expected(time_s);
    std::normal_distribution<double> normal;
    switch (kind) {
      case Noise::additive:
        break;
      case Noise::multiplicative:
        return middle * std::exp(noise * normal(random));
      case Noise::counts:
        return std::poisson_distribution<int>(std::max(middle, 0.01))(random);
    }
    return middle + base * noise * normal(random);
  }
};

struct Points {
  std::vector<std::int64_t> times;
  std::vector<double> values;

  static Points of(const Traffic& traffic, std::int64_t from_s, std::int64_t to_s,
                   std::uint64_t seed = 1) {
    std::mt19937_64 random(seed);
    Points out;
    for (std::int64_t at = from_s; at < to_s; at += traffic.period_s) {
      out.times.push_back(at);
      out.values.push_back(traffic.value(at, random));
    }
    return out;
  }
};

inline constexpr std::int64_t kStart = 1'767'225'600;  // 2026-01-01, a Thursday
inline constexpr std::int64_t kHour = 3600;
inline constexpr std::int64_t kDay = 86'400;

}  // namespace weir::anomaly
