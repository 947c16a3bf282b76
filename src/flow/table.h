// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "flow/record.h"
#include "net/packet.h"

namespace weir::flow {

/// Who refused a packet: a security group or a network ACL, and which of its rules.
struct Rule {
  std::string owner;  // SG or NACL
  std::string id;     // sg-... or acl-...
  std::int32_t number = 0;
  auto operator<=>(const Rule&) const = default;
};

/// Counters of some packets of a flow.
struct Tally {
  std::uint64_t packets = 0;  // as on the wire
  std::uint64_t bytes = 0;
  std::uint64_t buffers = 0;  // as the kernel handed them over (segments may be merged)
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
  // Packets with that flag (RFC 9293), so that what is refused can be taken out of what was
  // captured.
  std::uint32_t fin = 0;
  std::uint32_t syn = 0;  // without ACK
  std::uint32_t rst = 0;
  std::uint32_t syn_ack = 0;

  void add(const net::Packet& packet);
  /// Takes `part` out. The times stay: which of the packets were first and last is not known any
  /// more.
  void subtract(const Tally& part);
  /// Field tcp-flags: FIN 1, SYN 2, RST 4, SYN-ACK 18; any other flag alone is not recorded.
  std::int64_t tcp_flags() const;
};

/// What makes packets one flow.
struct FlowKey {
  net::Address source;
  net::Address destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;
  Direction direction = Direction::ingress;
  bool operator==(const FlowKey&) const = default;
};

/// One 5-tuple in one direction on one interface, in one window: one line of the cache. What does
/// not fit (IPv6 addresses, huge counters, refusals) stands in tables beside it.
struct alignas(64) Flow {
  static constexpr std::uint32_t kNone = 0xffffffff;

  /// IPv4: source and destination. IPv6: the place of both, and some bits of their hash.
  std::uint64_t addresses = 0;
  std::uint64_t rest = 0;  // as in Table::Probe
  std::uint32_t refusal = kNone;
  // Captured packets; meaning as in Tally.
  std::uint32_t packets = 0;
  std::uint32_t buffers = 0;
  std::uint32_t spilled = kNone;  // place of what was counted and did not fit here
  std::uint64_t flags = 0;        // four counters of 16 bits: FIN, SYN, RST, SYN-ACK
  std::uint64_t bytes = 0;
  std::int64_t first_ns = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_ns = std::numeric_limits<std::int64_t>::min();
};
static_assert(sizeof(Flow) == 64);

/// What of a flow was refused.
struct Refusal {
  Tally captured;  // refused packets that are also in the flow's own counters
  Tally pending;   // refused and not yet reported
  const Rule* rule = nullptr;
  std::uint64_t packets_reported = 0;
  std::uint64_t bytes_reported = 0;
  std::int64_t first_ns = 0;  // of all of them
  std::int64_t last_ns = 0;
};

/// The flows of one network interface in one aggregation window, in the order of their first
/// packet.
///
/// A flow is one 5-tuple on one interface (VPC User Guide, "Flow log records"), so the two
/// directions of a connection are two flows.
///
/// Threads: one. Memory: at most `flows_max` flows of 64 bytes (IPv6: 96) and 8 bytes of index;
/// grows on demand, and gives back what a flood took.
class Table {
 public:
  /// A key with its hash, which is the same in all tables of one seed.
  struct Probe {
    std::uint64_t addresses = 0;  // IPv4: both; IPv6: a hash of both
    std::uint64_t rest = 0;       // ports, protocol, direction, and in the lowest bit whether IPv6
    std::uint64_t hash = 0;
  };

  Table(std::size_t flows_max, std::uint64_t hash_seed);

  Probe probe(const FlowKey& key) const {
    return probe(key.source, key.destination, key.source_port, key.destination_port, key.protocol,
                 key.direction);
  }
  Probe probe(const net::Packet& packet, Direction direction) const {
    return probe(packet.source, packet.destination, packet.source_port, packet.destination_port,
                 packet.protocol, direction);
  }
  /// Two steps that bring what find_or_add() needs nearer; worth it for some packets at a time. The
  /// second one returns a guess for it.
  void prefetch_slot(const Probe& probe) const;
  std::uint32_t prefetch_flow(const Probe& probe) const;

