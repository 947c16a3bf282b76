// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "flow/field.h"
#include "flow/record.h"

namespace weir::flow {

/// The field list of a flow log: which fields stand in a record, in which order.
///
/// Threads: immutable; share freely.
class Format {
 public:
  /// Fields in one format. AWS states no number; this admits every field twice.
  static constexpr std::size_t kFieldsMax = 128;

  /// AWS's default format: the 14 fields of version 2.
  static const Format& standard();
  /// `${version} ${account-id} ...`: items separated by one space, at least one, each field once.
  /// The empty text means the default, as in CreateFlowLogs. Error: InvalidParameter with AWS's
  /// text for a wrong shape ("1 validation error detected: Value '...' at 'logFormat' has an
  /// invalid format"), and the same followed by the name for an unknown field.
  static Result<Format> parse(std::string_view log_format);
  /// The first line of an S3 text object: field names, separated by blanks; column names
  /// (`tcp_flags`) too. Error: kind invalid, names the unknown field.
  static Result<Format> from_header(std::string_view line);
  static Result<Format> from_fields(std::vector<Field> fields);
  /// The fields of versions 2 to `version` in table order (14 fields for 2, 21 for 3, ..., 54 for
  /// 11).
  static Format all(int version = 11);
  /// What `line` most likely holds: its own field names if it is a header, else the only
  /// table-order format with that many fields. Refuses to guess otherwise (Error: kind invalid).
  static Result<Format> detect(std::string_view line);
  /// Whether the line is a header: every word is the name of a field.
  static bool is_header(std::string_view line);

  std::span<const Field> fields() const { return fields_; }
  bool has(Field field) const;
  /// The highest version among its fields: what stands in the field `version`.
  int version() const { return version_; }
  /// `${version} ${account-id} ...`
  std::string text() const;
  /// `version account-id ...`, the first line of a text object (no newline).
  std::string header() const;

  /// Appends the record as a line without newline. Where the record has no `version`, the format's
  /// stands.
  void append(const Record& record, std::string& out) const;
  std::string line(const Record& record) const;

  /// Reads one line (a CR or LF at its end and extra blanks are ignored) into `out`, which then
  /// holds slices of `line`. Nothing is allocated unless a value is odd. False if the number of
  /// fields does not fit; `out` is then unspecified.
  bool read(std::string_view line, Record& out) const;
  /// Reads one value as it stands in a text record. `out` holds slices of it.
  static void read_value(Field field, std::string_view value, Record& out);

  bool operator==(const Format& other) const { return fields_ == other.fields_; }

 private:
  struct Slot {
    Field field;
    FieldKind kind;
    std::uint8_t slot;
  };
  explicit Format(std::vector<Field> fields);
  static void read_value(const Slot& slot, const char* line, std::string_view value, Record& out);

  std::vector<Field> fields_;
  std::vector<Slot> slots_;
  int version_ = 2;
};

/// Walks the records of a text (an S3 object, a file, pasted lines): skips headers and empty lines,
/// survives CRLF, a missing last newline and lines that do not fit, which it counts.
class Reader {
 public:
  struct Stats {
    std::uint64_t records = 0;
    std::uint64_t headers = 0;
    std::uint64_t lines_refused = 0;
    std::uint64_t line_first_refused = 0;  // 1-based; 0 if none
  };
  /// `text` must outlive the reader and the records. Without `format`, a header or the first line
  /// decides (Format::detect); a header line in the text always takes over from there on.
  explicit Reader(std::string_view text, std::optional<Format> format = std::nullopt);

  /// False at the end of the text.
  bool next(Record& out);
  const Stats& stats() const { return stats_; }
  /// The one in use; nothing before the first line, or if no line could tell.
  const std::optional<Format>& format() const { return format_; }

 private:
  void take_header(std::string_view line);
  void refuse();

  std::string_view rest_;
  std::optional<Format> format_;
  Stats stats_;
  std::uint64_t line_ = 0;
};

}  // namespace weir::flow
