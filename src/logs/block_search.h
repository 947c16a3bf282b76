// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "logs/block.h"
#include "logs/filter_pattern.h"

namespace weir::logs {

/// A filter pattern ready to search stored blocks: what FilterLogEvents does with each of them.
///
/// Blocks that are stored by columns are searched by columns: a question is asked once for each
/// distinct word, numbers and addresses are compared as such, and lines are rebuilt only where the
/// columns cannot tell. The result is the same as matching each line.
///
/// Threads: one at a time (it remembers answers). Memory: a few blocks' columns, and 64 KiB for
/// each test of the pattern.
class BlockSearch {
 public:
  explicit BlockSearch(FilterPattern pattern);
  ~BlockSearch();
  BlockSearch(BlockSearch&&) noexcept;
  BlockSearch& operator=(BlockSearch&&) noexcept;

  /// Leaves those of the rows, which ascend, whose messages match. The messages are not unpacked
  /// for the caller. Error: the block is damaged.
  Result<void> keep_matching(Block& block, std::vector<std::uint32_t>& rows);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::logs
