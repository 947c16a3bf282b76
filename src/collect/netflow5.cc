// SPDX-License-Identifier: Apache-2.0
#include "collect/netflow5.h"

#include <algorithm>

namespace weir::collect {
namespace {

constexpr std::uint16_t kVersion = 5;
constexpr std::uint32_t kSamplingRateMask = 0x3fff;  // the two high bits are the mode

ExportedFlow read_flow(Bytes bytes, const ExportHeader& header, std::uint32_t sampling) {
  Cursor in(bytes);
  ExportedFlow flow;
  flow.source = net::Address::v4(in.u32());
  flow.destination = net::Address::v4(in.u32());
  in.skip(4);  // next hop
  flow.input = in.u16();
  flow.output = in.u16();
  flow.packets = in.u32();
  flow.bytes = in.u32();
  flow.start_ms = header.from_uptime(in.u32());
  flow.end_ms = header.from_uptime(in.u32());
  flow.source_port = in.u16();
  flow.destination_port = in.u16();
  in.skip(1);  // padding
  flow.tcp_flags = in.u8();
  flow.protocol = in.u8();
  flow.sampling = sampling;
  return flow;
}

}  // namespace

std::optional<Netflow5> decode_netflow5(Bytes datagram, const FlowSink& sink) {
  Cursor in(datagram);
  const std::uint16_t version = in.u16();
  const std::uint16_t count = in.u16();
  Netflow5 out;
  out.flows = count;
  out.header.uptime_ms = in.u32();
  const std::int64_t seconds = in.u32();
  const std::int64_t nanoseconds = in.u32();
  out.header.export_ms = seconds * 1000 + nanoseconds / 1'000'000;
  out.header.sequence = in.u32();
  out.header.domain = in.u16();
  const std::uint32_t sampling = std::max(1U, in.u16() & kSamplingRateMask);
  if (in.failed() || version != kVersion || in.left() < count * kNetflow5FlowBytes) {
    return std::nullopt;
  }
  for (std::uint16_t i = 0; i < count; ++i) {
    sink(read_flow(in.take(kNetflow5FlowBytes), out.header, sampling));
  }
  return out;
}

}  // namespace weir::collect
