// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/vpcs.h"

namespace weir::api::ec2 {
namespace {

using vpc::ScopeState;
using vpc::Subnet;
using vpc::Vpc;

constexpr const char* text(bool value) { return value ? "true" : "false"; }

constexpr FilterField<Vpc> kVpcFields[] = {
    {"cidr", [](const Vpc& v, const ScopeState&, Values& out) { out.push_back(v.cidr_block); }},
    {"cidr-block-association.cidr-block",
     [](const Vpc& v, const ScopeState&, Values& out) {
       for (const auto& a : v.cidr_associations) out.push_back(a.cidr_block);
     }},
    {"cidr-block-association.association-id",
     [](const Vpc& v, const ScopeState&, Values& out) {
       for (const auto& a : v.cidr_associations) out.push_back(a.association_id);
     }},
    {"cidr-block-association.state",
     [](const Vpc& v, const ScopeState&, Values& out) {
       for (const auto& a : v.cidr_associations) out.push_back(a.state.state);
     }},
    {"dhcp-options-id",
     [](const Vpc& v, const ScopeState&, Values& out) { out.push_back(v.dhcp_options_id); }},
    {"ipv6-cidr-block-association.ipv6-cidr-block",
     [](const Vpc& v, const ScopeState&, Values& out) {
       for (const auto& a : v.ipv6_associations) out.push_back(a.ipv6_cidr_block);
     }},
    {"ipv6-cidr-block-association.association-id",
     [](const Vpc& v, const ScopeState&, Values& out) {
       for (const auto& a : v.ipv6_associations) out.push_back(a.association_id);
     }},
    {"ipv6-cidr-block-association.state",
     [](const Vpc& v, const ScopeState&, Values& out) {
       for (const auto& a : v.ipv6_associations) out.push_back(a.state.state);
     }},
    {"is-default",
     [](const Vpc& v, const ScopeState&, Values& out) { out.push_back(text(v.is_default)); }},
    {"isDefault",
     [](const Vpc& v, const ScopeState&, Values& out) { out.push_back(text(v.is_default)); }},
    {"owner-id", [](const Vpc& v, const ScopeState&, Values& out) { out.push_back(v.owner_id); }},
    {"state", [](const Vpc& v, const ScopeState&, Values& out) { out.push_back(v.state); }},
    {"vpc-id", [](const Vpc& v, const ScopeState&, Values& out) { out.push_back(v.id); }},
};

constexpr FilterField<Subnet> kSubnetFields[] = {
    {"availability-zone",
     [](const Subnet& s, const ScopeState&, Values& out) { out.push_back(s.availability_zone); }},
    {"availabilityZone",
     [](const Subnet& s, const ScopeState&, Values& out) { out.push_back(s.availability_zone); }},
    {"availability-zone-id", [](const Subnet& s, const ScopeState&,
                                Values& out) { out.push_back(s.availability_zone_id); }},
    {"availabilityZoneId", [](const Subnet& s, const ScopeState&,
                              Values& out) { out.push_back(s.availability_zone_id); }},
    {"available-ip-address-count",
     [](const Subnet& s, const ScopeState&, Values& out) {
       out.push_back(std::to_string(s.available_ip_addresses));
     }},
    {"cidr-block",
     [](const Subnet& s, const ScopeState&, Values& out) {
       if (s.cidr_block) out.push_back(*s.cidr_block);
     }},
    {"cidr",
     [](const Subnet& s, const ScopeState&, Values& out) {
       if (s.cidr_block) out.push_back(*s.cidr_block);
     }},
    {"cidrBlock",
     [](const Subnet& s, const ScopeState&, Values& out) {
       if (s.cidr_block) out.push_back(*s.cidr_block);
     }},
    {"default-for-az", [](const Subnet& s, const ScopeState&,
                          Values& out) { out.push_back(text(s.default_for_az)); }},
    {"defaultForAz", [](const Subnet& s, const ScopeState&,
                        Values& out) { out.push_back(text(s.default_for_az)); }},
    {"ipv6-cidr-block-association.ipv6-cidr-block",
     [](const Subnet& s, const ScopeState&, Values& out) {
       for (const auto& a : s.ipv6_associations) out.push_back(a.ipv6_cidr_block);
     }},
    {"ipv6-cidr-block-association.association-id",
     [](const Subnet& s, const ScopeState&, Values& out) {
       for (const auto& a : s.ipv6_associations) out.push_back(a.association_id);
     }},
    {"ipv6-cidr-block-association.state",
     [](const Subnet& s, const ScopeState&, Values& out) {
       for (const auto& a : s.ipv6_associations) out.push_back(a.state.state);
     }},
    {"ipv6-native",
     [](const Subnet& s, const ScopeState&, Values& out) { out.push_back(text(s.ipv6_native)); }},
    {"map-public-ip-on-launch",
     [](const Subnet& s, const ScopeState&, Values& out) {
       out.push_back(text(s.map_public_ip_on_launch));
     }},
    {"owner-id",
     [](const Subnet& s, const ScopeState&, Values& out) { out.push_back(s.owner_id); }},
    {"state", [](const Subnet& s, const ScopeState&, Values& out) { out.push_back(s.state); }},
    {"subnet-arn", [](const Subnet& s, const ScopeState&, Values& out) { out.push_back(s.arn); }},
    {"subnet-id", [](const Subnet& s, const ScopeState&, Values& out) { out.push_back(s.id); }},
    {"vpc-id", [](const Subnet& s, const ScopeState&, Values& out) { out.push_back(s.vpc_id); }},
};

}  // namespace

Shape DescribeVpcs::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::filters>("Filters").query("Filter"),
      optional<&S::vpc_ids>("VpcIds").query("VpcId"),
      optional<&S::next_token>("NextToken"),
      optional<&S::max_results>("MaxResults"),
      optional<&S::dry_run>("DryRun"),
  };
  return {"DescribeVpcsRequest", members};
}

