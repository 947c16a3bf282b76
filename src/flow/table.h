// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
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

/// One 5-tuple in one direction on one interface, in one window.
struct Flow {
  struct Key {
    net::Address source;
    net::Address destination;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint8_t protocol = 0;
    Direction direction = Direction::ingress;
    bool operator==(const Key&) const = default;
  };
  static constexpr std::uint32_t kNone = 0xffffffff;

  Key key;
  Tally captured;
  std::uint32_t refusal = kNone;
};

/// What of a flow was refused.
struct Refusal {
  Tally captured;  // refused packets that are also in Flow::captured
  Tally pending;   // refused and not yet reported
  const Rule* rule = nullptr;
};

/// The flows of one network interface in one aggregation window, in the order of their first
/// packet.
///
/// A flow is one 5-tuple on one interface (VPC User Guide, "Flow log records"), so the two
/// directions of a connection are two flows.
///
/// Threads: one. Memory: at most `flows_max` flows; grows on demand, and gives back what a flood
/// took.
class Table {
 public:
  Table(std::size_t flows_max, std::uint64_t hash_seed);

  /// The flow of that key, made if missing; nullptr if the table is full. Valid until the next
  /// call.
  Flow* find_or_add(const Flow::Key& key);
  std::uint32_t index_of(const Flow& flow) const {
    return static_cast<std::uint32_t>(&flow - flows_.data());
  }
  Refusal& refusal_of(Flow& flow);
  /// Only for a flow that has one.
  Refusal& refusal(const Flow& flow) { return refusals_[flow.refusal]; }
  const Refusal& refusal(const Flow& flow) const { return refusals_[flow.refusal]; }

  /// Valid until clear().
  const Rule* keep(const Rule& rule) { return &*rules_.insert(rule).first; }

  const std::vector<Flow>& flows() const { return flows_; }
  bool empty() const { return flows_.empty(); }
  void clear();

 private:
  void grow();
  std::size_t slot_of(const Flow::Key& key) const;

  std::size_t flows_max_;
  std::uint64_t hash_seed_;
  std::vector<Flow> flows_;
  std::vector<Refusal> refusals_;
  std::set<Rule> rules_;
  std::vector<std::uint32_t> index_;  // open addressing, a power of two, at most half full
};

}  // namespace weir::flow
