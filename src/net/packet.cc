// SPDX-License-Identifier: Apache-2.0
#include "net/packet.h"

#include <algorithm>
#include <array>
#include <limits>

#include "net/protocol.h"

namespace weir::net {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherIpv6 = 0x86dd;
constexpr std::uint16_t kEtherMpls = 0x8847;
constexpr std::uint16_t kEtherMplsMulticast = 0x8848;
constexpr std::uint16_t kEtherPppoeSession = 0x8864;
constexpr std::uint16_t kPppIpv4 = 0x0021;
constexpr std::uint16_t kPppIpv6 = 0x0057;
constexpr std::uint16_t kEtherLengthMax = 1500;  // up to here the field is a length (IEEE 802.3)

constexpr std::size_t kVlanTagsMax = 8;
constexpr std::size_t kMplsLabelsMax = 16;
constexpr std::size_t kExtensionHeadersMax = 16;
constexpr std::size_t kNflogAttributesMax = 64;

std::uint16_t u16(const std::uint8_t* at) { return static_cast<std::uint16_t>(at[0] << 8 | at[1]); }
std::uint16_t u16_little(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[1] << 8 | at[0]);
}
std::uint32_t u32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(u16(at)) << 16 | u16(at + 2);
}

/// What is left of a frame behind the headers read so far.
struct Rest {
  Bytes bytes;
  std::size_t original = 0;  // the same on the wire

  bool skip(std::size_t n) {
    if (bytes.size() < n || original < n) return false;
    bytes = bytes.subspan(n);
    original -= n;
    return true;
  }
};

bool is_vlan(std::uint16_t type) {
  return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200;
}

/// An IP header or nothing that concerns us: by the version in the first four bits.
Parsed parse_either(const Rest& rest, Packet& out) {
  if (rest.bytes.empty()) return Parsed::truncated;
  const unsigned version = rest.bytes[0] >> 4;
  if (version != 4 && version != 6) return Parsed::not_ip;
  return parse_ip(rest.bytes, rest.original, out);
}

Parsed parse_mpls(Rest rest, Packet& out) {
  for (std::size_t i = 0; i < kMplsLabelsMax; ++i) {
    if (rest.bytes.size() < 4) return Parsed::truncated;
    const bool is_bottom = (rest.bytes[2] & 1) != 0;
    if (!rest.skip(4)) return Parsed::malformed;
    if (is_bottom) return parse_either(rest, out);
  }
  return Parsed::malformed;
}

Parsed parse_pppoe(Rest rest, Packet& out) {
  if (rest.bytes.size() < 8) return Parsed::truncated;
  const std::uint16_t ppp = u16(rest.bytes.data() + 6);
  if (ppp != kPppIpv4 && ppp != kPppIpv6) return Parsed::not_ip;
  return rest.skip(8) ? parse_either(rest, out) : Parsed::malformed;
}

/// What follows an EtherType; VLAN tags first.
Parsed parse_ethertype(std::uint16_t type, Rest rest, Packet& out) {
  for (std::size_t tags = 0; is_vlan(type); ++tags) {
    if (tags == kVlanTagsMax) return Parsed::malformed;
    if (rest.bytes.size() < 4) return Parsed::truncated;
    if (tags == 0) out.vlan = u16(rest.bytes.data()) & 0x0fff;
    type = u16(rest.bytes.data() + 2);
    if (!rest.skip(4)) return Parsed::malformed;
  }
  if (type <= kEtherLengthMax) {
    // LLC with SNAP header and an EtherType behind it (RFC 1042).
    constexpr std::array<std::uint8_t, 6> kSnap = {0xaa, 0xaa, 0x03, 0, 0, 0};
    if (rest.bytes.size() < 8 || !std::equal(kSnap.begin(), kSnap.end(), rest.bytes.begin())) {
      return Parsed::not_ip;
    }
    type = u16(rest.bytes.data() + 6);
    if (!rest.skip(8)) return Parsed::malformed;
  }
  switch (type) {
    case kEtherIpv4:
    case kEtherIpv6:
      return parse_ip(rest.bytes, rest.original, out);
    case kEtherMpls:
    case kEtherMplsMulticast:
      return parse_mpls(rest, out);
    case kEtherPppoeSession:
      return parse_pppoe(rest, out);
    default:
      return Parsed::not_ip;
  }
}

/// A header of `length` bytes with the EtherType at `at`.
Parsed parse_typed(Rest rest, std::size_t length, std::size_t at, Packet& out) {
  if (rest.bytes.size() < length) return Parsed::truncated;
  const std::uint16_t type = u16(rest.bytes.data() + at);
  return rest.skip(length) ? parse_ethertype(type, rest, out) : Parsed::malformed;
}

