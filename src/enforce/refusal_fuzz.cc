// SPDX-License-Identifier: Apache-2.0
// NFLOG prefixes, /proc/net/tcp and listings of nft: whatever the text, what is taken for ours
// reads back the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "enforce/guard.h"
#include "enforce/kernel_table.h"
#include "enforce/refusal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto refusal = weir::enforce::parse_prefix(text)) {
    WEIR_ASSERT(weir::enforce::parse_prefix(weir::enforce::to_prefix(*refusal)) == refusal);
  }
  WEIR_ASSERT(weir::enforce::parse_connections(text).size() <= weir::enforce::kConnectionsMax);
  if (auto table = weir::enforce::parse_listing(text)) {
    table->seal = weir::enforce::seal_for("wanted", table->contents);
    WEIR_ASSERT(table->is("wanted") && table->is_untouched());
  }
  return 0;
}
