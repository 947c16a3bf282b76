// SPDX-License-Identifier: Apache-2.0
// Uploaded lookup tables: what clients send as CSV.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "insights/lookup_tables.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::insights;
  const auto table = parse_lookup_csv({reinterpret_cast<const char*>(data), size});
  if (!table) return 0;
  WEIR_ASSERT(!table->columns.empty());
  for (const auto& row : table->rows) WEIR_ASSERT(row.size() == table->columns.size());
  return 0;
}
