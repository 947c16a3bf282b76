// SPDX-License-Identifier: Apache-2.0
#include "alarms/mute_schedule.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <vector>

namespace weir::alarms {

namespace {

constexpr std::int64_t kDayS = 86'400;
constexpr Duration kShortest = std::chrono::minutes(1);
constexpr Duration kLongest = std::chrono::hours(24 * 15);
constexpr std::string_view kMonths[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                        "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::string_view kWeekdays[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

Error validation_error(std::string message) {
  return {ErrorKind::invalid, "ValidationError", std::move(message)};
}

Error bad_expression(std::string_view expression, std::string_view why) {
  return validation_error("Schedule expression " + std::string(expression) +
                          " is invalid: " + std::string(why));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return {};
  return value;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

std::int64_t day_of(std::int64_t local_s) {
  return local_s / kDayS - (local_s % kDayS < 0 ? 1 : 0);
}

}  // namespace

/// The numbers of a field, and the names of the first ones, if it has any.
struct MuteSchedule::FieldForm {
  int least;
  int most;
  const std::string_view* names = nullptr;
  std::size_t name_count = 0;

  std::optional<int> value(std::string_view text) const {
    const std::string name = upper(text);
    for (std::size_t i = 0; i < name_count; ++i) {
      if (names[i] == name) return least + static_cast<int>(i);
    }
    const auto digits = number(text);
    if (!digits || *digits < least || *digits > most) return {};
    return digits;
  }
};

Result<Duration> parse_mute_duration(std::string_view text) {
  const Error bad = validation_error(
      "Duration " + std::string(text) +
      " is invalid: it is ISO 8601 such as PT4H or P2DT12H, from PT1M up to P15D.");
  if (!text.starts_with('P') || text.size() < 3) return bad;
  std::string_view rest = text.substr(1);
  struct Unit {
    char letter;
    bool is_of_time;
    std::int64_t minutes;
  };
  constexpr Unit kUnits[] = {
      {'W', false, 7 * 24 * 60}, {'D', false, 24 * 60}, {'H', true, 60}, {'M', true, 1}};
  Duration total{};
  bool in_time = false;
  std::size_t next = 0;  // units come in their order, each once
  while (!rest.empty()) {
    if (rest[0] == 'T') {
      if (in_time || rest.size() == 1) return bad;
      in_time = true;
      rest.remove_prefix(1);
    }
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    const auto digits = static_cast<std::size_t>(end - rest.data());
    if (error != std::errc() || count < 0 || digits > 6 || digits == rest.size()) return bad;
    const char letter = rest[digits];
    while (next < std::size(kUnits) &&
           (kUnits[next].letter != letter || kUnits[next].is_of_time != in_time)) {
      ++next;
    }
    if (next == std::size(kUnits)) return bad;
    total += std::chrono::minutes(count * kUnits[next++].minutes);
    rest.remove_prefix(digits + 1);
  }
  if (total < kShortest || total > kLongest) return bad;
  return total;
}

std::optional<MuteSchedule::Field> MuteSchedule::parse_field(std::string_view text,
                                                             const FieldForm& form) {
  Field field;
  for (const std::string_view part : split(text, ',')) {
    if (part == "*") {
      for (int i = form.least; i <= form.most; ++i) field.set(static_cast<std::size_t>(i));
      continue;
    }
    const auto ends = split(part, '-');
    if (ends.size() > 2) return {};
    const auto first = form.value(ends.front());
    const auto last = form.value(ends.back());
    if (!first || !last || *first > *last) return {};
    for (int i = *first; i <= *last; ++i) field.set(static_cast<std::size_t>(i));
  }
  return field;
}

Result<void> MuteSchedule::read_cron(std::string_view fields) {
  const std::string expression = "cron(" + std::string(fields) + ")";
  auto parts = split(fields, ' ');
  std::erase(parts, std::string_view());
  if (parts.size() != 5) {
    return bad_expression(expression,
                          "it has five fields, minute, hour, day of month, month and "
                          "day of week.");
  }
  const FieldForm forms[] = {{0, 59},
                             {0, 23},
                             {1, 31},
                             {1, 12, std::data(kMonths), std::size(kMonths)},
                             {0, 7, std::data(kWeekdays), std::size(kWeekdays)}};
  Field* const into[] = {&minutes_, &hours_, &days_, &months_, &weekdays_};
  for (std::size_t i = 0; i < std::size(forms); ++i) {
    const auto field = parse_field(parts[i], forms[i]);
    if (!field) return bad_expression(expression, "there is no " + std::string(parts[i]) + '.');
    *into[i] = *field;
  }
  if (weekdays_.test(7)) weekdays_.set(0);  // Sunday, too
  is_any_day_ = parts[2] == "*";
  is_any_weekday_ = parts[4] == "*";
  if (next_start(Time{})) return {};
  return bad_expression(expression, "it never comes true.");
}

Result<void> MuteSchedule::read_at(std::string_view moment) {
  const auto local = parse_iso8601(moment);
  constexpr std::string_view kForm = "yyyy-MM-ddThh:mm";
  if (!local || moment.size() != kForm.size() || moment[10] != 'T') {
    return bad_expression("at(" + std::string(moment) + ")", "a moment is yyyy-MM-ddThh:mm.");
  }
  once_ = Time::from_seconds(zone_.to_utc(local->seconds()));
  return {};
}

Result<MuteSchedule> MuteSchedule::make(std::string_view expression, std::string_view duration,
                                        std::string_view time_zone) {
  MuteSchedule schedule;
  WEIR_TRY(schedule.duration_, parse_mute_duration(duration));
  auto zone = TimeZone::find(time_zone);
  if (!zone) return validation_error(zone.error().message);
  schedule.zone_ = *std::move(zone);
  const std::size_t open = expression.find('(');
  if (open == std::string_view::npos || !expression.ends_with(')')) {
    return bad_expression(expression, "it is cron(...) or at(...).");
  }
  const std::string_view kind = expression.substr(0, open);
  const std::string_view inside = expression.substr(open + 1, expression.size() - open - 2);
  if (kind == "cron") {
    WEIR_CHECK(schedule.read_cron(inside));
  } else if (kind == "at") {
    WEIR_CHECK(schedule.read_at(inside));
  } else {
    return bad_expression(expression, "it is cron(...) or at(...).");
  }
  return schedule;
}

bool MuteSchedule::matches_day(std::int64_t day) const {
  const std::chrono::sys_days date{std::chrono::days(day)};
  const std::chrono::year_month_day of(date);
  if (!months_.test(unsigned(of.month()))) return false;
  const bool is_day = days_.test(unsigned(of.day()));
  const bool is_weekday = weekdays_.test(std::chrono::weekday(date).c_encoding());
  if (is_any_day_ || is_any_weekday_) return is_day && is_weekday;
  return is_day || is_weekday;
}

std::optional<Time> MuteSchedule::last_start(std::int64_t day, Time latest) const {
  if (!matches_day(day)) return {};
  std::optional<Time> last;
  for (int minute = 24 * 60 - 1; minute >= 0; --minute) {
    if (!hours_.test(static_cast<std::size_t>(minute / 60)) ||
        !minutes_.test(static_cast<std::size_t>(minute % 60))) {
      continue;
    }
    const Time start = Time::from_seconds(zone_.to_utc(day * kDayS + minute * 60));
    if (start <= latest && (!last || start > *last)) last = start;
    if (last && start < *last - std::chrono::hours(2)) break;  // no change of clocks turns that
  }
  return last;
}

std::optional<Time> MuteSchedule::first_start(std::int64_t day, Time after) const {
  if (!matches_day(day)) return {};
  std::optional<Time> first;
  for (int minute = 0; minute < 24 * 60; ++minute) {
    if (!hours_.test(static_cast<std::size_t>(minute / 60)) ||
        !minutes_.test(static_cast<std::size_t>(minute % 60))) {
      continue;
    }
    const Time start = Time::from_seconds(zone_.to_utc(day * kDayS + minute * 60));
    if (start > after && (!first || start < *first)) first = start;
    if (first && start > *first + std::chrono::hours(2)) break;
  }
  return first;
}

std::optional<MuteWindow> MuteSchedule::window_at(Time when) const {
  std::optional<Time> start;
  if (once_) {
    start = once_;
  } else {
    const std::int64_t today = day_of(when.seconds() + zone_.offset_s(when.seconds()));
    const std::int64_t days_back = duration_ / std::chrono::hours(24) + 2;
    for (std::int64_t day = today + 1; !start && day >= today - days_back; --day) {
      start = last_start(day, when);
    }
  }
  if (!start || *start > when || *start + duration_ <= when) return {};
  return MuteWindow{*start, *start + duration_};
}

std::optional<Time> MuteSchedule::next_start(Time after) const {
  if (once_) return *once_ > after ? once_ : std::nullopt;
  const std::int64_t today = day_of(after.seconds() + zone_.offset_s(after.seconds()));
  for (std::int64_t day = today - 1; day <= today + kDaysMax; ++day) {
    if (const auto start = first_start(day, after)) return start;
  }
  return {};
}

}  // namespace weir::alarms
