// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet_column.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace weir::columnar {
namespace {

constexpr std::size_t kTableSizeFirst = 1024;

std::uint64_t mix(std::uint64_t word) {
  word *= 0x9e3779b97f4a7c15U;
  return word ^ (word >> 32);
}

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = text.size();
  while (text.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data(), 8);
    hash = mix(hash ^ word);
    text.remove_prefix(8);
  }
  std::uint64_t word = 0;
  std::memcpy(&word, text.data(), text.size());
  return mix(hash ^ word);
}

template <class Number>
Number little_endian(Number number) {
  if constexpr (std::endian::native == std::endian::big) {
    return sizeof number == 4
               ? static_cast<Number>(__builtin_bswap32(static_cast<unsigned>(number)))
               : static_cast<Number>(__builtin_bswap64(number));
  }
  return number;
}

template <class Number>
void append_little_endian(std::string& out, Number number) {
  const Number value = little_endian(number);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class Number>
Number read_little_endian(const char* at) {
  Number number;
  std::memcpy(&number, at, sizeof number);
  return little_endian(number);
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

/// `count` numbers from `from` on, filled up with zeros to a multiple of eight.
void append_packed(std::string& out, const std::uint32_t* from, std::size_t count, int bit_width) {
  const std::size_t groups = (count + 7) / 8;
  append_varint(out, (groups << 1) | 1);
  std::uint64_t bits = 0;
  int filled = 0;
  for (std::size_t i = 0; i < groups * 8; ++i) {
    bits |= std::uint64_t{i < count ? from[i] : 0} << filled;
    for (filled += bit_width; filled >= 8; filled -= 8, bits >>= 8) out += static_cast<char>(bits);
  }
}

}  // namespace

void append_hybrid(std::string& out, const std::vector<std::uint32_t>& numbers, int bit_width) {
  constexpr std::size_t kRunMin = 16;
  const int bytes = (bit_width + 7) / 8;
  std::size_t packed_from = 0;  // numbers that wait to be bit-packed
  std::size_t at = 0;
  while (at < numbers.size()) {
    std::size_t end = at + 1;
    while (end < numbers.size() && numbers[end] == numbers[at]) ++end;
    // What is packed comes in groups of eight, so it takes the first of a run as filling.
    const std::size_t filling = (8 - (at - packed_from) % 8) % 8;
    if (end - at >= kRunMin + filling || (end == numbers.size() && at == packed_from)) {
      const std::size_t run_from = at + (at > packed_from ? filling : 0);
      if (run_from > packed_from) {
        append_packed(out, &numbers[packed_from], run_from - packed_from, bit_width);
      }
      append_varint(out, (end - run_from) << 1);
      for (int i = 0; i < bytes; ++i) out += static_cast<char>(numbers[at] >> (8 * i));
      packed_from = end;
    }
    at = end;
  }
  if (packed_from < numbers.size()) {
    append_packed(out, &numbers[packed_from], numbers.size() - packed_from, bit_width);
  }
}

ParquetColumn::ParquetColumn(ColumnType type) : type_(type) {}

void ParquetColumn::mark(bool is_defined) {
  if (defined_.empty() && is_defined) {
    ++rows_;
    return;
  }
  if (defined_.empty()) defined_.assign(rows_ / 8 + 1, '\xff');  // all rows before
  const std::size_t byte = rows_ / 8;
  if (byte == defined_.size()) defined_ += '\0';
  const unsigned bit = 1u << (rows_ % 8);
  const unsigned old = static_cast<unsigned char>(defined_[byte]);
  defined_[byte] = static_cast<char>(is_defined ? old | bit : old & ~bit);
  ++rows_;
}

void ParquetColumn::add_null() { mark(false); }

void ParquetColumn::add(std::int64_t value) {
  mark(true);
  add_value(value, uses_dictionary_ ? mix(static_cast<std::uint64_t>(value)) : 0);
}

void ParquetColumn::add(std::string_view value) {
  mark(true);
  add_value(value, uses_dictionary_ ? hash_of(value) : 0);
}

template <class Value>
void ParquetColumn::add_value(Value value, std::uint64_t hash) {
  ++values_;
  if (!uses_dictionary_) return append_plain(plain_, value);
  const std::uint32_t place =
      last_place_ != kNoPlace && hashes_[last_place_] == hash && is_at(last_place_, value)
          ? last_place_
          : place_of(value, hash);
  last_place_ = place;
  places_.push_back(place);
  const bool is_too_large =
      starts_.size() > kDictionaryValuesMax || dictionary_.size() > kDictionaryBytesMax;
  if (is_too_large || (values_ == kTrialValues && starts_.size() > kTrialValues / 2)) {
    leave_dictionary();
  }
}

template <class Value>
std::uint32_t ParquetColumn::place_of(Value value, std::uint64_t hash) {
  if (starts_.size() * 2 >= table_.size()) grow_table();
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = hash & mask;
  for (; table_[slot] != kNoPlace; slot = (slot + 1) & mask) {
    const std::uint32_t place = table_[slot];
    if (hashes_[place] == hash && is_at(place, value)) return place;
  }
  const auto place = static_cast<std::uint32_t>(starts_.size());
  table_[slot] = place;
  starts_.push_back(static_cast<std::uint32_t>(dictionary_.size()));
  hashes_.push_back(hash);
  append_plain(dictionary_, value);
  return place;
}

void ParquetColumn::grow_table() {
  table_.assign(std::max(kTableSizeFirst, table_.size() * 2), kNoPlace);
  const std::size_t mask = table_.size() - 1;
  for (std::uint32_t place = 0; place < hashes_.size(); ++place) {
    std::size_t slot = hashes_[place] & mask;
    while (table_[slot] != kNoPlace) slot = (slot + 1) & mask;
    table_[slot] = place;
  }
}

/// The entry in its PLAIN form.
std::string_view ParquetColumn::entry(std::size_t place) const {
  const std::size_t from = starts_[place];
  const std::size_t to = place + 1 < starts_.size() ? starts_[place + 1] : dictionary_.size();
  return std::string_view(dictionary_).substr(from, to - from);
}

std::int64_t ParquetColumn::number_at(std::string_view bytes) const {
  return type_ == ColumnType::int32
             ? std::int64_t{static_cast<std::int32_t>(
                   read_little_endian<std::uint32_t>(bytes.data()))}
             : static_cast<std::int64_t>(read_little_endian<std::uint64_t>(bytes.data()));
}

bool ParquetColumn::is_at(std::uint32_t place, std::int64_t value) const {
  return number_at(entry(place)) == value;
}
bool ParquetColumn::is_at(std::uint32_t place, std::string_view value) const {
  return entry(place).substr(4) == value;
}

void ParquetColumn::append_plain(std::string& out, std::int64_t value) const {
  if (type_ == ColumnType::int32) {
    append_little_endian(out, static_cast<std::uint32_t>(value));
  } else {
    append_little_endian(out, static_cast<std::uint64_t>(value));
  }
}
void ParquetColumn::append_plain(std::string& out, std::string_view value) const {
  append_little_endian(out, static_cast<std::uint32_t>(value.size()));
  out += value;
}

void ParquetColumn::leave_dictionary() {
  for (const std::uint32_t place : places_) plain_ += entry(place);
  uses_dictionary_ = wants_dictionary_ = false;
  places_.clear();
  starts_.clear();
  hashes_.clear();
  dictionary_.clear();
  table_.clear();
  last_place_ = kNoPlace;
}

void ParquetColumn::append_data_page(std::string& out) const {
  std::string levels;
  if (defined_.empty()) {
    append_varint(levels, rows_ << 1);
    levels += '\1';
  } else {
    const std::size_t groups = (rows_ + 7) / 8;
    append_varint(levels, (groups << 1) | 1);
    levels += std::string_view(defined_).substr(0, groups);
  }
  append_little_endian(out, static_cast<std::uint32_t>(levels.size()));
  out += levels;
  if (!uses_dictionary_) {
    out += plain_;
    return;
  }
  const int bit_width =
      static_cast<int>(std::bit_width(std::max<std::size_t>(starts_.size(), 2) - 1));
  out += static_cast<char>(bit_width);
  append_hybrid(out, places_, bit_width);
}

bool ParquetColumn::bounds(std::string& least, std::string& greatest) const {
  if (values_ == 0) return false;
  if (type_ == ColumnType::string) {
    text_bounds(least, greatest);
    return true;
  }
  const std::string_view numbers = uses_dictionary_ ? dictionary_ : plain_;
  const std::size_t width = type_ == ColumnType::int32 ? 4 : 8;
  std::int64_t low = number_at(numbers);
  std::int64_t high = low;
  for (std::size_t at = 0; at < numbers.size(); at += width) {
    const std::int64_t number = number_at(numbers.substr(at));
    low = std::min(low, number);
    high = std::max(high, number);
  }
  append_plain(least, low);
  append_plain(greatest, high);
  return true;
}

void ParquetColumn::text_bounds(std::string& least, std::string& greatest) const {
  std::string_view rest = uses_dictionary_ ? dictionary_ : plain_;
  std::string_view low;
  std::string_view high;
  while (!rest.empty()) {
    const std::size_t size = read_little_endian<std::uint32_t>(rest.data());
    const std::string_view text = rest.substr(4, size);
    if (low.data() == nullptr || text < low) low = text;
    if (high.data() == nullptr || high < text) high = text;
    rest.remove_prefix(4 + size);
  }
  least = low;
  greatest = high;
}

void ParquetColumn::clear() {
  rows_ = values_ = 0;
  uses_dictionary_ = wants_dictionary_;
  defined_.clear();
  plain_.clear();
  dictionary_.clear();
  starts_.clear();
  hashes_.clear();
  places_.clear();
  std::ranges::fill(table_, kNoPlace);
  last_place_ = kNoPlace;
}

}  // namespace weir::columnar
