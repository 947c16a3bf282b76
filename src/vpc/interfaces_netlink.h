// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "vpc/interfaces.h"

/// Private to the module: what the kernel's routing netlink (rtnetlink(7)) says about devices.
namespace weir::vpc {

/// A device while its messages are put together.
struct NetlinkDevice {
  HostInterface interface;
  unsigned trunk_index = 0;   // of a VLAN
  unsigned master_index = 0;  // of a bridge port
};

/// A neighbour: who has an address (IPv4 and IPv6 tables), or behind which bridge port a MAC is.
struct NetlinkNeighbour {
  unsigned device_index = 0;
  std::string mac;
  std::string address;  // "": an entry of a bridge
};

/// What dumps of links, addresses and neighbours have said so far.
struct NetlinkTables {
  std::map<unsigned, NetlinkDevice> devices;  // by index
  std::vector<NetlinkNeighbour> neighbours;
  unsigned default_route_index = 0;
  bool is_done = false;  // the end of the answer has come
  int error = 0;         // errno in the answer
};

/// Devices, and neighbours, that are taken from one answer; more are ignored.
inline constexpr std::size_t kNetlinkDevicesMax = 65'536;
inline constexpr std::size_t kNetlinkNeighboursMax = 65'536;

/// Takes the messages of one datagram. Never reads outside `bytes`; what is not understood is
/// passed over.
void take_messages(std::span<const std::uint8_t> bytes, NetlinkTables& tables);

/// Asks for everything in the caller's network namespace. Error: unavailable, why.
Result<NetlinkTables> read_netlink_tables();

}  // namespace weir::vpc
