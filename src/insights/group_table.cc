// SPDX-License-Identifier: Apache-2.0
#include "insights/group_table.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "net/address.h"

namespace weir::insights {
namespace {

constexpr std::size_t kTagBits = 4;
constexpr std::size_t kPlacesMin = 1024;

std::uint64_t hash_words(const std::uint64_t* words, std::size_t count) {
  std::uint64_t hash = 0x9e3779b97f4a7c15ULL;
  for (std::size_t i = 0; i < count; ++i) hash = mix(hash ^ words[i]);
  return hash;
}

}  // namespace

std::uint64_t GroupTable::Texts::number(std::string_view text) {
  if (places_.size() < 2 * (texts_.size() + 1)) grow();
  const std::uint64_t hash = hash_bytes(text);
  const std::size_t mask = places_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    if (places_[at] == 0) {
      texts_.push_back(arena_.copy(text));
      hashes_.push_back(hash);
      places_[at] = static_cast<std::uint32_t>(texts_.size());
      return texts_.size() - 1;
    }
    const std::uint32_t found = places_[at] - 1;
    if (hashes_[found] == hash && texts_[found] == text) return found;
  }
}

void GroupTable::Texts::grow() {
  places_.assign(std::max(places_.size() * 2, kPlacesMin), 0);
  const std::size_t mask = places_.size() - 1;
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    std::size_t at = hashes_[i] & mask;
    while (places_[at] != 0) at = (at + 1) & mask;
    places_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

std::size_t GroupTable::Texts::bytes() const {
  return arena_.bytes() + texts_.capacity() * sizeof(std::string_view) +
         hashes_.capacity() * sizeof(std::uint64_t) + places_.size() * sizeof(std::uint32_t);
}

GroupTable::GroupTable(std::size_t keys)
    : keys_(keys), stride_(keys + (keys * kTagBits + 63) / 64) {}

std::size_t GroupTable::bytes() const {
  return words_.capacity() * sizeof(std::uint64_t) + places_.size() * sizeof(std::uint32_t) +
         texts_.bytes();
}

GroupTable::Key GroupTable::key_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::integer:
      return {Tag::integer, static_cast<std::uint64_t>(value.integer)};
    case Value::Kind::time:
      return {Tag::time, static_cast<std::uint64_t>(value.integer)};
    case Value::Kind::real:
      if (std::abs(value.real) < 9e15 && value.real == std::trunc(value.real)) {
        return {Tag::integer, static_cast<std::uint64_t>(static_cast<std::int64_t>(value.real))};
      }
      return {Tag::real, std::bit_cast<std::uint64_t>(value.real)};
    case Value::Kind::text: {
      if (const auto integer = canonical_integer(value.text)) {
        return {Tag::integer, static_cast<std::uint64_t>(*integer)};
      }
      const bool may_be_address =
          !value.text.empty() && value.text[0] >= '0' && value.text[0] <= '9';
      if (may_be_address) {
        const auto address = net::Address::parse(value.text);
        if (address && address->is_v4()) return {Tag::address, address->v4_value()};
      }
      return {Tag::text, texts_.number(value.text)};
    }
    case Value::Kind::null:
    case Value::Kind::tree:
      break;
  }
  return {};
}

void GroupTable::put(std::size_t row, std::size_t place, Key key) {
  std::uint64_t* const words = &rows_[row * stride_];
  words[place] = key.word;
  words[keys_ + place * kTagBits / 64] |= static_cast<std::uint64_t>(key.tag)
                                          << (place * kTagBits % 64);
}

