// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "anomaly/model.h"
#include "anomaly/robust.h"

/// How a Model learns: backfitting of robust parts.
namespace weir::anomaly {

namespace {

constexpr std::int64_t kHourS = 3600;
constexpr std::int64_t kDayS = 86'400;
constexpr int kSlotsS[] = {300, 600, 900, 1800, 3600, 7200, 14'400, 21'600, 43'200, 86'400};
constexpr double kSlotPointsMin = 8;  // in a slot of the day, over all days
constexpr int kRounds = 3;
constexpr double kWild = 6;  // scales off: not learnt from in the next round
constexpr std::size_t kBlocksAtOnce = 36;
constexpr double kHalfLifeS = 6 * 3600;
constexpr std::int64_t kShortBlockS = 600;  // while there is no pattern of the day
constexpr std::size_t kTrendBlocks = 12;
constexpr std::size_t kWeekReach =
    2;                              // hours to both sides that a pattern of the week is smoothed by
constexpr double kScaleTrust = 20;  // points of an hour that weigh as much as all the rest

}  // namespace

class Fit {
 public:
  Fit(std::span<const std::int64_t> times, std::span<const double> values,
      const Model::Options& options)
      : values_(values) {
    model_.options_ = options;
    model_.begin_s_ = times.front();
    model_.end_s_ = times.back() + options.period_s;
    const std::int64_t span_s = model_.span_s();
    const bool has_days = options.period_s < kDayS;
    if (span_s >= Model::kWeekSpanS && options.period_s <= kDayS) {
      model_.season_ = Model::Season::week;
    } else if (span_s >= Model::kDaySpanS && has_days) {
      model_.season_ = Model::Season::day;
    }
    for (std::size_t i = 0; i < times.size(); ++i) {
      points_.push_back({times[i], model_.local_s(times[i]), 0, 0, false});
    }
    if (model_.season_ != Model::Season::none && has_days) choose_slots();
  }

  Model run() {
    model_.is_never_negative_ =
        std::all_of(values_.begin(), values_.end(), [](double value) { return value >= 0; });
    choose_transform();
    choose_floor();
    for (std::size_t i = 0; i < points_.size(); ++i) points_[i].y = model_.forward(values_[i]);
    if (!model_.day_.empty()) model_.day_.assign(model_.day_.size(), 0);
    for (int round = 0; round < kRounds; ++round) {
      fit_trend();
      if (!model_.day_.empty()) fit_day();
      if (model_.season_ == Model::Season::week) fit_week();
      fit_levels();
      fit_scales();
      set_wild_aside();
    }
    if (model_.options_.expects_spikes && !model_.day_.empty()) fit_spikes();
    return std::move(model_);
  }

 private:
  struct Point {
    std::int64_t time_s;
    std::int64_t local_s;
    double y;  // transformed
    double residual;
    bool is_wild;
  };

  // ---- the form

  /// The finest slots of the day that hold enough points.
  void choose_slots() {
    const int period_s = model_.options_.period_s;
    const double days = static_cast<double>(points_.size()) * period_s / kDayS;
    int chosen = static_cast<int>(kDayS);
    for (const int slot_s : kSlotsS) {
      if (slot_s < period_s || days * slot_s / period_s < kSlotPointsMin) continue;
      chosen = slot_s;
      break;
    }
    // Days decide, too: an hour is fine enough for what was seen once or twice.
    model_.slot_s_ = days < 2 ? std::max(chosen, 900) : chosen;
    model_.day_.resize(static_cast<std::size_t>(kDayS / model_.slot_s_));
  }

  /// Spread against level (Tukey 1977): noise that grows with the level as level^b is made even by
  /// the power 1 - b.
  void choose_transform() {
    if (!model_.is_never_negative_) return;
    const auto size =
        static_cast<std::size_t>(std::max<std::int64_t>(12, kHourS / model_.options_.period_s));
    std::vector<std::pair<double, double>> spreads;
    std::vector<double> levels;
    const std::size_t blocks = values_.size() / size;
    const std::size_t step = std::max<std::size_t>(1, blocks / 200);
    for (std::size_t block = 0; block < blocks; block += step) {
      const auto part = values_.subspan(block * size, size);
      std::vector<double> changes;
      for (std::size_t i = 1; i < part.size(); ++i) changes.push_back(part[i] - part[i - 1]);
      const double level = median({part.begin(), part.end()});
      const double spread = scale(std::move(changes));
      if (level <= 0 || spread <= 0) continue;
      spreads.emplace_back(std::log(level), std::log(spread));
      levels.push_back(level);
    }
    constexpr std::size_t kBlocksMin = 8;
    constexpr double kRangeMin = 1.5;
    if (spreads.size() < kBlocksMin) return;
    const double low = quantile(levels, 0.1);
    const double high = quantile(levels, 0.9);
    if (high < kRangeMin * low) return;
    const double power = theil_sen_slope(spreads);
    if (power < 0.25) return;
    model_.transform_ = power < 0.75 ? Model::Transform::root : Model::Transform::logarithm;
    model_.unit_ = 0.1 * low;
  }

