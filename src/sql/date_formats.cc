// SPDX-License-Identifier: Apache-2.0
#include "sql/date_formats.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>

namespace weir::sql {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;
constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

std::string padded(std::int64_t value, int width) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  while (digits.size() < static_cast<std::size_t>(width)) digits.insert(0, 1, '0');
  return value < 0 ? '-' + digits : digits;
}

std::int64_t days_of(const CalendarTime& t) {
  using namespace std::chrono;
  const auto date = year(static_cast<int>(t.year)) / static_cast<int>(t.month) / 1;
  return sys_days(date).time_since_epoch().count() + t.day - 1;
}
/// Monday is 0.
std::size_t weekday(std::int64_t days) {
  return static_cast<std::size_t>(((days + 3) % 7 + 7) % 7);
}
std::int64_t day_of_year(const CalendarTime& t) {
  CalendarTime first = t;
  first.month = first.day = 1;
  return days_of(t) - days_of(first) + 1;
}
/// The ISO week and its year.
std::pair<std::int64_t, std::int64_t> iso_week(const CalendarTime& t) {
  const std::int64_t days = days_of(t);
  const std::int64_t thursday = days - static_cast<std::int64_t>(weekday(days)) + 3;
  const CalendarTime of_thursday = to_calendar(thursday * kDay);
  return {(day_of_year(of_thursday) - 1) / 7 + 1, of_thursday.year};
}
unsigned twelve(unsigned hour) { return hour % 12 == 0 ? 12 : hour % 12; }

Error invalid(std::string text) {
  return {ErrorKind::invalid, "INVALID_FUNCTION_ARGUMENT", std::move(text)};
}

/// What a text was found to say.
struct Parsed {
  CalendarTime time;
  bool half_day = false;  // hour is of a 12-hour clock
  bool is_pm = false;
  std::int64_t offset_s = 0;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool done() const { return at_ >= text_.size(); }
  std::string_view rest() const { return text_.substr(at_); }
  bool literal(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  /// Up to `digits_max` digits.
  bool number(int digits_max, unsigned& out, int* read = nullptr) {
    int n = 0;
    unsigned value = 0;
    while (n < digits_max && !done() && text_[at_] >= '0' && text_[at_] <= '9') {
      value = value * 10 + static_cast<unsigned>(text_[at_] - '0');
      ++at_;
      ++n;
    }
    if (read != nullptr) *read = n;
    out = value;
    return n > 0;
  }
  /// One of the words, or its first three letters, without case; answers its index.
  template <std::size_t N>
  bool word(const std::array<std::string_view, N>& words, std::size_t& index) {
    for (const bool whole : {true, false}) {
      for (std::size_t i = 0; i < N; ++i) {
        const std::string_view one = whole ? words[i] : words[i].substr(0, 3);
        if (rest().size() < one.size()) continue;
        const bool same = std::equal(one.begin(), one.end(), rest().begin(), [](char a, char b) {
          return std::tolower(static_cast<unsigned char>(a)) ==
                 std::tolower(static_cast<unsigned char>(b));
        });
        if (!same) continue;
        at_ += one.size();
        index = i;
        return true;
      }
    }
    return false;
  }
  bool fraction(int digits_max, unsigned& micros) {
    unsigned value = 0;
    int n = 0;
    if (!number(digits_max, value, &n)) return false;
    for (; n < 6; ++n) value *= 10;
    for (; n > 6; --n) value /= 10;
    micros = value;
    return true;
  }
  bool offset(std::int64_t& seconds) {
    if (literal('Z')) return true;
    const bool negative = !done() && text_[at_] == '-';
    if (!literal('-') && !literal('+')) return false;
    unsigned hours = 0;
    unsigned minutes = 0;
    if (!number(2, hours)) return false;
    literal(':');
    number(2, minutes);
    seconds = (negative ? -1 : 1) * static_cast<std::int64_t>(hours * 3600 + minutes * 60);
    return true;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

Result<std::int64_t> finish(Parsed parsed, std::string_view text) {
  if (parsed.half_day) parsed.time.hour = parsed.time.hour % 12 + (parsed.is_pm ? 12 : 0);
  if (!is_valid(parsed.time)) return invalid("Invalid format: \"" + std::string(text) + '"');
  return from_calendar(parsed.time) - parsed.offset_s * kSecond;
}

bool mysql_field(char letter, Reader& in, Parsed& out);

bool mysql_fields(std::string_view format, Reader& in, Parsed& out) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 >= format.size()) {
      if (!in.literal(format[i])) return false;
    } else if (!mysql_field(format[++i], in, out)) {
      return false;
    }
  }
  return true;
}

