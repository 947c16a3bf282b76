// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/counters.h"
#include "base/log.h"
#include "logs/block.h"
#include "logs/logs_impl.h"

namespace weir::logs {
namespace {

constexpr std::size_t kRemovedRangesMax = 64;
constexpr std::uint64_t kReclaimBytesMin = 64u << 20;

MetricValue default_value(const MetricTransformation& transformation, Time minute) {
  return {.metric_namespace = transformation.metric_namespace,
          .metric_name = transformation.metric_name,
          .dimensions = {},
          .value = *transformation.default_value,
          .unit = transformation.unit.value_or(""),
          .timestamp = minute,
          .count = 1};
}

}  // namespace

void Logs::Impl::publish_defaults() {
  const std::vector<DefaultValues::Due> due = defaults.take_due(runtime.now());
  for (std::size_t begin = 0, end = 0; begin < due.size(); begin = end) {  // in order of scope
    const Scope& scope = due[begin].minute.scope;
    while (end < due.size() && due[end].minute.scope == scope) ++end;
    const std::span<const DefaultValues::Due> in_scope(&due[begin], end - begin);
    if (const auto published = publish_defaults_of(scope, in_scope); !published) {
      log::warn("cannot publish default values of metric filters, will retry",
                {{"region", scope.region}, {"error", published.error().message}});
      defaults.put_back(in_scope);
    }
  }
}

Result<void> Logs::Impl::publish_defaults_of(const Scope& scope,
                                             std::span<const DefaultValues::Due> due) {
  store::WriteBatch batch;
  std::vector<MetricValue> values;
  {
    auto locked = state.lock();
    for (const DefaultValues::Due& item : due) {
      DefaultValues::erase_marks(item.minute, batch);
      const GroupState* group = find_group(*locked, scope, item.minute.group);
      if (item.matched || group == nullptr) continue;
      const auto filter = group->filters.find(item.minute.filter);
      if (filter == group->filters.end()) continue;  // deleted meanwhile
      const MetricTransformation& transformation = filter->second->transformation();
      if (transformation.default_value) {
        values.push_back(default_value(transformation, item.minute.start));
      }
    }
  }
  const HandOver::Record record =
      HandOver::prepare(scope, unique_id(runtime.now()), std::move(values), batch);
  WEIR_CHECK(store.write(batch));
  hand_over.hand_on(record);
  return {};
}

// ---- Retention ----------------------------------------------------------------------------------

void Logs::Impl::remove_expired() {
  struct Work {
    Scope scope;
    std::string group;
    std::shared_ptr<StreamState> stream;  // shared with the group
    std::int64_t group_id;
    Time oldest;
  };
  std::vector<Work> work;
  const Time now = runtime.now();
  {
    auto locked = state.lock();
    for (const auto& [scope, in_scope] : *locked) {
      for (const auto& [name, group] : in_scope.groups) {
        if (!group.data.retention_in_days) continue;
        const Time oldest = oldest_kept(now, group.data.retention_in_days);
        for (const auto& [stream_name, stream] : group.streams) {
          if (stream->data.first_event_ms && *stream->data.first_event_ms < oldest.ms) {
            work.push_back({scope, name, stream, group.data.id, oldest});
          }
        }
      }
    }
  }
  for (const Work& item : work) {
    const auto removed =
        remove_expired_of(item.scope, item.group, item.stream, item.group_id, item.oldest);
    if (!removed) {
      log::warn("cannot remove expired log events, will retry",
                {{"group", item.group}, {"error", removed.error().message}});
    }
  }
}

Result<void> Logs::Impl::remove_expired_of(const Scope& scope, const std::string& group,
                                           const std::shared_ptr<StreamState>& shared,
                                           std::int64_t group_id, Time oldest) {
  static Counter& removed = counter("weir_logs_events_expired_total",
                                    "Log events removed because their retention was over.");
  StreamState& stream = *shared;
  const std::lock_guard one_at_a_time(maintenance);
  const std::lock_guard writing(stream.writing);
  if (stream.is_deleted) return {};
  const std::string prefix = events_key(scope, group_id);
  const std::string end = block_key(prefix, stream.data.id + 1, Time{0}, 0);
  store::WriteBatch batch;
  std::uint64_t bytes = 0;
  std::uint64_t events = 0;
  std::optional<std::int64_t> first_kept_ms;
  std::string last_key;
  const auto cursor = store.cursor();
  for (cursor->seek(block_key(prefix, stream.data.id, Time{0}, 0));
       cursor->valid() && cursor->key() < end; cursor->next()) {
    WEIR_TRY(const BlockInfo block, BlockInfo::read(cursor->value()));
    if (block.last >= oldest) {  // goes when its last event is over; reads hide the others
      if (!first_kept_ms) first_kept_ms = block.first.ms;
      if (block.first >= oldest) break;
      continue;
    }
    bytes += block.billed_bytes();
    events += block.count;
    last_key = cursor->key();
    batch.erase(last_key);
  }
  WEIR_CHECK(cursor->status());
  if (batch.empty()) return {};
  LogStream updated = stream.data;
  updated.stored_bytes -= static_cast<std::int64_t>(bytes);
  updated.first_event_ms = first_kept_ms;
  if (!first_kept_ms) updated.last_event_ms.reset();
  batch.put(stream_key(scope, group, updated.name), pack_stream(updated));
  WEIR_CHECK(store.write(batch));

  removed.add(events);
  note_removed(batch.operations().front().key, last_key + '\0', bytes);
  change_stream(scope, group, shared, std::move(updated));
  return {};
}

// ---- Disk space ---------------------------------------------------------------------------------

void Logs::Impl::note_removed(std::string from, std::string to, std::uint64_t bytes) {
  auto locked = to_reclaim.lock();
  locked->bytes += bytes;
  auto& ranges = locked->ranges;
  std::string& end = ranges[std::move(from)];
  end = std::max(end, to);
  if (ranges.size() <= kRemovedRangesMax) return;
  for (const auto& [begin, other] : ranges) to = std::max(to, other);
  ranges = {{ranges.begin()->first, std::move(to)}};
}

/// Small amounts wait: giving them back costs more than they are.
void Logs::Impl::reclaim_removed() {
  Removed work;
  {
    auto locked = to_reclaim.lock();
    if (locked->bytes < kReclaimBytesMin) return;
    std::swap(work, *locked);
  }
  auto range = work.ranges.begin();
  for (; range != work.ranges.end(); ++range) {
    if (const auto done = store.reclaim(range->first, range->second); !done) {
      log::warn("cannot give back the disk space of removed log events, will retry",
                {{"error", done.error().message}});
      break;
    }
  }
  if (range == work.ranges.end()) return;
  note_removed(range->first, range->second, work.bytes);
  for (++range; range != work.ranges.end(); ++range) note_removed(range->first, range->second, 0);
}

}  // namespace weir::logs
