// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/interfaces.h"

#include "net/address.h"

namespace weir::api::ec2 {
namespace {

using vpc::Eni;
using vpc::ScopeState;

bool is_v6(const std::string& address) { return address.find(':') != std::string::npos; }

constexpr FilterField<Eni> kFields[] = {
    {"network-interface-id",
     [](const Eni& e, const ScopeState&, Values& out) { out.push_back(e.id); }},
    {"vpc-id", [](const Eni& e, const ScopeState&, Values& out) { out.push_back(e.vpc_id); }},
    {"subnet-id", [](const Eni& e, const ScopeState&, Values& out) { out.push_back(e.subnet_id); }},
    {"availability-zone",
     [](const Eni& e, const ScopeState&, Values& out) { out.push_back(e.availability_zone); }},
    {"availability-zone-id",
     [](const Eni& e, const ScopeState&, Values& out) { out.push_back(e.availability_zone_id); }},
    {"description",
     [](const Eni& e, const ScopeState&, Values& out) { out.push_back(e.description); }},
    {"mac-address", [](const Eni& e, const ScopeState&, Values& out) { out.push_back(e.mac); }},
    {"owner-id",
     [](const Eni& e, const ScopeState&, Values& out) { out.push_back(e.scope.account); }},
    {"interface-type",
     [](const Eni&, const ScopeState&, Values& out) { out.push_back("interface"); }},
    {"status", [](const Eni&, const ScopeState&, Values& out) { out.push_back("in-use"); }},
    {"requester-managed",
     [](const Eni&, const ScopeState&, Values& out) { out.push_back("false"); }},
    {"source-dest-check",
     [](const Eni& e, const ScopeState&, Values& out) {
       out.push_back(e.source_dest_check ? "true" : "false");
     }},
    {"group-id",
     [](const Eni& e, const ScopeState&, Values& out) {
       out.insert(out.end(), e.group_ids.begin(), e.group_ids.end());
     }},
    {"group-name",
     [](const Eni& e, const ScopeState& state, Values& out) {
       for (const std::string& id : e.group_ids) {
         if (const auto group = state.groups.find(id); group != state.groups.end()) {
           out.push_back(group->second.name);
         }
       }
     }},
    {"private-ip-address",
     [](const Eni& e, const ScopeState&, Values& out) { out.push_back(e.primary_v4); }},
    {"addresses.private-ip-address",
     [](const Eni& e, const ScopeState&, Values& out) {
       for (const auto& entry : e.addresses) {
         if (!is_v6(entry.address)) out.push_back(entry.address);
       }
     }},
    {"addresses.primary",
     [](const Eni& e, const ScopeState&, Values& out) {
       for (const auto& entry : e.addresses) {
         if (!is_v6(entry.address)) out.push_back(entry.address == e.primary_v4 ? "true" : "false");
       }
     }},
    {"ipv6-addresses.ipv6-address",
     [](const Eni& e, const ScopeState&, Values& out) {
       for (const auto& entry : e.addresses) {
         if (is_v6(entry.address)) out.push_back(entry.address);
       }
     }},
    {"attachment.attachment-id",
     [](const Eni& e, const ScopeState&, Values& out) { out.push_back(e.attachment_id); }},
    {"attachment.instance-id",
     [](const Eni& e, const ScopeState&, Values& out) { out.push_back(e.instance_id); }},
    {"attachment.instance-owner-id",
     [](const Eni& e, const ScopeState&, Values& out) { out.push_back(e.scope.account); }},
    {"attachment.device-index", [](const Eni& e, const ScopeState&,
                                   Values& out) { out.push_back(std::to_string(e.device_index)); }},
    {"attachment.status",
     [](const Eni&, const ScopeState&, Values& out) { out.push_back("attached"); }},
};

NetworkInterface shown(const Eni& eni, const ScopeState& state) {
  NetworkInterface out;
  out.attachment.attached = eni.attached;
  out.attachment.id = eni.attachment_id;
  out.attachment.device_index = eni.device_index;
  out.attachment.instance_id = eni.instance_id;
  out.attachment.instance_owner_id = eni.scope.account;
  out.availability_zone = eni.availability_zone;
  out.availability_zone_id = eni.availability_zone_id;
  out.description = eni.description;
  out.source_dest_check = eni.source_dest_check;
  for (const std::string& id : eni.group_ids) {
    if (const auto group = state.groups.find(id); group != state.groups.end()) {
      out.groups.push_back({id, group->second.name});
    }
  }
  for (const auto& entry : eni.addresses) {
    if (is_v6(entry.address)) {
      out.ipv6_addresses.push_back({entry.address, entry.address == eni.primary_v6});
    } else {
      out.private_addresses.push_back({entry.address == eni.primary_v4, entry.address});
    }
  }
  out.mac_address = eni.mac;
  out.id = eni.id;
  out.owner_id = eni.scope.account;
  if (!eni.primary_v4.empty()) out.private_address = eni.primary_v4;
  out.subnet_id = eni.subnet_id;
  out.tags = eni.tags;
  out.vpc_id = eni.vpc_id;
  return out;
}

}  // namespace

Shape GroupIdentifier::shape() {
  using S = GroupIdentifier;
  static constexpr Member members[] = {
      optional<&S::group_id>("groupId"),
      optional<&S::group_name>("groupName"),
  };
  return {"GroupIdentifier", members};
}

Shape NetworkInterface::Attachment::shape() {
  using S = Attachment;
  static constexpr Member members[] = {
      optional<&S::attached>("attachTime"),
      optional<&S::id>("attachmentId"),
      optional<&S::delete_on_termination>("deleteOnTermination"),
      optional<&S::device_index>("deviceIndex"),
      optional<&S::instance_id>("instanceId"),
      optional<&S::instance_owner_id>("instanceOwnerId"),
      optional<&S::status>("status"),
  };
  return {"NetworkInterfaceAttachment", members};
}

Shape NetworkInterface::PrivateAddress::shape() {
  using S = PrivateAddress;
  static constexpr Member members[] = {
      optional<&S::is_primary>("primary"),
      optional<&S::address>("privateIpAddress"),
  };
  return {"NetworkInterfacePrivateIpAddress", members};
}

Shape NetworkInterface::Ipv6Address::shape() {
  using S = Ipv6Address;
  static constexpr Member members[] = {
      optional<&S::address>("ipv6Address"),
      optional<&S::is_primary>("isPrimaryIpv6"),
  };
  return {"NetworkInterfaceIpv6Address", members};
}

Shape NetworkInterface::shape() {
  using S = NetworkInterface;
  static constexpr Member members[] = {
      optional<&S::attachment>("attachment"),
      optional<&S::availability_zone>("availabilityZone"),
      optional<&S::availability_zone_id>("availabilityZoneId"),
      optional<&S::description>("description"),
      optional<&S::groups>("groupSet"),
      optional<&S::interface_type>("interfaceType"),
      optional<&S::ipv6_addresses>("ipv6AddressesSet"),
      optional<&S::mac_address>("macAddress"),
      optional<&S::id>("networkInterfaceId"),
      optional<&S::owner_id>("ownerId"),
      optional<&S::private_address>("privateIpAddress"),
      optional<&S::private_addresses>("privateIpAddressesSet"),
      optional<&S::requester_managed>("requesterManaged"),
      optional<&S::source_dest_check>("sourceDestCheck"),
      optional<&S::status>("status"),
      optional<&S::subnet_id>("subnetId"),
      optional<&S::tags>("tagSet"),
      optional<&S::vpc_id>("vpcId"),
  };
  return {"NetworkInterface", members};
}

Shape DescribeNetworkInterfaces::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::next_token>("NextToken"),
      optional<&S::max_results>("MaxResults"),
      optional<&S::dry_run>("DryRun"),
      optional<&S::interface_ids>("NetworkInterfaceIds").query("NetworkInterfaceId"),
      optional<&S::filters>("Filters").query("Filter"),
  };
  return {"DescribeNetworkInterfacesRequest", members};
}

