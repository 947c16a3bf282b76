// SPDX-License-Identifier: Apache-2.0
#include "insights/group_table.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "net/address.h"

namespace weir::insights {
namespace {

constexpr std::size_t kTagBits = 4;
constexpr std::size_t kPlacesMin = 1024;

// Places and groups are all over memory: they are asked for some rows before they are needed.
constexpr std::size_t kPlacesAhead = 24;
constexpr std::size_t kGroupsAhead = 12;

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
  return words_.capacity() * sizeof(std::uint64_t) + places_.size() * sizeof(Place) +
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
  find_groups(
      rows, [this](std::size_t row) { return &rows_[row * stride_]; }, groups.data());
}

std::uint32_t GroupTable::hash_of(const std::uint64_t* words) const {
  std::uint64_t hash = 0x9e3779b97f4a7c15ULL;
  for (std::size_t i = 0; i < stride_; ++i) hash = mix(hash ^ words[i]);
  return static_cast<std::uint32_t>(hash >> 32);
}

template <class WordsOf>
void GroupTable::find_groups(std::size_t count, WordsOf words_of, std::uint32_t* groups) {
  if (places_.empty()) grow();
  std::vector<std::uint32_t> hashes(count);
  for (std::size_t i = 0; i < count; ++i) hashes[i] = hash_of(words_of(i));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t mask = places_.size() - 1;
    if (i + kPlacesAhead < count) __builtin_prefetch(&places_[hashes[i + kPlacesAhead] & mask]);
    if (i + kGroupsAhead < count) {
      const Place& near = places_[hashes[i + kGroupsAhead] & mask];
      if (near.number != 0) __builtin_prefetch(&words_[(near.number - 1) * stride_]);
    }
    groups[i] = find_group(words_of(i), hashes[i]);
  }
}

std::uint32_t GroupTable::find_group(const std::uint64_t* words, std::uint32_t hash) {
  if (places_.size() * 2 < (size_ + 1) * 3) grow();
  const std::size_t mask = places_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Place& place = places_[at];
    if (place.number == 0) {
      words_.insert(words_.end(), words, words + stride_);
      place = {hash, static_cast<std::uint32_t>(++size_)};
      return place.number - 1;
    }
    if (place.hash != hash) continue;
    const std::size_t found = place.number - 1;
    if (std::equal(words, words + stride_, &words_[found * stride_])) return place.number - 1;
  }
}

void GroupTable::grow() {
  std::vector<Place> places(std::max(places_.size() * 2, kPlacesMin));
  const std::size_t mask = places.size() - 1;
  for (const Place& place : places_) {
    if (place.number == 0) continue;
    std::size_t at = place.hash & mask;
    while (places[at].number != 0) at = (at + 1) & mask;
    places[at] = place;
  }
  places_ = std::move(places);
}

GroupTable::Tag GroupTable::tag(std::size_t group, std::size_t place) const {
  const std::size_t bit = place * kTagBits;
  return static_cast<Tag>((words_[group * stride_ + keys_ + bit / 64] >> (bit % 64)) & 15);
}

/// The words that a group of `other` has here.
void GroupTable::take_words(const GroupTable& other, std::size_t group, std::uint64_t* words) {
  std::copy_n(&other.words_[group * stride_], stride_, words);
  for (std::size_t place = 0; place < keys_; ++place) {
    if (other.tag(group, place) == Tag::text) {
      words[place] = texts_.number(other.texts_[words[place]]);
    }
  }
}

std::vector<std::uint32_t> GroupTable::merge(const GroupTable& other) {
  std::vector<std::uint32_t> map(other.size_);
  if (keys_ == 0) {
    size_ = std::max(size_, other.size_);
    return map;
  }
  constexpr std::size_t kAtOnce = 4096;
  for (std::size_t begin = 0; begin < other.size_; begin += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, other.size_ - begin);
    rows_.resize(count * stride_);
    for (std::size_t i = 0; i < count; ++i) take_words(other, begin + i, &rows_[i * stride_]);
    find_groups(
        count, [this](std::size_t i) { return &rows_[i * stride_]; }, &map[begin]);
  }
  return map;
}

void GroupTable::keep(std::span<const std::uint32_t> groups) {
  GroupTable kept(keys_);
  std::vector<std::uint64_t> words(stride_);
  for (const std::uint32_t group : groups) {
    kept.take_words(*this, group, words.data());
    kept.find_group(words.data(), hash_of(words.data()));
  }
  *this = std::move(kept);
}

Value GroupTable::key(std::size_t group, std::size_t place, Arena& arena) const {
  const std::uint64_t word = words_[group * stride_ + place];
  switch (tag(group, place)) {
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

Column GroupTable::column(std::size_t place, Arena& arena) const {
  Column column;
  const Tag first = size_ == 0 || keys_ == 0 ? Tag::null : tag(0, place);
  bool are_alike = true;
  for (std::size_t group = 0; group < size_ && are_alike; ++group) {
    are_alike = tag(group, place) == first;
  }
  if (are_alike && first == Tag::address) {
    column.form = Column::Form::addresses;
    column.codes.resize(size_);
    for (std::size_t group = 0; group < size_; ++group) {
      column.codes[group] = static_cast<std::uint32_t>(words_[group * stride_ + place]);
    }
    return column;
  }
  if (are_alike && (first == Tag::integer || first == Tag::time)) {
    column.form = Column::Form::integers;
    column.is_time = first == Tag::time;
    column.integers.resize(size_);
    for (std::size_t group = 0; group < size_; ++group) {
      column.integers[group] = static_cast<std::int64_t>(words_[group * stride_ + place]);
    }
    return column;
  }
  column.form = Column::Form::values;
  column.values.reserve(size_);
  for (std::size_t group = 0; group < size_; ++group) {
    column.values.push_back(key(group, place, arena));
  }
  return column;
}

}  // namespace weir::insights