bool mysql_field(char letter, Reader& in, Parsed& out) {
  static constexpr std::array<std::string_view, 2> kHalves = {"AM ", "PM "};
  std::size_t index = 0;
  unsigned number = 0;
  switch (letter) {
    case 'Y':
      if (!in.number(4, number)) return false;
      out.time.year = number;
      return true;
    case 'y':
      if (!in.number(2, number)) return false;
      out.time.year = number < 70 ? 2000 + number : 1900 + number;
      return true;
    case 'm':
    case 'c':
      return in.number(2, out.time.month);
    case 'd':
    case 'e':
      return in.number(2, out.time.day);
    case 'H':
    case 'k':
      return in.number(2, out.time.hour);
    case 'h':
    case 'I':
    case 'l':
      out.half_day = true;
      return in.number(2, out.time.hour);
    case 'i':
      return in.number(2, out.time.minute);
    case 's':
    case 'S':
      return in.number(2, out.time.second);
    case 'f':
      return in.fraction(9, out.time.micros);
    case 'T':
      return mysql_fields("%H:%i:%s", in, out);
    case 'r':
      return mysql_fields("%h:%i:%s %p", in, out);
    case 'p':
      if (in.rest().size() < 2) return false;
      out.half_day = true;
      out.is_pm = std::toupper(static_cast<unsigned char>(in.rest()[0])) == kHalves[1][0];
      return in.word(std::array<std::string_view, 2>{"AM", "PM"}, index);
    case 'M':
    case 'b':
      if (!in.word(kMonths, index)) return false;
      out.time.month = static_cast<unsigned>(index) + 1;
      return true;
    case 'W':
    case 'a':
      return in.word(kDays, index);
    case 'j':
      if (!in.number(3, number)) return false;
      out.time.month = 1;
      out.time.day = number;
      return true;
    default:
      return in.literal(letter);
  }
}

/// A run of one letter of a Java pattern.
struct Run {
  char letter;
  int count;
};
bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

/// Calls `field` for runs of letters and `text` for everything else, until one says no.
template <class Field, class Text>
bool each_run(std::string_view pattern, const Field& field, const Text& text) {
  for (std::size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      const std::size_t end = pattern.find('\'', i + 1);
      if (end == std::string_view::npos) return false;
      if (end == i + 1 && !text('\'')) return false;
      for (std::size_t k = i + 1; k < end; ++k) {
        if (!text(pattern[k])) return false;
      }
      i = end + 1;
    } else if (is_letter(c)) {
      std::size_t end = i;
      while (end < pattern.size() && pattern[end] == c) ++end;
      if (!field(Run{c, static_cast<int>(end - i)})) return false;
      i = end;
    } else {
      if (!text(c)) return false;
      ++i;
    }
  }
  return true;
}

bool java_field(Run run, Reader& in, Parsed& out) {
  std::size_t index = 0;
  unsigned number = 0;
  const int width = run.count == 1 ? 2 : run.count;
  switch (run.letter) {
    case 'y':
    case 'Y':
    case 'u':
    case 'x':
      if (!in.number(run.count == 2 ? 2 : std::max(4, run.count), number)) return false;
      out.time.year = run.count == 2 ? 2000 + number : number;
      return true;
    case 'M':
    case 'L':
      if (run.count < 3) return in.number(width, out.time.month);
      if (!in.word(kMonths, index)) return false;
      out.time.month = static_cast<unsigned>(index) + 1;
      return true;
    case 'd':
      return in.number(width, out.time.day);
    case 'D':
      out.time.month = 1;
      return in.number(3, out.time.day);
    case 'H':
      return in.number(width, out.time.hour);
    case 'k':
      if (!in.number(width, number)) return false;
      out.time.hour = number % 24;
      return true;
    case 'h':
    case 'K':
      out.half_day = true;
      return in.number(width, out.time.hour);
    case 'm':
      return in.number(width, out.time.minute);
    case 's':
      return in.number(width, out.time.second);
    case 'S':
      return in.fraction(run.count, out.time.micros);
    case 'a':
      if (in.rest().empty()) return false;
      out.half_day = true;
      out.is_pm = in.rest()[0] == 'P' || in.rest()[0] == 'p';
      return in.word(std::array<std::string_view, 2>{"AM", "PM"}, index);
    case 'E':
      return in.word(kDays, index);
    case 'Z':
    case 'X':
      return in.offset(out.offset_s);
    default:
      return false;
  }
}

