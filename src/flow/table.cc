// SPDX-License-Identifier: Apache-2.0
#include "flow/table.h"

#include <algorithm>

namespace weir::flow {
namespace {

constexpr std::size_t kIndexMin = 64;
// What a table keeps allocated although its last window needed less.
constexpr std::size_t kBlocksKept = 1;
constexpr std::size_t kIndexKept = 16384;

std::uint32_t minus(std::uint32_t a, std::uint32_t b) { return a - std::min(a, b); }

/// What stands in the flow itself, without the bytes.
void add_counters(const Flow& flow, Tally& tally) {
  const auto counter = [&](unsigned i) {
    return static_cast<std::uint32_t>(flow.flags >> 16 * i & 0xffff);
  };
  tally.packets += flow.packets;
  tally.buffers += flow.buffers;
  tally.fin += counter(0);
  tally.syn += counter(1);
  tally.rst += counter(2);
  tally.syn_ack += counter(3);
}

}  // namespace

void Tally::add(const net::Packet& packet) {
  first_ns = buffers == 0 ? packet.time_ns : std::min(first_ns, packet.time_ns);
  last_ns = buffers == 0 ? packet.time_ns : std::max(last_ns, packet.time_ns);
  packets += packet.packets;
  bytes += packet.ip_bytes;
  ++buffers;
  const std::uint8_t flags = packet.tcp_flags;
  if (flags == 0) return;
  using namespace net::tcp_flag;
  if ((flags & kFin) != 0) ++fin;
  if ((flags & kRst) != 0) ++rst;
  if ((flags & kSyn) != 0) ++((flags & kAck) != 0 ? syn_ack : syn);
}

void Tally::subtract(const Tally& part) {
  packets -= std::min(packets, part.packets);
  bytes -= std::min(bytes, part.bytes);
  buffers -= std::min(buffers, part.buffers);
  fin = minus(fin, part.fin);
  syn = minus(syn, part.syn);
  rst = minus(rst, part.rst);
  syn_ack = minus(syn_ack, part.syn_ack);
}

std::int64_t Tally::tcp_flags() const {
  std::int64_t flags = 0;
  if (fin != 0) flags |= 1;
  if (syn != 0) flags |= 2;
  if (rst != 0) flags |= 4;
  if (syn_ack != 0) flags |= 18;
  return flags;
}

Table::Table(std::size_t flows_max, std::uint64_t hash_seed)
    : flows_max_(std::min<std::size_t>(flows_max, 1u << 30)), hash_seed_(hash_seed) {}

void Table::grow() {
  const std::size_t slots = std::max(kIndexMin, index_.size() * 2);
  index_ = {};
  index_.resize(slots);
  place_mask_ = static_cast<std::uint32_t>(slots - 1);
  const std::size_t mask = slots - 1;
  for (std::uint32_t i = 0; i < size_; ++i) {
    const Probe of = probe(key((*this)[i]));
    std::size_t slot = static_cast<std::size_t>(of.hash) & mask;
    while (index_[slot] != 0) slot = (slot + 1) & mask;
    index_[slot] = tag(of) | (i + 1);
  }
}

Flow* Table::add(const Probe& probe, const net::Address& source, const net::Address& destination) {
  if (size_ >= flows_max_) return nullptr;
  if ((size_ + 1) * 2 > index_.size()) grow();
  const std::size_t slot = slot_of(probe, source, destination);
  const auto place = static_cast<std::uint32_t>(size_++);
  if (place / kBlock == blocks_.size()) blocks_.push_back(std::make_unique<Flow[]>(kBlock));
  index_[slot] = tag(probe) | (place + 1);
  Flow& flow = (*this)[place];
  flow = {};
  flow.rest = probe.rest;
  flow.addresses = probe.addresses;
  if ((flow.rest & 1) != 0) {
    flow.addresses = std::uint64_t{pairs_.size()} << 32 | (probe.addresses & 0xffffffffU);
    pairs_.push_back({source, destination});
  }
  return &flow;
}

const Flow* Table::find(const FlowKey& key) const {
  if (index_.empty()) return nullptr;
  const std::size_t slot = slot_of(probe(key), key.source, key.destination);
  return index_[slot] == 0 ? nullptr : &(*this)[(index_[slot] & place_mask_) - 1];
}

FlowKey Table::key(const Flow& flow) const {
  const auto high = static_cast<std::uint32_t>(flow.addresses >> 32);
  FlowKey out{net::Address::v4(high),
              net::Address::v4(static_cast<std::uint32_t>(flow.addresses)),
              static_cast<std::uint16_t>(flow.rest >> 48),
              static_cast<std::uint16_t>(flow.rest >> 32),
              static_cast<std::uint8_t>(flow.rest >> 16),
              static_cast<Direction>(flow.rest >> 8 & 1)};
  if ((flow.rest & 1) != 0) {
    out.source = pairs_[high].source;
    out.destination = pairs_[high].destination;
  }
  return out;
}

/// Moves the counters that may soon overflow beside the table, and counts the packet there.
void Table::spill(Flow& flow, const net::Packet& packet) {
  if (flow.spilled == Flow::kNone) {
    flow.spilled = static_cast<std::uint32_t>(spilled_.size());
    spilled_.emplace_back();
  }
  Tally& tally = spilled_[flow.spilled];
  add_counters(flow, tally);
  flow.packets = flow.buffers = 0;
  flow.flags = 0;
  tally.add(packet);
  tally.bytes = 0;  // stand in the flow
}

Tally Table::captured(const Flow& flow) const {
  Tally out;
  if (flow.spilled != Flow::kNone) out = spilled_[flow.spilled];
  add_counters(flow, out);
  out.bytes = flow.bytes;
  out.first_ns = flow.first_ns;
  out.last_ns = flow.last_ns;
  return out;
}

Refusal& Table::refusal_of(Flow& flow) {
  if (flow.refusal == Flow::kNone) {
    flow.refusal = static_cast<std::uint32_t>(refusals_.size());
    refusals_.emplace_back();
  }
  return refusals_[flow.refusal];
}

void Table::clear() {
  size_ = 0;
  if (blocks_.size() > kBlocksKept) blocks_.resize(kBlocksKept);
  pairs_ = {};
  refusals_ = {};
  spilled_ = {};
  rules_.clear();
  if (index_.size() > kIndexKept) {
    index_ = {};
    place_mask_ = 0;
  } else {
    std::fill(index_.begin(), index_.end(), 0U);
  }
}

}  // namespace weir::flow
