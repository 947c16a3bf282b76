// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "flow/field.h"
#include "flow/format.h"
#include "flow/record.h"
#include "net/address.h"

namespace weir::flow {

/// A piece of the text that a batch was read from.
struct Slice {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

/// What stands in one row of a column.
enum class Cell : std::uint8_t {
  absent,  // `-`, or the format has no such field
  value,   // of an address column: IPv4
  v6,      // address columns only
  odd,     // does not read as the type of its field (a redacted address, leading zeros, overflow)
};

/// One field of all rows of a batch, in arrays.
class Column {
 public:
  /// How the values are held; `text` may be asked for of any field.
  enum class Form : std::uint8_t { int32, int64, address, text };

  Field field() const { return field_; }
  Form form() const { return form_; }
  std::span<const Cell> cells() const { return {cells_.data(), rows_}; }
  /// The array of the column's form; the others are empty. Where the cell is no value the content
  /// means nothing.
  std::span<const std::int32_t> int32s() const { return first_rows(int32s_); }
  std::span<const std::int64_t> int64s() const { return first_rows(int64s_); }
  std::span<const Slice> slices() const { return first_rows(slices_); }
  /// Cell::value: the IPv4 address in host order. Cell::v6: where in `v6s()` it stands.
  std::span<const std::uint32_t> v4s() const { return first_rows(v4s_); }
  std::span<const net::Address> v6s() const { return v6s_; }

  /// None if the cell holds no address.
  net::Address address(std::size_t row) const;
  std::optional<std::int64_t> number(std::size_t row) const;

 private:
  friend class Columns;
  friend class ColumnReader;
  template <class T>
  std::span<const T> first_rows(const std::vector<T>& all) const {
    return std::span(all).first(all.empty() ? 0 : rows_);
  }

  Field field_ = Field::version;
  Form form_ = Form::text;
  std::optional<std::uint32_t> source_;  // which word of the line; nothing: not in the format
  std::size_t rows_ = 0;
  std::vector<Cell> cells_;  // these have the size of the batch's most rows
  std::vector<std::int32_t> int32s_;
  std::vector<std::int64_t> int64s_;
  std::vector<Slice> slices_;
  std::vector<std::uint32_t> v4s_;
  std::vector<net::Address> v6s_;
};

/// Some records in typed columns. Filled by a ColumnReader, which reuses the memory.
///
/// Slices and texts point into the text that was read, which must outlive their use.
class Columns {
 public:
  std::size_t rows() const { return rows_; }
  /// What was asked for, in that order.
  std::span<const Column> columns() const { return columns_; }
  /// nullptr if it was not asked for.
  const Column* find(Field field) const;
  /// The one of all rows.
  const Format& format() const { return format_; }
  std::string_view text(Slice slice) const { return text_.substr(slice.offset, slice.length); }
  /// The record as it stands in the text, without end of line.
  std::string_view line(std::size_t row) const { return text(lines_[row]); }
  /// Of a cell that is odd: the value as it stands in the text; empty for other cells.
  std::string_view odd(std::size_t column, std::size_t row) const;
  /// The value as it stands in a text record: what was read, character by character.
  void append_value(std::size_t column, std::size_t row, std::string& out) const;
  /// The row with the fields that were asked for. Texts are slices of the text that was read.
  void read(std::size_t row, Record& out) const;

 private:
  friend class ColumnReader;
  struct Odd {
    std::uint32_t column;
    std::uint32_t row;
    Slice slice;
  };

