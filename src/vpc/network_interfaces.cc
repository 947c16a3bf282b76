// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/log.h"
#include "net/address.h"
#include "vpc/default_vpc.h"
#include "vpc/network.h"
#include "vpc/network_impl.h"

namespace weir::vpc {
namespace {

std::optional<net::Prefix> prefix_of(const InterfaceAddress& address) {
  const auto parsed =
      net::Prefix::parse(address.address + '/' + std::to_string(address.prefix_length));
  if (!parsed) return std::nullopt;
  return parsed->canonical();
}

/// The connected prefixes of one IP version, in the order of the addresses.
std::vector<net::Prefix> prefixes_of(const std::vector<InterfaceAddress>& addresses, bool v6) {
  std::vector<net::Prefix> prefixes;
  for (const InterfaceAddress& address : addresses) {
    const auto prefix = prefix_of(address);
    if (!prefix || prefix->is_v6() != v6) continue;
    if (std::find(prefixes.begin(), prefixes.end(), *prefix) == prefixes.end()) {
      prefixes.push_back(*prefix);
    }
  }
  return prefixes;
}

bool lies_in(const net::Prefix& prefix, std::string_view cidr) {
  const auto block = net::Prefix::parse(cidr);
  return block && block->contains(prefix);
}

std::string first_address(const std::vector<InterfaceAddress>& addresses, bool v6) {
  std::string link_local;
  for (const InterfaceAddress& entry : addresses) {
    const auto address = net::Address::parse(entry.address);
    if (!address || address->is_v6() != v6) continue;
    if (!address->is_link_local()) return entry.address;
    if (link_local.empty()) link_local = entry.address;
  }
  return link_local;
}

/// What the ENI's id depends on: the name, and the MAC if its maker gave it. Addresses that Linux
/// drew (bridges, veth pairs, many virtual machines) change from boot to boot.
std::string identity_of(const HostInterface& interface, const std::string& machine_id) {
  constexpr char kLocallyAdministered[] = "2367abef";
  const bool is_drawn =
      interface.mac.size() < 2 ||
      std::string_view(kLocallyAdministered).find(interface.mac[1]) != std::string_view::npos;
  return machine_id + '/' + interface.name + '/' + (is_drawn ? "" : interface.mac);
}

/// Allows IPv6 as the default ACL does and adds the deny-all, when the VPC gets its first IPv6
/// block. AWS does so only if the default ACL was never edited; a block of one address would then
/// shut out all of IPv6.
void add_ipv6(NetworkAcl& acl) {
  for (const bool egress : {true, false}) {
    const auto is_taken = [&](int number) {
      return std::any_of(acl.entries.begin(), acl.entries.end(), [&](const AclEntry& entry) {
        return entry.egress == egress && entry.rule_number == number;
      });
    };
    if (is_taken(kDenyAllV6)) continue;
    AclEntry deny{.rule_number = kDenyAllV6, .rule_action = "deny", .egress = egress};
    deny.ipv6_cidr_block = "::/0";
    acl.entries.push_back(std::move(deny));
    if (!acl.is_default) continue;
    AclEntry allow{.rule_number = 101, .rule_action = "allow", .egress = egress};
    allow.ipv6_cidr_block = "::/0";
    while (is_taken(allow.rule_number)) ++allow.rule_number;
    acl.entries.push_back(std::move(allow));
  }
  sort_entries(acl.entries);
}

}  // namespace

/// Fits the host's interfaces into the default VPC.
class Network::InterfacePlan {
 public:
  InterfacePlan(Change& change, const Config& config, Time now)
      : change_(change), config_(config), now_(now), vpc_(default_vpc_of(change.state())) {}

  void apply(const std::vector<HostInterface>& interfaces) {
    std::set<std::string> present;
    int index = 0;
    for (const HostInterface& interface : interfaces) {
      Eni eni = eni_for(interface, index++);
      present.insert(eni.id);
      const auto known = change_.state().enis.find(eni.id);
      if (known == change_.state().enis.end() || known->second != eni) change_.put(std::move(eni));
    }
    forget_enis_but(present);
    forget_unused_subnets();
    count_addresses();
    put_blocks(interfaces);
  }

