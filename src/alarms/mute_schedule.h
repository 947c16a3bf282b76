// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "base/time_zone.h"

namespace weir::alarms {

/// From `start` on, up to `end` exclusive.
struct MuteWindow {
  Time start;
  Time end;
};

/// `P2DT12H`, `PT1M`, `P15D` (API reference, Schedule): whole weeks, days, hours and minutes.
/// Error: no such text, below a minute or above 15 days.
Result<Duration> parse_mute_duration(std::string_view text);

/// When an alarm mute rule mutes: `cron(minute hour day-of-month month day-of-week)` with `*`, `-`,
/// `,` and English names (a day matches as in cron: where both fields of days are restricted, by
/// either), or `at(yyyy-MM-ddThh:mm)`, each for a duration, on the clocks of a time zone.
///
/// An hour that clocks leave out moves a start as much later; in an hour that comes twice the first
/// counts.
///
/// Threads: immutable. Bounds: searches look `kDaysMax` days ahead, two leap years.
class MuteSchedule {
 public:
  static constexpr int kDaysMax = 366 * 8;

  /// Error (ValidationError): what is wrong, also an expression that never comes true.
  static Result<MuteSchedule> make(std::string_view expression, std::string_view duration,
                                   std::string_view time_zone);

  bool is_recurring() const { return !once_; }
  /// The window around `when` that ends last.
  std::optional<MuteWindow> window_at(Time when) const;
  /// The next start behind `after`.
  std::optional<Time> next_start(Time after) const;

 private:
  using Field = std::bitset<64>;
  struct FieldForm;
  static std::optional<Field> parse_field(std::string_view text, const FieldForm& form);
  Result<void> read_cron(std::string_view fields);
  Result<void> read_at(std::string_view moment);
  bool matches_day(std::int64_t day) const;
  /// The last start of that local day at or before `latest`, or the first one behind `after`.
  std::optional<Time> last_start(std::int64_t day, Time latest) const;
  std::optional<Time> first_start(std::int64_t day, Time after) const;

  TimeZone zone_;
  Duration duration_{};
  std::optional<Time> once_;
  Field minutes_, hours_, days_, months_, weekdays_;
  bool is_any_day_ = false;
  bool is_any_weekday_ = false;
};

}  // namespace weir::alarms
