// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "logs/logs.h"
#include "logs/types.h"
#include "store/kv_store.h"

namespace weir::logs {

/// An export task as it is kept. Times are UTC milliseconds.
struct ExportTask {
  std::string task_id;
  std::optional<std::string> task_name;
  std::string log_group_name;
  std::optional<std::string> log_stream_name_prefix;
  std::int64_t from_ms = 0;  // inclusive
  std::int64_t to_ms = 0;    // inclusive
  std::string destination;   // bucket
  std::string destination_prefix = "exportedlogs";
  std::string status = "PENDING";  // RUNNING, COMPLETED, PENDING_CANCEL, CANCELLED, FAILED
  std::string message;             // why it failed
  std::int64_t creation_time_ms = 0;
  std::optional<std::int64_t> completion_time_ms;

  static Shape shape();
};

/// Where exported files go.
///
/// Threads: any, one call at a time for each task.
class ExportSink {
 public:
  virtual ~ExportSink() = default;
  /// Whether the bucket exists for that account. Error: the store fails.
  virtual Result<bool> has_bucket(const Scope& scope, std::string_view bucket) = 0;
  /// Returns when the object is durable.
  virtual Result<void> put(const Scope& scope, std::string_view bucket, std::string_view key,
                           std::string_view bytes) = 0;
};

/// Export tasks: events of a group into gzip files of a bucket, in the background (API reference,
/// CreateExportTask).
///
/// First the object `<prefix>/aws-logs-write-test`, then for each stream, in the order of names,
/// `<prefix>/<task id>/<stream, '/' as '-'>/000000.gz` and on (a new file after
/// kFileTextBytesMax), with lines `2026-01-31T12:34:56.789Z <message>` in the order of events.
/// A task sees what was stored when it comes to the stream.
///
/// After a restart a task that was running is done again from its beginning; it writes the same
/// keys. A cancelled task ends after the block that it is reading.
///
/// Threads: every function from any thread; tasks run on workers, a block at a time, at most
/// kRunningMax at once. Memory: for each running task one compressed file and the blocks that
/// overlap in time, at most kOpenBlocksMax (with more of them events may be out of order).
/// Errors have AWS's codes and texts. Lifetime: quiesce the Runtime before.
class ExportTasks {
 public:
  struct Config {
    std::size_t active_max = 1;   // pending and running of one account and region; 1 as on AWS
    std::size_t kept_max = 1000;  // of one account and region; the oldest that ended are forgotten
  };
  static constexpr std::size_t kRunningMax = 2;
  static constexpr std::size_t kFileTextBytesMax = 64u << 20;
  static constexpr std::size_t kOpenBlocksMax = 32;

  ExportTasks(Runtime& runtime, store::KvStore& store, Logs& logs, ExportSink& sink, Config config);
  ~ExportTasks();
  ExportTasks(const ExportTasks&) = delete;
  ExportTasks& operator=(const ExportTasks&) = delete;

  /// Takes up tasks that had not ended. Once, after Logs::load().
  Result<void> load();

  /// Group, streams, times, destination and name are taken from `task`. Returns the id.
  Result<std::string> create(const Scope& scope, ExportTask task);
  struct Query {
    std::string task_id = {};
    std::string status = {};
    std::string after = {};
    std::size_t limit = 50;
  };
  /// The newest first. An unknown id gives an empty list, as on AWS.
  Result<Page<ExportTask>> list(const Scope& scope, const Query& query) const;
  Result<void> cancel(const Scope& scope, std::string_view task_id);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::logs