  /// A flat series shall not alarm on its first count.
  void choose_floor() {
    const bool is_whole = std::all_of(values_.begin(), values_.end(),
                                      [](double value) { return value == std::round(value); });
    model_.floor_ = is_whole ? 0.5 : 0;
  }

  // ---- the parts

  static std::int64_t hour_of(const Point& point) {
    const std::int64_t hour = point.local_s / kHourS;
    return point.local_s < hour * kHourS ? hour - 1 : hour;
  }
  static std::size_t second_of_day(const Point& point) {
    return static_cast<std::size_t>((point.local_s % kDayS + kDayS) % kDayS);
  }
  std::size_t slot_of(const Point& point) const {
    return second_of_day(point) / static_cast<std::size_t>(model_.slot_s_);
  }
  static std::size_t hour_of_day(const Point& point) { return second_of_day(point) / kHourS; }

  double day_of(const Point& point) const {
    return model_.day_.empty() ? 0 : model_.day_slot(point.local_s).of(model_.day_);
  }
  double week_of(const Point& point) const {
    return model_.week_.empty() ? 0 : model_.week_[Model::hour_of_week(point.local_s)];
  }

  /// With a pattern of the week, a line whose slope is that between the same days of two weeks, so
  /// that no pattern of the week can look like one.
  void fit_trend() {
    model_.slope_ = 0;
    std::map<std::int64_t, std::vector<double>> days;
    std::vector<double> all;
    for (const Point& point : points_) {
      if (point.is_wild) continue;
      const double value = point.y - day_of(point) - week_of(point);
      days[(point.time_s - model_.begin_s_) / kDayS].push_back(value);
      all.push_back(value);
    }
    if (model_.season_ == Model::Season::week) {
      std::map<std::int64_t, double> middles;
      for (auto& [day, values] : days) middles[day] = median(std::move(values));
      std::vector<double> slopes;
      for (const auto& [day, middle] : middles) {
        const auto later = middles.find(day + 7);
        if (later == middles.end()) continue;
        slopes.push_back((later->second - middle) / (7 * static_cast<double>(kDayS)));
      }
      constexpr std::size_t kPairsMin = 3;
      if (slopes.size() >= kPairsMin) model_.slope_ = median(std::move(slopes));
      all.clear();
      for (const Point& point : points_) {
        if (point.is_wild) continue;
        const auto since = static_cast<double>(point.time_s - model_.begin_s_);
        all.push_back(point.y - day_of(point) - week_of(point) - model_.slope_ * since);
      }
    }
    model_.base_ = median(std::move(all));
  }

  void fit_day() {
    std::vector<std::vector<double>> slots(model_.day_.size());
    for (const Point& point : points_) {
      if (point.is_wild) continue;
      slots[slot_of(point)].push_back(point.y - model_.trend(point.time_s) - week_of(point));
    }
    std::vector<bool> is_known;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      is_known.push_back(!slots[i].empty());
      model_.day_[i] = median(std::move(slots[i]));
    }
    fill_gaps(model_.day_, is_known);
    const double middle = median(model_.day_);
    for (double& value : model_.day_) value -= middle;
  }

  /// Slots that never had a point lie on the line between their neighbours.
  static void fill_gaps(std::vector<double>& circle, const std::vector<bool>& is_known) {
    const std::size_t count = circle.size();
    if (std::none_of(is_known.begin(), is_known.end(), [](bool known) { return known; })) return;
    for (std::size_t i = 0; i < count; ++i) {
      if (is_known[i]) continue;
      std::size_t before = 1;
      std::size_t behind = 1;
      while (!is_known[(i + count - before) % count]) ++before;
      while (!is_known[(i + behind) % count]) ++behind;
      const auto share = static_cast<double>(before) / static_cast<double>(before + behind);
      circle[i] =
          circle[(i + count - before) % count] * (1 - share) + circle[(i + behind) % count] * share;
    }
  }

