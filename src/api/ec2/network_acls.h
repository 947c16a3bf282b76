// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ec2/common.h"
#include "api/ec2/select.h"
#include "vpc/network.h"

namespace weir::api::ec2 {

struct DescribeNetworkAcls {
  static constexpr std::string_view name = "DescribeNetworkAcls";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::vector<Filter> filters;
    bool dry_run = false;
    std::vector<std::string> acl_ids;
    std::optional<int> max_results;
    std::optional<std::string> next_token;
    static Shape shape();
  };
  struct Output {
    std::vector<vpc::NetworkAcl> acls;
    std::optional<std::string> next_token;
    static Shape shape();
  };
};

struct CreateNetworkAcl {
  static constexpr std::string_view name = "CreateNetworkAcl";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::vector<TagSpecification> tag_specifications;
    std::string client_token;
    bool dry_run = false;
    std::string vpc_id;
    static Shape shape();
  };
  struct Output {
    vpc::NetworkAcl acl;
    std::optional<std::string> client_token;
    static Shape shape();
  };
};

struct DeleteNetworkAcl {
  static constexpr std::string_view name = "DeleteNetworkAcl";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    bool dry_run = false;
    std::string acl_id;
    static Shape shape();
  };
  using Output = Return;
};

/// Create and Replace take the same.
struct NetworkAclEntryInput {
  bool dry_run = false;
  std::string acl_id;
  int rule_number = 0;
  std::string protocol;
  std::string rule_action;
  bool egress = false;
  std::optional<std::string> cidr_block;
  std::optional<std::string> ipv6_cidr_block;
  std::optional<vpc::IcmpTypeCode> icmp;
  std::optional<vpc::PortRange> port_range;
  static Shape shape();
};

struct CreateNetworkAclEntry {
  static constexpr std::string_view name = "CreateNetworkAclEntry";
  static constexpr bool has_dry_run_handler = true;
  using Input = NetworkAclEntryInput;
  using Output = Return;
};

struct ReplaceNetworkAclEntry {
  static constexpr std::string_view name = "ReplaceNetworkAclEntry";
  static constexpr bool has_dry_run_handler = true;
  using Input = NetworkAclEntryInput;
  using Output = Return;
};

struct DeleteNetworkAclEntry {
  static constexpr std::string_view name = "DeleteNetworkAclEntry";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    bool dry_run = false;
    std::string acl_id;
    int rule_number = 0;
    bool egress = false;
    static Shape shape();
  };
  using Output = Return;
};

struct ReplaceNetworkAclAssociation {
  static constexpr std::string_view name = "ReplaceNetworkAclAssociation";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    bool dry_run = false;
    std::string association_id;
    std::string acl_id;
    static Shape shape();
  };
  struct Output {
    std::string new_association_id;
    static Shape shape();
  };
};

class NetworkAclsApi {
 public:
  explicit NetworkAclsApi(vpc::Network& network) : network_(network) {}
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<DescribeNetworkAcls::Output> describe(const Request&, const DescribeNetworkAcls::Input&);
  Result<CreateNetworkAcl::Output> create(const Request&, const CreateNetworkAcl::Input&);
  Result<Return> remove(const Request&, const DeleteNetworkAcl::Input&);
  Result<Return> create_entry(const Request&, const NetworkAclEntryInput&);
  Result<Return> replace_entry(const Request&, const NetworkAclEntryInput&);
  Result<Return> remove_entry(const Request&, const DeleteNetworkAclEntry::Input&);
  Result<ReplaceNetworkAclAssociation::Output> associate(
      const Request&, const ReplaceNetworkAclAssociation::Input&);

  vpc::Network& network_;
};

}  // namespace weir::api::ec2
