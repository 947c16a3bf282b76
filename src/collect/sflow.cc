// SPDX-License-Identifier: Apache-2.0
#include "collect/sflow.h"

#include <algorithm>

#include "collect/elements.h"
#include "net/packet.h"

namespace weir::collect {
namespace {

constexpr std::uint32_t kVersion = 5;
constexpr std::uint32_t kAddressV4 = 1;
constexpr std::uint32_t kAddressV6 = 2;
constexpr std::size_t kV6Bytes = 16;

// Sample and record types: enterprise 0 in the upper 20 bits.
constexpr std::uint32_t kFlowSample = 1;
constexpr std::uint32_t kExpandedFlowSample = 3;
constexpr std::uint32_t kDiscardedPacket = 5;
constexpr std::uint32_t kRawHeader = 1;
constexpr std::uint32_t kIpv4Data = 3;
constexpr std::uint32_t kIpv6Data = 4;
constexpr std::uint32_t kExtendedNat = 1007;

constexpr std::uint32_t kHeaderEthernet = 1;
constexpr std::uint32_t kHeaderIpv4 = 11;
constexpr std::uint32_t kHeaderIpv6 = 12;

// Interfaces: the two high bits (a field of its own in expanded samples) say what the rest is.
constexpr std::uint32_t kFormatInterface = 0;
constexpr std::uint32_t kFormatDiscarded = 1;
constexpr std::uint32_t kValueMask = 0x3fffffff;
constexpr std::uint32_t kUnknownInterface = 0x3fffffff;
constexpr std::uint32_t kUnknownExpanded = 0xffffffff;
constexpr std::uint32_t kSourceIndexMask = 0x00ffffff;

struct Interface {
  std::uint32_t format = kFormatInterface;
  std::uint32_t value = 0;

