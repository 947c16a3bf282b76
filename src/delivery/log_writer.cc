// SPDX-License-Identifier: Apache-2.0
#include "delivery/log_writer.h"

#include <algorithm>
#include <vector>

#include "base/log.h"

namespace weir::delivery {
namespace {

/// The events of one PutLogEvents call lie within 24 hours (API reference).
constexpr std::int64_t kSpanMsMax = 24ll * 3600 * 1000;

}  // namespace

Result<std::uint64_t> LogWriter::put(const Subscription& flow_log, const std::string& stream,
                                     std::span<const Line> lines) {
  std::vector<logs::InputLogEvent> events;
  events.reserve(lines.size());
  // The time of an event is the start of its record (VPC User Guide, "Publish flow logs to
  // CloudWatch Logs").
  for (const Line& line : lines) events.push_back({line.start_s * 1000, line.text});
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& a, const auto& b) { return a.timestamp_ms < b.timestamp_ms; });
  std::uint64_t refused = 0;
  std::size_t first = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::size_t size = events[i].message.size() + logs::Logs::kEventBytesOverhead;
    const bool is_full = i - first == logs::Logs::kBatchEventsMax ||
                         bytes + size > logs::Logs::kBatchBytesMax ||
                         events[i].timestamp_ms - events[first].timestamp_ms >= kSpanMsMax;
    if (is_full) {
      WEIR_TRY(const std::uint64_t of_batch,
               put_batch(flow_log, stream, std::span(events).subspan(first, i - first)));
      refused += of_batch;
      first = i;
      bytes = 0;
    }
    bytes += size;
  }
  WEIR_TRY(const std::uint64_t of_last,
           put_batch(flow_log, stream, std::span(events).subspan(first)));
  return refused + of_last;
}

Result<std::uint64_t> LogWriter::put_batch(const Subscription& flow_log, const std::string& stream,
                                           std::span<const logs::InputLogEvent> events) {
  if (events.empty()) return std::uint64_t{0};
  const Scope& scope = flow_log.group_scope();
  auto result = logs_.put_log_events(scope, flow_log.group(), stream, events);
  if (!result && result.error().kind == ErrorKind::not_found) {
    WEIR_CHECK(logs_.ensure_stream(scope, flow_log.group(), stream));
    result = logs_.put_log_events(scope, flow_log.group(), stream, events);
  }
  if (!result) return result.error();
  if (!result->rejected_any()) return std::uint64_t{0};
  const int total = static_cast<int>(events.size());
  const int old_end =
      std::max(result->too_old_end_index.value_or(0), result->expired_end_index.value_or(0));
  const int rejected =
      std::clamp(old_end + (total - result->too_new_start_index.value_or(total)), 1, total);
  rejected_.add(static_cast<std::uint64_t>(rejected));
  log::warn("log group refused flow records for their time",
            {{"flow_log", flow_log.id()}, {"events", rejected}});
  return static_cast<std::uint64_t>(rejected);
}

}  // namespace weir::delivery
