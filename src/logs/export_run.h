// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logs/export_tasks.h"
#include "logs/scan.h"

namespace weir::logs {

/// The work of one export task, done in steps.
///
/// Threads: one at a time.
class ExportRun {
 public:
  ExportRun(Logs& logs, ExportSink& sink, Scope scope, ExportTask task);

  /// Reads and writes a bounded amount. False when everything is written.
  Result<bool> step();

 private:
  /// A block whose events are not all written, its rows in order of time.
  struct OpenBlock {
    ScannedBlock block;
    std::vector<std::size_t> rows;
    std::size_t next = 0;

    EventId head() const { return block.id(rows[next]); }
  };

  Result<void> begin();
  Result<void> begin_stream();
  Result<bool> next_block();
  /// Writes the open events that come before `end`, or all.
  Result<void> write_before(const std::optional<EventId>& end);
  Result<void> write_line(const EventId& id, std::string_view message);
  void compress();
  Result<void> end_file();
  std::string key_of_file() const;

  Logs& logs_;
  ExportSink& sink_;
  const Scope scope_;
  const ExportTask task_;
  bool has_begun_ = false;
  std::vector<std::string> streams_;
  std::size_t stream_ = 0;  // its place
  std::optional<Scan> scan_;
  std::vector<OpenBlock> open_;
  std::string text_;  // not compressed yet
  std::string file_;  // gzip members
  std::size_t file_text_bytes_ = 0;
  int file_number_ = 0;
};

}  // namespace weir::logs
