// SPDX-License-Identifier: Apache-2.0
// Names of statistics and what they make of a bucket: no text may crash or give a value outside the
// samples.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "metrics/statistic.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::metrics::Statistic;
  static const weir::metrics::Aggregate kBucket = [] {
    weir::metrics::Aggregate out;
    for (int i = 0; i < 300; ++i) out.add(i, 1 + i % 3);
    return out;
  }();
  const auto statistic =
      Statistic::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!statistic) return 0;
  const auto value = statistic->of(kBucket);
  if (value && statistic->kind() == Statistic::Kind::percentile) {
    WEIR_ASSERT(*value >= kBucket.minimum && *value <= kBucket.maximum);
  }
  return 0;
}
