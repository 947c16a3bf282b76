// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "logs/arrivals.h"
#include "logs/default_values.h"
#include "logs/event_reader.h"
#include "logs/hand_over.h"
#include "logs/logs.h"
#include "logs/metric_filter.h"
#include "logs/service_metrics.h"
#include "logs/store_keys.h"

namespace weir::logs {

/// A stream in memory. `data` and `is_deleted` change only under `writing` and the lock of the
/// state, so either is enough for reading.
struct StreamState {
  std::mutex writing;  // one put at a time: its record tells of all blocks before it
  LogStream data;
  bool is_deleted = false;
};

struct GroupState {
  LogGroup data;
  std::int64_t stored_bytes = 0;
  // Shared with the puts that are under way.
  std::map<std::string, std::shared_ptr<StreamState>, std::less<>> streams;
  /// The place of a stream among those of its group by last event: those without one come first.
  /// The name is the key of the stream.
  using Place = std::pair<std::int64_t, std::string_view>;
  std::set<Place> by_last_event;
  std::map<std::string, std::shared_ptr<const CompiledFilter>, std::less<>> filters;
  std::shared_ptr<const FilterSet> filter_set = std::make_shared<const FilterSet>();

  void renew_filter_set();
  /// `stream` has its name; the group has none of that name.
  void add(std::shared_ptr<StreamState> stream);
  void remove(const StreamState& stream);
  /// Makes `changed` what is known of a stream of this group.
  void change(StreamState& stream, LogStream changed);
};

struct ScopeState {
  std::map<std::string, GroupState, std::less<>> groups;
  std::int64_t next_id = 1;
};

/// A block as its key and header tell of it.
struct StoredBlock {
  std::string key;
  BlockInfo info;
};

struct Logs::Impl {
  using State = std::map<Scope, ScopeState>;

  Impl(Runtime& runtime_in, store::KvStore& store_in, const MetricSink& sink, Config config_in)
      : runtime(runtime_in),
        store(store_in),
        config(config_in),
        hand_over(store_in, sink),
        service_metrics(runtime_in, sink),
        arrivals(runtime_in, store_in, {.waiting_max = config_in.arrivals_waiting_max}) {}

  /// The group, or nullptr.
  static GroupState* find_group(State& state, const Scope& scope, std::string_view name);
  static StreamState* find_stream(GroupState& group, std::string_view name);
  /// Makes `data` what is known of a stream whose lock `writing` is held.
  void change_stream(const Scope& scope, std::string_view group,
                     const std::shared_ptr<StreamState>& stream, LogStream data);

  // Loading (logs_load.cc).
  Result<void> load();
  Result<void> load_pair(State& state, const Scope& scope, std::string_view key,
                         std::string_view value);
  void finish_loading(State& state);
  void start_timers();

  // Groups and streams (logs.cc).
  /// Changes the stored group by `change` and then the one in memory.
  template <class Change>
  Result<void> change_group(const Scope& scope, std::string_view name, Change change);
  Result<void> remove_streams(const Scope& scope, std::string_view group,
                              const std::vector<std::shared_ptr<StreamState>>& streams,
                              const store::WriteBatch& batch);

  // Events (logs_events.cc).
  struct PutTarget {
    std::shared_ptr<StreamState> stream;
    std::shared_ptr<const FilterSet> filters;
    std::optional<int> retention_in_days;
    std::int64_t group_id = 0;
    bool is_standard = true;  // its class
  };
  Result<PutTarget> put_target(const Scope& scope, std::string_view group, std::string_view stream);
  Result<HandOver::Record> store_events(const Scope& scope, std::string_view group,
                                        PutTarget& target, std::span<const InputLogEvent> events,
                                        std::size_t first_index);
  /// What metric filters and the embedded metric format make of a batch.
  static Evaluation evaluate_all(const PutTarget& target, std::span<const InputLogEvent> events,
                                 Time now);
  void count_embedded_errors(const Scope& scope, std::string_view group,
                             const Evaluation& evaluation);
  void count_incoming(const Scope& scope, std::string_view group, std::size_t events,
                      std::size_t bytes);
  /// Which streams to read, and from where on events are not expired.
  struct ReadTarget {
    std::string prefix;
    std::vector<EventReader::Source> sources;
    std::vector<std::string> names;
    Time oldest;
    void add(const LogStream& stream);
  };
  template <class Choose>
  Result<ReadTarget> read_target(const Scope& scope, std::string_view group,
                                 std::string_view operation, Choose choose) const;
  Result<FilterResult> search(EventReader& reader, const ReadTarget& target,
                              const FilterQuery& query, bool is_forward) const;