  /// What the same hour of the same weekday had in common in different weeks.
  void fit_week() {
    constexpr std::size_t kHours = 7 * 24;
    const std::int64_t first = hour_of(points_.front());
    std::vector<std::vector<double>> hours(
        static_cast<std::size_t>(hour_of(points_.back()) - first + 1));
    for (const Point& point : points_) {
      if (point.is_wild) continue;
      hours[static_cast<std::size_t>(hour_of(point) - first)].push_back(
          point.y - model_.trend(point.time_s) - day_of(point));
    }
    std::vector<std::optional<double>> middles(hours.size());
    for (std::size_t i = 0; i < hours.size(); ++i) {
      if (!hours[i].empty()) middles[i] = median(std::move(hours[i]));
    }
    std::vector<std::vector<double>> weeks(kHours);
    for (std::size_t i = 0; i < middles.size(); ++i) {
      if (!middles[i]) continue;
      std::vector<double> near;
      const std::size_t to = std::min(i + kWeekReach, middles.size() - 1);
      for (std::size_t j = i < kWeekReach ? 0 : i - kWeekReach; j <= to; ++j) {
        if (middles[j]) near.push_back(*middles[j]);
      }
      const std::int64_t hour = first + static_cast<std::int64_t>(i);
      weeks[Model::hour_of_week(hour * kHourS)].push_back(median(std::move(near)));
    }
    model_.week_.assign(kHours, 0);
    model_.week_doubt_.assign(kHours, 0);
    for (std::size_t i = 0; i < kHours; ++i) {
      auto [value, doubt] = common(weeks[i]);
      model_.week_[i] = value;
      model_.week_doubt_[i] = doubt;
    }
    // A period of more than an hour has points in some hours only.
    const int period_s = model_.options_.period_s;
    for (std::size_t i = 1; period_s > kHourS && i < kHours; ++i) {
      if (!weeks[i].empty() || i % 24 == 0) continue;
      model_.week_[i] = model_.week_[i - 1];
      model_.week_doubt_[i] = model_.week_doubt_[i - 1];
    }
  }

  /// Of two the one nearer to nothing if they agree in sign: what happened in one week only is no
  /// pattern. One alone counts by half, with that half as its doubt.
  static std::pair<double, double> common(std::vector<double> weeks) {
    if (weeks.empty()) return {0, 0};
    if (weeks.size() == 1) return {weeks[0] / 2, std::abs(weeks[0]) / 2};
    if (weeks.size() > 2) return {median(std::move(weeks)), 0};
    if ((weeks[0] < 0) != (weeks[1] < 0)) return {0, 0};
    return {std::abs(weeks[0]) < std::abs(weeks[1]) ? weeks[0] : weeks[1], 0};
  }

  /// The level of a block is learnt from the blocks before it, as it is when the block comes.
  void fit_levels() {
    const bool has_season = model_.season_ != Model::Season::none;
    model_.block_s_ =
        std::max<std::int64_t>(has_season ? kHourS : kShortBlockS, model_.options_.period_s);
    const auto count =
        static_cast<std::size_t>((model_.span_s() + model_.block_s_ - 1) / model_.block_s_);
    std::vector<std::vector<double>> blocks(count);
    for (const Point& point : points_) {
      blocks[static_cast<std::size_t>((point.time_s - model_.begin_s_) / model_.block_s_)]
          .push_back(point.y - model_.seasonal(point.time_s, point.local_s));
    }
    std::vector<std::pair<double, double>> middles;  // number of the block, its median
    model_.levels_.assign(count + 1, 0);
    for (std::size_t i = 0; i <= count; ++i) {
      if (!middles.empty()) {
        model_.levels_[i] = has_season ? recent_level(middles, static_cast<double>(i))
                                       : extended(middles, static_cast<double>(i));
      } else if (i < count) {
        model_.levels_[i] = median(blocks[i]);
      }
      if (i < count && !blocks[i].empty()) {
        middles.emplace_back(static_cast<double>(i), median(std::move(blocks[i])));
      }
    }
  }

