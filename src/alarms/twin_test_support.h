// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "alarms/alarm.h"
#include "base/runtime.h"

/// A slow and obvious twin of the alarms: it has the whole history of the data and of the clock and
/// says what each alarm must have done, by the sentences of the User Guide.
namespace weir::alarms::twin {

/// A datum, when it came and what it says. Times are seconds.
struct Datum {
  std::int64_t came_s = 0;
  std::int64_t stamped_s = 0;
  double value = 0;
};

struct Rule {
  std::string statistic = "Average";  // or Sum, Maximum, Minimum, SampleCount
  std::string comparison = ">";       // or <
  double threshold = 0;
  int period_s = 60;
  int n = 1;
  int m = 1;
  std::string missing = "missing";
  bool fires_early = false;
};

struct Change {
  std::int64_t time_s = 0;
  std::string from;
  std::string to;
  bool operator==(const Change&) const = default;
};

/// One letter for each period of the evaluation range, newest first: X breaching, 0 good, - none.
inline std::string letters(const Rule& rule, const std::vector<Datum>& data, std::int64_t end_s,
                           std::int64_t now_s) {
  std::string out;
  const int range = rule.n + (rule.period_s >= 60 ? 2 : 60 / rule.period_s);
  for (int i = 0; i < range; ++i) {
    const std::int64_t begin = end_s - (i + 1) * std::int64_t{rule.period_s};
    double sum = 0, count = 0, most = -1e300, least = 1e300;
    for (const Datum& datum : data) {
      const std::int64_t kept_s = datum.stamped_s / 60 * 60;  // minutes are what is kept
      if (datum.came_s > now_s || kept_s < begin || kept_s >= begin + rule.period_s) continue;
      sum += datum.value;
      count += 1;
      most = std::max(most, datum.value);
      least = std::min(least, datum.value);
    }
    if (count == 0) {
      out += '-';
      continue;
    }
    const double value = rule.statistic == "Average"   ? sum / count
                         : rule.statistic == "Sum"     ? sum
                         : rule.statistic == "Maximum" ? most
                         : rule.statistic == "Minimum" ? least
                                                       : count;
    const bool breaches = rule.comparison == ">" ? value > rule.threshold : value < rule.threshold;
    out += breaches ? 'X' : '0';
  }
  return out;
}

/// The state that the guide gives for those letters; "" keeps the state.
inline std::string decide(const std::string& newest_first, int n, int m,
                          const std::string& missing) {
  std::string real;
  for (const char c : newest_first) {
    if (c != '-') real += c;
  }
  const auto breaching = [](const std::string& points) {
    return static_cast<int>(std::count(points.begin(), points.end(), 'X'));
  };
  if (static_cast<int>(real.size()) >= n) {
    return breaching(real.substr(0, static_cast<std::size_t>(n))) >= m ? "ALARM" : "OK";
  }
  std::string filled = real;
  while (static_cast<int>(filled.size()) < n && missing == "breaching") filled += 'X';
  while (static_cast<int>(filled.size()) < n && missing == "notBreaching") filled += '0';
  if (filled.empty()) return missing == "missing" ? "INSUFFICIENT_DATA" : "";
  if (breaching(filled) >= m) return "ALARM";
  if (filled.find('0') != std::string::npos) return "OK";
  if (missing == "ignore") return "";
  // Premature: only breaching points, and the oldest of them is too young.
  return static_cast<int>(newest_first.rfind('X')) + 1 >= m ? "ALARM" : "";
}

/// Whether no later datum can make a breaching period good again, for data that are never negative.
inline bool only_grows(const Rule& rule) {
  if (rule.comparison == ">") {
    return rule.statistic == "Sum" || rule.statistic == "Maximum" ||
           rule.statistic == "SampleCount";
  }
  return rule.statistic == "Minimum";
}

/// What the alarm is judged to be at `now_s`.
inline std::string judge(const Rule& rule, const std::vector<Datum>& data, std::int64_t now_s,
                         std::int64_t delay_s) {
  const std::int64_t tick_s = rule.period_s < 60 ? 10 : 60;
  const std::int64_t settled_s = (now_s - delay_s) / tick_s * tick_s;
  if (rule.fires_early && only_grows(rule)) {
    const std::int64_t open_s = now_s / tick_s * tick_s + tick_s;
    for (std::int64_t end_s = settled_s + tick_s; end_s <= open_s; end_s += tick_s) {
      const std::string seen = letters(rule, data, end_s, now_s);
      std::string real;
      for (const char c : seen) {
        if (c != '-' && static_cast<int>(real.size()) < rule.n) real += c;
      }
      if (seen[0] == 'X' && std::count(real.begin(), real.end(), 'X') >= rule.m) return "ALARM";
    }
  }
  return decide(letters(rule, data, settled_s, now_s), rule.n, rule.m, rule.missing);
}

/// All changes of an alarm made at `from_s`: it is judged then, with every datum that comes and at
/// every tick.
inline std::vector<Change> changes(const Rule& rule, const std::vector<Datum>& data,
                                   std::int64_t from_s, std::int64_t to_s, std::int64_t delay_s) {
  std::vector<std::int64_t> moments = {from_s};
  for (const Datum& datum : data) moments.push_back(datum.came_s);
  const std::int64_t tick_s = rule.period_s < 60 ? 10 : 60;
  for (std::int64_t t = from_s / tick_s * tick_s + delay_s; t <= to_s; t += tick_s) {
    moments.push_back(t);
  }
  std::sort(moments.begin(), moments.end());
  std::string state = "INSUFFICIENT_DATA";
  std::vector<Change> out;
  // Only what may still be looked at, so that a week does not take for ever.
  const std::int64_t oldest_s = (rule.n + 62) * std::int64_t{std::max(rule.period_s, 60)} + 3600;
  std::vector<Datum> sorted = data;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Datum& a, const Datum& b) { return a.stamped_s < b.stamped_s; });
  for (const std::int64_t now_s : moments) {
    if (now_s < from_s || now_s > to_s) continue;
    const auto by_stamp = [](const Datum& datum, std::int64_t s) { return datum.stamped_s < s; };
    const std::vector<Datum> near(
        std::lower_bound(sorted.begin(), sorted.end(), now_s - oldest_s, by_stamp),
        std::lower_bound(sorted.begin(), sorted.end(), now_s + 8000, by_stamp));
    const std::string to = judge(rule, near, now_s, delay_s);
    if (to.empty() || to == state) continue;
    out.push_back({now_s, state, to});
    state = to;
  }
  return out;
}

