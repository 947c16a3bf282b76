// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "logs/logs.h"

/// The CloudWatch Logs Insights query language (queryLanguage CWLI) and its engine over the blocks
/// of the log store.
///
///     compile() -> Query -> Run -> snapshot() until it is final
namespace weir::insights {

/// Bounds of the language.
struct Limits {
  static constexpr std::size_t kTextMax = 10'000;  // characters of a query (API reference)
  static constexpr int kDepthMax = 64;             // nesting of expressions
  static constexpr std::size_t kCommandsMax = 100;
  static constexpr std::size_t kStatsMax = 10;   // `stats` commands (User Guide, Standard class)
  static constexpr std::size_t kItemsMax = 256;  // of one list: fields, keys, arguments
  static constexpr std::size_t kRowsDefault = 10'000;
  static constexpr std::size_t kRowsMax = 100'000;
};

/// A table of an uploaded CSV file, for `lookup` and `cidrlookup`. Immutable, shared by runs.
struct LookupTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // each as long as `columns`
};
/// The table of that name; nullptr if there is none.
using Lookups =
    std::function<std::shared_ptr<const LookupTable>(const Scope&, std::string_view name)>;

struct CompileOptions {
  /// The API's `limit`; the smaller one of it and of the query's own `limit` command counts.
  std::optional<std::size_t> limit = {};
};

/// A time of a SOURCE command: of the epoch, or from the start of the query (`-1d`, `now`).
struct SourceTime {
  std::int64_t ms = 0;
  bool is_from_now = false;
  Time at(Time now) const { return {is_from_now ? now.ms + ms : ms}; }
};

/// One SOURCE command.
struct Source {
  std::vector<std::string> names = {};     // SOURCE "group" or SOURCE group: names or ARNs
  std::vector<std::string> prefixes = {};  // logGroups(namePrefix: [...])
  std::vector<std::string> classes = {};   // logGroups(class: [...]), e.g. STANDARD
  std::vector<std::string> accounts = {};  // logGroups(accountIdentifiers: [...])
  std::optional<SourceTime> from = {};     // START, inclusive
  std::optional<SourceTime> to = {};       // END, inclusive
};

struct Plan;

/// A compiled query. Immutable; copies share it; threads may share it.
class Query {
 public:
  explicit Query(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}

  /// None: the caller says which groups are meant.
  std::span<const Source> sources() const;
  /// Whether rows are log events; each then has a last field `@ptr`.
  bool rows_are_events() const;
  /// Most rows that a run gives.
  std::size_t limit() const;
  /// The names of the output columns in their order, without @ptr.
  std::vector<std::string> columns() const;
  /// Commands of it that log groups of class INFREQUENT_ACCESS do not have (User Guide, "Log
  /// classes").
  std::span<const std::string> standard_commands() const;
  /// What is legal and probably not meant, such as `foo-bar`, which is a subtraction.
  std::span<const std::string> warnings() const;
  const Plan& plan() const { return *plan_; }

 private:
  std::shared_ptr<const Plan> plan_;
};

/// Error: MalformedQueryException, kind invalid. `details` holds `startCharOffset` and
/// `endCharOffset` (0-based, in bytes, end exclusive), what queryCompileError.location shows; the
/// message names the construct and, where there is one, the nearest known name.
Result<Query> compile(std::string_view text, const CompileOptions& options = {});

/// `SOURCE "<group>" START=<ms> END=<ms> | ...`: the query as DescribeQueries shows it.
std::string with_source(std::string_view text, std::span<const std::string> groups, Time from,
                        Time to);

/// The names of the groups that a source means, in order. Error: ResourceNotFoundException with
/// AWS's text for a name that does not exist, LimitExceededException for more than 10,000 groups.
Result<std::vector<std::string>> resolve_groups(const logs::Logs& logs, const Scope& scope,
                                                std::span<const Source> sources);

/// The names of the fields of the flow-log records in a group (`version`, `account-id`, ...) in the
/// order of the record; none if it is not known. Only asked for groups whose records do not have
/// the default format.
using FlowFormats =
    std::function<std::vector<std::string>(const Scope&, std::string_view log_group)>;

struct RunOptions {
  Scope scope;
  std::vector<std::string> log_groups;  // names
  Time from;                            // inclusive
  Time to;                              // inclusive
  FlowFormats flow_formats = {};
  Lookups lookups = {};
  /// Tasks on the runtime's workers at one time; 0: as many as the machine has cores.
  std::size_t workers = 0;
  /// How long each sub-query may run (User Guide, "30 seconds"); beyond it the run ends with
  /// LimitExceededException.
  Duration subquery_time_max = std::chrono::seconds(30);
  // Reaching one of these ends the run with LimitExceededException, which names it.
  std::size_t groups_max = 2'000'000;                   // of one `stats`, `dedup` or `pattern`
  std::size_t rows_max = 2'000'000;                     // kept by a `sort` without a `limit`
  std::size_t memory_bytes_max = std::size_t{1} << 30;  // of all that is kept between blocks
};

/// What GetQueryResults calls `statistics`.
struct Statistics {
  std::uint64_t records_matched = 0;  // passed every filter before the first other command
  std::uint64_t records_scanned = 0;
  std::uint64_t bytes_scanned = 0;    // of messages
  std::uint64_t records_skipped = 0;  // not read: the block has none that passes a filter
  std::uint64_t bytes_skipped = 0;    // the same, and what a `limit any` did not need
  std::uint64_t log_groups_scanned = 0;
};

struct Cell {
  std::string field;
  std::string value;
  bool operator==(const Cell&) const = default;
};
/// One result row; absent values are left out.
using Row = std::vector<Cell>;

enum class RunState : std::uint8_t { running, complete, failed, cancelled };

struct Snapshot {
  RunState state = RunState::running;
  std::vector<Row> rows;
  Statistics statistics;
  std::optional<Error> error;  // of a failed run
};

/// One run of a query.
///
/// Threads: every function may be called from any thread. The work is done in slices of some
/// milliseconds on the runtime's workers of low priority.
/// Lifetime: the runtime and the logs outlive the run; destroying it stops it and waits for the
/// slices that are under way.
class Run {
 public:
  /// Starts at once. `on_end` (may be empty) is called once on a worker (or by stop()) when the run
  /// is final; it may ask the run, not destroy it.
  Run(Runtime& runtime, const logs::Logs& logs, Query query, RunOptions options,
      std::function<void()> on_end = {});
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Ends a running run as cancelled, at the latest when the slices under way end.
  void stop();
  bool is_final() const;
  Statistics statistics() const;
  /// While running: the rows as if what was scanned so far were everything (none while the state is
  /// too large to be copied in a moment, or on its way into the result). Afterwards: the result.
  Snapshot snapshot() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// The event behind a row's `@ptr` with all of its discovered fields, system fields first (API
/// GetLogRecord). Error: InvalidParameterException for a text that is no pointer,
/// ResourceNotFoundException for an event that is gone.
Result<std::vector<Cell>> log_record(const logs::Logs& logs, const Scope& scope,
                                     std::string_view pointer, const FlowFormats& flow_formats);

struct FieldShare {
  std::string name;
  int percent = 0;  // of the events looked at
};
/// The fields of a group's events between two times, by falling percentage, then by name (API
/// GetLogGroupFields). Looks at up to 10,000 events.
Result<std::vector<FieldShare>> log_group_fields(const logs::Logs& logs, const Scope& scope,
                                                 std::string_view log_group, Time from, Time to,
                                                 const FlowFormats& flow_formats);

}  // namespace weir::insights
