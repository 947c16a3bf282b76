// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "net/packet.h"
#include "net/protocol.h"

/// Any bytes under any link type: no read outside, and what comes out keeps its promises.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::net;
  if (size < 4) return 0;
  static constexpr LinkType kLinks[] = {LinkType::ethernet,  LinkType::null,       LinkType::raw,
                                        LinkType::linux_sll, LinkType::linux_sll2, LinkType::nflog};
  static FragmentTable fragments;
  const LinkType link = kLinks[data[0] % std::size(kLinks)];
  const std::uint32_t cut_off = static_cast<std::uint32_t>(data[1]) << 8 | data[2];
  Packet packet;
  packet.time_ns = data[3];
  const std::span bytes(data + 4, size - 4);
  if (parse_frame(link, bytes, bytes.size() + cut_off, packet) != Parsed::packet) return 0;
  WEIR_ASSERT(packet.source.is_set() && packet.source.family() == packet.destination.family());
  WEIR_ASSERT(packet.ip_bytes >= (packet.source.is_v4() ? 20U : 40U));
  WEIR_ASSERT(packet.tcp_flags == 0 || packet.protocol == protocol::kTcp);
  fragments.resolve(packet);
  count_segments(packet, cut_off);
  WEIR_ASSERT(packet.packets >= 1);
  const auto again = Address::parse(packet.source.to_string());
  WEIR_ASSERT(again && *again == packet.source);
  return 0;
}
