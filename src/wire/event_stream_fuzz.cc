// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wire/event_stream.h"

/// Input: how many bytes arrive at a time, then a stream. What reads must be bounded by what came,
/// and messages with text headers only must encode to what they were read from.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::wire;
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0];
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  EventStreamDecoder decoder;
  for (std::size_t at = 0; at < input.size(); at += step) {
    decoder.feed(input.substr(at, step));
    for (;;) {
      const auto message = decoder.next();
      if (!message) return 0;
      if (!*message) break;
      WEIR_ASSERT((*message)->payload.size() <= input.size());
      EventStreamDecoder again;
      again.feed(encode(**message));
      const auto same = again.next();
      WEIR_ASSERT(same && *same && (*same)->payload == (*message)->payload &&
                  (*same)->headers == (*message)->headers);
    }
  }
  return 0;
}
