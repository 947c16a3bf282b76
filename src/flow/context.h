// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "net/address.h"

namespace weir::flow {

/// What a record says about the interface itself. Empty text or address means unknown (`-`).
struct Context {
  std::string account_id;
  std::string interface_id;  // eni-...
  std::string vpc_id;
  std::string subnet_id;
  std::string instance_id;
  std::string region;
  std::string az_id;
  std::string interface_type;  // field `interface-type`, e.g. nat_gateway
  net::Address primary_v4;  // stands in srcaddr (egress) and dstaddr (ingress) instead of other own
                            // addresses
  net::Address primary_v6;
  std::vector<net::Address>
      addresses;  // all of the interface; tells the direction where the source does not
  std::vector<net::Prefix> vpc_prefixes;  // traffic-path 1: towards another resource of the VPC
  bool is_tunnel = false;  // traffic-path 3: what leaves the VPC here goes through a tunnel
  std::vector<net::Address>
      unlogged;  // more peers that are never logged (VPC resolver, VPC router)

  bool operator==(const Context&) const = default;
};

}  // namespace weir::flow
