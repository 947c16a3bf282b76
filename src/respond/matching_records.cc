// SPDX-License-Identifier: Apache-2.0
#include "respond/matching_records.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "respond/evidence.h"

namespace weir::respond {

namespace {

// Log events are UTF-8; a cut must not end within a character.
std::string shown(std::string_view line, std::size_t bytes_max) {
  const bool is_cut = line.size() > bytes_max;
  std::size_t end = is_cut ? bytes_max : line.size();
  while (is_cut && end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
  std::string text(line.substr(0, end));
  std::ranges::replace_if(
      text,
      [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f;
      },
      ' ');
  return is_cut ? text + "..." : text;
}

class Collection {
 public:
  Collection(Runtime& runtime, const logs::Logs& logs, const AlarmMessage& alarm,
             const MatchingRecordsLimits& limits)
      : runtime_(runtime),
        logs_(logs),
        alarm_(alarm),
        limits_(limits),
        deadline_(runtime.monotonic() + limits.time_max) {}

  Result<void> add(const logs::MetricFilterRef& reference) {
    WEIR_TRY(const auto filter, logs::CompiledFilter::compile(reference.filter, alarm_.scope));
    logs::Logs::FilterQuery query;
    query.start = alarm_.start;
    query.end = alarm_.end - Duration(1);  // inclusive there
    query.pattern = filter.pattern();
    // One more than is shown says whether there are more.
    query.limit = std::clamp<std::size_t>(limits_.records_max + 1, 1, logs::Logs::kPageEventsMax);
    std::size_t of_this = 0;
    do {
      if (runtime_.monotonic() > deadline_) return stop();
      WEIR_TRY(auto page, logs_.filter_events(alarm_.scope, reference.log_group_name, query));
      for (const logs::LogEvent& event : page.events) {
        if (++read_ > limits_.events_read_max) return stop();
        if (!counts_for(filter, alarm_, event.message)) continue;
        if (of_this++ == limits_.records_max) return stop();
        found_.records.push_back({event.id.timestamp, reference.log_group_name,
                                  shown(event.message, limits_.text_bytes_max)});
      }
      query.token = std::move(page.next_token);
      query.limit = logs::Logs::kPageEventsMax;
    } while (!query.token.empty());
    return {};
  }

  MatchingRecords finish() {
    std::ranges::stable_sort(found_.records, {}, &MatchingRecord::time);
    if (found_.records.size() > limits_.records_max) {
      found_.records.resize(limits_.records_max);
      found_.has_more = true;
    }
    return std::move(found_);
  }

 private:
  Result<void> stop() {
    found_.has_more = true;
    return {};
  }

  Runtime& runtime_;
  const logs::Logs& logs_;
  const AlarmMessage& alarm_;
  const MatchingRecordsLimits& limits_;
  const std::chrono::nanoseconds deadline_;
  std::size_t read_ = 0;
  MatchingRecords found_;
};

}  // namespace

Result<MatchingRecords> first_matching_records(Runtime& runtime, const logs::Logs& logs,
                                               const AlarmMessage& alarm,
                                               const MatchingRecordsLimits& limits) {
  Collection collection(runtime, logs, alarm, limits);
  for (const auto& reference :
       logs.filters_for_metric(alarm.scope, alarm.metric_namespace, alarm.metric_name)) {
    WEIR_CHECK(collection.add(reference));
  }
  return collection.finish();
}

}  // namespace weir::respond
