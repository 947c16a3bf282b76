// SPDX-License-Identifier: Apache-2.0
#include "anomaly/model.h"

#include <algorithm>
#include <cmath>

namespace weir::anomaly {

namespace {

constexpr std::int64_t kDayS = 86'400;
constexpr std::int64_t kWeekS = 7 * kDayS;
constexpr double kShareMin = 0.01;  // of the expected value, as the least scale

std::int64_t positive_rest(std::int64_t value, std::int64_t of) {
  const std::int64_t rest = value % of;
  return rest < 0 ? rest + of : rest;
}

}  // namespace

Model::Between Model::day_slot(std::int64_t local_s) const {
  // A slot stands for the middle of the period starts that it holds.
  const double inset = std::max(0, slot_s_ - options_.period_s) / 2.0;
  const double place =
      (static_cast<double>(positive_rest(local_s, kDayS)) - inset) / static_cast<double>(slot_s_);
  const double below = std::floor(place);
  const std::size_t count = day_.size();
  const auto first = static_cast<std::size_t>(below + static_cast<double>(count)) % count;
  return {first, (first + 1) % count, place - below};
}

std::size_t Model::hour_of_week(std::int64_t local_s) {
  return static_cast<std::size_t>(positive_rest(local_s, kWeekS) / 3600);
}

double Model::trend(std::int64_t time_s) const {
  // Not for ever: a slope of two weeks says little about the time after next week.
  const std::int64_t until_s = std::min(time_s, end_s_ + kWeekS);
  return base_ + slope_ * static_cast<double>(until_s - begin_s_);
}

double Model::seasonal(std::int64_t time_s, std::int64_t local_s) const {
  double out = trend(time_s);
  if (!day_.empty()) out += day_slot(local_s).of(day_);
  if (!week_.empty()) out += week_[hour_of_week(local_s)];
  return out;
}

double Model::level(std::int64_t time_s) const {
  const auto block = static_cast<std::size_t>((time_s - begin_s_) / block_s_);
  return levels_[std::min(block, levels_.size() - 1)];
}

double Model::forward(double value) const {
  switch (transform_) {
    case Transform::none:
      break;
    case Transform::root:
      return std::sqrt(std::max(value, 0.0));
    case Transform::logarithm:
      return std::log1p(std::max(value, 0.0) / unit_);
  }
  return value;
}

double Model::backward(double value) const {
  switch (transform_) {
    case Transform::none:
      break;
    case Transform::root:
      return value > 0 ? value * value : 0;
    case Transform::logarithm:
      return value > 0 ? unit_ * std::expm1(value) : 0;
  }
  return value;
}

std::optional<Model::Interval> Model::at(std::int64_t time_s, double deviations) const {
  if (time_s < begin_s_) return {};
  const std::int64_t local = local_s(time_s);
  const double expected = seasonal(time_s, local) + level(time_s);
  const auto hour = static_cast<std::size_t>(positive_rest(local, kDayS) / 3600);
  double up = deviations * scale_[hour % scale_.size()];
  double down = up;
  if (!week_doubt_.empty()) {
    // Half of the only week's difference is in `expected`; the band reaches both ends.
    const double doubt = week_doubt_[hour_of_week(local)];
    up += doubt;
    down += doubt;
  }
  if (!spike_.empty()) up += day_slot(local).of(spike_);
  Interval out{backward(expected - down), backward(expected), backward(expected + up)};
  const double least = deviations * std::max(floor_, kShareMin * std::abs(out.expected));
  out.lower = std::min(out.lower, out.expected - least);
  out.upper = std::max(out.upper, out.expected + least);
  if (is_never_negative_) {
    out.lower = std::max(out.lower, 0.0);
    out.upper = std::max(out.upper, 0.0);
  }
  if (options_.ceiling) {
    out.upper = std::min(out.upper, *options_.ceiling);
    out.lower = std::min(out.lower, *options_.ceiling);
  }
  if (!std::isfinite(out.lower) || !std::isfinite(out.upper)) return {};
  return out;
}

}  // namespace weir::anomaly