void GroupTable::encode(const Column& column, std::size_t place, std::size_t rows) {
  using Form = Column::Form;
  const Key missing = column.nulls.empty() ? Key() : key_of(column.missing);
  switch (column.form) {
    case Form::constant: {
      const Key key = key_of(column.constant);
      for (std::size_t i = 0; i < rows; ++i) put(i, place, key);
      return;
    }
    case Form::integers: {
      const Tag tag = column.is_time ? Tag::time : Tag::integer;
      for (std::size_t i = 0; i < rows; ++i) {
        put(i, place,
            column.is_missing(i) ? missing
                                 : Key{tag, static_cast<std::uint64_t>(column.integers[i])});
      }
      return;
    }
    case Form::addresses:
      for (std::size_t i = 0; i < rows; ++i) {
        put(i, place, column.is_missing(i) ? missing : Key{Tag::address, column.codes[i]});
      }
      return;
    case Form::words: {
      std::vector<Key> keys(column.words->size());
      for (std::size_t k = 0; k < keys.size(); ++k) keys[k] = key_of((*column.words)[k]);
      for (std::size_t i = 0; i < rows; ++i) put(i, place, keys[column.codes[i]]);
      return;
    }
    case Form::reals:
      for (std::size_t i = 0; i < rows; ++i) {
        put(i, place, column.is_missing(i) ? missing : key_of(Value::of(column.reals[i])));
      }
      return;
    case Form::values:
      for (std::size_t i = 0; i < rows; ++i) put(i, place, key_of(column.values[i]));
      return;
  }
}

void GroupTable::find(std::span<const ColumnPtr> keys, std::size_t rows,
                      std::vector<std::uint32_t>& groups) {
  groups.assign(rows, 0);
  if (keys_ == 0) {
    if (rows > 0) size_ = 1;
    return;
  }
  rows_.assign(rows * stride_, 0);
  for (std::size_t place = 0; place < keys_; ++place) encode(*keys[place], place, rows);
  for (std::size_t i = 0; i < rows; ++i) groups[i] = find_group(&rows_[i * stride_]);
}

std::uint32_t GroupTable::find_group(const std::uint64_t* words) {
  if (places_.size() < 2 * (size_ + 1)) grow();
  const std::size_t mask = places_.size() - 1;
  for (std::size_t at = hash_words(words, stride_) & mask;; at = (at + 1) & mask) {
    if (places_[at] == 0) {
      words_.insert(words_.end(), words, words + stride_);
      places_[at] = static_cast<std::uint32_t>(++size_);
      return static_cast<std::uint32_t>(size_ - 1);
    }
    const std::size_t found = places_[at] - 1;
    if (std::memcmp(&words_[found * stride_], words, stride_ * sizeof(std::uint64_t)) == 0) {
      return static_cast<std::uint32_t>(found);
    }
  }
}

void GroupTable::grow() {
  places_.assign(std::max(places_.size() * 2, kPlacesMin), 0);
  const std::size_t mask = places_.size() - 1;
  for (std::size_t i = 0; i < size_; ++i) {
    std::size_t at = hash_words(&words_[i * stride_], stride_) & mask;
    while (places_[at] != 0) at = (at + 1) & mask;
    places_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

std::vector<std::uint32_t> GroupTable::merge(const GroupTable& other) {
  std::vector<std::uint32_t> map(other.size_);
  if (keys_ == 0) {
    size_ = std::max(size_, other.size_);
    return map;
  }
  std::vector<std::uint64_t> words(stride_);
  for (std::size_t group = 0; group < other.size_; ++group) {
    std::memcpy(words.data(), &other.words_[group * stride_], stride_ * sizeof(std::uint64_t));
    for (std::size_t place = 0; place < keys_; ++place) {
      const auto tag =
          static_cast<Tag>((words[keys_ + place * kTagBits / 64] >> (place * kTagBits % 64)) & 15);
      if (tag == Tag::text) words[place] = texts_.number(other.texts_[words[place]]);
    }
    map[group] = find_group(words.data());
  }
  return map;
}

Value GroupTable::key(std::size_t group, std::size_t place, Arena& arena) const {
  const std::uint64_t* const words = &words_[group * stride_];
  const std::uint64_t word = words[place];
  switch (
      static_cast<Tag>((words[keys_ + place * kTagBits / 64] >> (place * kTagBits % 64)) & 15)) {
    case Tag::null:
      return {};
    case Tag::integer:
      return Value::of(static_cast<std::int64_t>(word));
    case Tag::time:
      return Value::of_time(static_cast<std::int64_t>(word));
    case Tag::real:
      return Value::of(std::bit_cast<double>(word));
    case Tag::address:
      return Value::of(arena.copy(net::Address::v4(static_cast<std::uint32_t>(word)).to_string()));
    case Tag::text:
      return Value::of(arena.copy(texts_[word]));
  }
  return {};
}

}  // namespace weir::insights
