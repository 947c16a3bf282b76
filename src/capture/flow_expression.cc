// SPDX-License-Identifier: Apache-2.0
#include "capture/flow_expression.h"

#include <pcap/pcap.h>

#include <array>

namespace weir::capture {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kTransportHeader = 20;  // TCP's; the others are shorter
constexpr std::size_t kPacketMax = kIpv6Header + kTransportHeader;
constexpr std::uint8_t kTtl = 64;

using Bytes = std::array<std::uint8_t, kPacketMax>;

void put16(std::uint8_t* at, std::uint64_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}
void put32(std::uint8_t* at, std::uint64_t value) {
  put16(at, value >> 16);
  put16(at + 2, value);
}
void put_v6(std::uint8_t* at, const net::Address& address) {
  put32(at, address.high() >> 32);
  put32(at + 4, address.high());
  put32(at + 8, address.low() >> 32);
  put32(at + 12, address.low());
}

/// The shortest packet that the flow could have had. Returns its bytes.
std::size_t write_packet(const FlowExpression::Subject& subject, Bytes& bytes) {
  bytes.fill(0);
  const bool is_v4 = subject.source.is_v4();
  const std::size_t ip = is_v4 ? kIpv4Header : kIpv6Header;
  if (is_v4) {
    bytes[0] = 0x45;
    put16(&bytes[2], ip + kTransportHeader);
    bytes[8] = kTtl;
    bytes[9] = subject.protocol;
    put32(&bytes[12], subject.source.v4_value());
    put32(&bytes[16], subject.destination.v4_value());
  } else {
    bytes[0] = 0x60;
    put16(&bytes[4], kTransportHeader);
    bytes[6] = subject.protocol;
    bytes[7] = kTtl;
    put_v6(&bytes[8], subject.source);
    put_v6(&bytes[24], subject.destination);
  }
  put16(&bytes[ip], subject.source_port);
  put16(&bytes[ip + 2], subject.destination_port);
  if (subject.protocol == 6) {
    bytes[ip + 12] = 5 << 4;  // data offset
    bytes[ip + 13] = subject.tcp_flags;
  }
  return ip + kTransportHeader;
}

}  // namespace

struct FlowExpression::Program {
  bpf_program code{};
  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() { pcap_freecode(&code); }
};

Result<FlowExpression> FlowExpression::compile(const std::string& text) {
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorKind::invalid, "InvalidParameterValue",
                 "cannot read the expression '" + text + "': " + why};
  };
  if (text.size() > kTextMax)
    return refuse("it is longer than " + std::to_string(kTextMax) + " characters");
  if (text.find('\0') != std::string::npos) return refuse("it has a NUL character");
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> handle(
      pcap_open_dead(DLT_RAW, static_cast<int>(kPacketMax)), &pcap_close);
  WEIR_ASSERT(handle != nullptr);
  auto program = std::make_shared<Program>();
  if (pcap_compile(handle.get(), &program->code, text.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return refuse(pcap_geterr(handle.get()));
  return FlowExpression(std::move(program));
}

bool FlowExpression::matches(const Subject& subject) const {
  if (!subject.source.is_set() || subject.source.family() != subject.destination.family())
    return false;
  Bytes bytes;
  const auto size = static_cast<bpf_u_int32>(write_packet(subject, bytes));
  pcap_pkthdr header{};
  header.caplen = size;
  header.len = size;
  return pcap_offline_filter(&program_->code, &header, bytes.data()) != 0;
}

}  // namespace weir::capture
