// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ec2/common.h"
#include "api/ec2/select.h"
#include "vpc/network.h"

namespace weir::api::ec2 {

/// The rules of a group that share protocol and ports.
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
    std::string user_id;
    std::optional<std::string> description;
    static Shape shape();
  };

  std::string protocol = "-1";
  std::optional<int> from_port;  // none: all protocols
  std::optional<int> to_port;
  std::vector<Group> groups;
  std::vector<Range> ranges;
  std::vector<Ipv6Range> ipv6_ranges;
  std::vector<std::string> prefix_list_ids;
  static Shape shape();
};

struct SecurityGroupShown {
  std::string id;
  std::vector<IpPermission> egress;
  vpc::Tags tags;
  std::string vpc_id;
  std::string arn;
  std::string owner_id;
  std::string name;
  std::string description;
  std::vector<IpPermission> ingress;
  static Shape shape();
};

struct DescribeSecurityGroups {
  static constexpr std::string_view name = "DescribeSecurityGroups";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::vector<std::string> group_ids;
    std::vector<std::string> group_names;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    bool dry_run = false;
    std::vector<Filter> filters;
    static Shape shape();
  };
  struct Output {
    std::optional<std::string> next_token;
    std::vector<SecurityGroupShown> groups;
    static Shape shape();
  };
};

struct DescribeSecurityGroupRules {
  static constexpr std::string_view name = "DescribeSecurityGroupRules";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::vector<Filter> filters;
    std::vector<std::string> rule_ids;
    bool dry_run = false;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape();
  };
  struct Output {
    std::vector<vpc::SecurityGroupRule> rules;
    std::optional<std::string> next_token;
    static Shape shape();
  };
};

class SecurityGroupsApi {
 public:
  explicit SecurityGroupsApi(vpc::Network& network) : network_(network) {}
  void add_to(wire::OperationTable& table);

 private:
  Result<DescribeSecurityGroups::Output> groups(const wire::Request&,
                                                const DescribeSecurityGroups::Input&);
  Result<DescribeSecurityGroupRules::Output> rules(const wire::Request&,
                                                   const DescribeSecurityGroupRules::Input&);

  vpc::Network& network_;
};

}  // namespace weir::api::ec2
