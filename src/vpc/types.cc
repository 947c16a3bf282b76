// SPDX-License-Identifier: Apache-2.0
#include "vpc/types.h"

#include <algorithm>
#include <utility>

namespace weir::vpc {

Shape Tag::shape() {
  using S = Tag;
  static constexpr Member members[] = {optional<&S::key>("key"), optional<&S::value>("value")};
  return {"Tag", members};
}

Shape CidrState::shape() {
  using S = CidrState;
  static constexpr Member members[] = {optional<&S::state>("state")};
  return {"CidrBlockState", members};
}

Shape CidrAssociation::shape() {
  using S = CidrAssociation;
  static constexpr Member members[] = {
      optional<&S::association_id>("associationId"),
      optional<&S::cidr_block>("cidrBlock"),
      optional<&S::state>("cidrBlockState"),
  };
  return {"VpcCidrBlockAssociation", members};
}

Shape Ipv6CidrAssociation::shape() {
  using S = Ipv6CidrAssociation;
  static constexpr Member members[] = {
      optional<&S::association_id>("associationId"),
      optional<&S::ipv6_cidr_block>("ipv6CidrBlock"),
      optional<&S::state>("ipv6CidrBlockState"),
  };
  return {"Ipv6CidrBlockAssociation", members};
}

Shape Vpc::shape() {
  using S = Vpc;
  static constexpr Member members[] = {
      optional<&S::owner_id>("ownerId"),
      optional<&S::instance_tenancy>("instanceTenancy"),
      optional<&S::ipv6_associations>("ipv6CidrBlockAssociationSet"),
      optional<&S::cidr_associations>("cidrBlockAssociationSet"),
      optional<&S::is_default>("isDefault"),
      optional<&S::tags>("tagSet"),
      optional<&S::id>("vpcId"),
      optional<&S::state>("state"),
      optional<&S::cidr_block>("cidrBlock"),
      optional<&S::dhcp_options_id>("dhcpOptionsId"),
  };
  return {"Vpc", members};
}

Shape Subnet::shape() {
  using S = Subnet;
  static constexpr Member members[] = {
      optional<&S::availability_zone_id>("availabilityZoneId"),
      optional<&S::owner_id>("ownerId"),
      optional<&S::assign_ipv6_address_on_creation>("assignIpv6AddressOnCreation"),
      optional<&S::ipv6_associations>("ipv6CidrBlockAssociationSet"),
      optional<&S::tags>("tagSet"),
      optional<&S::arn>("subnetArn"),
      optional<&S::ipv6_native>("ipv6Native"),
      optional<&S::id>("subnetId"),
      optional<&S::state>("state"),
      optional<&S::vpc_id>("vpcId"),
      optional<&S::cidr_block>("cidrBlock"),
      optional<&S::available_ip_addresses>("availableIpAddressCount"),
      optional<&S::availability_zone>("availabilityZone"),
      optional<&S::default_for_az>("defaultForAz"),
      optional<&S::map_public_ip_on_launch>("mapPublicIpOnLaunch"),
  };
  return {"Subnet", members};
}

Shape AclAssociation::shape() {
  using S = AclAssociation;
  static constexpr Member members[] = {
      optional<&S::id>("networkAclAssociationId"),
      optional<&S::acl_id>("networkAclId"),
      optional<&S::subnet_id>("subnetId"),
  };
  return {"NetworkAclAssociation", members};
}

Shape NetworkAcl::shape() {
  using S = NetworkAcl;
  static constexpr Member members[] = {
      optional<&S::associations>("associationSet"),
      optional<&S::entries>("entrySet"),
      optional<&S::is_default>("default"),
      optional<&S::id>("networkAclId"),
      optional<&S::tags>("tagSet"),
      optional<&S::vpc_id>("vpcId"),
      optional<&S::owner_id>("ownerId"),
  };
  return {"NetworkAcl", members};
}

Shape SecurityGroup::shape() {
  using S = SecurityGroup;
  static constexpr Member members[] = {
      optional<&S::id>("groupId"),     optional<&S::arn>("securityGroupArn"),
      optional<&S::name>("groupName"), optional<&S::description>("groupDescription"),
      optional<&S::vpc_id>("vpcId"),   optional<&S::owner_id>("ownerId"),
      optional<&S::tags>("tagSet"),
  };
  return {"SecurityGroup", members};
}

Shape SecurityGroupRule::Reference::shape() {
  using S = SecurityGroupRule::Reference;
  static constexpr Member members[] = {
      optional<&S::group_id>("groupId"),
      optional<&S::user_id>("userId"),
  };
  return {"ReferencedSecurityGroup", members};
}

Shape SecurityGroupRule::shape() {
  using S = SecurityGroupRule;
  static constexpr Member members[] = {
      optional<&S::id>("securityGroupRuleId"),
      optional<&S::group_id>("groupId"),
      optional<&S::group_owner_id>("groupOwnerId"),
      optional<&S::is_egress>("isEgress"),
      optional<&S::ip_protocol>("ipProtocol"),
      optional<&S::from_port>("fromPort"),
      optional<&S::to_port>("toPort"),
      optional<&S::cidr_ipv4>("cidrIpv4"),
      optional<&S::cidr_ipv6>("cidrIpv6"),
      optional<&S::referenced_group>("referencedGroupInfo"),
      optional<&S::description>("description"),
      optional<&S::tags>("tagSet"),
      optional<&S::arn>("securityGroupRuleArn"),
  };
  return {"SecurityGroupRule", members};
}

Shape InterfaceAddress::shape() {
  using S = InterfaceAddress;
  static constexpr Member members[] = {
      optional<&S::address>("address"),
      optional<&S::prefix_length>("prefixLength"),
  };
  return {"InterfaceAddress", members};
}

Shape Eni::shape() {
  using S = Eni;
  static constexpr Member members[] = {
      optional<&S::id>("networkInterfaceId"),
      optional<&S::ifname>("device"),
      optional<&S::description>("description"),
      optional<&S::mac>("macAddress"),
      optional<&S::vpc_id>("vpcId"),
      optional<&S::subnet_id>("subnetId"),
      optional<&S::availability_zone>("availabilityZone"),
      optional<&S::availability_zone_id>("availabilityZoneId"),
      optional<&S::primary_v4>("primaryIpv4"),
      optional<&S::primary_v6>("primaryIpv6"),
      optional<&S::addresses>("addresses"),
      optional<&S::instance_id>("instanceId"),
      optional<&S::attachment_id>("attachmentId"),
      optional<&S::device_index>("deviceIndex"),
      optional<&S::attached>("attachTime"),
      optional<&S::group_ids>("groupIds"),
      optional<&S::tags>("tagSet"),
      optional<&S::description>("description"),
      optional<&S::source_dest_check>("sourceDestCheck"),
      optional<&S::network_namespace>("networkNamespace"),
      optional<&S::trunk>("trunk"),
      optional<&S::vlan>("vlan"),
      optional<&S::is_guest>("guest"),
      optional<&S::is_tunnel>("tunnel"),
      optional<&S::is_port>("port"),
      optional<&S::is_default_route>("defaultRoute"),
      optional<&S::declared_key>("declaredKey"),
  };
  return {"Interface", members};
}

Shape InterfaceAttributes::shape() {
  using S = InterfaceAttributes;
  static constexpr Member members[] = {
      optional<&S::id>("networkInterfaceId"),
      optional<&S::group_ids>("groupIds"),
      optional<&S::description>("description"),
      optional<&S::source_dest_check>("sourceDestCheck"),
  };
  return {"InterfaceAttributes", members};
}

Shape DestinationOptions::shape() {
  using S = DestinationOptions;
  static constexpr Member members[] = {
      optional<&S::file_format>("fileFormat"),
      optional<&S::hive_compatible_partitions>("hiveCompatiblePartitions"),
      optional<&S::per_hour_partition>("perHourPartition"),
  };
  return {"DestinationOptions", members};
}

Shape TagFieldSpecification::shape() {
  using S = TagFieldSpecification;
  static constexpr Member members[] = {
      optional<&S::resource_type>("resourceType"),
      optional<&S::tag_keys>("tagKeySet").query("TagKey"),
  };
  return {"TagFieldSpecification", members};
}

Shape FlowLog::shape() {
  using S = FlowLog;
  static constexpr Member members[] = {
      optional<&S::created>("creationTime"),
      optional<&S::deliver_error>("deliverLogsErrorMessage"),
      optional<&S::permission_arn>("deliverLogsPermissionArn"),
      optional<&S::cross_account_role>("deliverCrossAccountRole"),
      optional<&S::deliver_status>("deliverLogsStatus"),
      optional<&S::id>("flowLogId"),
      optional<&S::status>("flowLogStatus"),
      optional<&S::log_group_name>("logGroupName"),
      optional<&S::resource_id>("resourceId"),
      optional<&S::traffic_type>("trafficType"),
      optional<&S::destination_type>("logDestinationType"),
      optional<&S::destination>("logDestination"),
      optional<&S::log_format>("logFormat"),
      optional<&S::tags>("tagSet"),
      optional<&S::max_aggregation_interval_s>("maxAggregationInterval"),
      optional<&S::destination_options>("destinationOptions"),
      optional<&S::tag_fields>("tagFieldSpecificationSet"),
  };
  return {"FlowLog", members};
}

const NetworkAcl* ScopeState::acl_of_subnet(std::string_view subnet_id) const {
  for (const auto& [id, acl] : acls) {
    const bool is_associated =
        std::any_of(acl.associations.begin(), acl.associations.end(),
                    [&](const AclAssociation& link) { return link.subnet_id == subnet_id; });
    if (is_associated) return &acl;
  }
  return nullptr;
}

std::string_view resource_type_of(std::string_view id) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {"vpc-", "vpc"},         {"subnet-", "subnet"},     {"eni-", "network-interface"},
      {"acl-", "network-acl"}, {"sg-", "security-group"}, {"sgr-", "security-group-rule"},
      {"fl-", "vpc-flow-log"},
  };
  for (const auto& [prefix, type] : kTypes) {
    if (id.starts_with(prefix)) return type;
  }
  return {};
}

}  // namespace weir::vpc
