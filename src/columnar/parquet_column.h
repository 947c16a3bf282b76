// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/parquet.h"

namespace weir::columnar {

/// The values of one column in one row group, encoded as far as can be while they come: as places
/// in a dictionary while values repeat, else plainly.
///
/// Threads: one at a time.
class ParquetColumn {
 public:
  explicit ParquetColumn(ColumnType type);

  void add_null();
  void add(std::int64_t value);
  void add(std::string_view value);

  std::size_t rows() const { return rows_; }
  std::size_t nulls() const { return rows_ - values_; }
  std::size_t bytes() const {
    return plain_.size() + dictionary_.size() + places_.size() * sizeof places_[0] +
           defined_.size();
  }
  bool has_dictionary() const { return uses_dictionary_; }
  std::size_t dictionary_values() const { return starts_.size(); }

  /// The values of the dictionary page: PLAIN.
  std::string_view dictionary_page() const { return dictionary_; }
  /// The data page before compression: definition levels, then values.
  void append_data_page(std::string& out) const;
  /// PLAIN form of the least and greatest value, for statistics, and a text as its bytes; false if
  /// there is none.
  bool bounds(std::string& least, std::string& greatest) const;
  /// Forgets the values and keeps what was learned about the column.
  void clear();

 private:
  static constexpr std::size_t kDictionaryValuesMax = 1u << 16;
  static constexpr std::size_t kDictionaryBytesMax = 1u << 20;
  static constexpr std::size_t kTrialValues = 4096;  // then at most half of them may be different
  static constexpr std::uint32_t kNoPlace = ~std::uint32_t{0};

  template <class Value>
  void add_value(Value value, std::uint64_t hash);
  template <class Value>
  std::uint32_t place_of(Value value, std::uint64_t hash);
  bool is_at(std::uint32_t place, std::int64_t value) const;
  bool is_at(std::uint32_t place, std::string_view value) const;
  void append_plain(std::string& out, std::int64_t value) const;
  void append_plain(std::string& out, std::string_view value) const;
  std::string_view entry(std::size_t place) const;
  std::int64_t number_at(std::string_view bytes) const;
  void text_bounds(std::string& least, std::string& greatest) const;
  void leave_dictionary();
  void grow_table();
  void mark(bool is_defined);

  ColumnType type_;
  bool wants_dictionary_ = true;  // learned from the row group before
  bool uses_dictionary_ = true;
  std::size_t rows_ = 0;
  std::size_t values_ = 0;
  std::string defined_;  // one bit for each row, once there was a NULL
  std::string plain_;
  std::string dictionary_;
  std::vector<std::uint32_t> starts_;  // of the entries in dictionary_
  std::vector<std::uint32_t> places_;
  std::vector<std::uint32_t> table_;   // open addressing: places by hash
  std::vector<std::uint64_t> hashes_;  // of the entries
  std::uint32_t last_place_ = kNoPlace;
};

/// Appends numbers of `bit_width` bits in the RLE and bit-packing hybrid of Parquet.
void append_hybrid(std::string& out, const std::vector<std::uint32_t>& numbers, int bit_width);

}  // namespace weir::columnar
