// SPDX-License-Identifier: Apache-2.0
#include "enforce/guard.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "net/protocol.h"

namespace weir::enforce {
namespace {

constexpr std::string_view kEstablished = "01";
// FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK, CLOSING.
constexpr std::string_view kClosing[] = {"04", "05", "08", "09", "0B"};
constexpr std::size_t kWordDigits = 8;
constexpr std::uint64_t kMappedV4 = 0xffff;  // ::ffff:0:0/96

template <class Number>
std::optional<Number> parse_hex(std::string_view digits) {
  Number number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

/// The kernel prints each 32-bit word of the address, which lies in network order, as a number of
/// the host.
std::optional<net::Address> parse_address(std::string_view digits) {
  if (digits.size() != kWordDigits && digits.size() != 4 * kWordDigits) return std::nullopt;
  std::uint8_t bytes[16];
  for (std::size_t i = 0; i < digits.size() / kWordDigits; ++i) {
    const auto word = parse_hex<std::uint32_t>(digits.substr(i * kWordDigits, kWordDigits));
    if (!word) return std::nullopt;
    std::memcpy(bytes + 4 * i, &*word, sizeof *word);
  }
  if (digits.size() == kWordDigits) return net::Address::v4_from(bytes);
  const auto address = net::Address::v6_from(bytes);
  if (address.high() == 0 && address.low() >> 32 == kMappedV4) {
    return net::Address::v4(static_cast<std::uint32_t>(address.low()));
  }
  return address;
}

bool parse_end(std::string_view text, net::Address& address, std::uint16_t& port) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const auto parsed_address = parse_address(text.substr(0, colon));
  const auto parsed_port = parse_hex<std::uint16_t>(text.substr(colon + 1));
  if (!parsed_address || !parsed_port) return false;
  address = *parsed_address;
  port = *parsed_port;
  return true;
}

/// `  0: 0100007F:1F90 0100007F:C350 01 ...`, established or, if wanted, closing.
std::optional<Connection> parse_line(std::string_view line, bool with_closing = false) {
  std::string_view words[4];
  for (std::string_view& word : words) {
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    line.remove_prefix(begin);
    word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size());
  }
  const bool is_wanted = words[3] == kEstablished ||
                         (with_closing && std::find(std::begin(kClosing), std::end(kClosing),
                                                    words[3]) != std::end(kClosing));
  Connection connection;
  if (!is_wanted || !parse_end(words[1], connection.local, connection.local_port) ||
      !parse_end(words[2], connection.remote, connection.remote_port)) {
    return std::nullopt;
  }
  return connection;
}

const vpc::InterfaceRules* interface_of(const std::vector<vpc::InterfaceRules>& rules,
                                        const net::Address& address) {
  const std::string text = address.to_string();
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const auto& of_interface) {
    return std::find(of_interface.addresses.begin(), of_interface.addresses.end(), text) !=
           of_interface.addresses.end();
  });
  return found == rules.end() ? nullptr : &*found;
}

vpc::AclPacket packet_of(const Connection& connection, vpc::Direction direction) {
  vpc::AclPacket packet{connection.remote, connection.local, net::protocol::kTcp,
                        connection.remote_port, connection.local_port};
  if (direction == vpc::Direction::egress) {
    std::swap(packet.source, packet.destination);
    std::swap(packet.source_port, packet.destination_port);
  }
  return packet;
}

vpc::AclDecision judge(const vpc::InterfaceRules* rules, const Connection& connection,
                       vpc::Direction direction) {
  const vpc::AclPacket packet = packet_of(connection, direction);
  if (rules == nullptr || vpc::is_never_judged(packet)) return {};
  return vpc::evaluate(rules->entries, direction, packet);
}

/// Whether the groups let a connection like this one be opened.
bool may_open(const vpc::InterfaceRules* rules, const Connection& connection) {
  const vpc::AclPacket packet = packet_of(connection, vpc::Direction::ingress);
  return rules == nullptr || !rules->groups.is_enforced || vpc::is_never_judged(packet) ||
         vpc::allows(rules->groups.allowances, vpc::Direction::ingress, packet);
}

