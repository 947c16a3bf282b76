// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vpc/acl.h"

namespace weir::enforce {

/// Which rule refused a packet: what the prefix of an NFLOG message says.
struct Refusal {
  std::string eni_id;
  /// acl-... or, as security groups only allow and refuse together, all of the interface's sg-...
  /// with commas.
  std::string owner_id;
  int rule_number = 0;  // of the ACL's entry; 0 for security groups
  vpc::Direction direction = vpc::Direction::ingress;
  bool operator==(const Refusal&) const = default;
};

/// Group ids in a prefix at most; further ones are left out, or the text would not fit.
inline constexpr std::size_t kGroupsNamedMax = 4;
std::string owner_of_groups(std::span<const std::string> group_ids);

/// `eni-...|acl-...|100|in`; the kernel keeps at most 127 bytes.
std::string to_prefix(const Refusal& refusal);
/// nullopt: not one of ours.
std::optional<Refusal> parse_prefix(std::string_view prefix);

}  // namespace weir::enforce
