// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "collect/payload.h"
#include "logs/logs.h"

/// Any bytes as a delivery of AWS: every event has a text that a log event may have, and they are
/// counted.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto payload =
      collect::parse_payload(body, std::nullopt, Time::from_seconds(1'767'225'600));
  if (!payload) return 0;
  std::size_t events = 0;
  for (const auto& [stream, list] : payload->events) {
    WEIR_ASSERT(!stream.empty() && stream.find_first_of(":*") == std::string::npos);
    for (const auto& event : list) {
      WEIR_ASSERT(!event.message.empty() &&
                  event.message.size() + logs::Logs::kEventBytesOverhead <=
                      logs::Logs::kBatchBytesMax);
    }
    events += list.size();
  }
  WEIR_ASSERT(events == payload->event_count);
  return 0;
}