Shape DescribeNetworkInterfaces::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::interfaces>("networkInterfaceSet"),
      optional<&S::next_token>("nextToken"),
  };
  return {"DescribeNetworkInterfacesResult", members};
}

Shape TextAttribute::shape() {
  using S = TextAttribute;
  static constexpr Member members[] = {optional<&S::value>("value")};
  return {"AttributeValue", members};
}

Shape FlagAttribute::shape() {
  using S = FlagAttribute;
  static constexpr Member members[] = {required<&S::value>("value")};
  return {"AttributeBooleanValue", members};
}

Shape DescribeNetworkInterfaceAttribute::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::attribute>("Attribute"),
      optional<&S::dry_run>("DryRun"),
      required<&S::interface_id>("NetworkInterfaceId"),
  };
  return {"DescribeNetworkInterfaceAttributeRequest", members};
}

Shape DescribeNetworkInterfaceAttribute::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::attachment>("attachment"),
      optional<&S::description>("description"),
      optional<&S::groups>("groupSet"),
      optional<&S::interface_id>("networkInterfaceId"),
      optional<&S::source_dest_check>("sourceDestCheck"),
  };
  return {"DescribeNetworkInterfaceAttributeResult", members};
}

Shape ModifyNetworkInterfaceAttribute::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::description>("Description"),
      optional<&S::dry_run>("DryRun"),
      optional<&S::groups>("Groups").query("SecurityGroupId"),
      required<&S::interface_id>("NetworkInterfaceId"),
      optional<&S::source_dest_check>("SourceDestCheck"),
  };
  return {"ModifyNetworkInterfaceAttributeRequest", members};
}

