// SPDX-License-Identifier: Apache-2.0
#include "enforce/refusal.h"

#include <algorithm>
#include <charconv>

namespace weir::enforce {

std::string owner_of_groups(std::span<const std::string> group_ids) {
  std::string owner;
  for (const std::string& id : group_ids.first(std::min(group_ids.size(), kGroupsNamedMax))) {
    if (!owner.empty()) owner += ',';
    owner += id;
  }
  return owner;
}

std::string to_prefix(const Refusal& refusal) {
  std::string prefix = refusal.eni_id;
  prefix.append("|").append(refusal.owner_id).append("|");
  prefix.append(std::to_string(refusal.rule_number));
  prefix += refusal.direction == vpc::Direction::ingress ? "|in" : "|out";
  return prefix;
}

std::optional<Refusal> parse_prefix(std::string_view prefix) {
  std::string_view parts[4];
  for (std::string_view& part : parts) {
    const auto bar = prefix.find('|');
    const bool is_last = &part == &parts[3];
    if (is_last != (bar == std::string_view::npos)) return std::nullopt;
    part = prefix.substr(0, bar);
    if (!is_last) prefix.remove_prefix(bar + 1);
  }
  Refusal refusal{std::string(parts[0]), std::string(parts[1]), 0, vpc::Direction::ingress};
  const auto number = parts[2];
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), refusal.rule_number);
  if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
  const bool is_owner = parts[1].starts_with("acl-") || parts[1].starts_with("sg-");
  if (!parts[0].starts_with("eni-") || !is_owner) return std::nullopt;
  if (parts[3] != "in" && parts[3] != "out") return std::nullopt;
  if (parts[3] == "out") refusal.direction = vpc::Direction::egress;
  return refusal;
}

}  // namespace weir::enforce
