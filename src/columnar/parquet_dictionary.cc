// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet_dictionary.h"

#include <algorithm>
#include <array>
#include <bit>

#include "columnar/parquet_bytes.h"
#include "net/address.h"

namespace weir::columnar {
namespace {

constexpr std::size_t kSlotsFirst = 1024;
constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15U;

std::uint64_t mix(std::uint64_t word) {
  word *= kMultiplier;
  return word ^ (word >> 32);
}

/// Up to eight bytes as a number, without a call of memcpy.
std::uint64_t short_word(const char* at, std::size_t size) {
  if (size >= 8) return read_fixed<std::uint64_t>(at);
  if (size >= 4) {
    return read_fixed<std::uint32_t>(at) | std::uint64_t{read_fixed<std::uint32_t>(at + size - 4)}
                                               << 32;
  }
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) {
    word = word << 8 | static_cast<unsigned char>(at[i]);
  }
  return word;
}

/// The last word overlaps the one before it.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = text.size();
  const char* at = text.data();
  const char* const end = at + text.size();
  if (text.size() <= 8) return mix(hash ^ short_word(at, text.size()));
  for (; end - at > 8; at += 8) hash = mix(hash ^ read_fixed<std::uint64_t>(at));
  return mix(hash ^ read_fixed<std::uint64_t>(end - 8));
}

/// Texts of some words, for which a call of memcmp costs more than the comparison.
bool is_equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const std::size_t size = a.size();
  if (size <= 8) return short_word(a.data(), size) == short_word(b.data(), size);
  for (std::size_t at = 0; at + 8 < size; at += 8) {
    if (read_fixed<std::uint64_t>(a.data() + at) != read_fixed<std::uint64_t>(b.data() + at)) {
      return false;
    }
  }
  return read_fixed<std::uint64_t>(a.data() + size - 8) ==
         read_fixed<std::uint64_t>(b.data() + size - 8);
}

}  // namespace

void ParquetDictionary::Table::grow() {
  std::vector<Slot> old(std::max(kSlotsFirst, slots.size() * 2));
  old.swap(slots);
  shift = 64 - std::countr_zero(slots.size());
  const std::size_t mask = slots.size() - 1;
  for (const Slot& slot : old) {
    if (slot.place == kNoPlace) continue;
    std::size_t at = first(slot.tag);
    while (slots[at].place != kNoPlace) at = (at + 1) & mask;
    slots[at] = slot;
  }
}

void ParquetDictionary::Table::clear() {
  std::ranges::fill(slots, Slot{});
  used = 0;
}

/// `is` tells whether the value at a place with that tag is the one that is looked for.
template <class Is, class Append>
std::uint32_t ParquetDictionary::find(Table& table, std::uint32_t tag, const Is& is,
                                      const Append& append) {
  if (table.used * 4 >= table.slots.size() * 3) table.grow();
  const std::size_t mask = table.slots.size() - 1;
  std::size_t at = table.first(tag);
  for (std::size_t steps = 0; table.slots[at].place != kNoPlace; at = (at + 1) & mask) {
    const Table::Slot slot = table.slots[at];
    if (slot.tag == tag && is(slot.place)) return last_ = slot.place;
    if (++steps > kStepsMax) has_long_search_ = true;
  }
  const auto place = static_cast<std::uint32_t>(starts_.size());
  table.slots[at] = {tag, place};
  ++table.used;
  append();
  return last_ = place;
}

std::uint32_t ParquetDictionary::add_number(std::int64_t value) {
  const auto place = static_cast<std::uint32_t>(starts_.size());
  starts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  if (type_ == ColumnType::int32) {
    append_fixed(bytes_, static_cast<std::int32_t>(value));
  } else {
    append_fixed(bytes_, value);
  }
  return place;
}

std::uint32_t ParquetDictionary::find_number(std::int64_t value) {
  if (value >= 0 && value < kSmall) {
    const auto at = static_cast<std::size_t>(value);
    if (small_.size() <= at) small_.resize(at + 1, kNoPlace);
    return small_[at] = add_number(value);
  }
  const auto tag = static_cast<std::uint32_t>(mix(static_cast<std::uint64_t>(value)));
  return find(
      numbers_, tag, [&](std::uint32_t place) { return number(place) == value; },
      [&] { add_number(value); });
}

void ParquetDictionary::add_text(std::string_view value) {
  starts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  append_fixed(bytes_, static_cast<std::uint32_t>(value.size()));
  bytes_ += value;
}

std::uint32_t ParquetDictionary::place_of(std::string_view value) {
  if (last_ != kNoPlace && is_equal(text(last_), value)) return last_;
  return find(
      texts_, static_cast<std::uint32_t>(hash_of(value)),
      [&](std::uint32_t place) { return is_equal(text(place), value); }, [&] { add_text(value); });
}

std::uint32_t ParquetDictionary::place_of(std::uint32_t v4) {
  return find(
      v4s_, v4, [](std::uint32_t) { return true; },
      [&] {
        std::array<char, net::Address::kWriteMax> text;
        const char* const end = net::Address::v4(v4).write(text.data());
        add_text({text.data(), static_cast<std::size_t>(end - text.data())});
      });
}

std::int64_t ParquetDictionary::number(std::size_t place) const {
  const char* const at = bytes_.data() + starts_[place];
  return type_ == ColumnType::int32 ? std::int64_t{read_fixed<std::int32_t>(at)}
                                    : read_fixed<std::int64_t>(at);
}

std::string_view ParquetDictionary::text(std::size_t place) const {
  const char* const at = bytes_.data() + starts_[place];
  return {at + sizeof(std::uint32_t), read_fixed<std::uint32_t>(at)};
}

void ParquetDictionary::clear() {
  small_.clear();
  has_long_search_ = false;
  bytes_.clear();
  starts_.clear();
  numbers_.clear();
  texts_.clear();
  v4s_.clear();
  last_ = kNoPlace;
}

}  // namespace weir::columnar
