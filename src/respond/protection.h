// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "net/address.h"

namespace weir::respond {

/// Gateways of default routes and name servers of this host: what must never be blocked because the
/// host would be cut off. Files that cannot be read count as empty (a container without /proc).
std::vector<net::Address> host_lifelines(const std::string& proc_net = "/proc/net",
                                         const std::string& resolv_conf = "/etc/resolv.conf");

/// The same from the texts of /proc/net/route, /proc/net/ipv6_route and resolv.conf; lines of
/// another form are skipped.
std::vector<net::Address> parse_routes_v4(const std::string& text);
std::vector<net::Address> parse_routes_v6(const std::string& text);
std::vector<net::Address> parse_name_servers(const std::string& text);

/// Loopback, link-local, multicast, broadcast and unspecified addresses: no peer that could be
/// blocked.
bool is_never_blocked(const net::Address& address);

}  // namespace weir::respond
