// SPDX-License-Identifier: Apache-2.0
#include "capture/batch.h"

#include <utility>

#include "base/result.h"

namespace weir::capture {

net::Packet* FrameParser::add(std::span<const std::uint8_t> bytes, std::size_t original_length,
                              std::int64_t time_ns, net::Course course) {
  WEIR_ASSERT(count_ < kBatchMax);
  ++frames_;
  net::Packet& packet = packets_[count_];
  packet.time_ns = time_ns;
  packet.course = course;
  switch (net::parse_frame(link_, bytes, original_length, packet)) {
    case net::Parsed::packet:
      break;
    case net::Parsed::not_ip:
      ++other_;
      return nullptr;
    case net::Parsed::truncated:
    case net::Parsed::malformed:
      ++malformed_;
      return nullptr;
  }
  if (packet.is_fragment) {
    const std::uint64_t before = fragments_.unresolved();
    fragments_.resolve(packet);
    counters_.fragments_unresolved.add(fragments_.unresolved() - before);
  }
  ++count_;
  return &packet;
}

void FrameParser::flush(std::uint64_t dropped, const BatchSink& sink) {
  counters_.frames.add(std::exchange(frames_, 0));
  counters_.other.add(std::exchange(other_, 0));
  counters_.malformed.add(std::exchange(malformed_, 0));
  sink({std::span(packets_).first(count_), dropped});
  count_ = 0;
}

}  // namespace weir::capture
