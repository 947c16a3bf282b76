// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>
#include <cstdio>

#include "base/runtime.h"

namespace weir {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

std::string format(Time time, const char* zone) {
  const std::chrono::sys_time<milliseconds> point{milliseconds(time.ms)};
  const auto date = std::chrono::floor<days>(point);
  const year_month_day ymd{date};
  const std::chrono::hh_mm_ss clock{point - date};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03d%s",
                static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                static_cast<unsigned>(ymd.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()), zone);
  return text.data();
}

/// Takes digits from the front of a text; `ok` turns false for good at the first thing that does
/// not fit.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  int number(std::size_t digits) {
    int value = 0;
    if (rest_.size() < digits) return fail();
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + digits, value);
    if (error != std::errc{} || end != rest_.data() + digits || rest_[0] == '-') return fail();
    rest_.remove_prefix(digits);
    return value;
  }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail();
  }
  /// `.789` of any length up to nine digits, as milliseconds.
  int fraction_ms() {
    int value = 0;
    int digits = 0;
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9' && digits < 9) {
      if (digits < 3) value = value * 10 + (rest_[0] - '0');
      ++digits;
      rest_.remove_prefix(1);
    }
    if (digits == 0) return fail();
    for (; digits < 3; ++digits) value *= 10;
    return value;
  }
  int fail() {
    ok_ = false;
    return 0;
  }
  bool done() const { return rest_.empty(); }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

int zone_minutes(Reader& reader) {
  if (reader.done() || reader.take('Z') || reader.take('z')) return 0;
  const bool east = reader.take('+');
  if (!east && !reader.take('-')) return reader.fail();
  const int hours = reader.number(2);
  (void)reader.take(':');
  const int minutes = hours * 60 + reader.number(2);
  return east ? minutes : -minutes;
}

}  // namespace

std::string to_iso8601(Time time) { return format(time, "Z"); }
std::string to_iso8601_offset(Time time) { return format(time, "+0000"); }

Result<Time> parse_iso8601(std::string_view text) {
  Reader reader(text);
  const int y = reader.number(4);
  reader.expect('-');
  const int mo = reader.number(2);
  reader.expect('-');
  const int d = reader.number(2);
  int h = 0;
  int mi = 0;
  int s = 0;
  int ms = 0;
  int zone = 0;
  if (!reader.done()) {
    if (!reader.take('T') && !reader.take('t')) reader.expect(' ');
    h = reader.number(2);
    reader.expect(':');
    mi = reader.number(2);
    if (reader.take(':')) {
      s = reader.number(2);
      if (reader.take('.')) ms = reader.fraction_ms();
    }
    zone = zone_minutes(reader);
  }
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)),
                            day(static_cast<unsigned>(d))};
  if (!reader.ok() || !reader.done() || !date.ok() || h > 23 || mi > 59 || s > 60) {
    return Error{ErrorKind::invalid, "ValidationError",
                 "Timestamp '" + std::string(text) + "' is not in ISO 8601 format"};
  }
  const auto minutes = std::int64_t{h} * 60 + mi - zone;
  const auto base = sys_days(date).time_since_epoch() / days(1);
  return Time{(static_cast<std::int64_t>(base) * 86400 + minutes * 60 + s) * 1000 + ms};
}

}  // namespace weir