  /// The median of the last blocks with weights that halve every six hours: a step is believed
  /// after that time, what is shorter passes without a trace.
  double recent_level(std::span<const std::pair<double, double>> middles, double now) const {
    const double half_life = std::max(3.0, kHalfLifeS / static_cast<double>(model_.block_s_));
    std::vector<std::pair<double, double>> weighted;
    for (const auto& [block, middle] : middles.last(std::min(kBlocksAtOnce, middles.size()))) {
      weighted.emplace_back(middle, std::exp2((block - now) / half_life));
    }
    return weighted_median(std::move(weighted));
  }

  /// Where the line through the last two hours is now.
  static double extended(std::span<const std::pair<double, double>> middles, double now) {
    const auto last = middles.last(std::min(kTrendBlocks, middles.size()));
    constexpr std::size_t kForSlope = 4;
    const double slope = last.size() < kForSlope ? 0 : theil_sen_slope(last);
    std::vector<double> moved;
    for (const auto& [block, middle] : last) moved.push_back(middle + slope * (now - block));
    return median(std::move(moved));
  }

  // ---- what is left

  void fit_scales() {
    std::vector<std::vector<double>> hours(24);
    std::vector<double> all;
    for (Point& point : points_) {
      point.residual =
          point.y - model_.seasonal(point.time_s, point.local_s) - model_.level(point.time_s);
      if (point.is_wild) continue;
      all.push_back(point.residual);
      hours[hour_of_day(point)].push_back(point.residual);
    }
    const double overall = scale(all);
    model_.scale_.assign(model_.day_.empty() ? 1 : 24, overall);
    for (std::size_t i = 0; i < 24 && !model_.day_.empty(); ++i) {
      std::vector<double> near = hours[i];
      for (const std::size_t other : {(i + 23) % 24, (i + 1) % 24}) {
        near.insert(near.end(), hours[other].begin(), hours[other].end());
      }
      const auto count = static_cast<double>(near.size());
      const double own = scale(std::move(near));
      model_.scale_[i] =
          std::sqrt((count * own * own + kScaleTrust * overall * overall) / (count + kScaleTrust));
    }
    for (double& value : model_.scale_) value *= widening();
  }

  /// The parts fit the days that they were learnt from better than the next: the errors of their
  /// medians come to the noise, and that days differ more than was seen in so few.
  double widening() const {
    constexpr double kOfMedian = 1.5708;  // pi / 2, the variance of a median times the count
    constexpr double kOfDays = 0.5;
    constexpr double kOfLine = 0.6;
    if (model_.day_.empty()) return std::sqrt(1 + kOfLine);
    const double per_day = static_cast<double>(kDayS) / model_.options_.period_s;
    const double days = static_cast<double>(points_.size()) / per_day;
    double added =
        kOfDays / days + kOfMedian / (days * per_day / static_cast<double>(model_.day_.size()));
    if (!model_.week_.empty()) {
      const double near = std::max(1.0, (2 * kWeekReach + 1) * per_day / 24);
      added += kOfMedian / near;
    }
    return std::sqrt(1 + added);
  }

  void set_wild_aside() {
    for (Point& point : points_) {
      const double of = model_.scale_[hour_of_day(point) % model_.scale_.size()];
      point.is_wild = of > 0 && std::abs(point.residual) > kWild * of;
    }
  }

  void fit_spikes() {
    constexpr double kSpikeFraction = 0.99;
    std::vector<std::vector<double>> slots(model_.day_.size());
    for (const Point& point : points_) {
      slots[slot_of(point)].push_back(point.residual);
    }
    const std::size_t count = slots.size();
    model_.spike_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<double> near = slots[i];
      for (const std::size_t other : {(i + count - 1) % count, (i + 1) % count}) {
        near.insert(near.end(), slots[other].begin(), slots[other].end());
      }
      model_.spike_[i] = std::max(0.0, quantile(std::move(near), kSpikeFraction));
    }
  }

  std::span<const double> values_;
  std::vector<Point> points_;
  Model model_;
};

std::optional<Model> Model::fit(std::span<const std::int64_t> times, std::span<const double> values,
                                const Options& options) {
  if (times.size() < kPointsMin || times.size() != values.size()) return {};
  if (times.back() + options.period_s - times.front() < kSpanMinS) return {};
  return Fit(times, values, options).run();
}

}  // namespace weir::anomaly
