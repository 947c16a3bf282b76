// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// Date and time texts of Trino's functions. A moment is microseconds since 1970-01-01T00:00:00,
/// without zone.
namespace weir::sql {

/// date_format() and date_parse(): MySQL's `%Y-%m-%d %H:%i:%s`. Error: kind invalid, Trino's text.
Result<std::string> mysql_format(std::int64_t micros, std::string_view format);
Result<std::int64_t> mysql_parse(std::string_view text, std::string_view format);

/// format_datetime(), parse_datetime() and the dates of partition projection: letters as in Java
/// (`yyyy/MM/dd HH:mm:ss.SSS`, quoted text). An offset in the text is taken into account.
Result<std::string> java_format(std::int64_t micros, std::string_view pattern);
Result<std::int64_t> java_parse(std::string_view text, std::string_view pattern);

/// `2026-01-31`: days since 1970-01-01. Nothing if it is not of that form.
std::optional<std::int32_t> parse_date(std::string_view text);

/// `2026-01-31 12:34:56.789`; `digits` of the fraction, 0 to 6.
std::string moment_text(std::int64_t micros, int digits);
std::string date_text(std::int32_t days);

struct CalendarTime {
  std::int64_t year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  unsigned micros = 0;
};
CalendarTime to_calendar(std::int64_t micros);
/// Days past the end of the month are the caller's to refuse.
std::int64_t from_calendar(const CalendarTime& time);
bool is_valid(const CalendarTime& time);

}  // namespace weir::sql
