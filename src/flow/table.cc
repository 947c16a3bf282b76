// SPDX-License-Identifier: Apache-2.0
#include "flow/table.h"

#include <algorithm>

namespace weir::flow {
namespace {

constexpr std::size_t kIndexMin = 64;
// What a table keeps allocated although its last window needed much less.
constexpr std::size_t kFlowsKept = 4096;

std::uint64_t hash(const Flow::Key& key, std::uint64_t seed) {
  const std::uint64_t rest =
      std::uint64_t{key.source_port} << 32 | std::uint64_t{key.destination_port} << 16 |
      std::uint64_t{key.protocol} << 8 | static_cast<std::uint64_t>(key.direction);
  return net::hash(key.source, net::hash(key.destination, seed ^ rest * 0x9e3779b97f4a7c15U));
}

std::uint32_t minus(std::uint32_t a, std::uint32_t b) { return a - std::min(a, b); }

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
    : flows_max_(flows_max), hash_seed_(hash_seed) {}

/// Where the key is or would be.
std::size_t Table::slot_of(const Flow::Key& key) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t slot = static_cast<std::size_t>(hash(key, hash_seed_)) & mask;
  while (index_[slot] != Flow::kNone && flows_[index_[slot]].key != key) slot = (slot + 1) & mask;
  return slot;
}

void Table::grow() {
  index_.assign(std::max(kIndexMin, index_.size() * 2), Flow::kNone);
  for (const Flow& flow : flows_) index_[slot_of(flow.key)] = index_of(flow);
}

Flow* Table::find_or_add(const Flow::Key& key) {
  if ((flows_.size() + 1) * 2 > index_.size()) grow();
  const std::size_t slot = slot_of(key);
  if (index_[slot] != Flow::kNone) return &flows_[index_[slot]];
  if (flows_.size() >= flows_max_) return nullptr;
  index_[slot] = static_cast<std::uint32_t>(flows_.size());
  flows_.push_back({key, {}, Flow::kNone});
  return &flows_.back();
}

Refusal& Table::refusal_of(Flow& flow) {
  if (flow.refusal == Flow::kNone) {
    flow.refusal = static_cast<std::uint32_t>(refusals_.size());
    refusals_.emplace_back();
  }
  return refusals_[flow.refusal];
}

void Table::clear() {
  rules_.clear();
  const std::size_t wanted = std::max(kFlowsKept, flows_.size() * 4);
  if (flows_.capacity() > wanted) {
    flows_ = {};
    refusals_ = {};
    index_ = {};
    return;
  }
  flows_.clear();
  refusals_.clear();
  std::fill(index_.begin(), index_.end(), Flow::kNone);
}

}  // namespace weir::flow