/// Link types `null` and `loop`: a protocol family whose numbers differ between systems, so the
/// version in the IP header decides.
Parsed parse_loopback(Rest rest, Packet& out) {
  return rest.skip(4) ? parse_either(rest, out) : Parsed::truncated;
}

/// Attributes in the writer's byte order (in practice little-endian), each padded to four bytes;
/// the packet is the payload attribute.
Parsed parse_nflog(Rest rest, Packet& out) {
  constexpr std::uint16_t kPayload = 9;
  if (!rest.skip(4)) return Parsed::truncated;
  for (std::size_t i = 0; i < kNflogAttributesMax && rest.bytes.size() >= 4; ++i) {
    const std::size_t length = u16_little(rest.bytes.data());
    const std::uint16_t type = u16_little(rest.bytes.data() + 2) & 0x7fff;
    if (length < 4) return Parsed::malformed;
    if (type == kPayload) {
      const std::size_t original = length - 4;
      if (!rest.skip(4)) return Parsed::malformed;
      return parse_either({rest.bytes.first(std::min(rest.bytes.size(), original)), original}, out);
    }
    if (!rest.skip((length + 3) & ~std::size_t{3})) return Parsed::truncated;
  }
  return Parsed::not_ip;
}

/// Ports and flags, as far as they were captured.
void parse_transport(const Rest& rest, Packet& out) {
  if (out.is_later_fragment || !has_ports(out.protocol)) return;
  const Bytes bytes = rest.bytes;
  if (bytes.size() < 4) {
    out.is_truncated = true;
    return;
  }
  out.source_port = u16(bytes.data());
  out.destination_port = u16(bytes.data() + 2);
  if (out.protocol == protocol::kUdp)
    out.header_bytes = static_cast<std::uint16_t>(out.header_bytes + 8);
  if (out.protocol != protocol::kTcp) return;
  if (bytes.size() < 14) {
    out.is_truncated = true;
    return;
  }
  out.tcp_flags = bytes[13];
  out.header_bytes = static_cast<std::uint16_t>(out.header_bytes + (bytes[12] >> 4) * 4);
}

Parsed parse_ipv4(Bytes bytes, std::size_t original, Packet& out) {
  constexpr std::size_t kHeaderMin = 20;
  if (bytes.size() < kHeaderMin) return Parsed::truncated;
  const std::size_t header = std::size_t{4} * (bytes[0] & 15);
  std::size_t total = u16(bytes.data() + 2);
  // BIG TCP and segmentation offload leave the length 0: then it is what the frame holds.
  if (total == 0) total = original;
  if (header < kHeaderMin || total < header) return Parsed::malformed;

  const std::uint16_t fragment = u16(bytes.data() + 6);
  out.is_later_fragment = (fragment & 0x1fff) != 0;
  out.is_fragment = out.is_later_fragment || (fragment & 0x2000) != 0;
  out.fragment_id = u16(bytes.data() + 4);
  out.protocol = bytes[9];
  out.source = Address::v4_from(bytes.data() + 12);
  out.destination = Address::v4_from(bytes.data() + 16);
  out.ip_bytes = static_cast<std::uint32_t>(total);
  out.header_bytes = static_cast<std::uint16_t>(header);
  // Behind the datagram there may be Ethernet padding.
  Rest rest{bytes.first(std::min(bytes.size(), total)), total};
  if (!rest.skip(header)) {
    out.is_truncated = true;
    return Parsed::packet;
  }
  parse_transport(rest, out);
  return Parsed::packet;
}

/// The length in a jumbo payload option (RFC 2675), 0 if there is none.
std::uint32_t jumbo_length(Bytes options) {
  constexpr std::uint8_t kPad1 = 0;
  constexpr std::uint8_t kJumbo = 0xc2;
  for (std::size_t at = 0; at < options.size();) {
    if (options[at] == kPad1) {
      ++at;
      continue;
    }
    if (at + 2 > options.size()) return 0;
    if (options[at] == kJumbo && options[at + 1] == 4 && at + 6 <= options.size()) {
      return u32(options.data() + at + 2);
    }
    at += std::size_t{2} + options[at + 1];
  }
  return 0;
}

