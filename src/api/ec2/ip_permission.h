// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/shape.h"
#include "vpc/groups.h"
#include "vpc/types.h"

namespace weir::api::ec2 {

/// Rules that share protocol and ports, in requests and answers.
struct IpPermission {
  struct Range {
    std::string cidr;
    std::optional<std::string> description;
    static Shape shape();
  };
  struct Ipv6Range {
    std::string cidr;
    std::optional<std::string> description;
    static Shape shape();
  };
  struct Group {
    std::string group_id;
    std::optional<std::string> group_name;  // in requests only
    std::string user_id;
    std::optional<std::string> description;
    static Shape shape();
  };
  struct PrefixList {
    std::string id;
    std::optional<std::string> description;
    static Shape shape();
  };

  std::string protocol;
  std::optional<int> from_port;  // none: the protocol has none
  std::optional<int> to_port;
  std::vector<Group> groups;
  std::vector<Range> ranges;
  std::vector<Ipv6Range> ipv6_ranges;
  std::vector<PrefixList> prefix_lists;
  static Shape shape();
};

/// One rule for each peer; a permission without a peer is one rule without, which is refused later.
std::vector<vpc::GroupRuleSpec> specs_of(const std::vector<IpPermission>& permissions);

/// Adds a rule to the permission of its protocol and ports.
void add_rule(std::vector<IpPermission>& list, const vpc::SecurityGroupRule& rule);
/// The same for a rule as it was asked for.
void add_spec(std::vector<IpPermission>& list, const vpc::GroupRuleSpec& spec);

}  // namespace weir::api::ec2