  std::string_view text_;
  Format format_ = Format::standard();
  std::size_t rows_ = 0;
  std::vector<Column> columns_;
  std::vector<Slice> lines_;
  std::vector<Odd> odd_;  // ordered by column and row
};

/// Which instructions read the columns; all give the same result.
enum class Simd : std::uint8_t { portable, avx2, avx512 };
bool is_supported(Simd simd);
/// The best that this processor has.
Simd best_simd();

/// From the text of flow logs to typed columns, many times as fast as record by record (`Reader`),
/// with the same result: headers take over, empty lines are passed over, CRLF, tabs, repeated
/// blanks and a missing last newline are survived, lines that do not fit are counted and shown.
///
///     ColumnReader reader({.fields = {{Field::srcaddr}, {Field::bytes}}});
///     while (const std::size_t n = reader.read(buffer, is_end, columns)) {
///       use(columns);             // may have no rows, e.g. of a header
///       buffer.remove_prefix(n);
///     }
///     // not is_end: what is left is the beginning of a line; add more text behind it and go on
///
/// A batch ends at `rows_max` rows and before a header that changes the format.
///
/// Threads: one. Memory: fixed by `rows_max` and the number of columns; nothing is allocated for
/// rows but IPv6 addresses and odd values.
class ColumnReader {
 public:
  static constexpr std::size_t kRowsMax = 1u << 20;
  /// A longer line is refused, and need not fit into the caller's buffer.
  static constexpr std::size_t kLineMax = 64u << 10;
  /// Lines that refused() shows of one batch.
  static constexpr std::size_t kRefusedMax = 64;

  struct Wanted {
    Field field;
    bool as_text = false;  // slices, whatever the type
  };
  struct Config {
    /// Without one, a header or the first line decides (Format::detect).
    std::optional<Format> format = std::nullopt;
    /// Empty: all fields of the batch's format.
    std::vector<Wanted> fields = {};
    std::size_t rows_max = 2048;              // of a batch, 1 to kRowsMax
    std::optional<Simd> simd = std::nullopt;  // nothing: best_simd()
  };
  using Stats = Reader::Stats;
  struct Refused {
    std::uint64_t line = 0;  // 1-based, counted from the first text
    Slice text;
  };

  /// With the default configuration.
  ColumnReader();
  explicit ColumnReader(Config config);
  ~ColumnReader();
  ColumnReader(ColumnReader&&) noexcept;
  ColumnReader& operator=(ColumnReader&&) noexcept;

  /// Reads lines from the front of `text` (of more than 1 GiB only the front is looked at), which
  /// continues what was passed before. Returns how many bytes it is done with; 0 if there is no
  /// whole line. `is_end`: nothing follows, so the last line needs no newline.
  std::size_t read(std::string_view text, bool is_end, Columns& out);

  const Stats& stats() const { return stats_; }
  /// Lines of the last batch that did not fit, the first kRefusedMax of them.
  std::span<const Refused> refused() const { return refused_; }
  /// Nothing before the first line, or if no line could tell.
  const std::optional<Format>& format() const { return config_.format; }

 private:
  struct Scratch;
  enum class Next : std::uint8_t { go_on, stop };

  void begin(std::string_view text, Columns& out);
  void shape(Columns& out) const;
  void set_format(Format format, Columns& out);
  std::size_t take_scanned(std::size_t from, std::uint32_t newlines, bool has_gaps, Columns& out,
                           Next& next);
  std::uint32_t take_usual(std::uint32_t i, std::uint32_t newlines, std::uint32_t begin,
                           std::uint32_t blank, Columns& out);
  bool is_plain(std::uint32_t begin, std::uint32_t first, std::uint32_t newline,
                bool has_gaps) const;
  void convert(Columns& out);
  void convert(Column& column, std::uint32_t index, std::size_t count, Columns& out);
  Next take_line(std::size_t begin, std::size_t end, Columns& out);
  Next take_header(std::string_view line, std::size_t begin, Columns& out);
  void take_row(std::size_t begin, std::size_t end, Columns& out);
  void put(Column& column, std::uint32_t index, std::size_t row, Slice word, Columns& out) const;
  void refuse(std::size_t begin, std::size_t end);
  bool skip_long_line(std::string_view text, std::size_t& at);

  Config config_;
  Stats stats_;
  std::vector<Refused> refused_;
  std::unique_ptr<Scratch> scratch_;
  std::string_view text_;
  std::uint64_t line_ = 0;     // of the line last looked at
  std::uint32_t words_ = 0;    // of a record of the format
  std::uint32_t numeric_ = 0;  // a word that begins with a letter in headers only, if there is one
  bool is_in_long_line_ = false;
  bool is_first_ = true;  // a byte order mark may come
};

}  // namespace weir::flow
