// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "logs/fields.h"
#include "logs/pattern_delimited.h"

namespace weir::logs {

/// Evaluates up to 64 space-delimited patterns in one pass over the fields of a message.
///
/// The tests of all patterns are sorted by field. Tests for equality with a literal are answered
/// for all patterns by one look-up of the field's text; others are evaluated once however many
/// patterns have them, regular expressions last. No field is read behind the one at which the last
/// pattern fails. Immutable.
class DelimitedMatcher {
 public:
  static constexpr std::size_t kPatternsMax = 64;
  using Patterns = std::uint64_t;  // bit i: the pattern with number i

  explicit DelimitedMatcher(std::span<const DelimitedPattern* const> patterns);
  /// Those that match.
  Patterns match(Fields& fields) const;

 private:
  /// Literals and the patterns that each one satisfies.
  class Literals {
   public:
    bool empty() const { return entries_.empty(); }
    void add(const ValueTest& test, Patterns pattern);
    /// After the last add().
    void finish();
    Patterns satisfied(std::string_view value) const;

   private:
    struct Entry {
      std::string text;
      std::uint64_t word = 0;
      Patterns patterns = 0;
    };
    Patterns look_up(std::string_view value) const;
    std::vector<Entry> entries_;
    std::vector<std::uint16_t> table_;  // places in entries_ counted from 1, by hash
    int shift_ = 0;
    std::vector<std::pair<double, Patterns>> numbers_;
  };
  struct Check {
    DelimitedPattern::Place place;
    DelimitedPattern::Tests tests;
    Patterns patterns = 0;
    bool holds(std::string_view value) const;
  };
  struct Column {
    DelimitedPattern::Place place;
    Patterns tested = 0;
    Patterns without_literals = 0;
    Literals literals;
    std::vector<Check> checks;
  };
  Column& column(const DelimitedPattern::Place& place);
  void add(const DelimitedPattern::Place& place, const DelimitedPattern::Tests& tests,
           Patterns pattern);

  Patterns all_ = 0;
  std::vector<Column> columns_;
  std::vector<Check> regexes_;
  std::vector<std::pair<std::size_t, Patterns>> sizes_;
};

}  // namespace weir::logs
