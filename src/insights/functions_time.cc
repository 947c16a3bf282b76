// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "base/runtime.h"
#include "insights/date_format.h"
#include "insights/expression.h"
#include "insights/functions.h"

namespace weir::insights {
namespace {

using Arguments = std::span<const Value>;

/// Milliseconds of a time, a number, or a text such as `2026-01-31 12:34:56.789`.
std::optional<std::int64_t> ms_of(const Value& value) {
  if (const auto number = number_of(value)) {
    return number->is_integer ? number->integer : static_cast<std::int64_t>(number->real);
  }
  if (value.kind != Value::Kind::text) return std::nullopt;
  const auto time = parse_iso8601(value.text);
  return time ? std::optional(time->ms) : std::nullopt;
}

Value floor_of(Arguments a, const CallContext&) {
  const auto ms = ms_of(a[0]);
  return ms ? Value::of_time(floor_time(*ms, a[1].integer)) : Value();
}

Value bin(Arguments a, const CallContext&) {
  const auto ms = ms_of(a[0]);
  if (!ms) return {};
  const std::int64_t offset = a.size() > 2 ? a[2].integer : 0;
  return Value::of_time(floor_time(*ms - offset, a[1].integer) + offset);
}

Value ceil_of(Arguments a, const CallContext&) {
  const auto ms = ms_of(a[0]);
  if (!ms) return {};
  const std::int64_t begin = floor_time(*ms, a[1].integer);
  return Value::of_time(begin == *ms ? begin : next_time(begin, a[1].integer));
}

Value from_millis(Arguments a, const CallContext&) {
  const auto ms = ms_of(a[0]);
  return ms ? Value::of_time(*ms) : Value();
}

Value to_millis(Arguments a, const CallContext&) {
  const auto ms = ms_of(a[0]);
  return ms ? Value::of(*ms) : Value();
}

Value now(Arguments, const CallContext& context) { return Value::of(context.run.now_ms / 1000); }
Value start_time(Arguments, const CallContext& context) { return Value::of(context.run.from_ms); }
Value end_time(Arguments, const CallContext& context) { return Value::of(context.run.to_ms); }
Value time_range(Arguments, const CallContext& context) {
  return Value::of(context.run.to_ms - context.run.from_ms);
}

std::optional<int> zone_of(Arguments a, std::size_t place, Arena& arena) {
  if (a.size() <= place) return 0;
  return zone_minutes(text_in(a[place], arena));
}

Value parse_text(Arguments a, const CallContext& context) {
  const auto zone = zone_of(a, 2, context.arena);
  if (!zone || a[0].is_null() || a[0].is_tree()) return {};
  const auto ms = parse_date(text_in(a[0], context.arena), text_in(a[1], context.arena), *zone);
  return ms ? Value::of_time(*ms) : Value();
}

Value format_text(Arguments a, const CallContext& context) {
  const auto zone = zone_of(a, 2, context.arena);
  const auto ms = ms_of(a[0]);
  if (!zone || !ms) return {};
  return context.text(format_date(*ms, text_in(a[1], context.arena), *zone));
}

const Function kFunctions[] = {
    {"bin", 1, 2, bin, {Argument::period, Argument::period}, "@timestamp"},
    {"datefloor", 2, 2, floor_of, {Argument::any, Argument::period}},
    {"dateceil", 2, 2, ceil_of, {Argument::any, Argument::period}},
    {"fromMillis", 1, 1, from_millis},
    {"toMillis", 1, 1, to_millis},
    {"now", 0, 0, now},
    {"parseDate", 2, 3, parse_text, {Argument::any, Argument::any, Argument::zone}},
    {"formatDate", 2, 3, format_text, {Argument::any, Argument::any, Argument::zone}},
    {"strftime", 2, 3, format_text, {Argument::any, Argument::any, Argument::zone}},
    {"queryStartTime", 0, 0, start_time},
    {"queryEndTime", 0, 0, end_time},
    {"queryTimeRange", 0, 0, time_range},
};

}  // namespace

std::span<const Function> time_functions() { return kFunctions; }

std::int64_t floor_time(std::int64_t ms, std::int64_t period) {
  using namespace std::chrono;
  if (period > 0) {
    const std::int64_t rest = ms % period;
    return ms - (rest < 0 ? rest + period : rest);
  }
  const year_month_day date{floor<days>(sys_time<milliseconds>(milliseconds(ms)))};
  const std::int64_t month = (static_cast<int>(date.year()) - 1970) * std::int64_t{12} +
                             static_cast<unsigned>(date.month()) - 1;
  const std::int64_t rest = month % -period;
  const std::int64_t first = month - (rest < 0 ? rest - period : rest);
  return next_time(0, -first);
}

std::int64_t next_time(std::int64_t floor_ms, std::int64_t period) {
  using namespace std::chrono;
  if (period > 0) return floor_ms + period;
  const year_month_day date{floor<days>(sys_time<milliseconds>(milliseconds(floor_ms)))};
  const year_month_day then = date + months(-period);
  return duration_cast<milliseconds>(sys_days(then).time_since_epoch()).count();
}

}  // namespace weir::insights
