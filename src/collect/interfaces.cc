// SPDX-License-Identifier: Apache-2.0
#include "collect/interfaces.h"

#include <algorithm>
#include <limits>

#include "net/protocol.h"
#include "vpc/interfaces.h"

namespace weir::collect {
namespace {

using flow::Direction;
using flow::Field;

constexpr std::int64_t kCountMax = std::numeric_limits<std::int64_t>::max();

std::int64_t scaled(std::uint64_t count, std::uint64_t rate) {
  if (count > static_cast<std::uint64_t>(kCountMax) / rate) return kCountMax;
  return static_cast<std::int64_t>(count * rate);
}

void set_count(flow::Record& record, Field field, std::optional<std::uint64_t> count,
               std::uint64_t rate, std::uint64_t& total) {
  if (!count) return;
  const std::int64_t value = scaled(*count, rate);
  total += static_cast<std::uint64_t>(value);
  record.set(field, value);
}

void set_context(flow::Record& record, const flow::Context& context) {
  record.clear();
  record.set(Field::account_id, std::string_view(context.account_id));
  record.set(Field::interface_id, std::string_view(context.interface_id));
  record.set(Field::vpc_id, std::string_view(context.vpc_id));
  record.set(Field::subnet_id, std::string_view(context.subnet_id));
  record.set(Field::region, std::string_view(context.region));
  record.set(Field::az_id, std::string_view(context.az_id));
}

void set_key(flow::Record& record, const ExportedFlow& flow) {
  const bool has_ports = net::has_ports(flow.protocol);
  record.set(Field::srcaddr, flow.source);
  record.set(Field::dstaddr, flow.destination);
  record.set(Field::srcport, std::int64_t{has_ports ? flow.source_port : 0});
  record.set(Field::dstport, std::int64_t{has_ports ? flow.destination_port : 0});
  record.set(Field::protocol, std::int64_t{flow.protocol});
  record.set(Field::type, std::string_view(flow.source.is_v4() ? "IPv4" : "IPv6"));
  const auto packet_address = [](const net::Address& translated, const net::Address& own) {
    const bool is_translated =
        translated.is_set() && (translated.high() != 0 || translated.low() != 0);
    return is_translated ? translated : own;
  };
  record.set(Field::pkt_srcaddr, packet_address(flow.translated_source, flow.source));
  record.set(Field::pkt_dstaddr, packet_address(flow.translated_destination, flow.destination));
}

void set_times(flow::Record& record, Time start, Time end) {
  record.set(Field::start, start.seconds());
  record.set(Field::end, end.seconds());
}

}  // namespace

std::string interface_id(const ExporterInterface& interface) {
  std::string text = "exporter/" + interface.exporter.to_string() + '/';
  if (interface.agent.is_set()) text += interface.agent.to_string() + '/';
  text += interface.index != 0 ? "interface/" + std::to_string(interface.index)
                               : "domain/" + std::to_string(interface.domain);
  return vpc::stable_id("eni-", text);
}

Interfaces::Interfaces(Config config, Sink sink, OnInterface on_interface)
    : config_(std::move(config)), sink_(std::move(sink)), on_interface_(std::move(on_interface)) {}

Interfaces::Entry* Interfaces::find_or_add(const Key& key, const Origin& origin) {
  const auto found = interfaces_.find(key);
  if (found != interfaces_.end()) return &found->second;
  if (interfaces_.size() >= config_.interfaces_max) return nullptr;
  ExporterInterface interface;
  interface.exporter = origin.exporter;
  interface.agent = origin.agent;
  (key.is_domain ? interface.domain : interface.index) = key.number;
  interface.context.account_id = config_.account_id;
  interface.context.interface_id = interface_id(interface);
  interface.context.vpc_id = config_.vpc_id;
  interface.context.subnet_id = config_.subnet_id;
  interface.context.region = config_.region;
  interface.context.az_id = config_.az_id;
  Entry& entry = interfaces_[key];
  entry.context = on_interface_ ? on_interface_(interface) : interface.context;
  return &entry;
}

flow::Record& Interfaces::next_record(Entry& entry) {
  if (entry.waiting.empty()) touched_.push_back(&entry);
  ++waiting_;
  return entry.waiting.emplace_back();
}

void Interfaces::add(const Origin& origin, const ExportedFlow& flow, Time now) {
  const bool is_egress = flow.direction == Direction::egress;
  const std::uint32_t metered = is_egress ? flow.output : flow.input;
  const std::uint32_t other = is_egress ? flow.input : flow.output;
  const std::uint32_t index = metered != 0 ? metered : other;
  const Key key{.exporter = origin.exporter,
                .agent = origin.agent,
                .is_domain = index == 0,
                .number = index != 0 ? index : origin.domain};
  Entry* entry = find_or_add(key, origin);
  if (entry == nullptr) {
    ++stats_.flows_unassigned;
    return;
  }
  entry->last_flow = now;
  flow::Record& record = next_record(*entry);
  set_context(record, entry->context);
  set_key(record, flow);
  const std::uint64_t rate = config_.scale_sampled ? flow.sampling : 1;
  set_count(record, Field::packets, flow.packets, rate, stats_.packets);
  set_count(record, Field::bytes, flow.bytes, rate, stats_.bytes);
  if (const auto flags = aws_tcp_flags(flow)) record.set(Field::tcp_flags, *flags);
  const Time start{flow.start_ms.value_or(now.ms)};
  const Time end{flow.end_ms.value_or(now.ms)};
  set_times(record, start, end);
  record.set(Field::weir_start_ms, start.ms);
  record.set(Field::weir_end_ms, end.ms);
  // Where only the other interface is known, the flow was seen on its way there.
  const bool leaves = metered != 0 || other == 0 ? is_egress : !is_egress;
  record.set(Field::flow_direction, std::string_view(leaves ? "egress" : "ingress"));
  record.set(Field::action, flow.verdict == flow::Verdict::accept ? flow::kAccept : flow::kReject);
  record.set(Field::log_status, flow::kOk);
  ++stats_.records;
  if (waiting_ >= kBatchRecordsMax) flush(now);
}

void Interfaces::mark(Entry& entry, Time since) {
  if (entry.lost_since) return;
  entry.lost_since = since;
  ++lost_count_;
}

void Interfaces::mark_lost(const Origin& origin, Time since, Time now) {
  bool has_any = false;
  Key first;
  first.exporter = origin.exporter;
  for (auto at = interfaces_.lower_bound(first);
       at != interfaces_.end() && at->first.exporter == origin.exporter; ++at) {
    if (at->first.agent != origin.agent || now - at->second.last_flow > kRecentMax) continue;
    mark(at->second, since);
    has_any = true;
  }
  if (has_any) return;
  const Key domain{.exporter = origin.exporter,
                   .agent = origin.agent,
                   .is_domain = true,
                   .number = origin.domain};
  if (Entry* entry = find_or_add(domain, origin)) mark(*entry, since);
}

void Interfaces::mark_all_lost(Time now) {
  for (auto& [key, entry] : interfaces_) {
    if (now - entry.last_flow <= kRecentMax) mark(entry, now);
  }
}

void Interfaces::hand_over(Entry& entry) {
  sink_(entry.context, entry.waiting);
  waiting_ -= entry.waiting.size();
  entry.waiting.clear();
}

void Interfaces::flush(Time now) {
  if (lost_count_ != 0) {
    for (auto& [key, entry] : interfaces_) {
      if (!entry.lost_since || (entry.last_skip && now - *entry.last_skip < kSkipPeriod)) continue;
      flow::Record& record = next_record(entry);
      set_context(record, entry.context);
      set_times(record, *entry.lost_since, now);
      record.set(Field::log_status, flow::kSkipData);
      entry.lost_since.reset();
      entry.last_skip = now;
      --lost_count_;
      ++stats_.skip_records;
    }
  }
  for (Entry* entry : touched_) hand_over(*entry);
  touched_.clear();
}

}  // namespace weir::collect
