// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "columnar/flow_rows.h"
#include "flow/columns.h"
#include "flow/format.h"

namespace weir::import {

/// What stands around a record in its container.
struct Around {
  std::optional<Time> time = {};  // of the log event
  std::string_view stream = {};   // its log stream
};

/// Flow-log records of one format and one source, in its order: what every file format is turned
/// into. Valid during the call that it is passed to only.
class Batch {
 public:
  /// `rows` has looked at `columns`. `numbers` has one for each row: of its line, event or row in
  /// the source, from 1. `around`, too, unless it is empty: then nothing is around them.
  Batch(const flow::Columns& columns, columnar::FlowRows& rows,
        std::span<const std::uint64_t> numbers, std::span<const Around> around)
      : columns_(columns),
        rows_(rows),
        numbers_(numbers),
        around_(around),
        start_(place(flow::Field::start)),
        end_(place(flow::Field::end)) {}

  std::size_t size() const { return columns_.rows(); }
  const flow::Format& format() const { return columns_.format(); }
  /// All fields of the format, typed.
  const flow::Columns& columns() const { return columns_; }
  columnar::FlowRows& rows() const { return rows_; }
  std::uint64_t number(std::size_t row) const { return numbers_[row]; }
  Around around(std::size_t row) const { return around_.empty() ? Around{} : around_[row]; }

  /// The record with one blank between any two values; `joined` is where it is put together if need
  /// be.
  std::string_view line(std::size_t row, std::string& joined) const;
  /// The value of a text column as it stands there; "" if the format does not have the field or the
  /// value is `-`.
  std::string_view text(flow::Field field, std::size_t row) const;

  /// Start of the record, else its end, else the time of the log event. Where the format has
  /// neither start nor end and there is no event, that of the file. Nothing if all that are missing
  /// or unreadable.
  std::optional<Time> time_of(std::size_t row) const;
  /// The same, but end before start.
  std::optional<Time> end_of(std::size_t row) const;
  /// The end_of() of all rows as Unix seconds, where they can be had at once: every record has an
  /// end within what a time can be. Else empty.
  std::span<const std::int64_t> ends() const { return all_seconds(end_); }
  /// The least and greatest time_of() of all rows that have one.
  struct Span {
    std::optional<Time> first;
    std::optional<Time> last;
    void add(std::optional<Time> time);
  };
  Span span() const;

  /// That of the file around the records: for formats without start and end only.
  void set_file_time(Time time) { file_time_ = time; }

 private:
  int place(flow::Field field) const;
  std::span<const std::int64_t> all_seconds(int place) const;
  std::optional<Time> seconds_at(int place, std::size_t row) const;
  std::optional<Time> first_of(int place, int other, std::size_t row) const;

  const flow::Columns& columns_;
  columnar::FlowRows& rows_;
  const std::span<const std::uint64_t> numbers_;
  const std::span<const Around> around_;
  const int start_;  // places in the format; -1 if it does not have them
  const int end_;
  Time file_time_;
};

/// Something in a source that is no record and is not guessed to be one.
struct Damage {
  std::uint64_t number = 0;  // as Batch::number()
  std::string reason;
  std::string text;         // its beginning
  std::uint64_t count = 1;  // it, and lines behind it that are not shown
};

/// Receives what a reader finds, in the order of the source.
class Visitor {
 public:
  virtual ~Visitor() = default;
  /// An Error ends the reading and is its result. What cannot be taken although it is a record is
  /// reported with on_damage() by the visitor itself.
  virtual Result<void> on_batch(Batch& batch) = 0;
  virtual void on_damage(Damage damage) = 0;
};

}  // namespace weir::import
