// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "collect/domain.h"
#include "collect/interfaces.h"
#include "collect/sequence.h"
#include "net/address.h"

namespace weir::collect {

/// Where a datagram came from.
struct Peer {
  net::Address address;
  std::uint16_t port = 0;
  auto operator<=>(const Peer&) const = default;
};

/// Datagrams of any exporter and protocol -> flow records: tells NetFlow v5, v9, IPFIX and sFlow v5
/// apart by their version, keeps what each exporter said before (templates, sampling, sequence),
/// and reports what is missing.
///
/// An exporter is the address that the datagrams come from. UDP senders can be forged: whoever can
/// send to the port from an allowed address can invent flows, so the port belongs into a management
/// network, and only loopback, link-local and private addresses (RFC 1918, RFC 6598, fc00::/7) are
/// taken unless `allowed` names others. Templates and sequences are kept for address and port, so
/// that a forger who does not know the port cannot spoil those of an exporter.
///
/// Threads: one. Memory: Config::sessions_max senders (a new one takes the place of one that was
/// silent for `session_idle`, else it is refused), kDomainsMax domains of each, and Budget for
/// templates and waiting data of all. Time: what is passed in.
class Exporters {
 public:
  static constexpr std::size_t kDomainsMax = 64;  // of one sender
  /// How long missing parts of a sequence may come late before they count as lost.
  static constexpr Duration kReorderMax{2'000};
  /// An exporter's clock that is further off is taken for wrong: its times are moved so that the
  /// export is now.
  static constexpr Duration kClockSkewMax{3'600'000};

  struct Config {
    std::vector<net::Prefix> allowed;  // none: addresses that are not routed on the internet
    std::size_t sessions_max = 1024;
    Duration session_idle{300'000};
    Interfaces::Config interfaces;
  };
  struct Stats {
    std::uint64_t datagrams = 0;
    std::uint64_t datagrams_refused = 0;    // sender is not allowed
    std::uint64_t datagrams_unknown = 0;    // none of the protocols
    std::uint64_t datagrams_malformed = 0;  // lengths that cannot be
    std::uint64_t datagrams_unbooked = 0;   // no room for one more sender or domain
    std::uint64_t flows = 0;
    std::uint64_t not_flows = 0;          // records without addresses or without traffic
    std::uint64_t templates_refused = 0;  // too large, too many
    std::uint64_t flows_lost = 0;         // gaps in the sequence: flows (v5), records (IPFIX)
    std::uint64_t datagrams_lost = 0;     // the same where it counts datagrams (v9, sFlow)
    std::uint64_t sets_lost = 0;          // data whose template did not come
    std::uint64_t clocks_corrected = 0;   // datagrams
  };

  Exporters(Config config, Interfaces::Sink sink, Interfaces::OnInterface on_interface);
  ~Exporters();

  /// Takes one datagram that arrived at `now`. Records may wait for flush().
  void accept(const Peer& peer, Bytes datagram, Time now);
  /// `count` datagrams of unknown senders were dropped by the kernel.
  void dropped(std::uint64_t count, Time now);
  /// Books losses that have waited long enough, forgets silent senders, hands records over. Call it
  /// about once a second, also when nothing comes.
  void tick(Time now);
  void flush(Time now) { interfaces_.flush(now); }

  bool is_allowed(const net::Address& address) const;
  const Stats& stats() const { return stats_; }
  const Interfaces& interfaces() const { return interfaces_; }
  std::size_t sessions() const { return sessions_.size(); }

 private:
  enum class Protocol : std::uint8_t { netflow5, netflow9, ipfix, sflow };
  struct DomainKey {
    Protocol protocol;
    net::Address agent;
    std::uint32_t domain = 0;
    auto operator<=>(const DomainKey&) const = default;
  };
  struct DomainState {
    explicit DomainState(Budget& budget) : templates(budget) {}
    Domain templates;  // NetFlow v9 and IPFIX
    SequenceTracker sequence;
    std::uint32_t last_uptime_ms = 0;
    Time missing_since;
  };
  struct Session {
    Time last_seen;
    std::map<DomainKey, DomainState> domains;
  };
  struct Source {  // of the datagram at hand
    const Peer& peer;
    Time now;
  };

  void report_refusal(const Peer& peer, Time now);
  void accept_netflow5(Source source, Bytes datagram);
  void accept_sets(Source source, Bytes datagram);
  void accept_sflow(Source source, Bytes datagram);
  DomainState* find_or_add(const Source& source, const DomainKey& key);
  Session* find_or_add(const Source& source);
  void note_uptime(DomainState& state, std::uint32_t uptime_ms);
  void note_sequence(DomainState& state, std::uint32_t sequence, std::uint32_t advance,
                     std::uint32_t other_unit, Time now);
  void book(const Interfaces::Origin& origin, const ExportedFlow& flow, std::int64_t skew_ms,
            Time now);
  std::int64_t skew_of(const ExportHeader& header, Time now);
  void book_losses(const Peer& peer, const DomainKey& key, DomainState& state, Time now);

  Config config_;
  Interfaces interfaces_;
  Budget budget_;  // outlives the sessions, which give back to it
  std::map<Peer, Session> sessions_;
  Stats stats_;
  Time next_refusal_report_;
};

}  // namespace weir::collect
