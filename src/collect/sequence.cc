// SPDX-License-Identifier: Apache-2.0
#include "collect/sequence.h"

#include <algorithm>
#include <utility>

namespace weir::collect {

void SequenceTracker::observe(std::uint32_t sequence, std::uint32_t advance,
                              std::uint32_t other_unit) {
  const auto ahead = static_cast<std::int32_t>(sequence - expected_);
  const bool is_next = !is_known_ || ahead == 0 || sequence == expected_in_other_unit_;
  if (!is_next && ahead > 0 && ahead <= kGapMax) missing_ += static_cast<std::uint64_t>(ahead);
  if (!is_next && ahead < 0 && ahead >= -kLateMax && missing_ > 0) {
    missing_ -= std::min<std::uint64_t>(missing_, advance);  // it was only late
    return;
  }
  is_known_ = true;
  expected_ = sequence + advance;
  expected_in_other_unit_ = sequence + other_unit;
}

std::uint64_t SequenceTracker::take_missing() { return std::exchange(missing_, 0); }

}  // namespace weir::collect