bool java_field_text(Run run, std::int64_t micros, std::string& out) {
  const CalendarTime t = to_calendar(micros);
  const std::size_t day = weekday(floor_div(micros, kDay));
  switch (run.letter) {
    case 'y':
    case 'Y':
    case 'u':
      out += run.count == 2 ? padded(t.year % 100, 2) : padded(t.year, run.count);
      return true;
    case 'M':
    case 'L':
      out += run.count >= 4   ? std::string(kMonths[t.month - 1])
             : run.count == 3 ? std::string(kMonths[t.month - 1].substr(0, 3))
                              : padded(t.month, run.count);
      return true;
    case 'd':
      out += padded(t.day, run.count);
      return true;
    case 'D':
      out += padded(day_of_year(t), run.count);
      return true;
    case 'H':
      out += padded(t.hour, run.count);
      return true;
    case 'k':
      out += padded(t.hour == 0 ? 24 : t.hour, run.count);
      return true;
    case 'h':
      out += padded(twelve(t.hour), run.count);
      return true;
    case 'K':
      out += padded(t.hour % 12, run.count);
      return true;
    case 'm':
      out += padded(t.minute, run.count);
      return true;
    case 's':
      out += padded(t.second, run.count);
      return true;
    case 'S': {
      std::string digits = padded(t.micros, 6);
      digits.resize(static_cast<std::size_t>(std::min(run.count, 9)), '0');
      out += digits;
      return true;
    }
    case 'a':
      out += t.hour < 12 ? "AM" : "PM";
      return true;
    case 'E':
      out += run.count >= 4 ? kDays[day] : kDays[day].substr(0, 3);
      return true;
    case 'e':
      out += padded(static_cast<std::int64_t>(day) + 1, run.count);
      return true;
    case 'w':
      out += padded(iso_week(t).first, run.count);
      return true;
    case 'x':
      out += padded(iso_week(t).second, run.count);
      return true;
    case 'z':
      out += "UTC";
      return true;
    case 'Z':
      out += run.count == 1 ? "+0000" : run.count == 2 ? "+00:00" : "UTC";
      return true;
    case 'X':
      out += 'Z';
      return true;
    default:
      return false;
  }
}

}  // namespace

CalendarTime to_calendar(std::int64_t micros) {
  const std::int64_t days = floor_div(micros, kDay);
  const std::int64_t of_day = micros - days * kDay;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(
      static_cast<int>(std::clamp<std::int64_t>(days, -12'000'000, 11'000'000))))};
  CalendarTime t;
  t.year = int{date.year()};
  t.month = unsigned{date.month()};
  t.day = unsigned{date.day()};
  t.hour = static_cast<unsigned>(of_day / (3600 * kSecond));
  t.minute = static_cast<unsigned>(of_day / (60 * kSecond) % 60);
  t.second = static_cast<unsigned>(of_day / kSecond % 60);
  t.micros = static_cast<unsigned>(of_day % kSecond);
  return t;
}

bool is_valid(const CalendarTime& t) {
  if (t.year < -32000 || t.year > 32000 || t.month < 1 || t.month > 12 || t.day < 1 || t.day > 366)
    return false;
  const auto last =
      std::chrono::year_month_day_last(std::chrono::year(static_cast<int>(t.year)),
                                       std::chrono::month_day_last(std::chrono::month(t.month)));
  // Day 32 and more of January: a day of the year.
  if (t.day > unsigned{last.day()} && t.month != 1) return false;
  return t.hour < 24 && t.minute < 60 && t.second < 60;
}

std::int64_t from_calendar(const CalendarTime& t) {
  const std::int64_t seconds = days_of(t) * 86'400 + t.hour * 3600 + t.minute * 60 + t.second;
  return seconds * kSecond + t.micros;
}

std::optional<std::int32_t> parse_date(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  Reader in(text);
  CalendarTime t;
  unsigned year = 0;
  const bool reads = in.number(5, year) && in.literal('-') && in.number(2, t.month) &&
                     in.literal('-') && in.number(2, t.day) && in.done();
  t.year = year;
  if (!reads || t.day > 31 || !is_valid(t)) return std::nullopt;
  return static_cast<std::int32_t>(days_of(t));
}

