// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/shape.h"

/// What the configuration says about VPCs and interfaces. The structs are described: the same
/// tables read the file, print it and make the reference page.
namespace weir::vpc {

using TagSettings = std::map<std::string, std::string>;

struct SubnetSetting {
  std::string name = {};               // tag Name; how an interface refers to it
  std::vector<std::string> cidr = {};  // one IPv4 block, IPv6 blocks, or both
  std::string zone = {};               // letter behind the region; "": that of the host
  TagSettings tags = {};
  bool operator==(const SubnetSetting&) const = default;
  static Shape shape();
};

struct VpcSetting {
  std::string name = {};  // tag Name; its id depends on it only
  std::vector<std::string> cidr = {};
  std::vector<SubnetSetting> subnets = {};
  TagSettings tags = {};
  bool operator==(const VpcSetting&) const = default;
  static Shape shape();
};

/// Which devices become ENIs and what is known about them besides what the kernel says.
struct InterfaceSetting {
  // Which devices: all that are given must fit.
  std::string device = {};             // a name, or a pattern such as veth*
  std::string network_namespace = {};  // of /run/netns; "": that of the daemon
  std::string cidr = {};               // devices that have an address in this block
  int vlan = 0;                        // only frames with this 802.1Q tag; 0: the device as it is

  // What they are.
  bool is_guest = false;    // the host's end of another machine's interface: directions are swapped
  std::string name = {};    // tag Name
  std::string vpc = {};     // name of a configured VPC; "": by the addresses
  std::string subnet = {};  // name or block of one of its subnets; "": by the addresses
  std::string instance = {};                // i-...; "": this host's
  std::string eni = {};                     // eni-...; "": made from the machine and the device
  std::vector<std::string> addresses = {};  // with or without prefix length, the first is primary;
                                            // none: the device's, of a guest those that are learnt
  TagSettings tags = {};
  bool operator==(const InterfaceSetting&) const = default;
  static Shape shape();
};

/// Whether the settings fit together. Error: kind invalid, names the entry and what is wrong.
Result<void> check_settings(const std::vector<VpcSetting>& vpcs,
                            const std::vector<InterfaceSetting>& interfaces);

/// Entries that may be configured.
inline constexpr std::size_t kVpcSettingsMax = 64;
inline constexpr std::size_t kInterfaceSettingsMax = 1024;

}  // namespace weir::vpc