  // Import (logs_import.cc).
  struct ImportTarget {
    PutTarget put;
    std::vector<InputLogEvent> events;  // in order of time, without what is expired
    LogStream updated;
  };
  Result<std::optional<ImportPosition>> import_position(const Scope& scope, std::string_view group,
                                                        std::string_view source) const;
  Result<std::vector<ImportTarget>> import_targets(const Scope& scope, std::string_view group,
                                                   const ImportBatch& batch, ImportResult& result);
  std::vector<Arrivals::Ticket> add_blocks(const Scope& scope, std::string_view group,
                                           ImportTarget& target, Time ingestion,
                                           store::WriteBatch& batch);
  Result<void> store_import(const Scope& scope, std::string_view group, const ImportBatch& batch,
                            std::vector<ImportTarget>& targets);

  // Work by timer (logs_timers.cc).
  void publish_defaults();
  Result<void> publish_defaults_of(const Scope& scope, std::span<const DefaultValues::Due> due);
  void remove_expired();
  Result<void> remove_expired_of(const Scope& scope, const std::string& group,
                                 const std::shared_ptr<StreamState>& shared, std::int64_t group_id,
                                 Time oldest);

  // Merging of blocks (logs_merge.cc).
  struct MergeTarget {
    Scope scope;
    std::string group;
    std::int64_t group_id = 0;
    std::shared_ptr<StreamState> stream;  // shared with the group
  };
  /// Remembers the stream if it has enough small blocks to look at; with the lock of the state.
  void note_mergeable(const Scope& scope, const GroupState& group,
                      const std::shared_ptr<StreamState>& stream);
  void merge_blocks();
  Result<void> merge_stream(const MergeTarget& target, std::size_t& bytes_left);
  Result<void> merge_into_one(const MergeTarget& target, std::span<const StoredBlock> blocks);

  // Disk space of what was deleted or expired (logs_timers.cc).
  struct Removed {
    std::map<std::string, std::string> ranges;  // of keys: begin -> end
    std::uint64_t bytes = 0;                    // as billed
  };
  void note_removed(std::string from, std::string to, std::uint64_t bytes);
  void reclaim_removed();

  std::string unique_id(Time now) {
    return std::to_string(now.ms) + "-" + std::to_string(next_batch++);
  }

  Runtime& runtime;
  store::KvStore& store;
  Config config;
  /// One batch of a source at a time; sources share the locks by hash.
  std::array<std::mutex, 64> importing;
  std::mutex control;  // one change of groups, streams or filters at a time
  std::function<void(const Scope&, std::string_view)> group_deleted;               // under control
  std::function<std::size_t(const Scope&, std::string_view)> other_regex_filters;  // under control
  mutable Guarded<State> state;
  std::atomic<std::uint64_t> next_batch{0};
  HandOver hand_over;
  ServiceMetrics service_metrics;
  Arrivals arrivals;
  DefaultValues defaults;
  Timer housekeeping;
  Timer publishing;  // of service_metrics
  Timer retention;
  Timer merging;
  /// By scope and id of the stream, so that a round costs what there is to do. Behind `state`.
  Guarded<std::map<std::pair<Scope, std::int64_t>, MergeTarget>> mergeable;
  /// One stream at a time loses blocks by retention or merging.
  std::mutex maintenance;
  Guarded<Removed> to_reclaim;
};

/// Blocks that are worth merging with others: below these sizes.
inline constexpr std::uint64_t kFullBlockEvents = 4096;
inline constexpr std::uint64_t kFullBlockBytes = 512u << 10;
inline bool is_small(const BlockInfo& block) {
  return block.count < kFullBlockEvents && block.message_bytes < kFullBlockBytes;
}
/// Counts a new block of a stream.
void note_small_block(LogStream& stream, const BlockInfo& block);

/// Stored form of a stream.
std::string pack_stream(const LogStream& stream);
Result<LogStream> unpack_stream(std::string_view name, std::string_view bytes);
/// Where the position of a source is kept; "" is before all of the group.
std::string import_key(const Scope& scope, std::string_view group, std::string_view source);
std::string stream_key(const Scope& scope, std::string_view group, std::string_view stream);
/// Sizes and number of a batch of events, as PutLogEvents limits them.
Result<void> check_sizes(std::span<const InputLogEvent> events);
/// Which events PutLogEvents accepts by their age.
Time oldest_accepted(Time now);
Time newest_accepted(Time now);
/// Blocks hold events of at most that distance, so that a reader need not look far back.
inline constexpr Duration kBlockSpanMax = std::chrono::hours(24);
/// The oldest timestamp that such a retention keeps.
Time oldest_kept(Time now, const std::optional<int>& retention_in_days);

}  // namespace weir::logs
