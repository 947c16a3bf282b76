// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "vpc/acl.h"

/// The resources of a VPC as the EC2 API shows them. The described ones are stored and answered
/// with these very members; the names are EC2's XML names.
namespace weir::vpc {

struct Tag {
  std::string key;
  std::string value;
  bool operator==(const Tag&) const = default;
  static Shape shape();
};
using Tags = std::vector<Tag>;

struct CidrState {
  std::string state = "associated";
  static Shape shape();
};

struct CidrAssociation {
  std::string association_id;  // vpc-cidr-assoc-
  std::string cidr_block;
  CidrState state;
  static Shape shape();
};

struct Ipv6CidrAssociation {
  std::string association_id;  // vpc-cidr-assoc-, subnet-cidr-assoc-
  std::string ipv6_cidr_block;
  CidrState state;
  static Shape shape();
};

struct Vpc {
  std::string id;
  std::string owner_id;
  std::string state = "available";
  std::string cidr_block;
  std::vector<CidrAssociation> cidr_associations;  // the first is that of `cidr_block`
  std::vector<Ipv6CidrAssociation> ipv6_associations;
  std::string dhcp_options_id;
  std::string instance_tenancy = "default";
  bool is_default = true;
  Tags tags;
  static Shape shape();
};

/// A subnet of an availability zone's default range, or (not `default_for_az`) one that stands for
/// a prefix to which this host is connected.
struct Subnet {
  std::string id;
  std::string arn;
  std::string vpc_id;
  std::string owner_id;
  std::string state = "available";
  std::optional<std::string> cidr_block;  // none: the subnet has only IPv6
  std::vector<Ipv6CidrAssociation> ipv6_associations;
  std::string availability_zone;     // us-east-1a
  std::string availability_zone_id;  // use1-az1
  bool default_for_az = true;
  bool map_public_ip_on_launch = true;
  bool assign_ipv6_address_on_creation = false;
  bool ipv6_native = false;
  int available_ip_addresses = 0;
  Tags tags;
  static Shape shape();
};

struct AclAssociation {
  std::string id;  // aclassoc-
  std::string acl_id;
  std::string subnet_id;
  static Shape shape();
};

struct NetworkAcl {
  std::string id;
  std::string vpc_id;
  std::string owner_id;
  bool is_default = false;
  std::vector<AclEntry>
      entries;  // egress first, by rule number; the fixed deny-all entries included
  std::vector<AclAssociation> associations;
  Tags tags;
  static Shape shape();
};

struct SecurityGroup {
  std::string id;
  std::string arn;
  std::string name;
  std::string description;
  std::string vpc_id;
  std::string owner_id;
  Tags tags;
  static Shape shape();
};

struct SecurityGroupRule {
  struct Reference {
    std::string group_id;
    std::string user_id;
    static Shape shape();
  };
  std::string id;  // sgr-
  std::string arn;
  std::string group_id;
  std::string group_owner_id;
  bool is_egress = false;
  std::string ip_protocol = "-1";
  int from_port = -1;
  int to_port = -1;
  std::optional<std::string> cidr_ipv4;
  std::optional<std::string> cidr_ipv6;
  std::optional<Reference> referenced_group;
  std::optional<std::string> description;
  Tags tags;
  static Shape shape();
};

struct InterfaceAddress {
  std::string address;
  int prefix_length = 0;
  bool operator==(const InterfaceAddress&) const = default;
  static Shape shape();
};

/// An elastic network interface: a device of this host, another machine's interface of which this
/// host has the other end (a guest), or one that an exporter reports (declared).
struct Eni {
  Scope scope;
  std::string id;           // stable across restarts
  std::string ifname;       // the device; "" of a declared one
  std::string description;  // for people: `eth0`, `blue/eth0`, `eth0 vlan 42`
  std::string mac;          // "" if the device has none
  std::string vpc_id;
  std::string subnet_id;
  std::string availability_zone;
  std::string availability_zone_id;
  std::string primary_v4;                   // "" if it has none
  std::string primary_v6;                   // first global one, "" if it has none
  std::vector<InterfaceAddress> addresses;  // all, primary_v4 first
  std::string instance_id;                  // one per host, guest and network namespace
  std::string attachment_id;
  int device_index = 0;
  Time attached;
  std::vector<std::string> group_ids;
  Tags tags;
  bool source_dest_check = true;

