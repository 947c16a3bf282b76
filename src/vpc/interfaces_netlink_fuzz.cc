// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "vpc/interfaces_netlink.h"

/// Datagrams of the routing netlink. The kernel is trusted, its attributes are still lengths.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::vpc::NetlinkTables tables;
  weir::vpc::take_messages({data, size}, tables);
  return 0;
}