/// Walks the extension headers to the upper protocol. ESP, AH and "no next header" end the walk, as
/// does anything unknown. `rest` is behind the last header then.
void walk_extensions(Rest& rest, Packet& out) {
  for (std::size_t i = 0; i < kExtensionHeadersMax; ++i) {
    const std::uint8_t kind = out.protocol;
    if (kind != protocol::kHopByHop && kind != protocol::kRouting && kind != protocol::kFragment &&
        kind != protocol::kDestination) {
      return;
    }
    if (rest.bytes.size() < 8) {
      out.is_truncated = true;
      return;
    }
    std::size_t length = 8;
    if (kind == protocol::kFragment) {
      const std::uint16_t offset = u16(rest.bytes.data() + 2);
      out.is_later_fragment = (offset & 0xfff8) != 0;
      out.is_fragment = out.is_later_fragment || (offset & 1) != 0;
      out.fragment_id = u32(rest.bytes.data() + 4);
    } else {
      length = std::size_t{8} * (std::size_t{rest.bytes[1]} + 1);
      if (kind == protocol::kHopByHop && out.ip_bytes == 0) {
        out.ip_bytes = jumbo_length(rest.bytes.subspan(2, std::min(length, rest.bytes.size()) - 2));
      }
    }
    out.protocol = rest.bytes[0];
    out.header_bytes = static_cast<std::uint16_t>(out.header_bytes + length);
    if (!rest.skip(length)) {
      out.is_truncated = true;
      rest.bytes = {};
      return;
    }
    if (out.is_later_fragment) return;  // what follows is data, not headers
  }
}

Parsed parse_ipv6(Bytes bytes, std::size_t original, Packet& out) {
  constexpr std::size_t kHeader = 40;
  if (bytes.size() < kHeader) return Parsed::truncated;
  const std::size_t payload = u16(bytes.data() + 4);
  out.protocol = bytes[6];
  out.source = Address::v6_from(bytes.data() + 8);
  out.destination = Address::v6_from(bytes.data() + 24);
  out.header_bytes = kHeader;
  out.ip_bytes = 0;
  Rest rest{bytes, std::max(original, bytes.size())};
  if (payload != 0) {
    const std::size_t total = kHeader + payload;
    rest = {bytes.first(std::min(bytes.size(), total)), total};
  }
  rest.skip(kHeader);
  walk_extensions(rest, out);
  // Now set only by a jumbo option, which may claim no more than the frame holds. Without one,
  // length 0 means BIG TCP or no payload.
  const auto held = static_cast<std::uint32_t>(
      std::clamp<std::size_t>(original, kHeader, std::numeric_limits<std::uint32_t>::max()));
  if (payload != 0) {
    out.ip_bytes = static_cast<std::uint32_t>(kHeader + payload);
  } else if (out.ip_bytes != 0) {
    out.ip_bytes = std::min(out.ip_bytes, held - std::uint32_t{kHeader}) + std::uint32_t{kHeader};
  } else {
    out.ip_bytes = out.protocol == protocol::kNoNext ? std::uint32_t{kHeader} : held;
  }
  parse_transport(rest, out);
  return Parsed::packet;
}

/// Most packets there are: TCP or UDP in IPv4 without options, whole, in Ethernet without tags.
/// False for all others, which take the long way to the same result.
bool parse_plain(Bytes bytes, Packet& out) {
  constexpr std::size_t kEthernet = 14;
  constexpr std::size_t kIp = 20;
  constexpr std::size_t kTransport = 14;  // as far as the TCP flags
  if (bytes.size() < kEthernet + kIp + kTransport) return false;
  const std::uint8_t* const ip = bytes.data() + kEthernet;
  const std::uint8_t kind = ip[9];
  const bool is_tcp = kind == protocol::kTcp;
  if (u16(bytes.data() + 12) != kEtherIpv4 || ip[0] != 0x45 || (u16(ip + 6) & 0x3fff) != 0 ||
      u16(ip + 2) < kIp + kTransport || (!is_tcp && kind != protocol::kUdp)) {
    return false;
  }
  const std::uint8_t* const transport = ip + kIp;
  // Each member once: clearing the packet first costs as much as all the rest.
  out.source = Address::v4(u32(ip + 12));
  out.destination = Address::v4(u32(ip + 16));
  out.source_port = u16(transport);
  out.destination_port = u16(transport + 2);
  out.protocol = kind;
  out.tcp_flags = is_tcp ? transport[13] : std::uint8_t{0};
  out.is_fragment = out.is_later_fragment = out.is_truncated = false;
  out.vlan = 0;
  out.header_bytes =
      static_cast<std::uint16_t>(kIp + (is_tcp ? std::size_t{4} * (transport[12] >> 4) : 8));
  out.fragment_id = u16(ip + 4);
  out.packets = 1;
  out.ip_bytes = u16(ip + 2);
  return true;
}

}  // namespace

