// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/address.h"

namespace weir::capture {

/// A capture filter (pcap-filter(7): `host 10.0.0.1 and tcp dst port 22`) that is asked about flows
/// instead of packets: a flow matches if a packet with its addresses, protocol, ports and flags
/// would. Lengths, link-layer addresses and payloads are not known of a flow, so primitives about
/// them do not compile or do not match.
///
/// Threads: immutable; share freely. Compiling a host name asks the system's resolver.
class FlowExpression {
 public:
  static constexpr std::size_t kTextMax = 4096;

  struct Subject {
    net::Address source;
    net::Address destination;
    std::uint16_t source_port = 0;  // ICMP: neither type nor code is known of a flow
    std::uint16_t destination_port = 0;
    std::uint8_t protocol = 0;
    std::uint8_t tcp_flags = 0;  // those seen, or-ed
  };

  /// Error: kind invalid, what libpcap says about the text.
  static Result<FlowExpression> compile(const std::string& text);

  bool matches(const Subject& subject) const;

 private:
  struct Program;
  explicit FlowExpression(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;  // shared by copies
};

}  // namespace weir::capture
