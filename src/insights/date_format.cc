// SPDX-License-Identifier: Apache-2.0
#include "insights/date_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "insights/functions.h"

namespace weir::insights {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::int64_t kMsMax = 253'402'300'799'999;  // of year 9999
constexpr std::int64_t kMsMin = -62'135'596'800'000;  // of year 1

struct Clock {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int ms = 0;
  int weekday = 0;
  int day_of_year = 1;
};

Clock clock_of(std::int64_t ms, int zone) {
  using namespace std::chrono;
  const std::int64_t local = std::clamp(ms, kMsMin, kMsMax) + std::int64_t{zone} * 60'000;
  const sys_time<milliseconds> point{milliseconds(local)};
  const auto date = floor<days>(point);
  const year_month_day ymd{date};
  const hh_mm_ss time{point - date};
  return {.year = static_cast<int>(ymd.year()),
          .month = static_cast<int>(static_cast<unsigned>(ymd.month())),
          .day = static_cast<int>(static_cast<unsigned>(ymd.day())),
          .hour = static_cast<int>(time.hours().count()),
          .minute = static_cast<int>(time.minutes().count()),
          .second = static_cast<int>(time.seconds().count()),
          .ms = static_cast<int>(time.subseconds().count()),
          .weekday = static_cast<int>(std::chrono::weekday(date).c_encoding()),
          .day_of_year = static_cast<int>((date - sys_days(ymd.year() / 1 / 1)).count()) + 1};
}

void append_padded(int number, std::size_t width, std::string& out) {
  const std::string digits = std::to_string(number);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

void append_zone(int zone, bool colon, std::string& out) {
  out += zone < 0 ? '-' : '+';
  append_padded(std::abs(zone) / 60, 2, out);
  if (colon) out += ':';
  append_padded(std::abs(zone) % 60, 2, out);
}

int hour12(int hour) { return hour % 12 == 0 ? 12 : hour % 12; }

void append_letter(char letter, std::size_t count, const Clock& clock, int zone, std::string& out) {
  switch (letter) {
    case 'y':
    case 'u':
    case 'Y':
      return append_padded(count == 2 ? clock.year % 100 : clock.year, count == 1 ? 1 : count, out);
    case 'M':
    case 'L':
      if (count < 3) return append_padded(clock.month, count, out);
      out += kMonths[static_cast<std::size_t>(clock.month - 1)].substr(0, count == 3 ? 3 : 99);
      return;
    case 'd':
      return append_padded(clock.day, count, out);
    case 'D':
      return append_padded(clock.day_of_year, count, out);
    case 'H':
      return append_padded(clock.hour, count, out);
    case 'k':
      return append_padded(clock.hour == 0 ? 24 : clock.hour, count, out);
    case 'h':
      return append_padded(hour12(clock.hour), count, out);
    case 'K':
      return append_padded(clock.hour % 12, count, out);
    case 'm':
      return append_padded(clock.minute, count, out);
    case 's':
      return append_padded(clock.second, count, out);
    case 'S': {
      std::string digits;
      append_padded(clock.ms, 3, digits);
      digits.resize(count, '0');
      out += digits;
      return;
    }
    case 'a':
      out += clock.hour < 12 ? "AM" : "PM";
      return;
    case 'E':
      out += kDays[static_cast<std::size_t>(clock.weekday)].substr(0, count < 4 ? 3 : 99);
      return;
    case 'Z':
    case 'x':
      return append_zone(zone, count >= 3, out);
    case 'X':
      if (zone == 0) {
        out += 'Z';
      } else {
        append_zone(zone, count >= 3, out);
      }
      return;
    case 'z':
      out += "UTC";
      if (zone != 0) append_zone(zone, true, out);
      return;
    default:
      out.append(count, letter);
  }
}

void append_conversion(char letter, std::int64_t ms, const Clock& clock, int zone,
                       std::string& out) {
  switch (letter) {
    case 'Y':
      return append_letter('y', 4, clock, zone, out);
    case 'y':
      return append_letter('y', 2, clock, zone, out);
    case 'm':
      return append_letter('M', 2, clock, zone, out);
    case 'b':
      return append_letter('M', 3, clock, zone, out);
    case 'B':
      return append_letter('M', 4, clock, zone, out);
    case 'd':
      return append_letter('d', 2, clock, zone, out);
    case 'j':
      return append_letter('D', 3, clock, zone, out);
    case 'H':
      return append_letter('H', 2, clock, zone, out);
    case 'I':
      return append_letter('h', 2, clock, zone, out);
    case 'M':
      return append_letter('m', 2, clock, zone, out);
    case 'S':
      return append_letter('s', 2, clock, zone, out);
    case 'L':
    case 'f':
      return append_letter('S', 3, clock, zone, out);
    case 'p':
      return append_letter('a', 1, clock, zone, out);
    case 'a':
      return append_letter('E', 3, clock, zone, out);
    case 'A':
      return append_letter('E', 4, clock, zone, out);
    case 'z':
      return append_letter('Z', 1, clock, zone, out);
    case 'Z':
      return append_letter('z', 1, clock, zone, out);
    case 's':
      out += std::to_string(ms / 1000);
      return;
    case 'F':
      out += format_date(ms, "yyyy-MM-dd", zone);
      return;
    case 'T':
      out += format_date(ms, "HH:mm:ss", zone);
      return;
    case '%':
      out += '%';
      return;
    default:
      out += '%';
      out += letter;
  }
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Passes the parts of a Java pattern: a letter and how often it stands there, or ('\0', text).
template <class Each>
void each_part(std::string_view format, Each each) {
  for (std::size_t i = 0; i < format.size();) {
    if (format[i] == '\'') {
      const std::size_t end = std::min(format.find('\'', i + 1), format.size());
      each('\0', end == i + 1 ? std::string_view("'") : format.substr(i + 1, end - i - 1));
      i = end + 1;
    } else if (is_letter(format[i])) {
      std::size_t end = i + 1;
      while (end < format.size() && format[end] == format[i]) ++end;
      each(format[i], format.substr(i, end - i));
      i = end;
    } else {
      each('\0', format.substr(i, 1));
      ++i;
    }
  }
}

class DateReader {
 public:
  explicit DateReader(std::string_view text, int zone) : rest_(text), zone_(zone) {}

  void part(char letter, std::string_view part) {
    if (!ok_) return;
    if (letter == '\0') {
      ok_ = rest_.starts_with(part);
      if (ok_) rest_.remove_prefix(part.size());
      return;
    }
    letter_part(letter, part.size());
  }
  std::optional<std::int64_t> result() const {
    using namespace std::chrono;
    if (!ok_ || !rest_.empty()) return std::nullopt;
    const year_month_day date{year(clock_.year), month(static_cast<unsigned>(clock_.month)),
                              day(static_cast<unsigned>(clock_.day))};
    if (!date.ok() || clock_.hour > 24 || clock_.minute > 59 || clock_.second > 60) {
      return std::nullopt;
    }
    int hour = clock_.hour;
    if (half_ >= 0) hour = hour % 12 + half_ * 12;
    const auto days = sys_days(date).time_since_epoch().count();
    const std::int64_t minutes = std::int64_t{days} * 1440 + hour * 60 + clock_.minute - zone_;
    return minutes * 60'000 + std::int64_t{clock_.second} * 1000 + clock_.ms;
  }

 private:
  void letter_part(char letter, std::size_t count) {
    switch (letter) {
      case 'y':
      case 'u':
        clock_.year = number(count == 2 ? 2 : 4);
        if (count == 2) clock_.year += 2000;
        return;
      case 'M':
      case 'L':
        clock_.month = count < 3 ? number(2) : name(kMonths, count == 3) + 1;
        return;
      case 'd':
        clock_.day = number(2);
        return;
      case 'H':
      case 'h':
      case 'K':
      case 'k':
        clock_.hour = number(2);
        return;
      case 'm':
        clock_.minute = number(2);
        return;
      case 's':
        clock_.second = number(2);
        return;
      case 'S':
        fraction();
        return;
      case 'a':
        half();
        return;
      case 'E':
        name(kDays, count < 4);
        return;
      case 'Z':
      case 'X':
      case 'x':
      case 'z':
        zone();
        return;
      default:
        ok_ = false;
    }
  }
  int number(std::size_t digits_max) {
    int value = 0;
    const std::string_view head = rest_.substr(0, digits_max);
    const auto [end, error] = std::from_chars(head.data(), head.data() + head.size(), value);
    if (error != std::errc{} || head[0] == '-') ok_ = false;
    rest_.remove_prefix(static_cast<std::size_t>(end - head.data()));
    return value;
  }
  template <std::size_t n>
  int name(const std::array<std::string_view, n>& names, bool is_short) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::string_view wanted = names[i].substr(0, is_short ? 3 : 99);
      if (equal_ignoring_case(rest_.substr(0, wanted.size()), wanted)) {
        rest_.remove_prefix(wanted.size());
        return static_cast<int>(i);
      }
    }
    ok_ = false;
    return 0;
  }
  void fraction() {
    int digits = 0;
    int value = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; ++digits) {
      if (digits < 3) value = value * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    ok_ = digits > 0;
    for (; digits < 3; ++digits) value *= 10;
    clock_.ms = value;
  }
  void half() {
    half_ = equal_ignoring_case(rest_.substr(0, 2), "am")   ? 0
            : equal_ignoring_case(rest_.substr(0, 2), "pm") ? 1
                                                            : -1;
    ok_ = half_ >= 0;
    if (ok_) rest_.remove_prefix(2);
  }
  void zone() {
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const auto minutes = zone_minutes(rest_.substr(0, end));
    ok_ = minutes.has_value();
    if (minutes) zone_ = *minutes;
    rest_.remove_prefix(end);
  }

  std::string_view rest_;
  int zone_;
  Clock clock_;
  int half_ = -1;  // 0: AM, 1: PM
  bool ok_ = true;
};

}  // namespace