 private:
  Eni eni_for(const HostInterface& interface, int index) {
    Eni eni;
    eni.scope = change_.scope();
    eni.id = stable_id("eni-", identity_of(interface, config_.machine_id));
    eni.ifname = interface.name;
    eni.mac = interface.mac;
    eni.vpc_id = vpc_.id;
    eni.addresses = interface.addresses;
    eni.primary_v4 = first_address(eni.addresses, false);
    eni.primary_v6 = first_address(eni.addresses, true);
    std::stable_partition(eni.addresses.begin(), eni.addresses.end(),
                          [&](const auto& entry) { return entry.address == eni.primary_v4; });
    const Subnet subnet = subnet_for(eni);
    eni.subnet_id = subnet.id;
    eni.availability_zone = subnet.availability_zone;
    eni.availability_zone_id = subnet.availability_zone_id;
    eni.instance_id = stable_id("i-", config_.machine_id);
    eni.attachment_id = stable_id("eni-attach-", eni.id);
    eni.device_index = index;
    eni.attached = now_;
    apply_settings(eni, change_.state());
    if (const auto known = change_.state().enis.find(eni.id); known != change_.state().enis.end()) {
      eni.attached = known->second.attached;
      eni.tags = known->second.tags;
    }
    return eni;
  }

  /// The subnet that holds the primary prefix, made if there is none; without addresses that of the
  /// host's zone.
  Subnet subnet_for(const Eni& eni) {
    auto v4 = prefixes_of(eni.addresses, false);
    const auto v6 = prefixes_of(eni.addresses, true);
    Subnet subnet = v4.empty() && v6.empty() ? zone_default() : find_or_make(v4, v6);
    bool is_changed = !change_.state().subnets.contains(subnet.id);
    for (const net::Prefix& prefix : v6) {
      const bool is_known =
          std::any_of(subnet.ipv6_associations.begin(), subnet.ipv6_associations.end(),
                      [&](const auto& known) { return lies_in(prefix, known.ipv6_cidr_block); });
      if (is_known) continue;
      const std::string cidr = prefix.to_string();
      subnet.ipv6_associations.push_back(
          {stable_id("subnet-cidr-assoc-", subnet.id + cidr), cidr, {}});
      is_changed = true;
    }
    if (is_changed) change_.put(subnet);
    return subnet;
  }

  Subnet zone_default() const {
    const std::string zone = change_.scope().region + config_.host_zone;
    const auto& subnets = change_.state().subnets;
    const auto found = std::find_if(subnets.begin(), subnets.end(), [&](const auto& item) {
      return item.second.default_for_az && item.second.availability_zone == zone;
    });
    return found == subnets.end() ? subnets.begin()->second : found->second;
  }

  Subnet find_or_make(const std::vector<net::Prefix>& v4, const std::vector<net::Prefix>& v6) {
    const net::Prefix& primary = v4.empty() ? v6.front() : v4.front();
    for (const auto& [id, subnet] : change_.state().subnets) {
      if (subnet.cidr_block && lies_in(primary, *subnet.cidr_block)) return subnet;
      for (const auto& known : subnet.ipv6_associations) {
        if (lies_in(primary, known.ipv6_cidr_block)) return subnet;
      }
    }
    if (change_.state().subnets.size() >= kSubnetsMax) {
      log::warn("no subnet is left for a connected prefix", {{"prefix", primary.to_string()}});
      return zone_default();
    }
    return make_subnet(primary);
  }

  Subnet make_subnet(const net::Prefix& primary) {
    const Subnet beside = zone_default();
    const std::string cidr = primary.to_string();
    Subnet subnet;
    subnet.id = stable_id("subnet-", vpc_.id + cidr);
    subnet.arn = arn("ec2", change_.scope(), "subnet/" + subnet.id);
    subnet.vpc_id = vpc_.id;
    subnet.owner_id = change_.scope().account;
    subnet.availability_zone = beside.availability_zone;
    subnet.availability_zone_id = beside.availability_zone_id;
    subnet.default_for_az = false;
    subnet.map_public_ip_on_launch = false;
    subnet.ipv6_native = primary.is_v6();
    if (primary.is_v4()) subnet.cidr_block = cidr;

    NetworkAcl acl = default_acl_of(change_.state(), vpc_.id);
    acl.associations.push_back({stable_id("aclassoc-", subnet.id), acl.id, subnet.id});
    change_.put(std::move(acl));
    return subnet;
  }

  void forget_enis_but(const std::set<std::string>& present) {
    std::vector<std::string> gone;
    for (const auto& [id, eni] : change_.state().enis) {
      if (!present.contains(id)) gone.push_back(id);
    }
    for (const std::string& id : gone) change_.erase<Eni>(id);
  }

  /// Subnets of prefixes to which the host is no longer connected, unless somebody attached
  /// something to them.
  void forget_unused_subnets() {
    std::vector<std::string> unused;
    for (const auto& [id, subnet] : change_.state().subnets) {
      if (!subnet.default_for_az && subnet.tags.empty() && !is_used(id)) unused.push_back(id);
    }
    for (const std::string& id : unused) {
      NetworkAcl acl = *change_.state().acl_of_subnet(id);
      std::erase_if(acl.associations, [&](const auto& link) { return link.subnet_id == id; });
      change_.put(std::move(acl));
      change_.erase<Subnet>(id);
    }
  }

