// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/scope.h"
#include "vpc/types.h"

namespace weir::vpc {

/// `us-east-1` and `a` give `use1-az1`. AWS maps letters to ids per account; here a is az1, b az2
/// and so on.
std::string zone_id(std::string_view region, std::string_view letter);

/// What AWS makes in a new region: VPC 172.31.0.0/16 with a subnet in each of the zones a, b, c,
/// the security group and the network ACL `default`. The ids depend on scope and `seed` only.
ScopeState default_vpc(const Scope& scope, std::string_view seed);

/// The VPC with the id and blocks that are given, and what AWS makes with each VPC: the security
/// group and the network ACL `default`.
ScopeState vpc_with_defaults(const Scope& scope, Vpc vpc);

/// A subnet of the VPC in the zone with that letter; no default one of its zone.
Subnet subnet_of(const Scope& scope, const Vpc& vpc, std::string_view letter,
                 std::string_view cidr);

/// The default VPC of a state (there always is one).
const Vpc& default_vpc_of(const ScopeState& state);
const NetworkAcl& default_acl_of(const ScopeState& state, std::string_view vpc_id);

/// Addresses for use in a subnet: all but AWS's five reserved ones, 0 if the block is smaller than
/// that.
int usable_addresses(std::string_view cidr);

}  // namespace weir::vpc
