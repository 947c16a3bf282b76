// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::enforce {

/// Our table as the kernel has it, as far as it matters for telling whether somebody changed it.
///
/// nft shows rules in another form than they were given, so what was loaded cannot be compared with
/// what is listed. Therefore each load ends with a seal: an empty chain whose name has the hash of
/// what was wanted and the hash of what the kernel then listed. A table is ours and unchanged as
/// long as its seal fits; that also holds for one that an earlier run of the daemon has left.
struct KernelTable {
  bool exists = false;
  bool is_switched_off = false;     // has the sign of `weir enforce flush`
  std::optional<std::string> seal;  // the chain's name; none: not sealed
  std::string contents;             // what is listed without handles, counters and our signs

  /// Nobody has changed it since it was sealed, whatever was wanted then.
  bool is_untouched() const;
  /// It is what `wanted` (the text of compile() without connections) makes.
  bool is(std::string_view wanted) const;
};

/// The name of the seal for a table with these contents that was made from `wanted`.
std::string seal_for(std::string_view wanted, std::string_view contents);

/// Reads what `nft -j -t list table inet weir` printed. Error: kind internal, it is not that.
Result<KernelTable> parse_listing(std::string_view json);

}  // namespace weir::enforce
