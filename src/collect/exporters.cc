// SPDX-License-Identifier: Apache-2.0
#include "collect/exporters.h"

#include <algorithm>

#include "base/log.h"
#include "collect/netflow5.h"
#include "collect/sflow.h"

namespace weir::collect {
namespace {

constexpr std::uint16_t kVersionNetflow5 = 5;
constexpr std::uint16_t kVersionNetflow9 = 9;
constexpr std::uint16_t kVersionIpfix = 10;
constexpr std::uint16_t kVersionSflow = 0;  // the first half of its 32-bit version
constexpr Duration kRefusalReportPeriod{60'000};
constexpr std::uint32_t kUptimeBackwardMax = 60'000;  // datagrams out of order

}  // namespace

Exporters::Exporters(Config config, Interfaces::Sink sink, Interfaces::OnInterface on_interface)
    : config_(std::move(config)),
      interfaces_(config_.interfaces, std::move(sink), std::move(on_interface)) {}

Exporters::~Exporters() = default;

bool Exporters::is_allowed(const net::Address& address) const {
  if (config_.allowed.empty()) return address.is_private();
  return std::ranges::any_of(config_.allowed,
                             [&](const net::Prefix& prefix) { return prefix.contains(address); });
}

void Exporters::report_refusal(const Peer& peer, Time now) {
  if (now < next_refusal_report_) return;
  next_refusal_report_ = now + kRefusalReportPeriod;
  log::warn("flow exporter refused",
            {{"address", peer.address.to_string()}, {"help", "name it in collect_allow"}});
}

void Exporters::accept(const Peer& peer, Bytes datagram, Time now) {
  ++stats_.datagrams;
  if (!is_allowed(peer.address)) {
    ++stats_.datagrams_refused;
    report_refusal(peer, now);
    return;
  }
  Cursor in(datagram);
  const std::uint16_t version = in.u16();
  const Source source{peer, now};
  if (in.failed()) {
    ++stats_.datagrams_malformed;
  } else if (version == kVersionNetflow5) {
    accept_netflow5(source, datagram);
  } else if (version == kVersionNetflow9 || version == kVersionIpfix) {
    accept_sets(source, datagram);
  } else if (version == kVersionSflow) {
    accept_sflow(source, datagram);
  } else {
    ++stats_.datagrams_unknown;
  }
}

void Exporters::accept_netflow5(Source source, Bytes datagram) {
  std::vector<ExportedFlow> flows;
  const auto decoded =
      decode_netflow5(datagram, [&](const ExportedFlow& flow) { flows.push_back(flow); });
  if (!decoded) {
    ++stats_.datagrams_malformed;
    return;
  }
  DomainState* state = find_or_add(
      source, {.protocol = Protocol::netflow5, .agent = {}, .domain = decoded->header.domain});
  if (state == nullptr) return;
  note_uptime(*state, decoded->header.uptime_ms);
  note_sequence(*state, decoded->header.sequence, decoded->flows, 1, source.now);
  const std::int64_t skew = skew_of(decoded->header, source.now);
  const Interfaces::Origin origin{source.peer.address, {}, decoded->header.domain};
  for (const ExportedFlow& flow : flows) book(origin, flow, skew, source.now);
}

void Exporters::accept_sets(Source source, Bytes datagram) {
  const auto message = read_message_header(datagram);
  if (!message) {
    ++stats_.datagrams_malformed;
    return;
  }
  const bool is_v9 = message->protocol == TemplateProtocol::netflow9;
  const ExportHeader& header = message->header;
  DomainState* state =
      find_or_add(source, {.protocol = is_v9 ? Protocol::netflow9 : Protocol::ipfix,
                           .agent = {},
                           .domain = header.domain});
  if (state == nullptr) return;
  if (is_v9) note_uptime(*state, header.uptime_ms);
  const std::int64_t skew = skew_of(header, source.now);
  const Interfaces::Origin origin{source.peer.address, {}, header.domain};
  const auto outcome = state->templates.decode(
      message->protocol, message->sets, header, source.now,
      [&](const ExportedFlow& flow) { book(origin, flow, skew, source.now); });

  if (message->is_cut || outcome.is_malformed) ++stats_.datagrams_malformed;
  stats_.not_flows += outcome.not_flows;
  stats_.templates_refused += outcome.templates_refused;
  if (outcome.sets_lost != 0) {
    stats_.sets_lost += outcome.sets_lost;
    interfaces_.mark_lost(origin, source.now, source.now);
  }
  const std::uint32_t records = outcome.records;
  note_sequence(*state, header.sequence, is_v9 ? 1 : records, is_v9 ? records : 1, source.now);
  if (!is_v9 && !outcome.is_count_known) state->sequence.resynchronise();
}

void Exporters::accept_sflow(Source source, Bytes datagram) {
  std::vector<ExportedFlow> flows;
  const auto decoded = decode_sflow(datagram, source.now.ms,
                                    [&](const ExportedFlow& flow) { flows.push_back(flow); });
  if (!decoded) {
    ++stats_.datagrams_malformed;
    return;
  }
  if (decoded->is_malformed) ++stats_.datagrams_malformed;
  stats_.not_flows += decoded->not_flows;
  const bool is_sender = decoded->agent == source.peer.address;
  const net::Address agent = is_sender ? net::Address() : decoded->agent;
  DomainState* state = find_or_add(
      source, {.protocol = Protocol::sflow, .agent = agent, .domain = decoded->header.domain});
  if (state == nullptr) return;
  note_uptime(*state, decoded->header.uptime_ms);
  note_sequence(*state, decoded->header.sequence, 1, 1, source.now);
  const Interfaces::Origin origin{source.peer.address, agent, decoded->header.domain};
  for (const ExportedFlow& flow : flows) book(origin, flow, 0, source.now);
}

// ---- Who it is ---------------------------------------------------------------------------------

Exporters::Session* Exporters::find_or_add(const Source& source) {
  const auto found = sessions_.find(source.peer);
  if (found != sessions_.end()) return &found->second;
  if (sessions_.size() >= config_.sessions_max) {
    const auto oldest = std::ranges::min_element(
        sessions_, {}, [](const auto& entry) { return entry.second.last_seen; });
    if (source.now - oldest->second.last_seen < config_.session_idle) return nullptr;
    for (auto& [key, state] : oldest->second.domains) {
      book_losses(oldest->first, key, state, source.now + kReorderMax);
    }
    sessions_.erase(oldest);
  }
  log::info("flow exporter",
            {{"address", source.peer.address.to_string()}, {"port", source.peer.port}});
  return &sessions_[source.peer];
}

Exporters::DomainState* Exporters::find_or_add(const Source& source, const DomainKey& key) {
  Session* session = find_or_add(source);
  if (session != nullptr) {
    session->last_seen = source.now;
    const auto found = session->domains.find(key);
    if (found != session->domains.end()) return &found->second;
    if (session->domains.size() < kDomainsMax) {
      return &session->domains.try_emplace(key, budget_).first->second;
    }
  }
  ++stats_.datagrams_unbooked;
  return nullptr;
}

// ---- What is missing ---------------------------------------------------------------------------

void Exporters::note_uptime(DomainState& state, std::uint32_t uptime_ms) {
  const auto backward = static_cast<std::int32_t>(state.last_uptime_ms - uptime_ms);
  if (backward > static_cast<std::int32_t>(kUptimeBackwardMax)) state.sequence.resynchronise();
  state.last_uptime_ms = uptime_ms;
}

void Exporters::note_sequence(DomainState& state, std::uint32_t sequence, std::uint32_t advance,
                              std::uint32_t other_unit, Time now) {
  const bool was_complete = state.sequence.missing() == 0;
  state.sequence.observe(sequence, advance, other_unit);
  if (was_complete) state.missing_since = now;
}

void Exporters::book_losses(const Peer& peer, const DomainKey& key, DomainState& state, Time now) {
  const Interfaces::Origin origin{peer.address, key.agent, key.domain};
  if (const std::uint32_t sets = state.templates.expire(now); sets != 0) {
    stats_.sets_lost += sets;
    interfaces_.mark_lost(origin, now - Domain::kWaitMax, now);
  }
  if (state.sequence.missing() == 0 || now - state.missing_since < kReorderMax) return;
  const bool counts_flows = key.protocol == Protocol::netflow5 || key.protocol == Protocol::ipfix;
  (counts_flows ? stats_.flows_lost : stats_.datagrams_lost) += state.sequence.take_missing();
  interfaces_.mark_lost(origin, state.missing_since, now);
}

void Exporters::dropped(std::uint64_t count, Time now) {
  if (count != 0) interfaces_.mark_all_lost(now);
}

void Exporters::tick(Time now) {
  for (auto& [peer, session] : sessions_) {
    for (auto& [key, state] : session.domains) book_losses(peer, key, state, now);
  }
  interfaces_.flush(now);
}

// ---- Flows -------------------------------------------------------------------------------------

std::int64_t Exporters::skew_of(const ExportHeader& header, Time now) {
  const std::int64_t skew = header.export_ms - now.ms;
  if (skew >= -kClockSkewMax.count() && skew <= kClockSkewMax.count()) return 0;
  ++stats_.clocks_corrected;
  return skew;
}

void Exporters::book(const Interfaces::Origin& origin, const ExportedFlow& flow,
                     std::int64_t skew_ms, Time now) {
  ++stats_.flows;
  ExportedFlow booked = flow;
  const std::int64_t latest = now.ms + kClockSkewMax.count();
  const std::int64_t end =
      std::clamp<std::int64_t>(flow.end_ms ? *flow.end_ms - skew_ms : now.ms, 0, latest);
  booked.end_ms = end;
  booked.start_ms =
      std::clamp<std::int64_t>(flow.start_ms ? *flow.start_ms - skew_ms : end, 0, end);
  interfaces_.add(origin, booked, now);
}

}  // namespace weir::collect
