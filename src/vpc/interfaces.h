// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vpc/types.h"

namespace weir::vpc {

/// A network device as the kernel shows it.
struct HostInterface {
  std::string name;
  std::string mac;  // aa:bb:cc:dd:ee:ff, "" if the device has none
  bool is_up = true;
  bool is_loopback = false;
  std::vector<InterfaceAddress> addresses;  // in the kernel's order, without IPv6 link-local ones
};

/// All devices of this network namespace, in name order. Error: the kernel refused to list them.
Result<std::vector<HostInterface>> discover_interfaces();

/// Those that become ENIs: the named ones, or without names every device that is up, is no loopback
/// and has an address. A name that does not exist is left out (it may come later).
std::vector<HostInterface> choose_interfaces(std::vector<HostInterface> all,
                                             const std::vector<std::string>& names);

/// The id of this installation of Linux (/etc/machine-id), or "" where there is none.
std::string read_machine_id();

/// `prefix` and 17 hexadecimal digits that depend on `text` only.
std::string stable_id(std::string_view prefix, std::string_view text);

}  // namespace weir::vpc
