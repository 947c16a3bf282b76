// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "vpc/network.h"

namespace weir::enforce {

/// A TCP connection of this host.
struct Connection {
  net::Address local;
  net::Address remote;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  bool is_asking = false;  // the API request came through it
  bool operator==(const Connection&) const = default;
};

/// Connections looked at for the guard; more are ignored.
inline constexpr std::size_t kConnectionsMax = 10'000;

/// The established connections in the text of /proc/net/tcp or tcp6, IPv4-mapped addresses as IPv4.
/// Lines of another form are skipped.
std::vector<Connection> parse_connections(std::string_view proc_text);

/// Those of tcp and tcp6 in `proc_net` whose local port is one of `ports` or that are between
/// `caller` and `api_port`. A file that cannot be read counts as empty.
std::vector<Connection> connections_to_protect(const std::string& proc_net,
                                               std::span<const std::uint16_t> ports,
                                               std::string_view caller, std::uint16_t api_port);

/// All TCP connections of the host that packets still belong to (established or closing), those of
/// `first_ports` first, without those over loopback; at most kConnectionsMax.
std::vector<Connection> open_connections(const std::string& proc_net,
                                         std::span<const std::uint16_t> first_ports);

/// Refuses (OperationNotPermitted) if a connection that passes under `before` would not pass under
/// `after`, in either direction. Connections on addresses that are no interface's of `after` do not
/// count.
///
/// Security groups never cut a connection that is open, so they are no danger to an SSH session;
/// but they may keep whoever asks from asking again, which is refused too.
Result<void> check_lock_out(const std::vector<vpc::InterfaceRules>& before,
                            const std::vector<vpc::InterfaceRules>& after,
                            std::span<const Connection> connections);

}  // namespace weir::enforce
