// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "flow/record.h"
#include "net/address.h"

namespace weir::collect {

/// One flow as an exporter reported it, whatever the protocol. What was not reported is 0 or
/// absent.
struct ExportedFlow {
  net::Address source;
  net::Address destination;
  net::Address translated_source;  // behind the exporter's NAT
  net::Address translated_destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;
  std::optional<std::uint8_t> tcp_flags;  // of all packets, OR-ed as on the wire
  std::optional<std::uint64_t> packets;   // counted, not yet multiplied by `sampling`
  std::optional<std::uint64_t> bytes;     // IP length
  std::uint32_t sampling = 1;             // one of so many packets was looked at
  std::optional<std::int64_t> start_ms;   // Unix time by the exporter's clock
  std::optional<std::int64_t> end_ms;
  std::uint32_t input = 0;                   // ifIndex where it came in; 0: not known
  std::uint32_t output = 0;                  // ifIndex where it left
  std::optional<flow::Direction> direction;  // where it was metered: ingress at `input`
  flow::Verdict verdict = flow::Verdict::accept;
  /// Whether `source` opened the connection; known from biflows (RFC 5103) only.
  std::optional<bool> is_initiator;

  bool operator==(const ExportedFlow&) const = default;
};

/// Takes a flow; it may be forgotten when the call returns.
using FlowSink = std::function<void(const ExportedFlow&)>;

/// Where a datagram stands in its exporter's sequence, and what its header says of time.
struct ExportHeader {
  std::uint32_t domain = 0;    // engine, source id, observation domain, or sub-agent
  std::uint32_t sequence = 0;  // counts flows (NetFlow v5), records (IPFIX) or datagrams
  std::int64_t export_ms = 0;  // Unix time by the exporter's clock; sFlow: of arrival
  std::uint32_t uptime_ms = 0;

  /// The Unix time in ms of a moment on the exporter's uptime clock, which wraps after 49 days: the
  /// moment within 24 days of the export.
  std::int64_t from_uptime(std::uint32_t moment_ms) const {
    return export_ms + static_cast<std::int32_t>(moment_ms - uptime_ms);
  }
};

/// Field tcp-flags (VPC User Guide): FIN 1, SYN 2, RST 4, SYN-ACK 18, other flags alone are not
/// recorded. Exporters OR the flags of all packets, so SYN and ACK together may be a SYN-ACK or a
/// SYN and later ACKs: decided where it is one packet or the initiator is known, else nothing
/// (`-`).
std::optional<std::int64_t> aws_tcp_flags(const ExportedFlow& flow);

/// What the forwardingStatus element (89; RFC 7270) means for the field `action`: REJECT if an
/// access list or an unknown reason dropped the packets. Other drops (routing, TTL, queues) are no
/// decision about the traffic and count as ACCEPT, as on AWS.
flow::Verdict verdict_of_forwarding(std::uint8_t status);

}  // namespace weir::collect
