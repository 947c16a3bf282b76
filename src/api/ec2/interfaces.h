// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ec2/common.h"
#include "api/ec2/select.h"
#include "vpc/network.h"

namespace weir::api::ec2 {

struct GroupIdentifier {
  std::string group_id;
  std::string group_name;
  static Shape shape();
};

/// An ENI as EC2 shows it.
struct NetworkInterface {
  struct Attachment {
    Time attached;
    std::string id;
    bool delete_on_termination = true;
    int device_index = 0;
    std::string instance_id;
    std::string instance_owner_id;
    std::string status = "attached";
    static Shape shape();
  };
  struct PrivateAddress {
    bool is_primary = false;
    std::string address;
    static Shape shape();
  };
  struct Ipv6Address {
    std::string address;
    bool is_primary = false;
    static Shape shape();
  };

  Attachment attachment;
  std::string availability_zone;
  std::string availability_zone_id;
  std::string description;
  std::vector<GroupIdentifier> groups;
  std::string interface_type = "interface";
  std::vector<Ipv6Address> ipv6_addresses;
  std::string mac_address;
  std::string id;
  std::string owner_id;
  std::optional<std::string> private_address;
  std::vector<PrivateAddress> private_addresses;
  bool requester_managed = false;
  bool source_dest_check = true;
  std::string status = "in-use";
  std::string subnet_id;
  vpc::Tags tags;
  std::string vpc_id;
  static Shape shape();
};

struct DescribeNetworkInterfaces {
  static constexpr std::string_view name = "DescribeNetworkInterfaces";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    bool dry_run = false;
    std::vector<std::string> interface_ids;
    std::vector<Filter> filters;
    static Shape shape();
  };
  struct Output {
    std::vector<NetworkInterface> interfaces;
    std::optional<std::string> next_token;
    static Shape shape();
  };
};

/// `Description.Value=...` and `<description><value>...`.
struct TextAttribute {
  std::string value;
  static Shape shape();
};
struct FlagAttribute {
  bool value = false;
  static Shape shape();
};

struct DescribeNetworkInterfaceAttribute {
  static constexpr std::string_view name = "DescribeNetworkInterfaceAttribute";
  static constexpr std::string_view partial =
      "groups, description, source/destination check, which is stored without effect";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::string attribute;
    bool dry_run = false;
    std::string interface_id;
    static Shape shape();
  };
  struct Output {
    std::optional<NetworkInterface::Attachment> attachment;
    std::optional<TextAttribute> description;
    std::optional<std::vector<GroupIdentifier>> groups;
    std::string interface_id;
    std::optional<FlagAttribute> source_dest_check;
    static Shape shape();
  };
};

struct ModifyNetworkInterfaceAttribute {
  static constexpr std::string_view name = "ModifyNetworkInterfaceAttribute";
  static constexpr std::string_view partial =
      "groups, description, source/destination check, which is stored without effect";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::optional<TextAttribute> description;
    bool dry_run = false;
    std::vector<std::string> groups;
    std::string interface_id;
    std::optional<FlagAttribute> source_dest_check;
    static Shape shape();
  };
  using Output = Return;
};

struct DeleteNetworkInterface {
  static constexpr std::string_view name = "DeleteNetworkInterface";
  static constexpr std::string_view partial =
      "of interfaces that exporters reported; a device of the host is InvalidParameterValue, in "
      "use";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    bool dry_run = false;
    std::string interface_id;
    static Shape shape();
  };
  using Output = Return;
};

class InterfacesApi {
 public:
  explicit InterfacesApi(vpc::Network& network) : network_(network) {}
  void add_to(wire::OperationTable& table);

 private:
  Result<DescribeNetworkInterfaces::Output> describe(const wire::Request&,
                                                     const DescribeNetworkInterfaces::Input&);
  Result<DescribeNetworkInterfaceAttribute::Output> describe_attribute(
      const wire::Request&, const DescribeNetworkInterfaceAttribute::Input&);
  Result<Return> modify_attribute(const wire::Request&,
                                  const ModifyNetworkInterfaceAttribute::Input&);
  Result<Return> remove(const wire::Request&, const DeleteNetworkInterface::Input&);

  vpc::Network& network_;
};

}  // namespace weir::api::ec2
