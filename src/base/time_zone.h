// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"

namespace weir {

/// The offsets from UTC of one time zone: an IANA name such as `Europe/Berlin` (read from the
/// system's /usr/share/zoneinfo, RFC 8536), `UTC`, or a fixed offset such as `+05:30`, `-0800` or
/// `UTC+01:00`.
///
/// Threads: immutable once made. Bounds: `kFileBytesMax` of a zone file.
class TimeZone {
 public:
  static constexpr std::size_t kFileBytesMax = 256 * 1024;

  TimeZone() = default;  // UTC
  /// Error (kind invalid): there is no such zone.
  static Result<TimeZone> find(std::string_view name);
  /// The content of a zone file. Error: kind invalid.
  static Result<TimeZone> parse(std::string_view file);

  /// Seconds to add to UTC for local time at that moment.
  std::int64_t offset_s(std::int64_t utc_s) const;
  /// The moment when clocks show `local_s` (seconds since 1970 as if the zone were UTC). Of two
  /// moments the first; a time that is left out in spring is taken with the offset before it, so it
  /// comes as much later as the clock was put forward.
  std::int64_t to_utc(std::int64_t local_s) const;

 private:
  /// One end of daylight saving time in a POSIX TZ rule.
  struct Change {
    enum class Form : std::uint8_t { month_week_day, julian, day_of_year } form{};
    int month = 0, week = 0, day = 0;
    std::int64_t time_s = 7200;  // of the local day
  };
  struct Rule {
    std::int64_t standard_s = 0;
    std::optional<std::int64_t> daylight_s = {};
    Change begin = {}, end = {};
  };
  class RuleReader;
  static std::int64_t moment_of(const Change& change, int year, std::int64_t offset_s);
  std::int64_t rule_offset_s(std::int64_t utc_s) const;

  std::vector<std::int64_t> transitions_;  // ascending
  std::vector<std::int64_t> offsets_;      // from each of them on
  std::int64_t first_offset_s_ = 0;        // before the first of them
  std::optional<Rule> rule_;               // behind the last
};

}  // namespace weir
