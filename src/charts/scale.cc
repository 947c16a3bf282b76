// SPDX-License-Identifier: Apache-2.0
#include "charts/scale.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace weir::charts {

namespace {

constexpr int kTicksMax = 50;

/// Thousands by name.
struct Magnitude {
  double factor = 1;
  std::string_view suffix = {};
};

/// Nothing smaller than 1: `m` would read as minutes or millions.
Magnitude magnitude_of(double number) {
  constexpr Magnitude kAll[] = {{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
  for (const Magnitude& magnitude : kAll) {
    if (number >= magnitude.factor * 0.99999) return magnitude;
  }
  return {};
}

/// Beyond these, numbers have an exponent.
bool is_plain(double number) { return number < 1e18 && number >= 1e-4; }

std::string fixed(double number, int decimals) {
  char text[400];
  const auto [end, error] =
      std::to_chars(text, text + sizeof text, number, std::chars_format::fixed, decimals);
  return {text, end};
}

std::string without_zeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

/// With the digits that it needs if their number is 0.
std::string exponential(double number, int digits) {
  char text[64];
  constexpr auto kForm = std::chars_format::scientific;
  const auto written = digits == 0
                           ? std::to_chars(text, text + sizeof text, number, kForm)
                           : std::to_chars(text, text + sizeof text, number, kForm, digits - 1);
  std::string out(text, written.ptr);
  const std::size_t e = out.find('e');
  std::string exponent = out.substr(e + 1);
  const bool is_negative = exponent[0] == '-';
  exponent.erase(0, 1);
  while (exponent.size() > 1 && exponent[0] == '0') exponent.erase(0, 1);
  return without_zeros(out.substr(0, e)) + 'e' + (is_negative ? "-" : "") + exponent;
}

/// The next of 1, 2, 5, 10, 20 ...
double round_step(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (step <= factor * power * (1 + 1e-9)) return factor * power;
  }
  return 10 * power;
}

/// Text of a tick that tells it from its neighbours.
std::string tick_text(double value, double step, double largest) {
  if (value == 0) return "0";
  if (!is_plain(largest)) {
    const double digits = std::floor(std::log10(largest)) - std::floor(std::log10(step)) + 1;
    return exponential(value, std::clamp(static_cast<int>(digits), 1, 12));
  }
  const auto decimals_of = [](double one) {
    return std::clamp(static_cast<int>(std::ceil(-std::log10(one) - 1e-9)), 0, 12);
  };
  Magnitude magnitude = magnitude_of(largest);
  if (decimals_of(step / magnitude.factor) > 3) magnitude = {};  // 1000000001, not 1.000000001G
  const int decimals = decimals_of(step / magnitude.factor);
  return fixed(value / magnitude.factor, decimals) + std::string(magnitude.suffix);
}

void widen(double& low, double& high) {
  const double size = std::max(std::abs(low), std::abs(high));
  if (high - low > size * 1e-9 && high - low > 1e-290) return;
  const double more = size > 1e-290 ? size * 0.5 : 1;
  if (low >= 0 && low - more <= 0) {
    low = 0;
  } else {
    low -= more;
  }
  high += more;
}

// ---- Time

using Days = std::chrono::sys_days;

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::int64_t kDay_s = 86'400;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

std::chrono::year_month_day date_of(std::int64_t local_s) {
  return Days(std::chrono::days(floor_div(local_s, kDay_s)));
}

std::string month_name(std::chrono::year_month_day date) {
  return std::string(kMonths[static_cast<unsigned>(date.month()) - 1]);
}

std::string two(std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

std::string day_text(std::int64_t local_s) {
  const auto date = date_of(local_s);
  return month_name(date) + ' ' + two(static_cast<unsigned>(date.day()));
}

std::string clock_text(std::int64_t local_s, bool with_seconds) {
  const std::int64_t of_day = local_s - floor_div(local_s, kDay_s) * kDay_s;
  std::string text = two(of_day / 3600) + ':' + two(of_day / 60 % 60);
  if (with_seconds) text += ':' + two(of_day % 60);
  return text;
}

/// Beginnings of every so many months.
std::vector<TimeTick> month_ticks(std::int64_t from_s, std::int64_t to_s, std::int64_t offset_s,
                                  int months) {
  std::vector<TimeTick> out;
  const auto first = date_of(from_s + offset_s);
  int month =
      (static_cast<int>(first.year()) * 12 + static_cast<int>(unsigned(first.month())) - 1) /
      months * months;
  for (;; month += months) {
    const auto date = std::chrono::year(month / 12) / (month % 12 + 1) / 1;
    const std::int64_t at = Days(date).time_since_epoch().count() * kDay_s - offset_s;
    if (at > to_s || out.size() > static_cast<std::size_t>(kTicksMax)) return out;
    if (at < from_s) continue;
    const bool is_year = month % 12 == 0;
    out.push_back({at, is_year ? std::to_string(month / 12) : month_name(date), is_year});
  }
}

std::string zone_text(int minutes) {
  if (minutes == 0) return "UTC";
  const int size = std::abs(minutes);
  return std::string("UTC") + (minutes < 0 ? "-" : "+") + two(size / 60) + ':' + two(size % 60);
}

}  // namespace

void Extent::add(double value) {
  if (!std::isfinite(value)) return;
  value = std::clamp(value, -kValueMax, kValueMax);
  low = is_empty ? value : std::min(low, value);
  high = is_empty ? value : std::max(high, value);
  is_empty = false;
}

ValueScale make_value_scale(const Extent& extent, std::optional<double> min,
                            std::optional<double> max, int ticks_max) {
  double low = extent.is_empty ? 0 : extent.low;
  double high = extent.is_empty ? 1 : extent.high;
  if (!extent.is_empty) {
    // Zero belongs to the picture unless the data are far from it.
    if (low > 0 && low < high * 0.6) low = 0;
    if (high < 0 && high > low * 0.6) high = 0;
  }
  if (min) low = std::clamp(*min, -kValueMax, kValueMax);
  if (max) high = std::clamp(*max, -kValueMax, kValueMax);
  if (high < low) (max ? low : high) = max ? high : low;
  const bool is_flat = high - low <= std::max(std::abs(low), std::abs(high)) * 1e-9;
  const bool keeps_limits = min && max && !is_flat;
  if (!keeps_limits) widen(low, high);
  const double step = round_step((high - low) / std::clamp(ticks_max, 1, kTicksMax / 2));
  ValueScale scale;
  // A whole step around the data would waste room.
  const double grain = step / 4;
  scale.low = min && !is_flat ? low : std::floor(low / grain + 1e-9) * grain;
  scale.high = max && !is_flat ? high : std::ceil(high / grain - 1e-9) * grain;
  const double largest = std::max(std::abs(scale.low), std::abs(scale.high));
  const double first = std::ceil(scale.low / step - 1e-9);
  for (int i = 0; i <= kTicksMax; ++i) {
    double value = (first + i) * step;
    if (value > scale.high + step * 1e-9) break;
    if (std::abs(value) < step * 1e-9) value = 0;
    scale.ticks.push_back({value, tick_text(value, step, largest)});
  }
  return scale;
}

std::vector<TimeTick> time_ticks(std::int64_t from_s, std::int64_t to_s, int utc_offset_minutes,
                                 int ticks_max) {
  constexpr std::int64_t kSteps[] = {
      1,        5,         10,     15,         30,         60,         120,
      300,      600,       900,    1800,       3600,       2 * 3600,   3 * 3600,
      6 * 3600, 12 * 3600, kDay_s, 2 * kDay_s, 4 * kDay_s, 7 * kDay_s, 14 * kDay_s};
  ticks_max = std::clamp(ticks_max, 1, kTicksMax);
  const std::int64_t offset_s = std::int64_t{utc_offset_minutes} * 60;
  const std::int64_t span_s = to_s - from_s;
  const auto step = std::find_if(std::begin(kSteps), std::end(kSteps),
                                 [&](std::int64_t one) { return span_s / one <= ticks_max; });
  if (step == std::end(kSteps)) {
    constexpr int kMonthSteps[] = {1, 2, 3, 6, 12, 24, 60, 120};
    for (const int months : kMonthSteps) {
      if (span_s / (months * 28 * kDay_s) <= ticks_max) {
        return month_ticks(from_s, to_s, offset_s, months);
      }
    }
    return {};
  }
  std::vector<TimeTick> out;
  std::int64_t local = floor_div(from_s + offset_s + *step - 1, *step) * *step;
  for (; local - offset_s <= to_s; local += *step) {
    const bool is_midnight = local % kDay_s == 0;
    const bool shows_day = *step >= kDay_s || is_midnight;
    out.push_back({local - offset_s, shows_day ? day_text(local) : clock_text(local, *step < 60),
                   is_midnight && *step < kDay_s});
  }
  return out;
}

std::string range_text(std::int64_t from_s, std::int64_t to_s, int utc_offset_minutes) {
  const std::int64_t offset_s = std::int64_t{utc_offset_minutes} * 60;
  const std::int64_t from = from_s + offset_s;
  const std::int64_t to = to_s + offset_s;
  const auto day = [&](std::int64_t local_s) {
    const auto date = date_of(local_s);
    return std::to_string(static_cast<int>(date.year())) + '-' +
           two(static_cast<unsigned>(date.month())) + '-' + two(static_cast<unsigned>(date.day()));
  };
  const bool with_seconds = to_s - from_s < 600;
  const bool is_one_day = floor_div(from, kDay_s) == floor_div(to - 1, kDay_s);
  std::string text = day(from);
  if (to_s - from_s >= 14 * kDay_s) return text + " – " + day(to - 1);
  text += ' ' + clock_text(from, with_seconds) + " – ";
  if (!is_one_day) text += day(to) + ' ';
  return text + clock_text(to, with_seconds) + ' ' + zone_text(utc_offset_minutes);
}

std::string short_text(double number) {
  const double size = std::abs(number);
  if (number == 0) return "0";
  if (!is_plain(size)) return exponential(number, 4);
  if (size < 10'000 && number == std::floor(number)) return fixed(number, 0);
  const Magnitude magnitude = magnitude_of(size);
  const double scaled = number / magnitude.factor;
  const int whole_digits = static_cast<int>(std::floor(std::log10(std::abs(scaled)))) + 1;
  const int decimals = std::clamp(4 - whole_digits, 0, 8);
  return without_zeros(fixed(scaled, decimals)) + std::string(magnitude.suffix);
}

std::string full_text(double number) {
  char text[64];
  if (number == 0) return "0";
  const bool is_short = std::abs(number) < 1e18 && std::abs(number) >= 1e-6;
  if (!is_short) return exponential(number, 0);
  const auto [end, error] =
      std::to_chars(text, text + sizeof text, number, std::chars_format::fixed);
  return {text, end};
}

}  // namespace weir::charts
