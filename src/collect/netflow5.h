// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "collect/cursor.h"
#include "collect/exported_flow.h"

namespace weir::collect {

/// What a NetFlow v5 datagram (Cisco, "NetFlow Export Datagram Format") holds besides its flows.
struct Netflow5 {
  ExportHeader header;      // `domain` is engine type and id; `sequence` that of the first flow
  std::uint32_t flows = 0;  // by which the sequence goes on
};

inline constexpr std::size_t kNetflow5HeaderBytes = 24;
inline constexpr std::size_t kNetflow5FlowBytes = 48;

/// Passes the flows of a datagram to `sink`. Nothing if the version is not 5 or the datagram is
/// shorter than its count of flows says: then no flow was passed on.
std::optional<Netflow5> decode_netflow5(Bytes datagram, const FlowSink& sink);

}  // namespace weir::collect