Shape DescribeVpcs::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::next_token>("nextToken"),
      optional<&S::vpcs>("vpcSet"),
  };
  return {"DescribeVpcsResult", members};
}

Shape DescribeSubnets::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::filters>("Filters").query("Filter"),
      optional<&S::subnet_ids>("SubnetIds").query("SubnetId"),
      optional<&S::next_token>("NextToken"),
      optional<&S::max_results>("MaxResults"),
      optional<&S::dry_run>("DryRun"),
  };
  return {"DescribeSubnetsRequest", members};
}

Shape DescribeSubnets::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::next_token>("nextToken"),
      optional<&S::subnets>("subnetSet"),
  };
  return {"DescribeSubnetsResult", members};
}

void VpcsApi::add_to(wire::OperationTable& table) {
  add<DescribeVpcs>(table, *this, &VpcsApi::vpcs);
  add<DescribeSubnets>(table, *this, &VpcsApi::subnets);
}

Result<DescribeVpcs::Output> VpcsApi::vpcs(const wire::Request& request,
                                           const DescribeVpcs::Input& in) {
  WEIR_TRY(const auto state, network_.state(request.scope));
  const Selection selection{in.vpc_ids, "vpc-", in.filters, in.max_results, in.next_token};
  WEIR_TRY(auto page, select<Vpc>(state->vpcs, selection, kVpcFields, *state));
  return DescribeVpcs::Output{std::move(page.items), std::move(page.next_token)};
}

Result<DescribeSubnets::Output> VpcsApi::subnets(const wire::Request& request,
                                                 const DescribeSubnets::Input& in) {
  WEIR_TRY(const auto state, network_.state(request.scope));
  const Selection selection{in.subnet_ids, "subnet-", in.filters, in.max_results, in.next_token};
  WEIR_TRY(auto page, select<Subnet>(state->subnets, selection, kSubnetFields, *state));
  return DescribeSubnets::Output{std::move(page.items), std::move(page.next_token)};
}

}  // namespace weir::api::ec2
