// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "columnar/flow_rows.h"
#include "flow/columns.h"
#include "flow/format.h"
#include "import/batch.h"

namespace weir::import {

/// Turns text into batches of records: knows headers, the time in front of a line of a CloudWatch
/// Logs export, extra blanks, and the format in force.
///
/// A header decides from there on; without one the given format; without that the first line, where
/// flow::Format::detect() can tell. A line with another number of values is damaged: nothing is
/// guessed.
///
/// Records come by text(), or by line() and values(), for one source not by both.
///
/// Threads: one at a time. Memory: one piece of text and one line, or what line() gathers, at most
/// kGatheredBytes and one line.
class BatchReader {
 public:
  static constexpr std::size_t kGatheredBytes = 256u << 10;
  static constexpr std::size_t kGatheredLines = 2048;
  static constexpr std::size_t kFormatsMax = 64;  // different ones in one source

  BatchReader(std::optional<flow::Format> format, Visitor& visitor);
  BatchReader(const BatchReader&) = delete;
  BatchReader& operator=(const BatchReader&) = delete;

  // Each Error: of the visitor, or more than kFormatsMax formats.

  /// The next piece of a text file, cut anywhere; `is_end`: nothing follows. Error also: a line of
  /// an export of more than columnar::LineReader::kLineBytesMax bytes.
  Result<void> text(std::string_view piece, bool is_end);

  /// A record, header or nothing; the visitor may see it later, flush() at the latest.
  Result<void> line(std::string_view text, std::uint64_t number, const Around& around = {});
  /// A record of the format in force, value by value.
  Result<void> values(std::span<const std::string_view> values, std::uint64_t number,
                      const Around& around = {});
  Result<void> flush();
  void damage(std::uint64_t number, std::string reason, std::string_view text);

  /// Makes a format the one in force.
  void use(flow::Format format);
  /// What was used last; nothing if no line could tell.
  const std::optional<flow::Format>& format() const { return reader_.format(); }

 private:
  Result<bool> take_export_line(std::string_view rest, bool is_end);
  Result<std::size_t> read(std::string_view text, bool is_end);
  bool has_export_line() const;
  void gather(std::string_view text, std::uint64_t number, const Around& around);
  Result<void> flush_if_full();
  std::uint64_t number_of(std::uint64_t line) const;
  void show_refused(std::string_view text, std::uint64_t count_before);
  std::string reason(std::string_view line) const;
  Result<void> check_format();
  std::uint64_t find_rows(std::string_view text);

  Visitor& visitor_;
  flow::ColumnReader reader_;
  flow::Columns columns_;
  columnar::FlowRows rows_;
  std::vector<flow::Format> formats_;   // that were emitted
  std::vector<std::uint64_t> numbers_;  // of the batch
  std::vector<Around> around_;
  std::uint64_t lines_ = 0;  // before the text that is read next: of text() or of what is gathered
  bool is_export_ = false;

  std::string buffer_;  // of text()
  std::size_t at_ = 0;

  std::string gathered_;
  struct Origin {
    std::uint64_t number = 0;
    Around around;
  };
  std::vector<Origin> gathered_from_;  // one for each line
  std::deque<std::string> streams_;    // that they name
};

/// `2022-03-03 19:00:40.000` or ISO 8601; nothing otherwise.
std::optional<Time> read_time(std::string_view text);

}  // namespace weir::import
