// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/log.h"
#include "vpc/default_vpc.h"
#include "vpc/interfaces_plan.h"

/// The part of Network::InterfacePlan that is about VPCs and subnets.
namespace weir::vpc {
namespace {

bool lies_in(const net::Prefix& prefix, std::string_view cidr) {
  const auto block = net::Prefix::parse(cidr);
  return block && block->contains(prefix);
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

void add_block(Vpc& vpc, const std::string& cidr) {
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

}  // namespace

Tags with_settings(Tags tags, const TagSettings& settings, const std::string& name) {
  const auto set = [&](const std::string& key, const std::string& value) {
    const auto found =
        std::find_if(tags.begin(), tags.end(), [&](const Tag& tag) { return tag.key == key; });
    if (found != tags.end()) {
      found->value = value;
    } else {
      tags.push_back({key, value});
    }
  };
  for (const auto& [key, value] : settings) set(key, value);
  if (!name.empty()) set("Name", name);
  return tags;
}

std::string Network::InterfacePlan::id_of(const VpcSetting& setting) const {
  return stable_id("vpc-", change_.scope().key() + config_.machine_id + "/vpc/" + setting.name);
}

const VpcSetting* Network::InterfacePlan::setting_of(const std::string& vpc_id) const {
  if (change_.scope() != config_.host_scope) return nullptr;
  const auto found = std::find_if(config_.vpcs.begin(), config_.vpcs.end(),
                                  [&](const VpcSetting& one) { return id_of(one) == vpc_id; });
  return found == config_.vpcs.end() ? nullptr : &*found;
}

void Network::InterfacePlan::put_settings() {
  if (change_.scope() != config_.host_scope) return;
  for (const VpcSetting& setting : config_.vpcs) put_vpc(setting);
}

void Network::InterfacePlan::put_vpc(const VpcSetting& setting) {
  const std::string id = id_of(setting);
  if (!change_.state().vpcs.contains(id)) {
    Vpc vpc;
    vpc.id = id;
    vpc.is_default = false;
    ScopeState made = vpc_with_defaults(change_.scope(), std::move(vpc));
    for (auto& [key, item] : made.vpcs) change_.put(std::move(item));
    for (auto& [key, item] : made.acls) change_.put(std::move(item));
    for (auto& [key, item] : made.groups) change_.put(std::move(item));
    for (auto& [key, item] : made.group_rules) change_.put(std::move(item));
  }
  Vpc vpc = change_.state().vpcs.find(id)->second;
  vpc.tags = with_settings(std::move(vpc.tags), setting.tags, setting.name);
  const auto v4 = std::find_if(setting.cidr.begin(), setting.cidr.end(), [](const auto& cidr) {
    return cidr.find(':') == std::string::npos;
  });
  WEIR_ASSERT(v4 != setting.cidr.end());  // check_settings() has seen to it
  vpc.cidr_block = *v4;
  put_if_changed(vpc);
  put_blocks(vpc);
  for (const SubnetSetting& subnet : setting.subnets) put_subnet(vpc, subnet);
}

void Network::InterfacePlan::put_subnet(const Vpc& vpc, const SubnetSetting& setting) {
  const auto v4 = std::find_if(setting.cidr.begin(), setting.cidr.end(), [](const auto& cidr) {
    return cidr.find(':') == std::string::npos;
  });
  const std::string& cidr = v4 == setting.cidr.end() ? setting.cidr.front() : *v4;
  Subnet subnet =
      subnet_of(change_.scope(), vpc, setting.zone.empty() ? zone() : setting.zone, cidr);
  configured_subnets_.insert(subnet.id);
  const auto known = change_.state().subnets.find(subnet.id);
  if (known != change_.state().subnets.end()) {
    subnet.available_ip_addresses = known->second.available_ip_addresses;
    subnet.ipv6_associations = known->second.ipv6_associations;
    subnet.tags = known->second.tags;
  }
  subnet.tags = with_settings(std::move(subnet.tags), setting.tags, setting.name);
  for (const std::string& block : setting.cidr) {
    const auto prefix = net::Prefix::parse(block);
    if (!prefix || prefix->is_v4()) continue;
    const bool is_known =
        std::any_of(subnet.ipv6_associations.begin(), subnet.ipv6_associations.end(),
                    [&](const auto& one) { return one.ipv6_cidr_block == block; });
    if (is_known) continue;
    subnet.ipv6_associations.push_back(
        {stable_id("subnet-cidr-assoc-", subnet.id + block), block, {}});
  }
  associate(subnet);
  put_if_changed(std::move(subnet));
}

/// A subnet without ACL gets the default one of its VPC.
void Network::InterfacePlan::associate(const Subnet& subnet) {
  if (change_.state().acl_of_subnet(subnet.id) != nullptr) return;
  NetworkAcl acl = default_acl_of(change_.state(), subnet.vpc_id);
  acl.associations.push_back({stable_id("aclassoc-", subnet.id), acl.id, subnet.id});
  change_.put(std::move(acl));
}

std::optional<Subnet> Network::InterfacePlan::named_subnet(const Vpc& vpc,
                                                           const std::string& name) const {
  const VpcSetting* setting = setting_of(vpc.id);
  if (setting == nullptr || name.empty()) return std::nullopt;
  for (const SubnetSetting& one : setting->subnets) {
    const bool is_it =
        one.name == name || std::find(one.cidr.begin(), one.cidr.end(), name) != one.cidr.end();
    if (!is_it) continue;
    for (const auto& [id, subnet] : change_.state().subnets) {
      const bool has_block =
          subnet.vpc_id == vpc.id &&
          std::any_of(one.cidr.begin(), one.cidr.end(), [&](const std::string& cidr) {
            return subnet.id == stable_id("subnet-", vpc.id + cidr);
          });
      if (has_block) return subnet;
    }
  }
  return std::nullopt;
}

/// The smallest configured subnet of the VPC that holds one of the addresses.
std::optional<Subnet> Network::InterfacePlan::subnet_around(const Vpc& vpc, const Eni& eni) const {
  const Subnet* best = nullptr;
  unsigned best_length = 0;
  for (const InterfaceAddress& entry : eni.addresses) {
    const auto address = net::Address::parse(entry.address);
    if (!address) continue;
    const auto consider = [&](const Subnet& subnet, const std::string& cidr) {
      const auto block = net::Prefix::parse(cidr);
      if (!block || !block->contains(*address)) return;
      if (best != nullptr && block->length() <= best_length) return;
      best = &subnet;
      best_length = block->length();
    };
    for (const std::string& id : configured_subnets_) {
      const Subnet& subnet = change_.state().subnets.find(id)->second;
      if (subnet.vpc_id != vpc.id) continue;
      if (subnet.cidr_block) consider(subnet, *subnet.cidr_block);
      for (const auto& known : subnet.ipv6_associations) consider(subnet, known.ipv6_cidr_block);
    }
    if (best != nullptr) return *best;  // earlier addresses count more
  }
  return std::nullopt;
}

/// The subnet of interfaces that no address puts anywhere: the default one of the host's zone, or
/// the first one of a configured VPC.
Subnet Network::InterfacePlan::default_subnet(const Vpc& vpc) {
  const std::string zone_name = change_.scope().region + zone();
  const Subnet* first = nullptr;
  for (const auto& [id, subnet] : change_.state().subnets) {
    if (subnet.vpc_id != vpc.id) continue;
    const bool is_ours = subnet.availability_zone == zone_name &&
                         (subnet.default_for_az || configured_subnets_.contains(id));
    if (is_ours) return subnet;
    if (first == nullptr) first = &subnet;
  }
  return first != nullptr ? *first : make_subnet(vpc, vpc.cidr_block);
}

Subnet Network::InterfacePlan::find_or_make(const Vpc& vpc, const net::Prefix& primary,
                                            const Wish& wish) {
  std::size_t count = 0;
  for (const auto& [id, subnet] : change_.state().subnets) {
    if (subnet.vpc_id != vpc.id) continue;
    ++count;
    if (subnet.cidr_block && lies_in(primary, *subnet.cidr_block)) return subnet;
    for (const auto& known : subnet.ipv6_associations) {
      if (lies_in(primary, known.ipv6_cidr_block)) return subnet;
    }
  }
  if (!wish.makes_subnet) return default_subnet(vpc);
  if (count >= kSubnetsMax) {
    log::warn("no subnet is left for a connected prefix", {{"prefix", primary.to_string()}});
    return default_subnet(vpc);
  }
  return make_subnet(vpc, primary.to_string());
}

Subnet Network::InterfacePlan::make_subnet(const Vpc& vpc, std::string_view cidr) {
  Subnet subnet = subnet_of(change_.scope(), vpc, zone(), cidr);
  associate(subnet);
  change_.put(subnet);
  return subnet;
}

void Network::InterfacePlan::tidy() {
  forget_unused_subnets();
  forget_unused_vpcs();
  count_addresses();
  put_blocks();
}

/// Subnets of prefixes to which the host is no longer connected, and those that the configuration
/// no longer has, unless somebody attached something to them.
void Network::InterfacePlan::forget_unused_subnets() {
  std::vector<std::string> unused;
  for (const auto& [id, subnet] : change_.state().subnets) {
    if (subnet.default_for_az || configured_subnets_.contains(id) || is_used(id)) continue;
    // A tag that only the configuration gave does not keep a subnet that it no longer has.
    const auto vpc = change_.state().vpcs.find(subnet.vpc_id);
    const bool is_of_default = vpc != change_.state().vpcs.end() && vpc->second.is_default;
    if (!is_of_default || subnet.tags.empty()) unused.push_back(id);
  }
  for (const std::string& id : unused) erase_subnet(id);
}

void Network::InterfacePlan::erase_subnet(const std::string& id) {
  NetworkAcl acl = *change_.state().acl_of_subnet(id);
  std::erase_if(acl.associations, [&](const auto& link) { return link.subnet_id == id; });
  change_.put(std::move(acl));
  change_.erase<Subnet>(id);
}

bool Network::InterfacePlan::is_used(const std::string& subnet_id) const {
  const ScopeState& state = change_.state();
  const NetworkAcl* acl = state.acl_of_subnet(subnet_id);
  return acl == nullptr || !acl->is_default ||
         std::any_of(state.enis.begin(), state.enis.end(),
                     [&](const auto& item) { return item.second.subnet_id == subnet_id; }) ||
         std::any_of(state.flow_logs.begin(), state.flow_logs.end(),
                     [&](const auto& item) { return item.second.resource_id == subnet_id; });
}

bool Network::InterfacePlan::is_vpc_used(const std::string& id) const {
  const ScopeState& state = change_.state();
  const auto any = [](const auto& map, const auto& is_it) {
    return std::any_of(map.begin(), map.end(),
                       [&](const auto& item) { return is_it(item.second); });
  };
  return any(state.subnets, [&](const Subnet& subnet) { return subnet.vpc_id == id; }) ||
         any(state.flow_logs, [&](const FlowLog& one) { return one.resource_id == id; }) ||
         any(state.acls, [&](const auto& acl) { return acl.vpc_id == id && !acl.is_default; }) ||
         any(state.groups,
             [&](const auto& group) { return group.vpc_id == id && group.name != "default"; });
}

/// VPCs that the configuration no longer has, unless something is left in them.
void Network::InterfacePlan::forget_unused_vpcs() {
  if (change_.scope() != config_.host_scope) return;
  std::vector<std::string> unused;
  for (const auto& [id, vpc] : change_.state().vpcs) {
    if (!vpc.is_default && setting_of(id) == nullptr && !is_vpc_used(id)) unused.push_back(id);
  }
  for (const std::string& id : unused) erase_vpc(id);
}

void Network::InterfacePlan::erase_vpc(const std::string& id) {
  const auto ids_in = [&](const auto& map, const auto& is_it) {
    std::vector<std::string> ids;
    for (const auto& [key, item] : map) {
      if (is_it(item)) ids.push_back(key);
    }
    return ids;
  };
  const ScopeState& state = change_.state();
  const auto groups =
      ids_in(state.groups, [&](const SecurityGroup& group) { return group.vpc_id == id; });
  const auto rules = ids_in(state.group_rules, [&](const SecurityGroupRule& rule) {
    return std::find(groups.begin(), groups.end(), rule.group_id) != groups.end();
  });
  const auto acls = ids_in(state.acls, [&](const NetworkAcl& acl) { return acl.vpc_id == id; });
  for (const std::string& rule : rules) change_.erase<SecurityGroupRule>(rule);
  for (const std::string& group : groups) change_.erase<SecurityGroup>(group);
  for (const std::string& acl : acls) change_.erase<NetworkAcl>(acl);
  change_.erase<Vpc>(id);
}

void Network::InterfacePlan::count_addresses() {
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

void Network::InterfacePlan::put_blocks() {
  const auto vpcs = change_.state().vpcs;
  for (const auto& [id, vpc] : vpcs) put_blocks(vpc);
}

/// A VPC's blocks: its own, one for each subnet outside it, one for each further connected prefix.
void Network::InterfacePlan::put_blocks(Vpc vpc) {
  vpc.ipv6_associations.clear();
  if (vpc.is_default) {
    vpc.cidr_associations.resize(1);
  } else {
    vpc.cidr_associations.clear();
    add_block(vpc, vpc.cidr_block);
  }
  if (const VpcSetting* setting = setting_of(vpc.id)) {
    for (const std::string& cidr : setting->cidr) add_block(vpc, cidr);
  }
  for (const auto& [id, subnet] : change_.state().subnets) {
    if (subnet.vpc_id != vpc.id) continue;
    if (subnet.cidr_block) add_block(vpc, *subnet.cidr_block);
    for (const auto& known : subnet.ipv6_associations) add_block(vpc, known.ipv6_cidr_block);
  }
  for (const auto& [id, eni] : change_.state().enis) {
    if (eni.vpc_id != vpc.id || eni.is_guest || eni.is_declared()) continue;
    for (const InterfaceAddress& address : eni.addresses) {
      if (const auto prefix = prefix_of(address)) add_block(vpc, prefix->to_string());
    }
  }
  const std::string id = vpc.id;
  const bool has_v6 = !vpc.ipv6_associations.empty();
  put_if_changed(std::move(vpc));
  if (!has_v6) return;
  const auto acls = change_.state().acls;
  for (auto [acl_id, acl] : acls) {
    if (acl.vpc_id != id) continue;
    const std::size_t entries = acl.entries.size();
    add_ipv6(acl);
    if (acl.entries.size() != entries) change_.put(std::move(acl));
  }
}

}  // namespace weir::vpc
