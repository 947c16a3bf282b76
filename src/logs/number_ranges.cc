// SPDX-License-Identifier: Apache-2.0
#include "logs/number_ranges.h"

#include <algorithm>
#include <limits>

namespace weir::logs {
namespace {

constexpr std::uint64_t kGreatest = std::numeric_limits<std::uint64_t>::max();

}  // namespace

NumberRanges NumberRanges::all() { return between(0, kGreatest); }

NumberRanges NumberRanges::between(std::uint64_t least, std::uint64_t greatest) {
  NumberRanges made;
  if (least <= greatest) made.ranges_.push_back({least, greatest});
  return made;
}

NumberRanges NumberRanges::complement() const {
  NumberRanges made;
  std::uint64_t next = 0;
  for (const Range& range : ranges_) {
    if (range.least > next) made.ranges_.push_back({next, range.least - 1});
    if (range.greatest == kGreatest) return made;
    next = range.greatest + 1;
  }
  made.ranges_.push_back({next, kGreatest});
  return made;
}

NumberRanges NumberRanges::operator|(const NumberRanges& other) const {
  std::vector<Range> both = ranges_;
  both.insert(both.end(), other.ranges_.begin(), other.ranges_.end());
  std::ranges::sort(both, {}, &Range::least);
  NumberRanges made;
  for (const Range& range : both) {
    if (!made.ranges_.empty()) {
      Range& last = made.ranges_.back();
      if (last.greatest == kGreatest || range.least <= last.greatest + 1) {
        last.greatest = std::max(last.greatest, range.greatest);
        continue;
      }
    }
    made.ranges_.push_back(range);
  }
  return made;
}

NumberRanges NumberRanges::operator&(const NumberRanges& other) const {
  return (complement() | other.complement()).complement();
}

bool NumberRanges::covers(std::uint64_t least, std::uint64_t greatest) const {
  return std::ranges::any_of(ranges_, [&](const Range& range) {
    return range.least <= least && greatest <= range.greatest;
  });
}

bool NumberRanges::touches(std::uint64_t least, std::uint64_t greatest) const {
  return std::ranges::any_of(ranges_, [&](const Range& range) {
    return range.least <= greatest && least <= range.greatest;
  });
}

}  // namespace weir::logs
