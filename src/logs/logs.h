// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "logs/filter_pattern.h"
#include "logs/tag_filter.h"
#include "logs/types.h"
#include "store/kv_store.h"

namespace weir::logs {

class Arrivals;
class Scan;
class ServiceMetrics;
struct ScanQuery;

/// CloudWatch Logs: groups, streams, events, retention and metric filters.
///
/// Threads: every function may be called from any thread. Puts to different streams run in
/// parallel. Durability: what a function acknowledges is in the store. The metric values that a
/// batch of events gives are written with the events and handed on afterwards; load() hands on what
/// a crash left behind. Errors carry AWS's codes and texts: ResourceNotFoundException,
/// ResourceAlreadyExistsException, InvalidParameterException, LimitExceededException,
/// ValidationException, InvalidOperationException.
class Logs {
 public:
  struct Config {
    /// How often events beyond their group's retention are removed; they are hidden at once. 1 min
    /// .. 1 day.
    Duration retention_period = std::chrono::hours(1);
    /// How long one FilterLogEvents call may search before it answers with what it has. 1 s .. 50
    /// s.
    Duration search_time_max = std::chrono::seconds(20);
    std::size_t log_groups_max = 1'000'000;
    std::size_t metric_filters_max = 100;  // of one group
    /// How often small blocks of events become larger ones. 100 ms .. 1 h.
    Duration merge_period = std::chrono::seconds(10);
    /// How much text one round of that may pack. 1 MiB .. 1 GiB.
    std::size_t merge_bytes_max = 64u << 20;
    /// How many PutLogEvents calls of one account and region may wait for subscriptions, insight
    /// rules and live tails (arrivals.h).
    std::uint64_t arrivals_waiting_max = 100'000'000;
  };
  static constexpr std::size_t kEventBytesOverhead = 26;
  static constexpr std::size_t kBatchBytesMax = 1'048'576;
  static constexpr std::size_t kBatchEventsMax = 10'000;
  static constexpr std::size_t kPageEventsMax = 10'000;
  static constexpr std::size_t kPageBytesMax = 1'048'576;
  static constexpr std::size_t kRegexFiltersMax = 5;  // of one group, with subscription filters
  static constexpr std::size_t kTagsMax = 50;
  static constexpr int kDeliveryRetentionDays = 2;  // AWS's guides say one or two; two loses less

  Logs(Runtime& runtime, store::KvStore& store, const MetricSink& sink, Config config);
  ~Logs();
  Logs(const Logs&) = delete;
  Logs& operator=(const Logs&) = delete;

  /// Replaces what is in memory by what is in the store, hands on what is left and starts the
  /// timers. Call it once before anything else (and again after the store was emptied).
  Result<void> load();

  /// For those who work on events after they were acknowledged (arrivals.h). Call its start() when
  /// all who keep a position have come back.
  Arrivals& arrivals();
  /// What the service tells about itself in `AWS/Logs`: IncomingBytes, IncomingLogEvents,
  /// EMFParsingErrors, EMFValidationErrors, and what others add (service_metrics.h).
  ServiceMetrics& service_metrics();

  // Groups.
  /// Name, class, tags, KMS key and deletion protection are taken from `group`.
  Result<void> create_log_group(const Scope& scope, LogGroup group);
  Result<void> delete_log_group(const Scope& scope, std::string_view name);
  /// Called after a group was deleted and before one of that name can be made; one callback for
  /// all, nullptr for none.
  void on_group_deleted(std::function<void(const Scope&, std::string_view name)> callback);
  Result<LogGroupStatus> log_group(const Scope& scope, std::string_view name) const;
  struct GroupQuery {
    std::string prefix = {};
    // One of them must occur; a leading `^` means prefix; none: all.
    std::vector<std::string> substrings = {};
    std::string log_group_class = {};                              // "": all
    std::optional<std::set<std::string, std::less<>>> names = {};  // unset: all
    std::vector<TagFilter> tags = {};                              // all of them must fit
    std::string after = {};
    std::size_t limit = 50;
  };
  Page<LogGroupStatus> log_groups(const Scope& scope, const GroupQuery& query) const;
  /// No value: events are kept for ever. Refused for groups of class DELIVERY, which keep theirs
  /// for kDeliveryRetentionDays.
  Result<void> set_retention(const Scope& scope, std::string_view name, std::optional<int> days);
  Result<void> set_deletion_protection(const Scope& scope, std::string_view name, bool enabled);
  /// Stored and shown; nothing is encrypted. "" takes it away.
  Result<void> set_kms_key(const Scope& scope, std::string_view name, std::string_view key);
  Result<void> tag(const Scope& scope, std::string_view name,
                   const std::map<std::string, std::string>& tags);
  Result<void> untag(const Scope& scope, std::string_view name, std::span<const std::string> keys);
  /// Creates the group if it is missing; a group that exists is left as it is.
  Result<void> ensure_group(const Scope& scope, std::string_view name);

  // Streams.
  Result<void> create_log_stream(const Scope& scope, std::string_view group, std::string_view name);
  Result<void> delete_log_stream(const Scope& scope, std::string_view group, std::string_view name);
  struct StreamQuery {
    std::string prefix = {};
    bool by_last_event = false;  // otherwise by name
    bool descending = false;
    std::string after = {};
    std::size_t limit = 50;
  };
  Result<Page<LogStream>> log_streams(const Scope& scope, std::string_view group,
                                      const StreamQuery& query) const;
  /// Creates group and stream where missing: flow-log delivery on its first data.
  Result<void> ensure_stream(const Scope& scope, std::string_view group, std::string_view name);

