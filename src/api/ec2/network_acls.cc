// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/network_acls.h"

namespace weir::api::ec2 {
namespace {

using Field = FilterField<vpc::NetworkAcl>;
using vpc::AclEntry;
using vpc::NetworkAcl;
using vpc::ScopeState;

template <class Take>
void each_entry(const NetworkAcl& acl, Values& out, Take take) {
  for (const AclEntry& entry : acl.entries) {
    if (const std::optional<std::string> value = take(entry)) out.push_back(*value);
  }
}

std::optional<std::string> number(const std::optional<int>& value) {
  return value ? std::optional(std::to_string(*value)) : std::nullopt;
}

constexpr const char* text(bool value) { return value ? "true" : "false"; }

constexpr Field kFields[] = {
    {"association.association-id",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       for (const auto& link : acl.associations) out.push_back(link.id);
     }},
    {"association.network-acl-id",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       for (const auto& link : acl.associations) out.push_back(link.acl_id);
     }},
    {"association.subnet-id",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       for (const auto& link : acl.associations) out.push_back(link.subnet_id);
     }},
    {"default", [](const NetworkAcl& acl, const ScopeState&,
                   Values& out) { out.push_back(text(acl.is_default)); }},
    {"entry.cidr",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       each_entry(acl, out, [](const AclEntry& e) { return e.cidr_block; });
     }},
    {"entry.ipv6-cidr",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       each_entry(acl, out, [](const AclEntry& e) { return e.ipv6_cidr_block; });
     }},
    {"entry.icmp.code",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       each_entry(acl, out, [](const AclEntry& e) {
         return number(e.icmp ? std::optional(e.icmp->code) : std::nullopt);
       });
     }},
    {"entry.icmp.type",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       each_entry(acl, out, [](const AclEntry& e) {
         return number(e.icmp ? std::optional(e.icmp->type) : std::nullopt);
       });
     }},
    {"entry.port-range.from",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       each_entry(acl, out, [](const AclEntry& e) {
         return number(e.port_range ? std::optional(e.port_range->from) : std::nullopt);
       });
     }},
    {"entry.port-range.to",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       each_entry(acl, out, [](const AclEntry& e) {
         return number(e.port_range ? std::optional(e.port_range->to) : std::nullopt);
       });
     }},
    {"entry.protocol",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       each_entry(acl, out, [](const AclEntry& e) { return std::optional(e.protocol); });
     }},
    {"entry.rule-action",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       each_entry(acl, out, [](const AclEntry& e) { return std::optional(e.rule_action); });
     }},
    {"entry.egress",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       each_entry(acl, out,
                  [](const AclEntry& e) { return std::optional<std::string>(text(e.egress)); });
     }},
    {"entry.rule-number",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) {
       each_entry(acl, out, [](const AclEntry& e) { return number(e.rule_number); });
     }},
    {"network-acl-id",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) { out.push_back(acl.id); }},
    {"owner-id",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) { out.push_back(acl.owner_id); }},
    {"vpc-id",
     [](const NetworkAcl& acl, const ScopeState&, Values& out) { out.push_back(acl.vpc_id); }},
};

AclEntry entry_of(const NetworkAclEntryInput& in) {
  AclEntry entry;
  entry.rule_number = in.rule_number;
  entry.protocol = in.protocol;
  entry.rule_action = in.rule_action;
  entry.egress = in.egress;
  entry.cidr_block = in.cidr_block;
  entry.ipv6_cidr_block = in.ipv6_cidr_block;
  entry.icmp = in.icmp;
  entry.port_range = in.port_range;
  return entry;
}

}  // namespace

Shape DescribeNetworkAcls::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::filters>("Filters").query("Filter"),
      optional<&S::dry_run>("DryRun"),
      optional<&S::acl_ids>("NetworkAclIds").query("NetworkAclId"),
      optional<&S::max_results>("MaxResults"),
      optional<&S::next_token>("NextToken"),
  };
  return {"DescribeNetworkAclsRequest", members};
}

Shape DescribeNetworkAcls::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::acls>("networkAclSet"),
      optional<&S::next_token>("nextToken"),
  };
  return {"DescribeNetworkAclsResult", members};
}

Shape CreateNetworkAcl::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::tag_specifications>("TagSpecifications").query("TagSpecification"),
      optional<&S::client_token>("ClientToken"),
      optional<&S::dry_run>("DryRun"),
      required<&S::vpc_id>("VpcId"),
  };
  return {"CreateNetworkAclRequest", members};
}

Shape CreateNetworkAcl::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::acl>("networkAcl"),
      optional<&S::client_token>("clientToken"),
  };
  return {"CreateNetworkAclResult", members};
}

Shape DeleteNetworkAcl::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::dry_run>("DryRun"),
      required<&S::acl_id>("NetworkAclId"),
  };
  return {"DeleteNetworkAclRequest", members};
}

