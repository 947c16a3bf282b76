// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "insights/column.h"
#include "insights/value.h"

namespace weir::insights {

/// Gives the distinct combinations of some values numbers from 0 on. Values that print alike are
/// alike, whether they come from a typed column or from text.
///
/// Threads: one. Memory: `bytes()`; the caller bounds it.
class GroupTable {
 public:
  explicit GroupTable(std::size_t keys);

  /// The group of each row, new ones where needed.
  void find(std::span<const ColumnPtr> keys, std::size_t rows, std::vector<std::uint32_t>& groups);
  /// For each group of `other` its group here.
  std::vector<std::uint32_t> merge(const GroupTable& other);
  /// Forgets all groups but these, which get the numbers from 0 on in that order.
  void keep(std::span<const std::uint32_t> groups);

  std::size_t size() const { return size_; }
  std::size_t bytes() const;
  /// Text is copied into `arena`.
  Value key(std::size_t group, std::size_t place, Arena& arena) const;
  /// One key of all groups. Text is copied into `arena`.
  Column column(std::size_t place, Arena& arena) const;

 private:
  enum class Tag : std::uint8_t { null, integer, real, time, address, text };
  struct Key {
    Tag tag = Tag::null;
    std::uint64_t word = 0;
  };
  /// Texts by number.
  class Texts {
   public:
    std::uint64_t number(std::string_view text);
    std::string_view operator[](std::uint64_t number) const { return texts_[number]; }
    std::size_t bytes() const;

   private:
    void grow();
    Arena arena_;
    std::vector<std::string_view> texts_;
    std::vector<std::uint64_t> hashes_;
    std::vector<std::uint32_t> places_;  // number + 1, by hash
  };

  /// Where a group is, by the upper half of its hash; the half stands here too so that few other
  /// groups are looked at and growing looks at none.
  struct Place {
    std::uint32_t hash = 0;
    std::uint32_t number = 0;  // group + 1; 0: free
  };

  Key key_of(const Value& value);
  void encode(const Column& column, std::size_t place, std::size_t rows);
  void put(std::size_t row, std::size_t place, Key key);
  Tag tag(std::size_t group, std::size_t place) const;
  std::uint32_t hash_of(const std::uint64_t* words) const;
  std::uint32_t find_group(const std::uint64_t* words, std::uint32_t hash);
  template <class WordsOf>
  void find_groups(std::size_t count, WordsOf words_of, std::uint32_t* groups);
  void take_words(const GroupTable& other, std::size_t group, std::uint64_t* words);
  void grow();

  std::size_t keys_;
  std::size_t stride_;  // the keys and a word of their tags
  std::size_t size_ = 0;
  std::vector<std::uint64_t> words_;  // of the groups
  std::vector<Place> places_;
  std::vector<std::uint64_t> rows_;  // of the batch at hand
  Texts texts_;
};

}  // namespace weir::insights