Error would_shut_out(const Connection& connection, const vpc::InterfaceRules& rules) {
  std::string groups;
  for (const std::string& id : rules.groups.ids) groups += (groups.empty() ? "" : ", ") + id;
  return {ErrorKind::conflict, "OperationNotPermitted",
          "The change would keep " + connection.remote.to_string() +
              ", which asks for it, from connecting to port " +
              std::to_string(connection.local_port) + " of this host again (" + groups +
              " would not allow it). Allow it in a security group first, or set enforcement to "
              "force."};
}

}  // namespace

std::vector<Connection> parse_connections(std::string_view proc_text) {
  std::vector<Connection> connections;
  while (!proc_text.empty() && connections.size() < kConnectionsMax) {
    const std::string_view line = proc_text.substr(0, proc_text.find('\n'));
    proc_text.remove_prefix(std::min(proc_text.size(), line.size() + 1));
    if (auto connection = parse_line(line)) connections.push_back(*connection);
  }
  return connections;
}

std::vector<Connection> connections_to_protect(const std::string& proc_net,
                                               std::span<const std::uint16_t> ports,
                                               std::string_view caller, std::uint16_t api_port) {
  const auto caller_address = net::Address::parse(caller);
  std::vector<Connection> protect;
  for (const char* name : {"/tcp", "/tcp6"}) {
    std::ifstream file(proc_net + name);
    for (std::string line; protect.size() < kConnectionsMax && std::getline(file, line);) {
      auto connection = parse_line(line);
      if (!connection) continue;
      const bool is_session =
          std::find(ports.begin(), ports.end(), connection->local_port) != ports.end();
      connection->is_asking = caller_address && connection->remote == *caller_address &&
                              connection->local_port == api_port;
      if (is_session || connection->is_asking) protect.push_back(*connection);
    }
  }
  return protect;
}

std::vector<Connection> open_connections(const std::string& proc_net,
                                         std::span<const std::uint16_t> first_ports) {
  std::vector<Connection> open;
  std::vector<Connection> others;
  for (const char* name : {"/tcp", "/tcp6"}) {
    std::ifstream file(proc_net + name);
    for (std::string line; others.size() < kConnectionsMax && std::getline(file, line);) {
      const auto connection = parse_line(line, true);
      if (!connection || connection->local.is_loopback()) continue;
      const bool is_first = std::find(first_ports.begin(), first_ports.end(),
                                      connection->local_port) != first_ports.end();
      if (!is_first) {
        others.push_back(*connection);
      } else if (open.size() < kConnectionsMax) {
        open.push_back(*connection);
      }
    }
  }
  const std::size_t room = kConnectionsMax - open.size();
  others.resize(std::min(others.size(), room));
  open.insert(open.end(), others.begin(), others.end());
  return open;
}

Result<void> check_lock_out(const std::vector<vpc::InterfaceRules>& before,
                            const std::vector<vpc::InterfaceRules>& after,
                            std::span<const Connection> connections) {
  for (const Connection& connection : connections) {
    const auto* rules = interface_of(after, connection.local);
    // Between addresses of this host nothing crosses an interface.
    if (rules == nullptr || interface_of(after, connection.remote) != nullptr) continue;
    const auto* rules_before = interface_of(before, connection.local);
    if (connection.is_asking && may_open(rules_before, connection) &&
        !may_open(rules, connection)) {
      return would_shut_out(connection, *rules);
    }
    for (const auto direction : {vpc::Direction::ingress, vpc::Direction::egress}) {
      const auto decision = judge(rules, connection, direction);
      const bool passed = judge(rules_before, connection, direction).is_allowed;
      if (decision.is_allowed || !passed) continue;
      return Error{
          ErrorKind::conflict, "OperationNotPermitted",
          "The change would cut off the open connection from " + connection.remote.to_string() +
              " to port " + std::to_string(connection.local_port) + " of this host (rule " +
              std::to_string(decision.rule_number) + " of " + rules->acl_id + " refuses its " +
              (direction == vpc::Direction::ingress ? "inbound" : "outbound") +
              " packets). Allow it with a lower rule number first, or set enforcement to force."};
    }
  }
  return {};
}

}  // namespace weir::enforce
