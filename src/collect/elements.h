// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "collect/cursor.h"
#include "collect/exported_flow.h"

namespace weir::collect {

/// What the information elements of one data record said (IANA "IPFIX Information Elements"; the
/// field types of NetFlow v9, RFC 3954, have the same numbers), before it is known what they mean
/// together.
struct RecordValues {
  struct Counts {
    std::optional<std::uint64_t> delta;
    std::optional<std::uint64_t> total;  // exporters that send no deltas send totals per flow
    std::optional<std::uint64_t> post;   // after the exporter: v9 exporters that meter egress
    std::optional<std::uint64_t> value() const { return delta ? delta : total ? total : post; }
  };
  struct Side {
    Counts packets;
    Counts bytes;
    std::optional<std::uint8_t> tcp_flags;
    std::optional<std::uint32_t> start_uptime_ms;
    std::optional<std::uint32_t> end_uptime_ms;
    std::optional<std::int64_t> start_ms;
    std::optional<std::int64_t> end_ms;
  };

  ExportedFlow flow;  // addresses, ports, interfaces, verdict
  Side forward;
  Side reverse;  // RFC 5103, or the responder's counters of firewalls
  std::optional<std::int64_t> duration_ms;
  std::optional<std::int64_t> system_start_ms;  // beginning of the uptime clock
  /// RFC 5103: 1 source is the initiator, 2 destination is, others do not say.
  std::optional<std::uint8_t> biflow_direction;

  std::uint32_t sampler_id = 0;
  std::optional<std::uint32_t> sampling;  // one of so many packets
  std::uint64_t sampling_interval = 0;    // PSAMP: packets taken ...
  std::uint64_t sampling_space = 0;       // ... and then left out
  std::uint64_t sampling_size = 0;        // PSAMP: so many packets ...
  std::uint64_t sampling_population = 0;  // ... of so many

  /// The rate that the sampling elements together give, 1 to kSamplingMax; nothing without one.
  std::optional<std::uint32_t> sampling_rate() const;
};

/// Sampling rates beyond it are taken for it.
inline constexpr std::uint32_t kSamplingMax = 1u << 24;

/// Whether apply_element() makes anything of it. `is_reverse`: the element describes the other
/// direction (enterprise 29305).
bool is_known_element(std::uint16_t element, bool is_reverse);
/// Whether a record with that element can be a flow: it holds a source address or a packet.
bool is_flow_element(std::uint16_t element);

/// Takes one value over. A value of a length that its element cannot have is left out.
void apply_element(std::uint16_t element, bool is_reverse, Bytes value, const ExportHeader& header,
                   RecordValues& values);

/// Passes on what the record tells: no flow (no addresses, or an event without traffic: false), one
/// flow, or both directions of a connection. `sampling` is the rate of the domain,
/// `system_start_ms` what an option record said of it.
bool emit_flows(const RecordValues& values, const ExportHeader& header, bool has_header_uptime,
                std::optional<std::int64_t> system_start_ms, std::uint32_t sampling,
                const FlowSink& sink);

}  // namespace weir::collect
