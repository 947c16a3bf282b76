// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/parquet_dictionary.h"
#include "columnar/parquet_encoder.h"

namespace weir::columnar {

/// The values of one column in one row group: as places in a dictionary while values repeat, else
/// as they are.
///
/// Threads: one at a time.
class ParquetColumn {
 public:
  /// Numbers of the specification (parquet.thrift).
  enum class Encoding : std::int32_t {
    plain = 0,
    delta_binary_packed = 5,
    delta_length_byte_array = 6,
    rle_dictionary = 8,
  };
  explicit ParquetColumn(ColumnType type);

  void add_nulls(std::size_t count);
  /// `present` as in ParquetEncoder.
  void add(std::span<const std::int32_t> values, std::span<const std::uint8_t> present);
  void add(std::span<const std::int64_t> values, std::span<const std::uint8_t> present);
  void add(std::span<const std::string_view> values, std::span<const std::uint8_t> present);
  void add_v4s(std::span<const std::uint32_t> values, std::span<const std::uint8_t> present);

  std::size_t rows() const { return rows_; }
  std::size_t nulls() const { return rows_ - values_; }
  std::size_t bytes() const;
  bool has_dictionary() const { return uses_dictionary_; }
  std::size_t dictionary_values() const { return dictionary_.size(); }
  Encoding encoding() const;

  /// The values of the dictionary page: PLAIN.
  std::string_view dictionary_page() const { return dictionary_.bytes(); }
  /// The data page before compression: definition levels, then values.
  void append_data_page(std::string& out) const;
  /// PLAIN form of the least and greatest value, for statistics, and a text as its bytes; false if
  /// there is none.
  bool bounds(std::string& least, std::string& greatest) const;

  /// Forgets the values. What `before`, the same column in the row group before, has learned about
  /// the use of a dictionary stays true.
  void begin(const ParquetColumn& before);

 private:
  template <class Value>
  void add_all(std::span<const Value> values, std::span<const std::uint8_t> present);
  void add_plain(std::int64_t value) { numbers_.push_back(value); }
  void add_plain(std::string_view value);
  void add_plain(std::uint32_t v4);
  void add_plain_all(std::span<const std::int32_t> values);
  void add_plain_all(std::span<const std::int64_t> values);
  void add_plain_all(std::span<const std::string_view> values);
  void add_plain_all(std::span<const std::uint32_t> v4s);
  void check_dictionary();
  void leave_dictionary();
  void mark(std::size_t count, std::span<const std::uint8_t> present);
  void mark_all(std::size_t count, bool is_present);
  void append_levels(std::string& out) const;
  std::string number_bytes(std::int64_t value) const;

  ColumnType type_;
  bool uses_dictionary_ = true;
  std::size_t rows_ = 0;
  std::size_t values_ = 0;
  std::string defined_;  // one bit for each row, once there was a NULL
  ParquetDictionary dictionary_;
  std::vector<std::uint32_t> places_;  // with a dictionary: of the values
  std::vector<std::int64_t> numbers_;  // without: the values, or the lengths of
  std::string texts_;                  // the texts behind each other
};

}  // namespace weir::columnar