Shape NetworkAclEntryInput::shape() {
  using S = NetworkAclEntryInput;
  static constexpr Member members[] = {
      optional<&S::dry_run>("DryRun"),
      required<&S::acl_id>("NetworkAclId"),
      required<&S::rule_number>("RuleNumber"),
      required<&S::protocol>("Protocol"),
      required<&S::rule_action>("RuleAction"),
      required<&S::egress>("Egress"),
      optional<&S::cidr_block>("CidrBlock"),
      optional<&S::ipv6_cidr_block>("Ipv6CidrBlock"),
      optional<&S::icmp>("IcmpTypeCode").query("Icmp"),
      optional<&S::port_range>("PortRange"),
  };
  return {"NetworkAclEntryRequest", members};
}

Shape DeleteNetworkAclEntry::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::dry_run>("DryRun"),
      required<&S::acl_id>("NetworkAclId"),
      required<&S::rule_number>("RuleNumber"),
      required<&S::egress>("Egress"),
  };
  return {"DeleteNetworkAclEntryRequest", members};
}

Shape ReplaceNetworkAclAssociation::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::dry_run>("DryRun"),
      required<&S::association_id>("AssociationId"),
      required<&S::acl_id>("NetworkAclId"),
  };
  return {"ReplaceNetworkAclAssociationRequest", members};
}

Shape ReplaceNetworkAclAssociation::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {optional<&S::new_association_id>("newAssociationId")};
  return {"ReplaceNetworkAclAssociationResult", members};
}

void NetworkAclsApi::add_to(wire::OperationTable& table) {
  add<DescribeNetworkAcls>(table, *this, &NetworkAclsApi::describe);
  add<CreateNetworkAcl>(table, *this, &NetworkAclsApi::create);
  add<DeleteNetworkAcl>(table, *this, &NetworkAclsApi::remove);
  add<CreateNetworkAclEntry>(table, *this, &NetworkAclsApi::create_entry);
  add<ReplaceNetworkAclEntry>(table, *this, &NetworkAclsApi::replace_entry);
  add<DeleteNetworkAclEntry>(table, *this, &NetworkAclsApi::remove_entry);
  add<ReplaceNetworkAclAssociation>(table, *this, &NetworkAclsApi::associate);
}

Result<DescribeNetworkAcls::Output> NetworkAclsApi::describe(const Request& request,
                                                             const DescribeNetworkAcls::Input& in) {
  WEIR_TRY(const auto state, network_.state(request.scope));
  const Selection selection{in.acl_ids, "acl-", in.filters, in.max_results, in.next_token};
  WEIR_TRY(auto page, select<NetworkAcl>(state->acls, selection, kFields, *state));
  return DescribeNetworkAcls::Output{std::move(page.items), std::move(page.next_token)};
}

Result<CreateNetworkAcl::Output> NetworkAclsApi::create(const Request& request,
                                                        const CreateNetworkAcl::Input& in) {
  WEIR_TRY(auto tags, tags_for("network-acl", in.tag_specifications));
  WEIR_TRY(auto acl, network_.create_acl(request.scope, in.vpc_id, std::move(tags), in.client_token,
                                         origin_of(request, in.dry_run)));
  CreateNetworkAcl::Output out;
  out.acl = std::move(acl);
  if (!in.client_token.empty()) out.client_token = in.client_token;
  return out;
}

Result<Return> NetworkAclsApi::remove(const Request& request, const DeleteNetworkAcl::Input& in) {
  WEIR_CHECK(network_.delete_acl(request.scope, in.acl_id, origin_of(request, in.dry_run)));
  return Return{};
}

Result<Return> NetworkAclsApi::create_entry(const Request& request,
                                            const NetworkAclEntryInput& in) {
  WEIR_CHECK(network_.create_acl_entry(request.scope, in.acl_id, entry_of(in),
                                       origin_of(request, in.dry_run)));
  return Return{};
}

Result<Return> NetworkAclsApi::replace_entry(const Request& request,
                                             const NetworkAclEntryInput& in) {
  WEIR_CHECK(network_.replace_acl_entry(request.scope, in.acl_id, entry_of(in),
                                        origin_of(request, in.dry_run)));
  return Return{};
}

Result<Return> NetworkAclsApi::remove_entry(const Request& request,
                                            const DeleteNetworkAclEntry::Input& in) {
  WEIR_CHECK(network_.delete_acl_entry(request.scope, in.acl_id, in.rule_number, in.egress,
                                       origin_of(request, in.dry_run)));
  return Return{};
}

Result<ReplaceNetworkAclAssociation::Output> NetworkAclsApi::associate(
    const Request& request, const ReplaceNetworkAclAssociation::Input& in) {
  WEIR_TRY(auto id, network_.replace_acl_association(request.scope, in.association_id, in.acl_id,
                                                     origin_of(request, in.dry_run)));
  return ReplaceNetworkAclAssociation::Output{std::move(id)};
}

}  // namespace weir::api::ec2
