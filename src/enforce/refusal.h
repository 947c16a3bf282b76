// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vpc/acl.h"

namespace weir::enforce {

/// Which rule refused a packet: what the prefix of an NFLOG message says.
struct Refusal {
  std::string eni_id;
  std::string acl_id;
  int rule_number = 0;
  vpc::Direction direction = vpc::Direction::ingress;
  bool operator==(const Refusal&) const = default;
};

/// `eni-...|acl-...|100|in`; the kernel keeps at most 127 bytes.
std::string to_prefix(const Refusal& refusal);
/// nullopt: not one of ours.
std::optional<Refusal> parse_prefix(std::string_view prefix);

}  // namespace weir::enforce