  static Interface compact(std::uint32_t word) { return {word >> 30, word & kValueMask}; }
  std::uint32_t index() const {
    const bool is_known = value != kUnknownInterface && value != kUnknownExpanded;
    return format == kFormatInterface && is_known ? value : 0;
  }
};

/// Reasons of a discard: codes of ICMP destination unreachable, then sFlow's own.
bool is_refused(std::uint32_t reason) {
  constexpr std::uint32_t kNetProhibited = 9;
  constexpr std::uint32_t kHostProhibited = 10;
  constexpr std::uint32_t kAdministrativelyProhibited = 13;
  constexpr std::uint32_t kUnknown = 256;
  constexpr std::uint32_t kAccessList = 258;
  return reason == kNetProhibited || reason == kHostProhibited ||
         reason == kAdministrativelyProhibited || reason == kUnknown || reason == kAccessList;
}

net::Address read_address(Cursor& in) {
  const std::uint32_t type = in.u32();
  if (type == kAddressV4) return net::Address::v4(in.u32());
  if (type != kAddressV6) return {};
  const Bytes bytes = in.take(kV6Bytes);
  return in.failed() ? net::Address() : net::Address::v6_from(bytes.data());
}

/// Opaque data are filled up to four bytes.
Bytes take_padded(Cursor& in, std::size_t length) {
  const Bytes taken = in.take(length);
  in.skip(std::min((4 - length % 4) % 4, in.left()));
  return taken;
}

void fill(ExportedFlow& flow, const net::Packet& packet) {
  flow.source = packet.source;
  flow.destination = packet.destination;
  flow.source_port = packet.source_port;
  flow.destination_port = packet.destination_port;
  flow.protocol = packet.protocol;
  flow.tcp_flags = packet.tcp_flags;
  flow.bytes = packet.ip_bytes;
}

void read_raw_header(Cursor in, ExportedFlow& flow) {
  const std::uint32_t protocol = in.u32();
  const std::size_t frame_length = in.u32();
  const std::size_t stripped = in.u32();
  const std::size_t length = in.u32();
  const Bytes header = in.take(length);
  if (in.failed() ||
      (protocol != kHeaderEthernet && protocol != kHeaderIpv4 && protocol != kHeaderIpv6)) {
    return;
  }
  const std::size_t original =
      std::max(header.size(), frame_length - std::min(frame_length, stripped));
  net::Packet packet;
  const auto parsed = protocol == kHeaderEthernet
                          ? net::parse_frame(net::LinkType::ethernet, header, original, packet)
                          : net::parse_ip(header, original, packet);
  if (parsed == net::Parsed::packet) fill(flow, packet);
}

void read_ip_data(Cursor in, bool is_v6, ExportedFlow& flow) {
  const std::uint32_t length = in.u32();
  const auto protocol = static_cast<std::uint8_t>(in.u32());
  net::Address source;
  net::Address destination;
  if (is_v6) {
    const Bytes from = in.take(kV6Bytes);
    const Bytes to = in.take(kV6Bytes);
    if (in.failed()) return;
    source = net::Address::v6_from(from.data());
    destination = net::Address::v6_from(to.data());
  } else {
    source = net::Address::v4(in.u32());
    destination = net::Address::v4(in.u32());
  }
  const auto source_port = static_cast<std::uint16_t>(in.u32());
  const auto destination_port = static_cast<std::uint16_t>(in.u32());
  const auto tcp_flags = static_cast<std::uint8_t>(in.u32());
  if (in.failed()) return;
  flow.source = source;
  flow.destination = destination;
  flow.source_port = source_port;
  flow.destination_port = destination_port;
  flow.protocol = protocol;
  flow.tcp_flags = tcp_flags;
  flow.bytes = length;
}

/// The records of one sample. False: a length that cannot be.
bool read_records(Cursor& in, std::uint32_t count, ExportedFlow& flow) {
  bool has_header = false;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t type = in.u32();
    const std::size_t length = in.u32();
    const Bytes record = take_padded(in, length);
    if (in.failed()) return false;
    if (type == kRawHeader) {
      read_raw_header(Cursor(record), flow);
      has_header = flow.source.is_set();
    } else if ((type == kIpv4Data || type == kIpv6Data) && !has_header) {
      read_ip_data(Cursor(record), type == kIpv6Data, flow);
    } else if (type == kExtendedNat) {
      Cursor nat(record);
      flow.translated_source = read_address(nat);
      flow.translated_destination = read_address(nat);
    }
  }
  return true;
}

/// What stands before the records of a sample.
struct SampleHead {
  std::uint32_t source_index = 0;
  std::uint32_t sampling = 1;
  Interface input;
  Interface output;
  std::uint32_t records = 0;
};

SampleHead read_head(Cursor& in, std::uint32_t type) {
  SampleHead head;
  in.skip(4);  // the sequence of this data source; that of the datagram tells of losses too
  if (type == kFlowSample) {
    head.source_index = in.u32() & kSourceIndexMask;
  } else {
    in.skip(4);
    head.source_index = in.u32();
  }
  if (type == kDiscardedPacket) {
    in.skip(4);  // drops
    head.input = {kFormatInterface, in.u32()};
    in.skip(4);  // output: the packet did not get there
    head.output = {kFormatDiscarded, in.u32()};
    head.records = in.u32();
    return head;
  }
  head.sampling = std::clamp<std::uint32_t>(in.u32(), 1, kSamplingMax);
  in.skip(8);  // pool, drops
  if (type == kFlowSample) {
    head.input = Interface::compact(in.u32());
    head.output = Interface::compact(in.u32());
  } else {
    head.input.format = in.u32();
    head.input.value = in.u32();
    head.output.format = in.u32();
    head.output.value = in.u32();
  }
  head.records = in.u32();
  return head;
}

/// False: a length that cannot be.
bool read_sample(Cursor in, std::uint32_t type, Sflow& out, const FlowSink& sink) {
  const SampleHead head = read_head(in, type);
  if (in.failed()) return false;
  ExportedFlow flow;
  flow.packets = 1;
  flow.sampling = head.sampling;
  flow.input = head.input.index();
  flow.output = head.output.index();
  const bool is_leaving =
      flow.output != 0 && head.source_index == flow.output && flow.input != flow.output;
  flow.direction = is_leaving ? flow::Direction::egress : flow::Direction::ingress;
  if (flow.input == 0 && !is_leaving) flow.input = head.source_index;
  if (head.output.format == kFormatDiscarded && is_refused(head.output.value)) {
    flow.verdict = flow::Verdict::reject;
  }
  flow.start_ms = flow.end_ms = out.header.export_ms;
  if (!read_records(in, head.records, flow)) return false;
  ++out.samples;
  if (flow.source.is_set()) {
    sink(flow);
  } else {
    ++out.not_flows;
  }
  return true;
}

}  // namespace

std::optional<Sflow> decode_sflow(Bytes datagram, std::int64_t arrival_ms, const FlowSink& sink) {
  Cursor in(datagram);
  if (in.u32() != kVersion) return std::nullopt;
  Sflow out;
  out.agent = read_address(in);
  out.header.domain = in.u32();
  out.header.sequence = in.u32();
  out.header.uptime_ms = in.u32();
  out.header.export_ms = arrival_ms;
  const std::uint32_t count = in.u32();
  if (in.failed() || !out.agent.is_set()) return std::nullopt;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t type = in.u32();
    const std::size_t length = in.u32();
    const Bytes sample = take_padded(in, length);
    if (in.failed()) {
      out.is_malformed = true;
      return out;
    }
    const bool is_wanted =
        type == kFlowSample || type == kExpandedFlowSample || type == kDiscardedPacket;
    if (is_wanted && !read_sample(Cursor(sample), type, out, sink)) out.is_malformed = true;
  }
  return out;
}

}  // namespace weir::collect
