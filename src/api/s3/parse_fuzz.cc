// SPDX-License-Identifier: Apache-2.0
// XML bodies, ranges and dates that a client may send: refused or taken, within their bounds.
#include "api/s3/parse.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::api::s3;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto wanted = parse_objects_to_delete(text)) {
    WEIR_ASSERT(!wanted->items.empty() && wanted->items.size() <= ObjectsToDelete::kKeysMax);
  }
  if (const auto parts = parse_completed_parts(text)) WEIR_ASSERT(!parts->empty());
  if (const auto tags = parse_tagging(text, 50)) WEIR_ASSERT(tags->size() <= 50);
  if (const auto location = parse_location_constraint(text)) WEIR_ASSERT(location->size() <= 32);
  if (const auto range = parse_range(text)) {
    for (const std::uint64_t object_size : {0ull, 1ull, 1000ull, ~0ull}) {
      const auto bytes = resolve(*range, object_size);
      if (!bytes) continue;
      WEIR_ASSERT(bytes->length > 0 && bytes->offset < object_size &&
                  bytes->length <= object_size - bytes->offset);
    }
  }
  if (const auto date = parse_http_date(text))
    WEIR_ASSERT(date->ms % 1000 == 0 || text.size() != 29);
  return 0;
}
