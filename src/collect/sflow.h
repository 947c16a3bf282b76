// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "collect/cursor.h"
#include "collect/exported_flow.h"
#include "net/address.h"

namespace weir::collect {

/// What an sFlow version 5 datagram (sflow.org, "sFlow Version 5") holds besides its samples.
struct Sflow {
  net::Address agent;
  ExportHeader header;  // `domain` is the sub-agent; sFlow has no clock, so the time is that given
  std::uint32_t samples = 0;    // of flows
  std::uint32_t not_flows = 0;  // samples of something that is no IP packet
  bool is_malformed = false;    // a length that cannot be; what stood before it was taken
};

/// Passes each sampled packet on as a flow of one packet (`sampling` says for how many it stands),
/// at `arrival_ms`. The raw header decides, then the IPv4 and IPv6 records; counter samples are
/// passed over. A packet that the switch discarded by an access list, or does not say why, is a
/// REJECT. Nothing: no sFlow v5 datagram.
std::optional<Sflow> decode_sflow(Bytes datagram, std::int64_t arrival_ms, const FlowSink& sink);

}  // namespace weir::collect
