// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "net/address.h"

namespace weir::net {

/// Link types by their number in capture files (the LINKTYPE_ registry of tcpdump.org).
enum class LinkType : std::uint16_t {
  null = 0,  // BSD loopback: address family in the writer's byte order
  ethernet = 1,
  raw = 101,        // IPv4 or IPv6, told apart by the version
  loop = 108,       // OpenBSD loopback: address family in network order
  linux_sll = 113,  // Linux "cooked" capture
  ipv4 = 228,
  ipv6 = 229,
  nflog = 239,
  linux_sll2 = 276,
};
/// Whether parse_frame() knows the number.
bool is_known_link_type(int number);

namespace tcp_flag {
inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kRst = 0x04;
inline constexpr std::uint8_t kPsh = 0x08;
inline constexpr std::uint8_t kAck = 0x10;
}  // namespace tcp_flag

/// Seen from the device: what the kernel says about a captured frame.
enum class Course : std::uint8_t { unknown, arriving, leaving };

/// What a flow record needs to know of one IP packet. Of a tunnel it is the outer packet.
struct Packet {
  std::int64_t time_ns = 0;  // since 1970, UTC
  Address source;
  Address destination;
  std::uint16_t source_port = 0;  // 0 where the protocol has none or the bytes are not there
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;   // IPv6: the last header of the chain
  std::uint8_t tcp_flags = 0;  // as on the wire
  Course course = Course::unknown;
  bool is_fragment = false;        // one of several pieces; an IPv6 atomic fragment is not
  bool is_later_fragment = false;  // not the first one: no ports
  bool is_truncated = false;       // the capture cut headers off
  std::uint16_t vlan = 0;          // outermost VLAN id, 0 if untagged
  std::uint16_t header_bytes = 0;  // IP and transport headers, as far as known
  std::uint32_t fragment_id = 0;
  std::uint32_t packets =
      1;  // on the wire; more than one where the kernel merged segments (GRO, GSO)
  std::uint32_t ip_bytes = 0;  // IP length from the header(s), without link layer, of all `packets`
};

enum class Parsed : std::uint8_t {
  packet,     // an IP packet
  not_ip,     // ARP, LLDP ...; no record
  truncated,  // too short for an IP header
  malformed,  // lengths or versions that cannot be
};

/// Reads a captured frame. `original_length` is its length on the wire, `bytes` what was captured
/// of it. Ethernet with any VLAN tags (802.1Q, 802.1ad), MPLS and PPPoE sessions; bounded loops, no
/// allocation, never reads outside `bytes`. `out` is valid only for Parsed::packet; its time and
/// course are untouched.
Parsed parse_frame(LinkType link, std::span<const std::uint8_t> bytes, std::size_t original_length,
                   Packet& out);
/// The same from the IP header on.
Parsed parse_ip(std::span<const std::uint8_t> bytes, std::size_t original_length, Packet& out);

/// Sets `packets` and `ip_bytes` of a buffer which the kernel merged from, or will cut into,
/// segments of `segment_bytes` payload each, as those on the wire had or will have them.
void count_segments(Packet& packet, std::uint32_t segment_bytes);

/// Gives later fragments the ports and protocol of the first one, so that a datagram is one flow.
///
/// Threads: one. Memory: `kEntries` datagrams, allocated at construction; when full, the oldest of
/// four candidates is forgotten, and its later fragments keep ports 0 (as do fragments that
/// overtake the first).
class FragmentTable {
 public:
  static constexpr std::size_t kEntries = 4096;
  static constexpr std::int64_t kTimeoutNs = 30'000'000'000;  // packet time

  FragmentTable();
  /// Notes a first fragment, completes a later one; does nothing to other packets.
  void resolve(Packet& packet);
  /// Later fragments whose first one was not seen.
  std::uint64_t unresolved() const { return unresolved_; }

 private:
  struct Entry {
    Address source;
    Address destination;
    std::int64_t time_ns = 0;
    std::uint32_t id = 0;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint8_t protocol = 0;
    bool used = false;
  };
  std::span<Entry> candidates(const Packet& packet);

  std::vector<Entry> entries_;
  std::uint64_t unresolved_ = 0;
};

}  // namespace weir::net
