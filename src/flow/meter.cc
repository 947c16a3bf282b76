// SPDX-License-Identifier: Apache-2.0
#include "flow/meter.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "net/protocol.h"

namespace weir::flow {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kNsPerS = 1'000'000'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kAtOnce = std::numeric_limits<std::int64_t>::min();

std::int64_t to_ns(Duration duration) { return duration.count() * kNsPerMs; }

std::int64_t floor_to(std::int64_t value, std::int64_t unit) {
  const std::int64_t rest = value % unit;
  return value - (rest < 0 ? rest + unit : rest);
}

/// DHCP and DHCPv6 between client and server or relay.
bool is_dhcp(const net::Packet& packet) {
  if (packet.protocol != net::protocol::kUdp) return false;
  const auto is_port = [&](std::uint16_t port) {
    return packet.source.is_v4() ? port == 67 || port == 68 : port == 546 || port == 547;
  };
  return is_port(packet.source_port) && is_port(packet.destination_port);
}

/// Services of AWS at fixed link-local addresses: resolver, instance metadata, time; Windows
/// licences on TCP 1688 (VPC User Guide, "Flow log limitations").
bool is_aws_service(const net::Address& address, std::uint16_t port) {
  if (address.is_v4()) {
    constexpr std::uint32_t kBase = 0xa9fea900;  // 169.254.169.0
    if ((address.v4_value() & 0xffffff00U) != kBase) return false;
    const std::uint32_t host = address.v4_value() & 0xff;
    return host == 253 || host == 254 || host == 123 ||
           ((host == 250 || host == 251) && port == 1688);
  }
  constexpr std::uint64_t kBase = 0xfd000ec200000000;  // fd00:ec2::
  return address.high() == kBase &&
         (address.low() == 0x253 || address.low() == 0x254 || address.low() == 0x123);
}

bool contains(const std::vector<net::Address>& addresses, const net::Address& wanted) {
  return std::find(addresses.begin(), addresses.end(), wanted) != addresses.end();
}

bool is_own(const Context& context, const net::Address& address) {
  return address == context.primary_v4 || address == context.primary_v6 ||
         contains(context.addresses, address);
}

/// The side of the interface itself: its primary address, whatever the packet says ("Available
/// fields", srcaddr and dstaddr). Addresses that belong to no single interface stay.
net::Address own_side(const Context& context, const net::Address& in_packet) {
  if (in_packet.is_multicast() || in_packet.is_broadcast() || in_packet.is_link_local())
    return in_packet;
  const net::Address& primary = in_packet.is_v4() ? context.primary_v4 : context.primary_v6;
  return primary.is_set() ? primary : in_packet;
}

/// 1: inside the VPC, 3: virtual private gateway, 8: internet gateway (Nitro); nothing where none
/// is sure.
std::optional<std::int64_t> traffic_path(const Context& context, const net::Address& destination) {
  for (const net::Prefix& prefix : context.vpc_prefixes) {
    if (prefix.contains(destination)) return 1;
  }
  if (destination.is_multicast() || destination.is_broadcast() || destination.is_link_local()) {
    return std::nullopt;
  }
  if (context.is_tunnel) return 3;
  if (destination.is_private()) return std::nullopt;
  return 8;
}

FlowKey reverse_of(const FlowKey& key) {
  const bool is_egress = key.direction == Direction::egress;
  return {key.destination, key.source,   key.destination_port,
          key.source_port, key.protocol, is_egress ? Direction::ingress : Direction::egress};
}

}  // namespace

Direction direction_of(const Context& context, const net::Packet& packet) {
  if (packet.course == net::Course::leaving) return Direction::egress;
  if (packet.course == net::Course::arriving) return Direction::ingress;
  const bool is_from_here = is_own(context, packet.source) && !is_own(context, packet.destination);
  return is_from_here ? Direction::egress : Direction::ingress;
}

