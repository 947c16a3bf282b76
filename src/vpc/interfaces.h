// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vpc/interfaces_config.h"
#include "vpc/types.h"

namespace weir::vpc {

/// A network device as the kernel shows it.
struct HostInterface {
  std::string name;
  std::string mac;  // aa:bb:cc:dd:ee:ff, "" if the device has none
  bool is_up = true;
  bool is_loopback = false;
  std::vector<InterfaceAddress> addresses;  // in the kernel's order, without IPv6 link-local ones

  std::string network_namespace = {};  // of /run/netns; "": that of the daemon
  std::string permanent_mac = {};      // that of the hardware; "" if Linux made the device
  std::string trunk = {};              // of a VLAN: the device that carries it, else ""
  int vlan = 0;
  bool is_tunnel = false;         // GRE, IPIP, WireGuard, tun ...
  bool is_port = false;           // of a bridge, bond or other device that takes its packets
  bool is_default_route = false;  // where packets to the rest of the world leave
  std::vector<InterfaceAddress> guest_addresses = {};  // whom the neighbour table has behind it
  InterfaceSetting setting = {};  // the entry that chose it, see choose_interfaces()
};

/// An interface that is no device of this host, as an exporter of NetFlow, IPFIX or sFlow tells it.
struct DeclaredInterface {
  std::string key;               // never changes, e.g. `ipfix/192.0.2.1/3`; 1 to 255 bytes
  std::string name = {};         // tag Name, e.g. `core1 ge-0/0/3`; "": none
  std::string description = {};  // for people
  std::vector<InterfaceAddress> addresses = {};  // the first IPv4 one is primary
  std::string instance = {};  // what its exporter's interfaces have in common, e.g. its address
};

/// Declared interfaces of one account and region.
inline constexpr std::size_t kDeclaredMax = 4096;

/// All devices of a network namespace of /run/netns, "" for this one's, in name order. Error: the
/// kernel refused to list them, or the namespace cannot be entered.
Result<std::vector<HostInterface>> discover_interfaces(const std::string& network_namespace = {});

/// Those that become ENIs, each with the entry that says so; without entries every device that is
/// up, is no loopback and has an address. An entry with the exact name counts before one with a
/// block, and that before a pattern; among equals the first. The pattern `*` and an entry without
/// device and block stand for the same choice as no entries; other patterns take every device that
/// fits but loopback. An entry with a VLAN makes one more interface of its device. A name that does
/// not exist is left out (it may come later).
std::vector<HostInterface> choose_interfaces(const std::vector<HostInterface>& all,
                                             const std::vector<InterfaceSetting>& settings);

/// Discovers what the entries speak of, and chooses. A namespace that is not there counts as empty.
Result<std::vector<HostInterface>> find_interfaces(const std::vector<InterfaceSetting>& settings);

/// The namespaces that the entries name, each once, without that of the daemon.
std::vector<std::string> namespaces_of(const std::vector<InterfaceSetting>& settings);

/// The id of this installation of Linux (/etc/machine-id), or "" where there is none.
std::string read_machine_id();

/// `prefix` and 17 hexadecimal digits that depend on `text` only.
std::string stable_id(std::string_view prefix, std::string_view text);

}  // namespace weir::vpc