  bool is_used(const std::string& subnet_id) const {
    const ScopeState& state = change_.state();
    const NetworkAcl* acl = state.acl_of_subnet(subnet_id);
    return acl == nullptr || !acl->is_default ||
           std::any_of(state.enis.begin(), state.enis.end(),
                       [&](const auto& item) { return item.second.subnet_id == subnet_id; }) ||
           std::any_of(state.flow_logs.begin(), state.flow_logs.end(),
                       [&](const auto& item) { return item.second.resource_id == subnet_id; });
  }

  void count_addresses() {
    std::vector<Subnet> changed;
    for (const auto& [id, subnet] : change_.state().subnets) {
      if (!subnet.cidr_block) continue;
      int used = 0;
      for (const auto& [eni_id, eni] : change_.state().enis) {
        if (eni.subnet_id != id) continue;
        used += static_cast<int>(
            std::count_if(eni.addresses.begin(), eni.addresses.end(), [&](const auto& entry) {
              const auto address = net::Address::parse(entry.address);
              return address && lies_in(net::Prefix::host(*address), *subnet.cidr_block);
            }));
      }
      const int left = std::max(0, usable_addresses(*subnet.cidr_block) - used);
      if (left == subnet.available_ip_addresses) continue;
      changed.push_back(subnet);
      changed.back().available_ip_addresses = left;
    }
    for (Subnet& subnet : changed) change_.put(std::move(subnet));
  }

  /// The VPC's blocks: its own, one for each subnet outside it, one for each further connected
  /// prefix.
  void put_blocks(const std::vector<HostInterface>& interfaces) {
    Vpc vpc = change_.state().vpcs.find(vpc_.id)->second;
    const Vpc before = vpc;
    vpc.cidr_associations.resize(1);
    vpc.ipv6_associations.clear();
    for (const auto& [id, subnet] : change_.state().subnets) {
      if (subnet.cidr_block) add_block(vpc, *subnet.cidr_block);
      for (const auto& known : subnet.ipv6_associations) add_block(vpc, known.ipv6_cidr_block);
    }
    for (const HostInterface& interface : interfaces) {
      for (const InterfaceAddress& address : interface.addresses) {
        if (const auto prefix = prefix_of(address)) add_block(vpc, prefix->to_string());
      }
    }
    if (to_json_text(vpc) != to_json_text(before)) change_.put(vpc);
    if (vpc.ipv6_associations.empty()) return;
    const auto acls = change_.state().acls;
    for (auto [id, acl] : acls) {
      const std::size_t entries = acl.entries.size();
      add_ipv6(acl);
      if (acl.entries.size() != entries) change_.put(std::move(acl));
    }
  }

  static void add_block(Vpc& vpc, const std::string& cidr) {
    const auto prefix = net::Prefix::parse(cidr);
    if (!prefix) return;
    const std::string id = stable_id("vpc-cidr-assoc-", vpc.id + cidr);
    if (prefix->is_v4()) {
      const bool is_known =
          std::any_of(vpc.cidr_associations.begin(), vpc.cidr_associations.end(),
                      [&](const auto& known) { return lies_in(*prefix, known.cidr_block); });
      if (!is_known) vpc.cidr_associations.push_back({id, cidr, {}});
      return;
    }
    const bool is_known =
        std::any_of(vpc.ipv6_associations.begin(), vpc.ipv6_associations.end(),
                    [&](const auto& known) { return lies_in(*prefix, known.ipv6_cidr_block); });
    if (!is_known) vpc.ipv6_associations.push_back({id, cidr, {}});
  }

  Change& change_;
  const Config& config_;
  const Time now_;
  const Vpc vpc_;
};

Result<void> Network::set_interfaces(std::vector<HostInterface> interfaces) {
  if (interfaces.size() > kInterfacesMax) {
    log::warn("too many network interfaces, the rest is not watched",
              {{"found", interfaces.size()}, {"watched", kInterfacesMax}});
    interfaces.resize(kInterfacesMax);
  }
  Change change(*impl_, config_.host_scope);
  impl_->interfaces = interfaces;
  InterfacePlan(change, config_, impl_->runtime.now()).apply(interfaces);
  return change.commit_anyway();
}

Result<void> Network::refresh_interfaces() {
  WEIR_TRY(auto all, discover_interfaces());
  return set_interfaces(choose_interfaces(std::move(all), config_.interfaces));
}

}  // namespace weir::vpc
