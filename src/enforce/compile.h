// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "enforce/guard.h"
#include "vpc/network.h"

namespace weir::enforce {

inline constexpr std::string_view kTable = "weir";

/// Bytes of a refused packet that go to NFLOG: more than any header chain that matters.
inline constexpr int kSnapLength = 128;

/// How long a connection that was open when the rules were loaded may stay silent and still count
/// as open: conntrack's own default for established TCP connections.
inline constexpr int kOpenConnectionTimeout_s = 432'000;

/// Chains without rules that say something about the table. `kSealPrefix` begins the name of the
/// seal (see kernel_table.h).
inline constexpr std::string_view kSwitchedOffChain = "switched_off";
inline constexpr std::string_view kSealPrefix = "sealed_";

/// The input for `nft -j -f -` that replaces the table `inet weir` in one transaction by one that
/// does what the ACLs and groups say; without anything to refuse there is no table afterwards.
/// `open` are connections that pass the security groups although connection tracking may not know
/// them: those that were open before it began. Pure: the same arguments give the same text.
std::string compile(const std::vector<vpc::InterfaceRules>& rules, std::uint16_t nflog_group,
                    std::span<const Connection> open = {});

/// Whether ACL or groups refuse any packet in this direction. The VPC's default ACL does not, nor
/// does a default group in its original state.
bool refuses_anything(const vpc::InterfaceRules& rules, vpc::Direction direction);
bool refuse_anything(const std::vector<vpc::InterfaceRules>& rules);
/// Whether the security groups of any interface do, so that connections must be tracked.
bool groups_refuse_anything(const std::vector<vpc::InterfaceRules>& rules);

/// The input that removes the table, whether or not it is there.
std::string compile_removal();
/// The input that leaves an empty table with the sign that enforcement is switched off.
std::string compile_switched_off();
/// The input that adds a chain without rules to the table.
std::string compile_sign(std::string_view chain);

}  // namespace weir::enforce
