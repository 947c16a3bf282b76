// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstring>

#include "columnar/parquet_bytes.h"
#include "net/address.h"

namespace weir::columnar {
namespace {

// A dictionary is given up when that many values are different and they are more than this share of
// all.
struct Trial {
  std::size_t different;
  std::size_t of_all_max;  // in eighths
};
constexpr std::array<Trial, 2> kTrials = {{{3584, 7}, {16'384, 4}}};

constexpr std::size_t kV4TextMax = 15;

/// Eight bytes of 0 or 1 as bits, the first as the least.
std::uint8_t bits_of(const std::uint8_t* bytes) {
  return static_cast<std::uint8_t>(
      (read_fixed<std::uint64_t>(reinterpret_cast<const char*>(bytes)) * 0x0102040810204080U) >>
      56);
}

}  // namespace

ParquetColumn::ParquetColumn(ColumnType type) : type_(type), dictionary_(type) {}

std::size_t ParquetColumn::bytes() const {
  return dictionary_.bytes().size() + places_.size() * sizeof places_[0] +
         numbers_.size() * sizeof numbers_[0] + texts_.size() + defined_.size();
}

ParquetColumn::Encoding ParquetColumn::encoding() const {
  if (uses_dictionary_) return Encoding::rle_dictionary;
  return type_ == ColumnType::string ? Encoding::delta_length_byte_array
                                     : Encoding::delta_binary_packed;
}

// ---- Which rows have a value ----

void ParquetColumn::mark_all(std::size_t count, bool is_present) {
  if (defined_.empty() && is_present) {
    rows_ += count;
    return;
  }
  if (defined_.empty()) defined_.assign((rows_ + 7) / 8, '\xff');  // all rows before
  defined_.resize((rows_ + count + 7) / 8, is_present ? '\xff' : '\0');
  for (; count > 0 && rows_ % 8 != 0; --count, ++rows_) {
    const unsigned bit = 1u << (rows_ % 8);
    const unsigned old = static_cast<unsigned char>(defined_[rows_ / 8]);
    defined_[rows_ / 8] = static_cast<char>(is_present ? old | bit : old & ~bit);
  }
  rows_ += count;
}

void ParquetColumn::mark(std::size_t count, std::span<const std::uint8_t> present) {
  if (present.empty()) return mark_all(count, true);
  if (defined_.empty()) defined_.assign((rows_ + 7) / 8, '\xff');
  std::size_t i = 0;
  for (; i < count && rows_ % 8 != 0; ++i) mark_all(1, present[i] != 0);
  for (; i + 8 <= count; i += 8, rows_ += 8) {
    defined_ += static_cast<char>(bits_of(present.data() + i));
  }
  for (; i < count; ++i) mark_all(1, present[i] != 0);
}

void ParquetColumn::append_levels(std::string& out) const {
  std::string levels;
  if (defined_.empty() || values_ == 0) {
    append_varint(levels, rows_ << 1);
    levels += values_ == 0 ? '\0' : '\1';
  } else {
    const std::size_t groups = (rows_ + 7) / 8;
    append_varint(levels, (groups << 1) | 1);
    levels += std::string_view(defined_).substr(0, groups);
  }
  append_fixed(out, static_cast<std::uint32_t>(levels.size()));
  out += levels;
}

// ---- Values ----

void ParquetColumn::add_nulls(std::size_t count) { mark_all(count, false); }

void ParquetColumn::add(std::span<const std::int32_t> values,
                        std::span<const std::uint8_t> present) {
  add_all(values, present);
}
void ParquetColumn::add(std::span<const std::int64_t> values,
                        std::span<const std::uint8_t> present) {
  add_all(values, present);
}
void ParquetColumn::add(std::span<const std::string_view> values,
                        std::span<const std::uint8_t> present) {
  add_all(values, present);
}
void ParquetColumn::add_v4s(std::span<const std::uint32_t> values,
                            std::span<const std::uint8_t> present) {
  add_all(values, present);
}

template <class Value>
void ParquetColumn::add_all(std::span<const Value> values, std::span<const std::uint8_t> present) {
  using Wide = std::conditional_t<std::same_as<Value, std::int32_t>, std::int64_t, Value>;
  mark(values.size(), present);
  const auto is_present = [&](std::size_t i) { return present.empty() || present[i] != 0; };
  std::size_t i = 0;
  while (i < values.size() && uses_dictionary_) {
    const std::size_t different = dictionary_.size();
    for (; i < values.size() && dictionary_.size() == different; ++i) {
      if (is_present(i)) places_.push_back(dictionary_.place_of(Wide{values[i]}));
    }
    values_ = places_.size();
    if (dictionary_.size() != different) check_dictionary();
  }
  if (i == values.size()) return;
  if (present.empty()) {
    values_ += values.size() - i;
    return add_plain_all(values.subspan(i));
  }
  for (; i < values.size(); ++i) {
    if (!is_present(i)) continue;
    ++values_;
    add_plain(Wide{values[i]});
  }
}

void ParquetColumn::add_plain(std::string_view value) {
  numbers_.push_back(static_cast<std::int64_t>(value.size()));
  texts_ += value;
}

void ParquetColumn::add_plain(std::uint32_t v4) { add_plain_all(std::span(&v4, 1)); }

void ParquetColumn::add_plain_all(std::span<const std::int32_t> values) {
  numbers_.insert(numbers_.end(), values.begin(), values.end());
}
void ParquetColumn::add_plain_all(std::span<const std::int64_t> values) {
  numbers_.insert(numbers_.end(), values.begin(), values.end());
}
void ParquetColumn::add_plain_all(std::span<const std::string_view> values) {
  for (const std::string_view value : values) add_plain(value);
}

void ParquetColumn::add_plain_all(std::span<const std::uint32_t> v4s) {
  const std::size_t before = texts_.size();
  const std::size_t numbers_before = numbers_.size();
  texts_.resize(before + v4s.size() * kV4TextMax + net::Address::kWriteMax);
  numbers_.resize(numbers_before + v4s.size());
  char* at = texts_.data() + before;
  std::int64_t* length = numbers_.data() + numbers_before;
  for (const std::uint32_t v4 : v4s) {
    char* const end = net::Address::v4(v4).write(at);
    *length++ = end - at;
    at = end;
  }
  texts_.resize(static_cast<std::size_t>(at - texts_.data()));
}

void ParquetColumn::check_dictionary() {
  bool is_given_up = dictionary_.is_overfull();
  for (const Trial& trial : kTrials) {
    is_given_up |=
        dictionary_.size() == trial.different && trial.different * 8 > values_ * trial.of_all_max;
  }
  if (is_given_up) leave_dictionary();
}

void ParquetColumn::leave_dictionary() {
  for (const std::uint32_t place : places_) {
    if (type_ == ColumnType::string) {
      add_plain(dictionary_.text(place));
    } else {
      add_plain(dictionary_.number(place));
    }
  }
  uses_dictionary_ = false;
  places_.clear();
  dictionary_ = ParquetDictionary(type_);
}

void ParquetColumn::append_data_page(std::string& out) const {
  append_levels(out);
  if (uses_dictionary_) {
    const int bit_width =
        static_cast<int>(std::bit_width(std::max<std::size_t>(dictionary_.size(), 2) - 1));
    out += static_cast<char>(bit_width);
    append_hybrid(out, places_, bit_width);
    return;
  }
  append_delta(out, numbers_, type_ == ColumnType::int64 ? 64 : 32);
  out += texts_;
}

// ---- Statistics ----

std::string ParquetColumn::number_bytes(std::int64_t value) const {
  std::string bytes;
  if (type_ == ColumnType::int32) {
    append_fixed(bytes, static_cast<std::int32_t>(value));
  } else {
    append_fixed(bytes, value);
  }
  return bytes;
}

bool ParquetColumn::bounds(std::string& least, std::string& greatest) const {
  if (values_ == 0) return false;
  const std::size_t count = uses_dictionary_ ? dictionary_.size() : numbers_.size();
  if (type_ != ColumnType::string) {
    const auto at = [&](std::size_t i) {
      return uses_dictionary_ ? dictionary_.number(i) : numbers_[i];
    };
    std::int64_t low = at(0);
    std::int64_t high = low;
    for (std::size_t i = 1; i < count; ++i) {
      low = std::min(low, at(i));
      high = std::max(high, at(i));
    }
    least = number_bytes(low);
    greatest = number_bytes(high);
    return true;
  }
  std::size_t from = 0;
  const auto next = [&](std::size_t i) {
    if (uses_dictionary_) return dictionary_.text(i);
    const auto size = static_cast<std::size_t>(numbers_[i]);
    from += size;
    return std::string_view(texts_).substr(from - size, size);
  };
  std::string_view low = next(0);
  std::string_view high = low;
  for (std::size_t i = 1; i < count; ++i) {
    const std::string_view text = next(i);
    if (text < low) low = text;
    if (high < text) high = text;
  }
  least = low;
  greatest = high;
  return true;
}

void ParquetColumn::begin(const ParquetColumn& before) {
  uses_dictionary_ = before.uses_dictionary_;
  rows_ = values_ = 0;
  defined_.clear();
  dictionary_.clear();
  places_.clear();
  numbers_.clear();
  texts_.clear();
  // As many values are to be expected as there were.
  places_.reserve(before.places_.size());
  numbers_.reserve(before.numbers_.size());
  texts_.reserve(before.texts_.size());
}

}  // namespace weir::columnar