  std::string network_namespace;  // of /run/netns; "": that of the daemon
  std::string trunk;              // of a VLAN: the device that carries it; may be `ifname` itself
  int vlan = 0;                   // 0: none
  bool is_guest = false;          // the device is the host's end: directions are swapped
  bool is_tunnel = false;
  bool is_port = false;           // of a bridge or bond
  bool is_default_route = false;  // packets to the rest of the world leave here
  std::string declared_key;       // how its exporter calls it, "" for a device of this host

  bool is_declared() const { return !declared_key.empty(); }
  bool operator==(const Eni&) const = default;
  static Shape shape();  // for storage; `scope` is in the key
};

/// What ModifyNetworkInterfaceAttribute set for an interface. Kept while the device is away.
struct InterfaceAttributes {
  std::string id;                      // eni-
  std::vector<std::string> group_ids;  // none: the VPC's default group
  std::optional<std::string> description;
  bool source_dest_check = true;
  static Shape shape();
};

struct DestinationOptions {
  std::string file_format = "plain-text";  // or parquet
  bool hive_compatible_partitions = false;
  bool per_hour_partition = false;
  bool operator==(const DestinationOptions&) const = default;
  static Shape shape();
};

struct TagFieldSpecification {
  std::string resource_type;
  std::vector<std::string> tag_keys;
  bool operator==(const TagFieldSpecification&) const = default;
  static Shape shape();
};

/// A flow-log subscription. `log_format` is always set (the default format if none was given).
struct FlowLog {
  std::string id;  // fl-
  Time created;
  std::string resource_id;                 // vpc-, subnet- or eni-
  std::string traffic_type;                // ACCEPT, REJECT, ALL
  std::string destination_type;            // cloud-watch-logs, s3
  std::optional<std::string> destination;  // ARN as given
  std::optional<std::string> log_group_name;
  std::optional<std::string> permission_arn;
  std::optional<std::string> cross_account_role;
  std::string log_format;
  int max_aggregation_interval_s = 600;
  std::optional<DestinationOptions> destination_options;  // s3 only
  std::vector<TagFieldSpecification> tag_fields;
  std::string status = "ACTIVE";
  std::string deliver_status = "SUCCESS";    // or FAILED
  std::optional<std::string> deliver_error;  // "Access error", "Rate limited", "Unknown error"
  Tags tags;
  static Shape shape();
};

/// Everything of one account and region. An immutable snapshot: readers share it, a change makes a
/// new one.
struct ScopeState {
  std::map<std::string, Vpc, std::less<>> vpcs;
  std::map<std::string, Subnet, std::less<>> subnets;
  std::map<std::string, NetworkAcl, std::less<>> acls;
  std::map<std::string, SecurityGroup, std::less<>> groups;
  std::map<std::string, SecurityGroupRule, std::less<>> group_rules;
  std::map<std::string, Eni, std::less<>> enis;
  std::map<std::string, FlowLog, std::less<>> flow_logs;
  std::map<std::string, InterfaceAttributes, std::less<>> interface_attributes;

  /// The ACL that the subnet is associated with; nullptr only for an unknown subnet.
  const NetworkAcl* acl_of_subnet(std::string_view subnet_id) const;
};

/// `vpc-flow-log/fl-...` and so on: the type that DescribeTags shows, by the id's prefix; "" if
/// unknown.
std::string_view resource_type_of(std::string_view id);

}  // namespace weir::vpc
