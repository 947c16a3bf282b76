// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vpc/network.h"

namespace weir::enforce {

inline constexpr std::string_view kTable = "weir";

/// Bytes of a refused packet that go to NFLOG: more than any header chain that matters.
inline constexpr int kSnapLength = 128;

/// The input for `nft -j -f -` that replaces the table `inet weir` in one transaction by one that
/// does what the ACLs say; without anything to refuse there is no table afterwards. Pure: the same
/// rules give the same text.
std::string compile(const std::vector<vpc::InterfaceRules>& rules, std::uint16_t nflog_group);

/// Whether the ACL refuses any packet in this direction. The VPC's default ACL does not.
bool refuses_anything(const vpc::InterfaceRules& rules, vpc::Direction direction);

/// The input that removes the table, whether or not it is there.
std::string compile_removal();

}  // namespace weir::enforce
