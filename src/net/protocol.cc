// SPDX-License-Identifier: Apache-2.0
#include "net/protocol.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace weir::net {
namespace {

struct Name {
  std::uint8_t number;
  std::string_view name;
};

// The first name of a number is the one that is shown.
constexpr std::array kNames = {
    Name{0, "hopopt"},
    Name{1, "icmp"},
    Name{2, "igmp"},
    Name{4, "ipip"},
    Name{6, "tcp"},
    Name{8, "egp"},
    Name{17, "udp"},
    Name{33, "dccp"},
    Name{41, "ipv6"},
    Name{43, "ipv6-route"},
    Name{44, "ipv6-frag"},
    Name{46, "rsvp"},
    Name{47, "gre"},
    Name{50, "esp"},
    Name{51, "ah"},
    Name{58, "icmpv6"},
    Name{58, "ipv6-icmp"},
    Name{59, "ipv6-nonxt"},
    Name{60, "ipv6-opts"},
    Name{88, "eigrp"},
    Name{89, "ospf"},
    Name{94, "nos"},
    Name{97, "etherip"},
    Name{103, "pim"},
    Name{108, "ipcomp"},
    Name{112, "vrrp"},
    Name{115, "l2tp"},
    Name{132, "sctp"},
    Name{135, "mobility-header"},
    Name{136, "udplite"},
    Name{137, "mpls-in-ip"},
    Name{143, "ethernet"},
};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string protocol_name(std::uint8_t number) {
  for (const Name& row : kNames) {
    if (row.number == number) return std::string(row.name);
  }
  return std::to_string(number);
}

std::optional<std::uint8_t> parse_protocol(std::string_view text) {
  for (const Name& row : kNames) {
    if (equal_ignoring_case(text, row.name)) return row.number;
  }
  std::uint8_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

bool has_ports(std::uint8_t number) {
  switch (number) {
    case protocol::kTcp:
    case protocol::kUdp:
    case protocol::kDccp:
    case protocol::kSctp:
    case protocol::kUdpLite:
      return true;
    default:
      return false;
  }
}

}  // namespace weir::net