std::string date_text(std::int32_t days) {
  const CalendarTime t = to_calendar(days * kDay);
  return padded(t.year, 4) + '-' + padded(t.month, 2) + '-' + padded(t.day, 2);
}

std::string moment_text(std::int64_t micros, int digits) {
  const CalendarTime t = to_calendar(micros);
  std::string out = padded(t.year, 4) + '-' + padded(t.month, 2) + '-' + padded(t.day, 2) + ' ' +
                    padded(t.hour, 2) + ':' + padded(t.minute, 2) + ':' + padded(t.second, 2);
  if (digits <= 0) return out;
  std::string fraction = padded(t.micros, 6);
  fraction.resize(static_cast<std::size_t>(std::min(digits, 12)), '0');
  return out + '.' + fraction;
}

Result<std::string> mysql_format(std::int64_t micros, std::string_view format) {
  const CalendarTime t = to_calendar(micros);
  const std::int64_t days = floor_div(micros, kDay);
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 >= format.size()) {
      out += format[i];
      continue;
    }
    switch (const char letter = format[++i]) {
      case 'a':
        out += kDays[weekday(days)].substr(0, 3);
        break;
      case 'b':
        out += kMonths[t.month - 1].substr(0, 3);
        break;
      case 'c':
        out += padded(t.month, 1);
        break;
      case 'd':
        out += padded(t.day, 2);
        break;
      case 'e':
        out += padded(t.day, 1);
        break;
      case 'f':
        out += padded(t.micros, 6);
        break;
      case 'H':
        out += padded(t.hour, 2);
        break;
      case 'h':
      case 'I':
        out += padded(twelve(t.hour), 2);
        break;
      case 'i':
        out += padded(t.minute, 2);
        break;
      case 'j':
        out += padded(day_of_year(t), 3);
        break;
      case 'k':
        out += padded(t.hour, 1);
        break;
      case 'l':
        out += padded(twelve(t.hour), 1);
        break;
      case 'M':
        out += kMonths[t.month - 1];
        break;
      case 'm':
        out += padded(t.month, 2);
        break;
      case 'p':
        out += t.hour < 12 ? "AM" : "PM";
        break;
      case 'r':
        out += padded(twelve(t.hour), 2) + ':' + padded(t.minute, 2) + ':' + padded(t.second, 2) +
               (t.hour < 12 ? " AM" : " PM");
        break;
      case 'S':
      case 's':
        out += padded(t.second, 2);
        break;
      case 'T':
        out += padded(t.hour, 2) + ':' + padded(t.minute, 2) + ':' + padded(t.second, 2);
        break;
      case 'v':
        out += padded(iso_week(t).first, 2);
        break;
      case 'x':
        out += padded(iso_week(t).second, 4);
        break;
      case 'W':
        out += kDays[weekday(days)];
        break;
      case 'Y':
        out += padded(t.year, 4);
        break;
      case 'y':
        out += padded(t.year % 100, 2);
        break;
      case 'D':
      case 'U':
      case 'u':
      case 'V':
      case 'w':
      case 'X':
        return invalid(std::string("%") + letter + " not supported in date format string");
      default:
        out += letter;
    }
  }
  return out;
}

Result<std::int64_t> mysql_parse(std::string_view text, std::string_view format) {
  Reader in(text);
  Parsed parsed;
  if (!mysql_fields(format, in, parsed) || !in.done()) {
    std::string message = "Invalid format: \"" + std::string(text) + '"';
    if (!in.done() && in.rest().size() < text.size()) {
      message += (format.empty() ? "" : " is malformed at \"") + std::string(in.rest()) + '"';
    }
    return invalid(std::move(message));
  }
  return finish(parsed, text);
}

Result<std::string> java_format(std::int64_t micros, std::string_view pattern) {
  std::string out;
  const bool ok = each_run(
      pattern, [&](Run run) { return java_field_text(run, micros, out); },
      [&](char c) {
        out += c;
        return true;
      });
  if (!ok) return invalid("Invalid pattern: " + std::string(pattern));
  return out;
}

Result<std::int64_t> java_parse(std::string_view text, std::string_view pattern) {
  Reader in(text);
  Parsed parsed;
  const bool ok = each_run(
      pattern, [&](Run run) { return java_field(run, in, parsed); },
      [&](char c) { return in.literal(c); });
  if (!ok || !in.done()) return invalid("Invalid format: \"" + std::string(text) + '"');
  return finish(parsed, text);
}

}  // namespace weir::sql
