// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace weir::logs {

/// A set of whole numbers from 0 on, as ranges that ascend and neither overlap nor touch.
class NumberRanges {
 public:
  struct Range {
    std::uint64_t least = 0;
    std::uint64_t greatest = 0;
    bool operator==(const Range&) const = default;
  };

  /// No number.
  NumberRanges() = default;
  static NumberRanges all();
  /// Both ends belong to it; no number if they are the wrong way round.
  static NumberRanges between(std::uint64_t least, std::uint64_t greatest);

  NumberRanges complement() const;
  NumberRanges operator|(const NumberRanges& other) const;
  NumberRanges operator&(const NumberRanges& other) const;

  std::span<const Range> ranges() const { return ranges_; }
  bool contains(std::uint64_t number) const {
    for (const Range& range : ranges_) {
      if (number - range.least <= range.greatest - range.least) return true;
    }
    return false;
  }
  /// All numbers from `least` to `greatest`.
  bool covers(std::uint64_t least, std::uint64_t greatest) const;
  /// Any of them.
  bool touches(std::uint64_t least, std::uint64_t greatest) const;

 private:
  std::vector<Range> ranges_;
};

}  // namespace weir::logs
