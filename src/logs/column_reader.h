// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "logs/column_writer.h"
#include "logs/columns.h"

namespace weir::logs {

/// Reads what pack_columns() wrote. It keeps where the columns are, not the bytes: these are given
/// with each call and are the same each time.
class ColumnReader {
 public:
  /// Nothing: damaged.
  static std::optional<ColumnReader> open(std::string_view bytes, std::size_t rows);

  std::size_t rows() const { return rows_; }
  std::size_t count() const { return parts_.size(); }
  Column::Kind kind(std::size_t column) const;
  /// Of numbers and addresses.
  std::optional<BlockColumns::Bounds> bounds(std::size_t column) const;
  bool has_nulls(std::size_t column) const { return parts_[column].null_count > 0; }
  std::span<const std::uint32_t> odd_rows() const { return odd_rows_; }
  std::string_view odd_line(std::size_t index) const;

  /// False: damaged.
  bool read(std::string_view bytes, std::size_t column, Column& out) const;
  /// Only the words of a column of text (the dictionary of `out`).
  bool read_words(std::string_view bytes, std::size_t column, Column& out) const;
  /// False: the column has no such token; true also where it cannot be told without its rows.
  bool may_have(std::string_view bytes, std::size_t column, std::string_view token) const;
  /// The lines as they were, one after the other, of `size` bytes together. False: damaged.
  bool read_text(std::string_view bytes, std::size_t size, std::string& text,
                 std::vector<std::uint32_t>& ends) const;
  /// The same with empty lines in place of all but `rows`, which ascend.
  bool read_lines(std::string_view bytes, std::span<const std::uint32_t> rows, std::size_t size,
                  std::string& text, std::vector<std::uint32_t>& ends) const;
  /// A column as it is stored, unpacked as little as can be.
  struct Stored {
    std::vector<std::uint32_t> addresses;  // of each row, or the distinct ones
    std::vector<std::uint64_t> numbers;    // the same
    std::vector<std::uint32_t> codes;      // which of them, or of the words, each row has; empty:
                                           // there is one for each row
    std::string nulls;                     // 1 for each row with `-`; empty: none
  };
  /// Without the words of a column of text.
  bool read_stored(std::string_view bytes, std::size_t column, Stored& out) const;

 private:
  struct Part {
    std::size_t begin = 0;  // of what the form says
    std::size_t size = 0;
    ColumnForm form = ColumnForm::words;
    std::uint64_t least = 0;
    std::uint64_t greatest = 0;
    std::uint64_t null_count = 0;
  };

  bool write_lines(std::string_view bytes, std::optional<std::span<const std::uint32_t>> wanted,
                   std::size_t size, std::string& text, std::vector<std::uint32_t>& ends) const;
  bool open_part(std::string_view all, std::string_view bytes);
  bool open_odd_rows(ByteReader& reader);
  bool take_words(ByteReader& reader, Column& out) const;
  template <class Number>
  bool may_have_number(ByteReader reader, const Part& part, Number number) const;
  template <class Number>
  bool take_values(ByteReader& reader, const Part& part, std::vector<Number>& values) const;
  template <class Number>
  bool take_distinct(ByteReader& reader, const Part& part, std::vector<Number>& values,
                     std::vector<std::uint32_t>& codes) const;

  std::size_t rows_ = 0;
  std::vector<Part> parts_;
  std::vector<std::uint32_t> odd_rows_;
  std::vector<std::uint32_t> odd_ends_;
  std::string odd_text_;
};

/// Writes values as they stood in the text. `out` has room for kValueBytesMax bytes; the answer is
/// where the value ends.
inline constexpr std::size_t kValueBytesMax = 20;
char* write_number(char* out, std::uint64_t number);
char* write_address(char* out, std::uint32_t address);

}  // namespace weir::logs
