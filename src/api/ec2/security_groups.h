// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ec2/common.h"
#include "api/ec2/ip_permission.h"
#include "api/ec2/select.h"
#include "vpc/network.h"

namespace weir::api::ec2 {

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

struct CreateSecurityGroup {
  static constexpr std::string_view name = "CreateSecurityGroup";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::string description;
    std::string group_name;
    std::string vpc_id;  // "": the default VPC
    std::vector<TagSpecification> tag_specifications;
    bool dry_run = false;
    static Shape shape();
  };
  struct Output {
    bool is_done = true;
    std::string group_id;
    vpc::Tags tags;
    std::string arn;
    static Shape shape();
  };
};

struct DeleteSecurityGroup {
  static constexpr std::string_view name = "DeleteSecurityGroup";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::string group_id;
    std::string group_name;
    bool dry_run = false;
    static Shape shape();
  };
  struct Output {
    bool is_done = true;
    std::string group_id;
    static Shape shape();
  };
};

class SecurityGroupsApi {
 public:
  explicit SecurityGroupsApi(vpc::Network& network) : network_(network) {}
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<DescribeSecurityGroups::Output> describe(const Request&,
                                                  const DescribeSecurityGroups::Input&);
  Result<CreateSecurityGroup::Output> create(const Request&, const CreateSecurityGroup::Input&);
  Result<DeleteSecurityGroup::Output> remove(const Request&, const DeleteSecurityGroup::Input&);

  vpc::Network& network_;
};

}  // namespace weir::api::ec2
