// SPDX-License-Identifier: Apache-2.0
// Log events in the embedded metric format: what they give can be stored and read back.
#include <cstddef>
#include <cstdint>
#include <string>

#include "logs/embedded_metrics.h"
#include "logs/metric_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::logs;
  const weir::Time now{1'767'603'600'000};
  const InputLogEvent event{now.ms, std::string(reinterpret_cast<const char*>(data), size)};
  const EmbeddedMetrics metrics = read_embedded_metrics({&event, 1}, now);
  WEIR_ASSERT(metrics.values.size() <= EmbeddedMetrics::kValuesMax);
  const auto again = unpack_values(pack_values(metrics.values));
  WEIR_ASSERT(again && *again == metrics.values);
  return 0;
}
