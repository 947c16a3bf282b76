// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "logs/logs.h"
#include "respond/alarm_message.h"

namespace weir::respond {

/// A log event behind an alarm, fit to be shown.
struct MatchingRecord {
  Time time;
  std::string log_group;
  std::string text;  // valid UTF-8 without control characters, cut at Limits::text_bytes_max
};

struct MatchingRecordsLimits {
  std::size_t records_max = 5;
  std::size_t text_bytes_max = 400;
  std::size_t events_read_max = 2'000;         // that match a filter, in all
  Duration time_max{std::chrono::seconds(2)};  // looked at between pages
};

struct MatchingRecords {
  std::vector<MatchingRecord> records = {};  // oldest first
  bool has_more = false;                     // perhaps: a limit was reached
};

/// The first events that the metric filters behind the alarm's metric counted in its window. What
/// was found before an error is lost: this is for people, who can ask again. Errors: those of the
/// log groups.
Result<MatchingRecords> first_matching_records(Runtime& runtime, const logs::Logs& logs,
                                               const AlarmMessage& alarm,
                                               const MatchingRecordsLimits& limits);

}  // namespace weir::respond