Shape DeleteNetworkInterface::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::dry_run>("DryRun"),
      required<&S::interface_id>("NetworkInterfaceId"),
  };
  return {"DeleteNetworkInterfaceRequest", members};
}

void InterfacesApi::add_to(wire::OperationTable& table) {
  add<DescribeNetworkInterfaces>(table, *this, &InterfacesApi::describe);
  add<DescribeNetworkInterfaceAttribute>(table, *this, &InterfacesApi::describe_attribute);
  add<ModifyNetworkInterfaceAttribute>(table, *this, &InterfacesApi::modify_attribute);
  add<DeleteNetworkInterface>(table, *this, &InterfacesApi::remove);
}

Result<DescribeNetworkInterfaces::Output> InterfacesApi::describe(
    const wire::Request& request, const DescribeNetworkInterfaces::Input& in) {
  WEIR_TRY(const auto state, network_.state(request.scope));
  const Selection selection{in.interface_ids, "eni-", in.filters, in.max_results, in.next_token};
  WEIR_TRY(auto page, select<Eni>(state->enis, selection, kFields, *state));
  DescribeNetworkInterfaces::Output out;
  for (const Eni& eni : page.items) out.interfaces.push_back(shown(eni, *state));
  out.next_token = std::move(page.next_token);
  return out;
}

Result<DescribeNetworkInterfaceAttribute::Output> InterfacesApi::describe_attribute(
    const wire::Request& request, const DescribeNetworkInterfaceAttribute::Input& in) {
  WEIR_TRY(const auto state, network_.state(request.scope));
  const auto eni = state->enis.find(in.interface_id);
  if (eni == state->enis.end()) return vpc::no_such(in.interface_id, "eni-");
  NetworkInterface all = shown(eni->second, *state);
  DescribeNetworkInterfaceAttribute::Output out;
  out.interface_id = in.interface_id;
  if (in.attribute == "description") {
    out.description = TextAttribute{std::move(all.description)};
  } else if (in.attribute == "groupSet") {
    out.groups = std::move(all.groups);
  } else if (in.attribute == "sourceDestCheck") {
    out.source_dest_check = FlagAttribute{all.source_dest_check};
  } else if (in.attribute == "attachment") {
    out.attachment = std::move(all.attachment);
  } else {
    return vpc::invalid_value(in.attribute, "attribute", "Unknown network interface attribute");
  }
  return out;
}

Result<Return> InterfacesApi::modify_attribute(const wire::Request& request,
                                               const ModifyNetworkInterfaceAttribute::Input& in) {
  vpc::InterfaceChange change;
  if (!in.groups.empty()) change.group_ids = in.groups;
  if (in.description) change.description = in.description->value;
  if (in.source_dest_check) change.source_dest_check = in.source_dest_check->value;
  const int attributes = int{change.group_ids.has_value()} + int{change.description.has_value()} +
                         int{change.source_dest_check.has_value()};
  if (attributes != 1) {
    return Error{ErrorKind::invalid, "InvalidParameterCombination",
                 attributes == 0 ? "No attributes specified."
                                 : "Fields for multiple attribute types specified"};
  }
  WEIR_CHECK(network_.change_interface(request.scope, in.interface_id, change,
                                       origin_of(request, in.dry_run)));
  return Return{};
}

Result<Return> InterfacesApi::remove(const wire::Request& request,
                                     const DeleteNetworkInterface::Input& in) {
  WEIR_CHECK(
      network_.delete_interface(request.scope, in.interface_id, origin_of(request, in.dry_run)));
  return Return{};
}

}  // namespace weir::api::ec2
