// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/parquet.h"

namespace weir::columnar {

/// The different values of one column of a row group, numbered in the order in which they came.
///
/// Threads: one at a time.
class ParquetDictionary {
 public:
  static constexpr std::size_t kValuesMax = 1u << 16;
  static constexpr std::size_t kBytesMax = 1u << 20;

  explicit ParquetDictionary(ColumnType type) : type_(type) {}

  /// The number of the value, which is new or was there.
  std::uint32_t place_of(std::int64_t value) {
    if (static_cast<std::uint64_t>(value) < small_.size()) {
      const std::uint32_t place = small_[static_cast<std::size_t>(value)];
      if (place != kNoPlace) return place;
    }
    return find_number(value);
  }
  std::uint32_t place_of(std::string_view value);
  /// An IPv4 address in host order, which stands there as text. A value that comes as an address
  /// never comes as text.
  std::uint32_t place_of(std::uint32_t v4);

  std::size_t size() const { return starts_.size(); }
  /// The values in PLAIN form.
  std::string_view bytes() const { return bytes_; }
  std::int64_t number(std::size_t place) const;
  std::string_view text(std::size_t place) const;
  /// Too many values, or values that somebody has chosen to stand in each other's way.
  bool is_overfull() const {
    return size() > kValuesMax || bytes_.size() > kBytesMax || has_long_search_;
  }
  void clear();

 private:
  static constexpr std::size_t kStepsMax = 256;  // of a search
  static constexpr std::uint32_t kNoPlace = ~std::uint32_t{0};
  static constexpr std::int64_t kSmall = 1 << 16;

  /// Places by a tag of 32 bits, from which the slot follows; open addressing.
  struct Table {
    struct Slot {
      std::uint32_t tag = 0;
      std::uint32_t place = kNoPlace;
    };
    std::vector<Slot> slots;
    std::size_t used = 0;
    int shift = 64;

    std::size_t first(std::uint32_t tag) const {
      return static_cast<std::size_t>((tag * 0x9e3779b97f4a7c15U) >> shift);
    }
    void grow();
    void clear();
  };
  std::uint32_t find_number(std::int64_t value);
  std::uint32_t add_number(std::int64_t value);
  void add_text(std::string_view value);
  template <class Is, class Append>
  std::uint32_t find(Table& table, std::uint32_t tag, const Is& is, const Append& append);

  ColumnType type_;
  bool has_long_search_ = false;
  std::string bytes_;
  std::vector<std::uint32_t> starts_;  // of the values in bytes_
  std::vector<std::uint32_t> small_;   // places of the numbers below kSmall: ports, protocols
  Table numbers_;                      // of the others
  Table texts_;                        // by hash
  Table v4s_;                          // by themselves
  std::uint32_t last_ = kNoPlace;
};

}  // namespace weir::columnar