  /// The flow of the addresses and the probe that was made of them, made if missing; nullptr if the
  /// table is full. Valid until clear(). A guess may be wrong or of another table.
  Flow* find_or_add(const Probe& probe, const net::Address& source, const net::Address& destination,
                    std::uint32_t guess = 0) {
    if (guess - 1 < size_) {
      Flow& guessed = (*this)[guess - 1];
      if (is_flow(guessed, probe, source, destination)) return &guessed;
    }
    if (!index_.empty()) {
      const std::uint32_t entry = index_[slot_of(probe, source, destination)];
      if (entry != 0) return &(*this)[(entry & place_mask_) - 1];
    }
    return add(probe, source, destination);
  }
  const Flow* find(const FlowKey& key) const;

  void count(Flow& flow, const net::Packet& packet);
  /// What was counted.
  Tally captured(const Flow& flow) const;
  FlowKey key(const Flow& flow) const;

  /// Made if missing.
  Refusal& refusal_of(Flow& flow);
  /// Only for a flow that has one.
  Refusal& refusal(const Flow& flow) { return refusals_[flow.refusal]; }
  const Refusal& refusal(const Flow& flow) const { return refusals_[flow.refusal]; }
  /// Valid until clear().
  const Rule* keep(const Rule& rule) { return &*rules_.insert(rule).first; }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// In the order of their first packet.
  Flow& operator[](std::uint32_t index) { return blocks_[index / kBlock][index % kBlock]; }
  const Flow& operator[](std::uint32_t index) const {
    return blocks_[index / kBlock][index % kBlock];
  }
  void clear();

 private:
  static constexpr std::uint32_t kBlock = 4096;
  struct Pair {
    net::Address source;
    net::Address destination;
    bool operator==(const Pair&) const = default;
  };

  Probe probe(const net::Address& source, const net::Address& destination,
              std::uint16_t source_port, std::uint16_t destination_port, std::uint8_t protocol,
              Direction direction) const;
  bool is_flow(const Flow& flow, const Probe& probe, const net::Address& source,
               const net::Address& destination) const;
  std::size_t slot_of(const Probe& probe, const net::Address& source,
                      const net::Address& destination) const;
  std::uint32_t tag(const Probe& probe) const;
  Flow* add(const Probe& probe, const net::Address& source, const net::Address& destination);
  void grow();
  void spill(Flow& flow, const net::Packet& packet);