/// The state after `changes` at a moment.
inline std::string state_at(const std::vector<Change>& changes, std::int64_t time_s,
                            std::string state) {
  for (const Change& change : changes) {
    if (change.time_s <= time_s) state = change.to;
  }
  return state;
}

/// When the actions of a composite alarm's changes run, and for which state: the wait after the
/// change, the suppressor, the extension after it, and no action for a change that another follows
/// before its time.
inline std::vector<Change> acted(const std::vector<Change>& own,
                                 const std::vector<Change>& suppressor, std::int64_t wait_s,
                                 std::int64_t extension_s, std::int64_t to_s) {
  const auto is_up = [&](std::int64_t t) {
    return state_at(suppressor, t, "INSUFFICIENT_DATA") == "ALARM";
  };
  const auto next_change = [&](std::int64_t after, bool up) -> std::int64_t {
    for (const Change& change : suppressor) {
      if (change.time_s > after && (change.to == "ALARM") == up) return change.time_s;
    }
    return INT64_MAX;
  };
  std::vector<Change> out;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const std::int64_t next = i + 1 < own.size() ? own[i + 1].time_s : INT64_MAX;
    std::int64_t act = own[i].time_s;
    bool by_alarm = is_up(act);
    std::int64_t since = act;
    if (!by_alarm) {
      act = since + wait_s;
      const std::int64_t up = next_change(since, true);
      by_alarm = up < act;
      since = up;
    }
    while (by_alarm && since < next) {
      const std::int64_t down = next_change(since, false);
      if (down == INT64_MAX) {
        act = INT64_MAX;
        break;
      }
      act = down + extension_s;
      const std::int64_t up = next_change(down, true);
      by_alarm = up < act;
      since = up;
    }
    if (act < next && act <= to_s) out.push_back({act, own[i].from, own[i].to});
  }
  return out;
}

}  // namespace weir::alarms::twin
