// SPDX-License-Identifier: Apache-2.0
#include "capture/batch.h"

namespace weir::capture {

net::Packet* FrameParser::add(std::span<const std::uint8_t> bytes, std::size_t original_length,
                              std::int64_t time_ns, net::Course course) {
  counters_.frames.add();
  net::Packet packet;
  packet.time_ns = time_ns;
  packet.course = course;
  switch (net::parse_frame(link_, bytes, original_length, packet)) {
    case net::Parsed::packet:
      break;
    case net::Parsed::not_ip:
      counters_.other.add();
      return nullptr;
    case net::Parsed::truncated:
    case net::Parsed::malformed:
      counters_.malformed.add();
      return nullptr;
  }
  if (packet.is_fragment) {
    const std::uint64_t before = fragments_.unresolved();
    fragments_.resolve(packet);
    counters_.fragments_unresolved.add(fragments_.unresolved() - before);
  }
  return &packets_.emplace_back(packet);
}

void FrameParser::flush(std::uint64_t dropped, const BatchSink& sink) {
  sink({packets_, dropped});
  packets_.clear();
}

}  // namespace weir::capture