  // Events.
  /// Which events were not accepted (API type RejectedLogEventsInfo); the call itself succeeds.
  struct PutResult {
    std::optional<int> too_new_start_index;
    std::optional<int> too_old_end_index;
    std::optional<int> expired_end_index;
    std::string next_sequence_token;
    bool rejected_any() const {
      return too_new_start_index || too_old_end_index || expired_end_index;
    }
  };
  Result<PutResult> put_log_events(const Scope& scope, std::string_view group,
                                   std::string_view stream, std::span<const InputLogEvent> events);

  // Import of old events (logs_import.cc).
  static constexpr std::size_t kImportStreamsMax = 10'000;  // of one batch; its events: as of a put
  struct ImportBatch {
    ImportPosition reached;                      // after this batch
    std::int64_t from = 0;                       // the position before it
    std::span<const ImportStream> streams = {};  // outlives the call
    /// The version whose content is the beginning of this one: its position goes on.
    std::string grown_from = {};
  };
  struct ImportResult {
    std::int64_t position = 0;  // now
    std::int64_t stored = 0;    // events
    std::int64_t expired = 0;   // events not stored: older than the group's retention
  };
  /// Stores events whatever their age and, in the same write, how far their source has come, so
  /// that each is stored exactly once: a batch that was taken before changes nothing. Creates group
  /// and streams where missing. Another version of a source begins anew at position 0 unless
  /// it has grown from the one before.
  ///
  /// Metric filters see the events that PutLogEvents would accept (not older than 14 days, at most
  /// 2 hours ahead) and no others: history must not raise the alarms of today.
  ///
  /// Errors: as put_log_events(); OperationAbortedException (kind conflict) if `from` is not where
  /// the source is, with the position in the details.
  Result<ImportResult> import_events(const Scope& scope, std::string_view group,
                                     const ImportBatch& batch);
  /// In the order of names.
  Result<Page<ImportPosition>> imports(const Scope& scope, std::string_view group,
                                       std::string_view prefix, std::string_view after,
                                       std::size_t limit) const;

  struct GetQuery {
    std::optional<Time> start = {};  // inclusive
    std::optional<Time> end = {};    // exclusive
    std::size_t limit = kPageEventsMax;
    bool start_from_head = false;
    std::string token = {};
  };
  struct GetResult {
    std::vector<LogEvent> events;  // oldest first
    std::string next_forward_token;
    std::string next_backward_token;
  };
  Result<GetResult> get_events(const Scope& scope, std::string_view group, std::string_view stream,
                               const GetQuery& query) const;

  struct FilterQuery {
    std::vector<std::string> stream_names = {};  // none: all
    std::string stream_prefix = {};
    std::optional<Time> start = {};  // inclusive
    std::optional<Time> end = {};    // inclusive
    FilterPattern pattern = {};
    std::size_t limit = kPageEventsMax;
    bool start_from_head = true;
    std::string token = {};
  };
  struct FilterResult {
    std::vector<LogEvent> events;
    std::string next_token;  // "" when finished
  };
  /// Events of many streams in one order. A page without events and with a token happens only when
  /// the search took longer than Config::search_time_max.
  Result<FilterResult> filter_events(const Scope& scope, std::string_view group,
                                     const FilterQuery& query) const;

  /// Reads many events, of any class of group, in no particular order (scan.h). Error: a group is
  /// missing.
  Result<Scan> scan(const Scope& scope, const ScanQuery& query) const;

  // Metric filters.
  /// Creates or replaces. Name, pattern and transformations are taken from `filter`.
  Result<void> put_metric_filter(const Scope& scope, std::string_view group, MetricFilter filter);
  Result<void> delete_metric_filter(const Scope& scope, std::string_view group,
                                    std::string_view name);
  struct MetricFilterQuery {
    std::string log_group_name = {};  // "": all groups
    std::string prefix = {};
    std::string metric_name = {};  // both or neither
    std::string metric_namespace = {};
    std::string after = {};
    std::size_t limit = 50;
  };
  Result<Page<MetricFilterRef>> metric_filters(const Scope& scope,
                                               const MetricFilterQuery& query) const;
  /// The filters that feed a metric: an alarm's way back to the events behind it.
  std::vector<MetricFilterRef> filters_for_metric(const Scope& scope,
                                                  std::string_view metric_namespace,
                                                  std::string_view metric_name) const;
  /// How many filters of a group have patterns with regular expressions. They share the quota of
  /// kRegexFiltersMax (User Guide, "Filter pattern syntax") with filters that are kept elsewhere,
  /// which `count` counts; one callback for all, nullptr for none.
  std::size_t regex_filters(const Scope& scope, std::string_view group) const;
  void count_other_regex_filters(
      std::function<std::size_t(const Scope&, std::string_view group)> count);
  struct TestMatch {
    std::size_t event_number = 0;  // counted from 0
    Extraction extraction;
  };
  static Result<std::vector<TestMatch>> test_metric_filter(std::string_view pattern,
                                                           std::span<const std::string> messages);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::logs
