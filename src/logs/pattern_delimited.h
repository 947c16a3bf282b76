// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logs/fields.h"
#include "logs/pattern_text.h"

namespace weir::logs {

/// The space-delimited dialect: `[ip, user, ..., status = 4* || status = 5*, bytes > 1000]`.
class DelimitedPattern {
 public:
  /// Where a field of the pattern is in a message.
  struct Place {
    std::size_t distance = 0;  // from the first field, or from the last one
    bool from_right = false;
    bool takes_rest = false;  // the last slot, if the message has more fields than the pattern
    auto operator<=>(const Place&) const = default;
  };
  using Tests = std::vector<std::vector<ValueTest>>;  // any of these, of which all

  /// How many fields a message has at least.
  std::size_t size() const { return slots_.size(); }
  /// Calls `visit(place, tests)` for each field that has tests.
  template <class Visit>
  void each_test(Visit visit) const {
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
      if (!slots_[slot].tests.empty()) visit(place_of(slot), slots_[slot].tests);
    }
  }

  static Result<DelimitedPattern> parse(std::string_view text);
  bool has_regex() const { return regexes_ > 0; }
  /// Of a message that matches.
  void extract(Fields& fields, std::map<std::string, std::string>& values) const;
  /// The place of `name` or, where it is a number counted from 1, of that field.
  std::optional<Place> find(std::string_view name) const;
  static std::optional<std::string_view> value(Fields& fields, const Place& place);

 private:
  struct Slot {
    std::string name;  // "": unnamed
    Tests tests;
  };
  class Parser;
  Place place_of(std::size_t slot) const;

  std::vector<Slot> slots_;
  std::optional<std::size_t> ellipsis_;  // the number of slots before it
  std::size_t regexes_ = 0;
};

}  // namespace weir::logs
