// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace weir::collect {

/// Counts what is missing in the sequence of one exporter's domain.
///
/// A gap counts as lost until the missing parts arrive late. A jump backwards by more than kLateMax
/// or while nothing is missing, or forwards by more than kGapMax, is an exporter that began anew
/// and no loss. Exporters that count in another unit than their protocol says (datagrams instead of
/// records, or the other way round) are recognised, so that they do not look like loss.
class SequenceTracker {
 public:
  static constexpr std::int32_t kGapMax = 1'000'000;
  static constexpr std::int32_t kLateMax = 10'000;

  /// A datagram that says `sequence`. The next one should say `sequence + advance`; one that says
  /// `sequence + other_unit` counts in the other unit.
  void observe(std::uint32_t sequence, std::uint32_t advance, std::uint32_t other_unit);
  /// The next number is unknown (a datagram whose records could not be counted, a restart).
  void resynchronise() { is_known_ = false; }

  /// Missing and not taken yet.
  std::uint64_t missing() const { return missing_; }
  /// What is missing now will not be waited for any longer.
  std::uint64_t take_missing();

 private:
  bool is_known_ = false;
  std::uint32_t expected_ = 0;
  std::uint32_t expected_in_other_unit_ = 0;
  std::uint64_t missing_ = 0;
};

}  // namespace weir::collect