bool is_known_link_type(int number) {
  switch (static_cast<LinkType>(number)) {
    case LinkType::null:
    case LinkType::ethernet:
    case LinkType::raw:
    case LinkType::loop:
    case LinkType::linux_sll:
    case LinkType::ipv4:
    case LinkType::ipv6:
    case LinkType::nflog:
    case LinkType::linux_sll2:
      return number >= 0 && number <= 0xffff;
  }
  return false;
}

Parsed parse_frame(LinkType link, Bytes bytes, std::size_t original_length, Packet& out) {
  if (link == LinkType::ethernet && parse_plain(bytes, out)) return Parsed::packet;
  const std::int64_t time_ns = out.time_ns;
  const Course course = out.course;
  out = Packet{};
  out.time_ns = time_ns;
  out.course = course;
  const Rest rest{bytes, std::max(original_length, bytes.size())};
  switch (link) {
    case LinkType::ethernet:
      return parse_typed(rest, 14, 12, out);
    case LinkType::linux_sll:
      if (bytes.size() >= 2 && out.course == Course::unknown) {
        out.course = u16(bytes.data()) == 4 ? Course::leaving : Course::arriving;
      }
      return parse_typed(rest, 16, 14, out);
    case LinkType::linux_sll2:
      if (bytes.size() >= 11 && out.course == Course::unknown) {
        out.course = bytes[10] == 4 ? Course::leaving : Course::arriving;
      }
      return parse_typed(rest, 20, 0, out);
    case LinkType::null:
    case LinkType::loop:
      return parse_loopback(rest, out);
    case LinkType::raw:
    case LinkType::ipv4:
    case LinkType::ipv6:
      return parse_either(rest, out);
    case LinkType::nflog:
      return parse_nflog(rest, out);
  }
  return Parsed::not_ip;
}

Parsed parse_ip(Bytes bytes, std::size_t original_length, Packet& out) {
  if (bytes.empty()) return Parsed::truncated;
  switch (bytes[0] >> 4) {
    case 4:
      return parse_ipv4(bytes, original_length, out);
    case 6:
      return parse_ipv6(bytes, original_length, out);
    default:
      return Parsed::malformed;
  }
}

void count_segments(Packet& packet, std::uint32_t segment_bytes) {
  if (segment_bytes == 0 || packet.ip_bytes <= packet.header_bytes) return;
  const std::uint32_t payload = packet.ip_bytes - packet.header_bytes;
  packet.packets = (payload + segment_bytes - 1) / segment_bytes;
  packet.ip_bytes += (packet.packets - 1) * packet.header_bytes;
}

FragmentTable::FragmentTable() : entries_(kEntries) {}

std::span<FragmentTable::Entry> FragmentTable::candidates(const Packet& packet) {
  constexpr std::size_t kWays = 4;
  const std::uint64_t mixed = hash(packet.source, hash(packet.destination, packet.fragment_id));
  const std::size_t bucket = static_cast<std::size_t>(mixed) & (kEntries / kWays - 1);
  return std::span(entries_).subspan(bucket * kWays, kWays);
}

void FragmentTable::resolve(Packet& packet) {
  if (!packet.is_fragment) return;
  const std::span<Entry> ways = candidates(packet);
  const auto is_same = [&](const Entry& entry) {
    // The protocol belongs to the key in IPv4 (RFC 791); a later IPv6 fragment may not know it.
    return entry.used && entry.id == packet.fragment_id && entry.source == packet.source &&
           entry.destination == packet.destination &&
           (packet.source.is_v6() || entry.protocol == packet.protocol) &&
           packet.time_ns - entry.time_ns <= kTimeoutNs;
  };
  auto found = std::find_if(ways.begin(), ways.end(), is_same);
  if (packet.is_later_fragment) {
    if (found == ways.end()) {
      ++unresolved_;
      return;
    }
    packet.source_port = found->source_port;
    packet.destination_port = found->destination_port;
    packet.protocol = found->protocol;
    return;
  }
  if (found == ways.end()) {
    found = std::min_element(ways.begin(), ways.end(), [](const Entry& a, const Entry& b) {
      return a.used != b.used ? b.used : a.time_ns < b.time_ns;
    });
  }
  *found = {packet.source,      packet.destination,      packet.time_ns,  packet.fragment_id,
            packet.source_port, packet.destination_port, packet.protocol, true};
}

}  // namespace weir::net
