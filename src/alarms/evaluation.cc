// SPDX-License-Identifier: Apache-2.0
#include "alarms/evaluation.h"

#include <algorithm>
#include <limits>

namespace weir::alarms {

namespace {

struct Count {
  int breaching = 0;
  int good = 0;
  double samples = 0;
};

Count count_points(std::span<const Slot> points) {
  Count out;
  for (const Slot& point : points) {
    if (!point.value) continue;
    (point.is_breaching ? out.breaching : out.good) += 1;
    out.samples += point.sample_count;
  }
  return out;
}

/// The points that a window short of data is judged by: all real ones and the newest missing ones,
/// N in all.
std::vector<Slot> with_missing(std::span<const Slot> window, int missing) {
  std::vector<Slot> out;
  for (const Slot& slot : window) {
    if (!slot.value && missing-- <= 0) continue;
    out.push_back(slot);
  }
  return out;
}

/// Fewer than N real points, all of them breaching and fewer than M, missing data neither good nor
/// bad: User Guide, "Avoiding premature transitions to alarm state".
bool is_old_enough(std::span<const Slot> window, int datapoints) {
  for (std::size_t age = window.size(); age > 0; --age) {
    if (window[age - 1].value) return static_cast<int>(age) >= datapoints;
  }
  return false;
}

std::optional<StateValue> decide_without_fill(std::span<const Slot> window, const Count& count,
                                              const Rules& rules) {
  if (count.breaching >= rules.datapoints) return StateValue::alarm;
  if (count.good >= 1) return StateValue::ok;
  if (rules.missing == MissingData::ignore) return std::nullopt;
  if (is_old_enough(window, rules.datapoints)) return StateValue::alarm;
  // The guide says only that ALARM is withheld; keeping the state is the mild reading (unverified).
  return std::nullopt;
}

}  // namespace

int evaluation_range(int periods, int period_s) {
  return periods + (period_s >= 60 ? 2 : 60 / period_s);
}

Decision decide(std::span<const Slot> window, const Rules& rules) {
  Decision out;
  const auto real = static_cast<int>(std::count_if(
      window.begin(), window.end(), [](const Slot& s) { return s.value.has_value(); }));
  if (real >= rules.periods) {  // enough data: the treatment of missing data is not consulted
    for (const Slot& slot : window) {
      if (slot.value && static_cast<int>(out.points.size()) < rules.periods)
        out.points.push_back(slot);
    }
    const Count count = count_points(out.points);
    if (count.samples < rules.samples_min) return out;
    out.state = count.breaching >= rules.datapoints ? StateValue::alarm : StateValue::ok;
    return out;
  }
  const int missing = rules.periods - real;
  out.points = with_missing(window, missing);
  const Count count = count_points(out.points);
  if (real > 0 && count.samples < rules.samples_min) return out;
  if (rules.missing == MissingData::breaching || rules.missing == MissingData::not_breaching) {
    out.filled = missing;
    out.filled_breaching = rules.missing == MissingData::breaching;
    const int breaching = count.breaching + (out.filled_breaching ? missing : 0);
    out.state = breaching >= rules.datapoints ? StateValue::alarm : StateValue::ok;
    return out;
  }
  if (real > 0) {
    out.state = decide_without_fill(window, count, rules);
  } else if (rules.missing == MissingData::missing) {
    out.state = StateValue::insufficient_data;
  }
  return out;
}

double significant_samples(double percentile) {
  const double tail = std::min(percentile, 1 - percentile);
  constexpr double kRounding = 1 - 1e-12;  // p90 means 100 samples, not 100.00000000000001
  return tail > 0 ? 10 / tail * kRounding : std::numeric_limits<double>::infinity();
}

}  // namespace weir::alarms