  std::size_t flows_max_;
  std::uint64_t hash_seed_;
  std::size_t size_ = 0;
  std::vector<std::unique_ptr<Flow[]>> blocks_;  // never moved, so growing needs no second copy
  std::deque<Pair> pairs_;
  std::deque<Refusal> refusals_;
  std::deque<Tally> spilled_;
  std::set<Rule> rules_;
  // Open addressing, a power of two, at most half full. An entry is the flow's place + 1, and above
  // it as many bits of the hash as there is room for; 0 is free.
  std::vector<std::uint32_t> index_;
  std::uint32_t place_mask_ = 0;
};

// ---- what every packet goes through ----

namespace detail {
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using U128 = unsigned __int128;
  const U128 product = static_cast<U128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// One packet in Flow::flags. Which flags come is hard to foretell, so nothing branches on them.
inline std::uint64_t flag_counts(std::uint8_t flags) {
  using namespace net::tcp_flag;
  const auto has = [flags](std::uint8_t flag) { return std::uint64_t{(flags & flag) != 0}; };
  const std::uint64_t syn_ack = has(kSyn) & has(kAck);
  return has(kFin) | (has(kSyn) ^ syn_ack) << 16 | has(kRst) << 32 | syn_ack << 48;
}
}  // namespace detail

inline Table::Probe Table::probe(const net::Address& source, const net::Address& destination,
                                 std::uint16_t source_port, std::uint16_t destination_port,
                                 std::uint8_t protocol, Direction direction) const {
  Probe out;
  out.rest = std::uint64_t{source_port} << 48 | std::uint64_t{destination_port} << 32 |
             std::uint64_t{protocol} << 16 | static_cast<std::uint64_t>(direction) << 8 |
             std::uint64_t{!source.is_v4()};
  out.addresses = source.is_v4() ? std::uint64_t{source.v4_value()} << 32 | destination.v4_value()
                                 : net::hash(source, net::hash(destination, hash_seed_));
  out.hash = detail::mix(
      detail::mix(out.addresses ^ hash_seed_, out.rest ^ 0x9e3779b97f4a7c15U) ^ hash_seed_,
      0xa0761d6478bd642fU ^ out.addresses);
  return out;
}

inline bool Table::is_flow(const Flow& flow, const Probe& probe, const net::Address& source,
                           const net::Address& destination) const {
  if (flow.rest != probe.rest) return false;
  if ((flow.rest & 1) == 0) return flow.addresses == probe.addresses;
  return static_cast<std::uint32_t>(flow.addresses) ==
             static_cast<std::uint32_t>(probe.addresses) &&
         pairs_[flow.addresses >> 32] == Pair{source, destination};
}

/// The bits of the hash that do not choose the slot, as far as they fit above the place.
inline std::uint32_t Table::tag(const Probe& probe) const {
  return static_cast<std::uint32_t>(probe.hash >> 32) & ~place_mask_;
}

/// Where the flow is or would be.
inline std::size_t Table::slot_of(const Probe& probe, const net::Address& source,
                                  const net::Address& destination) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t slot = static_cast<std::size_t>(probe.hash) & mask;
  const std::uint32_t wanted = tag(probe);
  while (true) {
    const std::uint32_t entry = index_[slot];
    if (entry == 0) return slot;
    if ((entry & ~place_mask_) == wanted &&
        is_flow((*this)[(entry & place_mask_) - 1], probe, source, destination)) {
      return slot;
    }
    slot = (slot + 1) & mask;
  }
}

// g++ 12 takes functions that only prefetch for functions without effect and drops their calls,
// unless it must inline them.
[[gnu::always_inline]] inline void Table::prefetch_slot(const Probe& probe) const {
  if (index_.empty()) return;
  __builtin_prefetch(&index_[static_cast<std::size_t>(probe.hash) & (index_.size() - 1)]);
}

/// Looks for the flow by the bits that the index has of its hash: the flow of the first slot is
/// often another one, and the wait for the right one would be the longest of all.
[[gnu::always_inline]] inline std::uint32_t Table::prefetch_flow(const Probe& probe) const {
  if (index_.empty()) return 0;
  const std::size_t mask = index_.size() - 1;
  const std::uint32_t wanted = tag(probe);
  std::size_t slot = static_cast<std::size_t>(probe.hash) & mask;
  for (std::uint32_t entry = index_[slot]; entry != 0; entry = index_[slot]) {
    if ((entry & ~place_mask_) == wanted) {
      const std::uint32_t place = entry & place_mask_;
      __builtin_prefetch(&(*this)[place - 1], 1);
      return place;
    }
    slot = (slot + 1) & mask;
  }
  return 0;
}

inline void Table::count(Flow& flow, const net::Packet& packet) {
  flow.first_ns = std::min(flow.first_ns, packet.time_ns);
  flow.last_ns = std::max(flow.last_ns, packet.time_ns);
  flow.bytes += packet.ip_bytes;
  constexpr std::uint32_t kHalf = 1u << 31;
  constexpr std::uint64_t kHalfFlags = 0x8000'8000'8000'8000U;
  if (((flow.packets | packet.packets | flow.buffers) & kHalf) != 0 ||
      (flow.flags & kHalfFlags) != 0) {
    return spill(flow, packet);
  }
  flow.packets += packet.packets;
  ++flow.buffers;
  flow.flags += detail::flag_counts(packet.tcp_flags);
}

}  // namespace weir::flow
