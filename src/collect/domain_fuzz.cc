// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "collect/domain.h"

/// Any bytes as a sequence of NetFlow v9 and IPFIX messages (each behind two bytes of length) of
/// one domain: bounded templates and waiting data, all memory given back, flows with addresses
/// only.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::collect;
  const Budget whole{.template_fields_left = 4096, .waiting_bytes_left = 65536};
  Budget budget = whole;
  weir::Time now{1'767'225'600'000};
  {
    Domain domain(budget);
    Cursor in({data, size});
    while (in.left() > 2) {
      const std::size_t length = in.u16();
      const Bytes datagram = in.take(length < in.left() ? length : in.left());
      const auto message = read_message_header(datagram);
      if (!message) continue;
      domain.decode(message->protocol, message->sets, message->header, now,
                    [](const ExportedFlow& flow) {
                      WEIR_ASSERT(flow.source.is_set() && flow.destination.is_set());
                      WEIR_ASSERT(flow.sampling >= 1 && flow.sampling <= kSamplingMax);
                    });
      now = now + weir::Duration(60'000);
      domain.expire(now);
      WEIR_ASSERT(domain.templates() <= Domain::kTemplatesMax);
    }
  }
  WEIR_ASSERT(budget.template_fields_left == whole.template_fields_left);
  WEIR_ASSERT(budget.waiting_bytes_left == whole.waiting_bytes_left);
  return 0;
}
