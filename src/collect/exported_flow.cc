// SPDX-License-Identifier: Apache-2.0
#include "collect/exported_flow.h"

#include "net/packet.h"
#include "net/protocol.h"

namespace weir::collect {
namespace {

constexpr std::int64_t kSynAck = 18;
constexpr std::uint8_t kDroppedUnknown = 128;
constexpr std::uint8_t kDroppedByAclDeny = 129;
constexpr std::uint8_t kDroppedByAclDrop = 130;

}  // namespace

std::optional<std::int64_t> aws_tcp_flags(const ExportedFlow& flow) {
  if (flow.protocol != net::protocol::kTcp) return 0;
  if (!flow.tcp_flags) return std::nullopt;
  const std::uint8_t seen = *flow.tcp_flags;
  std::int64_t flags = 0;
  if ((seen & net::tcp_flag::kFin) != 0) flags |= 1;
  if ((seen & net::tcp_flag::kRst) != 0) flags |= 4;
  if ((seen & net::tcp_flag::kSyn) == 0) return flags;
  if ((seen & net::tcp_flag::kAck) == 0) return flags | 2;
  if (flow.packets == 1) return flags | kSynAck;
  if (!flow.is_initiator) return std::nullopt;
  return flags | (*flow.is_initiator ? 2 : kSynAck);
}

flow::Verdict verdict_of_forwarding(std::uint8_t status) {
  const bool is_refused =
      status == kDroppedUnknown || status == kDroppedByAclDeny || status == kDroppedByAclDrop;
  return is_refused ? flow::Verdict::reject : flow::Verdict::accept;
}

}  // namespace weir::collect
