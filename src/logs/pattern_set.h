// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "logs/filter_pattern.h"

namespace weir::logs {

/// Filter patterns that are evaluated together, in one pass over each event: the metric filters of
/// a group, its subscription filters, live tail sessions.
///
/// Immutable and cheap to copy; may be used from many threads at a time. Memory: proportional to
/// the patterns.
class PatternSet {
 public:
  PatternSet();
  explicit PatternSet(std::span<const FilterPattern> patterns);

  std::size_t size() const;
  /// Replaces `matched` by the places in the set of the patterns that match, rising. Allocates
  /// nothing once `matched` and the subject have grown.
  void match(Subject& subject, std::vector<std::size_t>& matched) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;  // immutable, so copies may share it
};

}  // namespace weir::logs