Meter::Meter(std::shared_ptr<const Context> context, Config config, Sink sink)
    : context_(std::move(context)),
      config_(config),
      sink_(std::move(sink)),
      current_{Table(config.flows_max, config.hash_seed)},
      previous_{Table(config.flows_max, config.hash_seed)},
      wake_ns_(kAtOnce) {
  config_.window = std::clamp(config_.window, Duration(1'000), Duration(600'000));
  config_.grace = std::clamp(config_.grace, Duration(0), Duration(10'000));
  if (config_.early_reject) *config_.early_reject = std::max(*config_.early_reject, Duration(0));
}

/// Asked for every packet.
[[gnu::always_inline]] inline bool Meter::is_unlogged(const net::Packet& packet) const {
  return is_dhcp(packet) || is_aws_service(packet.destination, packet.destination_port) ||
         is_aws_service(packet.source, packet.source_port) ||
         (!context_->unlogged.empty() && (contains(context_->unlogged, packet.source) ||
                                          contains(context_->unlogged, packet.destination)));
}

void Meter::add(const net::Packet& packet, Direction direction) {
  count(packet, current_.table.probe(packet, direction), 0);
}

void Meter::add(std::span<const net::Packet> packets, bool is_guest) {
  // The memory of a flow is asked for this many packets before it is needed: enough that it has
  // arrived then, and no more than a processor waits for at a time.
  constexpr std::size_t kAhead = 12;
  constexpr std::size_t kGroup = 64;
  std::array<Table::Probe, kGroup> probes;
  std::array<std::uint32_t, kGroup> guesses;
  while (!packets.empty()) {
    const auto some = packets.first(std::min(packets.size(), kGroup));
    for (std::size_t i = 0; i < some.size(); ++i) {
      Direction direction = direction_of(*context_, some[i]);
      if (is_guest) {
        direction = some[i].course == net::Course::leaving ? Direction::ingress : Direction::egress;
      }
      probes[i] = current_.table.probe(some[i], direction);
      current_.table.prefetch_slot(probes[i]);
    }
    for (std::size_t i = 0; i < std::min(kAhead, some.size()); ++i) {
      guesses[i] = current_.table.prefetch_flow(probes[i]);
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (i + kAhead < some.size()) {
        guesses[i + kAhead] = current_.table.prefetch_flow(probes[i + kAhead]);
      }
      count(some[i], probes[i], guesses[i]);
    }
    packets = packets.subspan(some.size());
  }
}

/// The probe fits both windows, whose tables have the same seed.
void Meter::count(const net::Packet& packet, const Table::Probe& probe, std::uint32_t guess) {
  if (config_.hide_unlogged && is_unlogged(packet)) {
    stats_.packets_unlogged += packet.packets;
    return;
  }
  if (packet.time_ns >= wake_ns_) advance_ns(packet.time_ns);
  Window& window = window_for(packet.time_ns);
  Flow* const flow = window.table.find_or_add(probe, packet.source, packet.destination, guess);
  if (flow == nullptr) {
    stats_.packets_skipped += packet.packets;
    window.is_incomplete = true;
    return;
  }
  window.table.count(*flow, packet);
  stats_.packets += packet.packets;
  stats_.bytes += packet.ip_bytes;
}

void Meter::refused(const net::Packet& packet, Direction direction, const Rule& rule,
                    bool captured) {
  if (config_.hide_unlogged && is_unlogged(packet)) {
    if (!captured) stats_.packets_unlogged += packet.packets;
    return;
  }
  if (packet.time_ns >= wake_ns_) advance_ns(packet.time_ns);
  Window& window = window_for(packet.time_ns);
  Flow* const flow = window.table.find_or_add(window.table.probe(packet, direction), packet.source,
                                              packet.destination);
  if (flow == nullptr) {
    if (!captured) {
      stats_.packets_skipped += packet.packets;
      window.is_incomplete = true;
    }
    return;
  }
  const bool is_first = flow->refusal == Flow::kNone;
  Refusal& refusal = window.table.refusal_of(*flow);
  if (is_first) refusal.first_ns = packet.time_ns;
  if (refusal.pending.buffers == 0) refusal.rule = window.table.keep(rule);
  refusal.pending.add(packet);
  if (captured) refusal.captured.add(packet);
  refusal.last_ns = is_first ? packet.time_ns : std::max(refusal.last_ns, packet.time_ns);
  if (is_first && config_.early_reject) {
    due_.push_back({packet.time_ns + to_ns(*config_.early_reject), window.start_ns, flow});
    update_wake();
  }
  stats_.packets_refused += packet.packets;
  if (!captured) {
    stats_.packets += packet.packets;
    stats_.bytes += packet.ip_bytes;
  }
}

void Meter::lost(std::uint64_t packets) {
  stats_.packets_lost += packets;
  if (packets != 0) mark_incomplete();
}

void Meter::advance(Time now) {
  const std::int64_t now_ns = now.ms * kNsPerMs;
  // The clock was set back: without this the open window would not end until it has caught up.
  if (current_.is_open && now_ns < current_.start_ns - to_ns(config_.window)) finish();
  if (now_ns >= wake_ns_) advance_ns(now_ns);
}

void Meter::finish() {
  if (previous_.is_open) close(previous_);
  if (current_.is_open) {
    // An idle window that has not run its full length is no NODATA.
    if (current_.table.empty() && !current_.is_incomplete) {
      current_.is_open = false;
    } else {
      close(current_);
    }
  }
  due_.clear();
  wake_ns_ = kAtOnce;
}

std::size_t Meter::for_each_open_flow(const std::function<void(const OpenFlow&)>& take,
                                      std::size_t from, std::size_t count) const {
  const Table& table = current_.table;
  const std::size_t size = table.size();
  from = std::min(from, size);
  const std::size_t to = from + std::min(count, size - from);
  const auto time = [](std::int64_t ns) { return Time{floor_to(ns, kNsPerMs) / kNsPerMs}; };
  for (std::size_t i = from; i < to; ++i) {
    const Flow& flow = table[static_cast<std::uint32_t>(i)];
    Tally accepted = table.captured(flow);
    if (flow.refusal != Flow::kNone) {
      const Refusal& refusal = table.refusal(flow);
      accepted.subtract(refusal.captured);
      take({table.key(flow), Verdict::reject, refusal.packets_reported + refusal.pending.packets,
            refusal.bytes_reported + refusal.pending.bytes, refusal.pending.tcp_flags(),
            time(refusal.first_ns), time(refusal.last_ns), refusal.rule});
    }
    if (accepted.buffers == 0) continue;
    take({table.key(flow), Verdict::accept, accepted.packets, accepted.bytes, accepted.tcp_flags(),
          time(accepted.first_ns), time(accepted.last_ns), nullptr});
  }
  return size - to;
}

Meter::Window& Meter::window_for(std::int64_t time_ns) {
  if (time_ns >= current_.start_ns) return current_;
  if (previous_.is_open && time_ns >= previous_.start_ns) return previous_;
  ++stats_.packets_late;
  return current_;
}

void Meter::open(std::int64_t start_ns) {
  current_.start_ns = start_ns;
  current_.end_ns = start_ns + to_ns(config_.window);
  current_.is_open = true;
}

/// The open window is over at `time_ns`: it waits for late packets, and the one that holds
/// `time_ns` opens.
void Meter::rotate(std::int64_t time_ns) {
  if (previous_.is_open) close(previous_);
  std::swap(previous_, current_);
  const std::int64_t end_ns = previous_.end_ns;
  open(end_ns + floor_to(time_ns - end_ns, to_ns(config_.window)));
  if (current_.start_ns == end_ns) return;
  close(previous_);
  report_idle(end_ns, current_.start_ns);
}

void Meter::report_idle(std::int64_t from_ns, std::int64_t to_ns_exclusive) {
  const std::int64_t window_ns = to_ns(config_.window);
  const std::int64_t count = (to_ns_exclusive - from_ns) / window_ns;
  const std::int64_t reported = std::min(count, kIdleWindowsMax);
  stats_.windows += static_cast<std::uint64_t>(count);
  stats_.windows_unreported += static_cast<std::uint64_t>(count - reported);
  if (!config_.nodata) return;
  for (std::int64_t i = 0; i < reported; ++i) {
    const std::int64_t start_ns = from_ns + i * window_ns;
    emit_status(start_ns, start_ns + window_ns, kNoData);
  }
}

void Meter::advance_ns(std::int64_t now_ns) {
  if (!current_.is_open) open(floor_to(now_ns, kNsPerS));
  report_due(now_ns);
  if (now_ns >= current_.end_ns) rotate(now_ns);
  if (previous_.is_open && now_ns >= previous_.end_ns + to_ns(config_.grace)) close(previous_);
  update_wake();
}

void Meter::update_wake() {
  wake_ns_ = current_.is_open ? current_.end_ns : kNever;
  if (previous_.is_open) wake_ns_ = std::min(wake_ns_, previous_.end_ns + to_ns(config_.grace));
  if (!due_.empty()) wake_ns_ = std::min(wake_ns_, due_.front().at_ns);
}

void Meter::report_due(std::int64_t now_ns) {
  while (!due_.empty() && due_.front().at_ns <= now_ns) {
    const Due due = due_.front();
    due_.pop_front();
    Window* window = nullptr;
    if (current_.is_open && current_.start_ns == due.window_start_ns) window = &current_;
    if (previous_.is_open && previous_.start_ns == due.window_start_ns) window = &previous_;
    if (window == nullptr) continue;  // closed meanwhile, and reported then
    report_refused(*window, *due.flow, window->table.refusal(*due.flow));
  }
}

void Meter::report_refused(const Window& window, const Flow& flow, Refusal& refusal) {
  emit_flow(window, flow, refusal.pending, refusal.rule);
  refusal.packets_reported += refusal.pending.packets;
  refusal.bytes_reported += refusal.pending.bytes;
  refusal.pending = {};
}

void Meter::close(Window& window) {
  constexpr std::uint32_t kAhead = 8;
  const Table& table = window.table;
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    const Flow& flow = table[i];
    if (config_.initiator && i + kAhead < table.size()) {
      table.prefetch_slot(table.probe(reverse_of(table.key(table[i + kAhead]))));
    }
    Tally accepted = table.captured(flow);
    if (flow.refusal != Flow::kNone) {
      Refusal& refusal = window.table.refusal(flow);
      if (refusal.pending.buffers != 0) report_refused(window, flow, refusal);
      accepted.subtract(refusal.captured);
    }
    // Buffers decide: of merged segments the verdict counts one where the capture counts several.
    if (accepted.buffers != 0) emit_flow(window, flow, accepted, nullptr);
  }
  stats_.windows_incomplete += window.is_incomplete ? 1 : 0;
  if (window.is_incomplete) {
    emit_status(window.start_ns, window.end_ns, kSkipData);
  } else if (window.table.empty() && config_.nodata) {
    emit_status(window.start_ns, window.end_ns, kNoData);
  }
  ++stats_.windows;
  window.table.clear();
  window.is_incomplete = false;
  window.is_open = false;
}

void Meter::fill_context(Record& record) const {
  const Context& context = *context_;
  record.set(Field::account_id, std::string_view(context.account_id));
  record.set(Field::interface_id, std::string_view(context.interface_id));
  record.set(Field::vpc_id, std::string_view(context.vpc_id));
  record.set(Field::subnet_id, std::string_view(context.subnet_id));
  record.set(Field::instance_id, std::string_view(context.instance_id));
  record.set(Field::region, std::string_view(context.region));
  record.set(Field::az_id, std::string_view(context.az_id));
  record.set(Field::interface_type, std::string_view(context.interface_type));
}

void Meter::fill_key(const FlowKey& key, Record& record) const {
  const bool is_egress = key.direction == Direction::egress;
  record.set(Field::pkt_srcaddr, key.source);
  record.set(Field::pkt_dstaddr, key.destination);
  record.set(Field::srcaddr, is_egress ? own_side(*context_, key.source) : key.source);
  record.set(Field::dstaddr, is_egress ? key.destination : own_side(*context_, key.destination));
  record.set(Field::srcport, std::int64_t{key.source_port});
  record.set(Field::dstport, std::int64_t{key.destination_port});
  record.set(Field::protocol, std::int64_t{key.protocol});
  record.set(Field::type, std::string_view(key.source.is_v4() ? "IPv4" : "IPv6"));
  record.set(Field::flow_direction, std::string_view(is_egress ? "egress" : "ingress"));
  if (!is_egress) return;
  if (const auto path = traffic_path(*context_, key.destination))
    record.set(Field::traffic_path, *path);
}

/// Whose packet opened the connection. TCP: who sent SYN, or was sent SYN-ACK, in this window; a
/// connection that is older has none, since its first packet here says nothing. Other protocols:
/// who sent the window's first packet of the two directions.
net::Address Meter::initiator_of(const Table& table, const Flow& flow, const FlowKey& key,
                                 const Tally& tally) {
  if (tally.syn_ack != 0) return key.destination;
  if (tally.syn != 0) return key.source;
  const Flow* const reverse = table.find(reverse_of(key));
  if (key.protocol == net::protocol::kTcp) {
    if (reverse == nullptr) return {};
    const Tally back = table.captured(*reverse);
    return back.syn_ack != 0 ? key.source : back.syn != 0 ? key.destination : net::Address();
  }
  return reverse != nullptr && reverse->first_ns < flow.first_ns ? key.destination : key.source;
}

void Meter::emit_flow(const Window& window, const Flow& flow, const Tally& tally,
                      const Rule* rule) {
  Record& record = record_;
  record.clear();
  fill_context(record);
  const FlowKey key = window.table.key(flow);
  fill_key(key, record);
  record.set(Field::packets, static_cast<std::int64_t>(tally.packets));
  record.set(Field::bytes, static_cast<std::int64_t>(tally.bytes));
  record.set(Field::tcp_flags, tally.tcp_flags());
  const bool is_window = config_.times == RecordTimes::window;
  record.set(Field::start,
             floor_to(is_window ? window.start_ns : tally.first_ns, kNsPerS) / kNsPerS);
  record.set(Field::end, floor_to(is_window ? window.end_ns : tally.last_ns, kNsPerS) / kNsPerS);
  record.set(Field::weir_start_ms, floor_to(tally.first_ns, kNsPerMs) / kNsPerMs);
  record.set(Field::weir_end_ms, floor_to(tally.last_ns, kNsPerMs) / kNsPerMs);
  if (config_.initiator) {
    record.set(Field::weir_initiator, initiator_of(window.table, flow, key, tally));
  }
  record.set(Field::action, rule == nullptr ? kAccept : kReject);
  record.set(Field::log_status, kOk);
  if (rule != nullptr) {
    record.set(Field::weir_reject_owner, std::string_view(rule->owner));
    record.set(Field::weir_reject_id, std::string_view(rule->id));
    record.set(Field::weir_reject_rule, std::int64_t{rule->number});
  }
  ++stats_.records;
  sink_(record);
}

void Meter::emit_status(std::int64_t start_ns, std::int64_t end_ns, std::string_view status) {
  Record& record = record_;
  record.clear();
  fill_context(record);
  record.set(Field::start, floor_to(start_ns, kNsPerS) / kNsPerS);
  record.set(Field::end, floor_to(end_ns, kNsPerS) / kNsPerS);
  record.set(Field::log_status, status);
  ++stats_.records;
  sink_(record);
}

}  // namespace weir::flow