std::optional<int> zone_minutes(std::string_view zone) {
  if (zone == "Z" || zone == "z") return 0;
  if (zone.size() >= 3 && (equal_ignoring_case(zone.substr(0, 3), "UTC") ||
                           equal_ignoring_case(zone.substr(0, 3), "GMT"))) {
    zone.remove_prefix(3);
    if (zone.empty()) return 0;
  }
  if (zone.size() < 2 || (zone[0] != '+' && zone[0] != '-')) return std::nullopt;
  const bool is_west = zone[0] == '-';
  std::string digits;
  for (const char c : zone.substr(1)) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (c != ':') {
      return std::nullopt;
    }
  }
  if (digits.size() < 3) digits.append("00");
  if (digits.size() == 3) digits.insert(0, "0");
  if (digits.size() != 4) return std::nullopt;
  const int minutes = std::stoi(digits.substr(0, 2)) * 60 + std::stoi(digits.substr(2));
  if (minutes > 18 * 60) return std::nullopt;
  return is_west ? -minutes : minutes;
}

std::string format_date(std::int64_t ms, std::string_view format, int zone) {
  const Clock clock = clock_of(ms, zone);
  std::string out;
  if (format.find('%') == std::string_view::npos) {
    each_part(format, [&](char letter, std::string_view part) {
      if (letter == '\0') {
        out += part;
      } else {
        append_letter(letter, part.size(), clock, zone, out);
      }
    });
    return out;
  }
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      append_conversion(format[++i], ms, clock, zone, out);
    } else {
      out += format[i];
    }
  }
  return out;
}

std::optional<std::int64_t> parse_date(std::string_view text, std::string_view format, int zone) {
  DateReader reader(text, zone);
  each_part(format, [&](char letter, std::string_view part) { reader.part(letter, part); });
  return reader.result();
}

}  // namespace weir::insights
