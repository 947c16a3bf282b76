// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "base/time_zone.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)weir::TimeZone::find(text);
  const auto zone = weir::TimeZone::parse(text);
  if (!zone) return 0;
  for (const std::int64_t moment : {std::int64_t{0}, std::int64_t{1'790'000'000},
                                    std::int64_t{-5'000'000'000}, std::int64_t{4'000'000'000}}) {
    (void)zone->to_utc(moment + zone->offset_s(moment));
  }
  return 0;
}
