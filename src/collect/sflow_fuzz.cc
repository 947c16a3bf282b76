// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "collect/elements.h"
#include "collect/sflow.h"

/// Any bytes as an sFlow datagram: one flow for each sample of an IP packet, none without
/// addresses.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::collect;
  std::size_t flows = 0;
  const auto decoded = decode_sflow({data, size}, 1'767'225'600'000, [&](const ExportedFlow& flow) {
    ++flows;
    WEIR_ASSERT(flow.source.is_set() && flow.destination.is_set());
    WEIR_ASSERT(flow.sampling >= 1 && flow.sampling <= kSamplingMax);
  });
  WEIR_ASSERT(flows == (decoded ? decoded->samples - decoded->not_flows : 0));
  return 0;
}
