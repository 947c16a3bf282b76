// SPDX-License-Identifier: Apache-2.0
// What clients send about saved queries and indexes, and result rows as the store keeps them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "insights/execution.h"
#include "insights/index_policies.h"
#include "insights/query_definitions.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::insights;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto fields = parse_index_policy(text)) {
    WEIR_ASSERT(!fields->empty() && fields->size() <= IndexPolicies::kFieldsMax);
  }
  const QueryParameter parameter{.name = "a", .default_value = "{{b}}", .description = {}};
  (void)substitute(text, {&parameter, 1}, {{"b", "{{a}}"}});
  if (const auto rows = unpack_rows(text)) {
    const auto again = unpack_rows(pack_rows(*rows));
    WEIR_ASSERT(again && *again == *rows);
  }
  return 0;
}
