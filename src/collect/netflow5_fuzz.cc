// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "collect/netflow5.h"

/// Any bytes as a NetFlow v5 datagram: as many flows as it says, or none.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::collect;
  std::size_t flows = 0;
  const auto decoded = decode_netflow5({data, size}, [&](const ExportedFlow& flow) {
    ++flows;
    WEIR_ASSERT(flow.source.is_v4() && flow.sampling >= 1);
  });
  WEIR_ASSERT(flows == (decoded ? decoded->flows : 0));
  WEIR_ASSERT(kNetflow5HeaderBytes + flows * kNetflow5FlowBytes <= size || flows == 0);
  return 0;
}
