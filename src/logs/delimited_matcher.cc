// SPDX-License-Identifier: Apache-2.0
#include "logs/delimited_matcher.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "logs/filter_pattern.h"

namespace weir::logs {
namespace {

using Place = DelimitedPattern::Place;
using Tests = DelimitedPattern::Tests;

/// The first and the last four characters; all of them if there are no more than eight.
std::uint64_t word_of(std::string_view text) {
  const std::size_t size = text.size();
  if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, text.data(), 4);
    std::memcpy(&last, text.data() + size - 4, 4);
    return first | std::uint64_t{last} << 32;
  }
  if (size == 0) return 0;
  const auto byte = [text](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(text[i])};
  };
  return byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
}

std::uint64_t hash_of(std::uint64_t word, std::size_t size) {
  return (word ^ size) * 0x9e3779b97f4a7c15U;
}

bool is_all_literals(const Tests& tests) {
  return std::ranges::all_of(tests, [](const std::vector<ValueTest>& all) {
    return all.size() == 1 && (all[0].is_exact() || all[0].is_plain_number());
  });
}

bool has_regex(const Tests& tests) {
  return std::ranges::any_of(tests, [](const std::vector<ValueTest>& all) {
    return std::ranges::any_of(all, &ValueTest::is_regex);
  });
}

bool is_same(const Tests& a, const Tests& b) {
  return std::ranges::equal(a, b, [](const auto& all_a, const auto& all_b) {
    return std::ranges::equal(all_a, all_b, &ValueTest::is_same_as);
  });
}

/// Fields on the left come first: what is on the right needs the whole message to be read.
bool is_earlier(const Place& a, const Place& b) {
  if (a.from_right != b.from_right) return b.from_right;
  return a < b;
}

}  // namespace

void DelimitedMatcher::Literals::add(const ValueTest& test, Patterns pattern) {
  const auto found = std::ranges::find(entries_, test.literal(), &Entry::text);
  if (found != entries_.end()) {
    found->patterns |= pattern;
  } else {
    entries_.push_back({test.literal(), word_of(test.literal()), pattern});
  }
  if (!test.is_plain_number()) return;
  const double number = *parse_number(test.literal());
  const auto known = std::ranges::find(numbers_, number, &std::pair<double, Patterns>::first);
  if (known != numbers_.end()) {
    known->second |= pattern;
  } else {
    numbers_.emplace_back(number, pattern);
  }
}

void DelimitedMatcher::Literals::finish() {
  const std::size_t size = std::bit_ceil(2 * entries_.size() + 1);
  table_.assign(size, 0);
  shift_ = 64 - std::countr_zero(size);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t slot = hash_of(entries_[i].word, entries_[i].text.size()) >> shift_;
    while (table_[slot] != 0) slot = (slot + 1) & (size - 1);
    table_[slot] = static_cast<std::uint16_t>(i + 1);
  }
}

DelimitedMatcher::Patterns DelimitedMatcher::Literals::look_up(std::string_view value) const {
  const std::uint64_t word = word_of(value);
  for (std::size_t slot = hash_of(word, value.size()) >> shift_; table_[slot] != 0;
       slot = (slot + 1) & (table_.size() - 1)) {
    const Entry& entry = entries_[table_[slot] - 1U];
    if (entry.word == word && entry.text.size() == value.size() &&
        (value.size() <= 8 || entry.text == value)) {
      return entry.patterns;
    }
  }
  return 0;
}

DelimitedMatcher::Patterns DelimitedMatcher::Literals::satisfied(std::string_view value) const {
  Patterns found = look_up(value);
  if (numbers_.empty() || is_plain_integer(value)) return found;
  if (const std::optional<double> number = parse_number(value)) {  // such as 080 or 8e1
    for (const auto& [literal, patterns] : numbers_) {
      if (literal == *number) found |= patterns;
    }
  }
  return found;
}

bool DelimitedMatcher::Check::holds(std::string_view value) const {
  return any_holds(tests, value);
}

DelimitedMatcher::DelimitedMatcher(std::span<const DelimitedPattern* const> patterns) {
  WEIR_ASSERT(patterns.size() <= kPatternsMax);
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const Patterns bit = Patterns{1} << i;
    all_ |= bit;
    patterns[i]->each_test([&](const Place& place, const Tests& tests) { add(place, tests, bit); });
    const auto size =
        std::ranges::find(sizes_, patterns[i]->size(), &std::pair<std::size_t, Patterns>::first);
    if (size != sizes_.end()) {
      size->second |= bit;
    } else {
      sizes_.emplace_back(patterns[i]->size(), bit);
    }
  }
  std::ranges::sort(columns_, is_earlier, &Column::place);
  for (Column& column : columns_) {
    column.without_literals |= all_ & ~column.tested;
    column.literals.finish();
  }
}

DelimitedMatcher::Column& DelimitedMatcher::column(const Place& place) {
  const auto found = std::ranges::find(columns_, place, &Column::place);
  if (found != columns_.end()) return *found;
  columns_.push_back({.place = place, .literals = {}, .checks = {}});
  return columns_.back();
}

void DelimitedMatcher::add(const Place& place, const Tests& tests, Patterns pattern) {
  const bool is_late = has_regex(tests);
  std::vector<Check>* checks = &regexes_;
  if (!is_late) {
    Column& column = this->column(place);
    column.tested |= pattern;
    if (is_all_literals(tests)) {
      for (const auto& all : tests) column.literals.add(all[0], pattern);
      return;
    }
    column.without_literals |= pattern;
    checks = &column.checks;
  }
  const auto same = std::ranges::find_if(*checks, [&](const Check& check) {
    return check.place == place && is_same(check.tests, tests);
  });
  if (same != checks->end()) {
    same->patterns |= pattern;
  } else {
    checks->push_back({place, tests, pattern});
  }
}

DelimitedMatcher::Patterns DelimitedMatcher::match(Fields& fields) const {
  Patterns left = all_;
  for (const Column& column : columns_) {
    if ((left & column.tested) == 0) continue;
    const auto value = DelimitedPattern::value(fields, column.place);
    if (!value) {
      left &= ~column.tested;
    } else {
      if (!column.literals.empty()) {
        left &= column.without_literals | column.literals.satisfied(*value);
      }
      for (const Check& check : column.checks) {
        if ((left & check.patterns) != 0 && !check.holds(*value)) left &= ~check.patterns;
      }
    }
    if (left == 0) return 0;
  }
  for (const auto& [size, patterns] : sizes_) {
    if ((left & patterns) != 0 && !fields.has(size)) left &= ~patterns;
  }
  for (const Check& check : regexes_) {
    if ((left & check.patterns) == 0) continue;
    if (!check.holds(*DelimitedPattern::value(fields, check.place))) left &= ~check.patterns;
  }
  return left;
}

}  // namespace weir::logs
