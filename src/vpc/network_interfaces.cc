// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "base/log.h"
#include "net/address.h"
#include "vpc/default_vpc.h"
#include "vpc/errors.h"
#include "vpc/interfaces_plan.h"
#include "vpc/network.h"
#include "vpc/network_impl.h"

namespace weir::vpc {
namespace {

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

void set_primaries(Eni& eni) {
  eni.primary_v4 = first_address(eni.addresses, false);
  eni.primary_v6 = first_address(eni.addresses, true);
  std::stable_partition(eni.addresses.begin(), eni.addresses.end(),
                        [&](const auto& entry) { return entry.address == eni.primary_v4; });
}

/// `10.1.2.5/24`, or an address alone as one that is connected to nothing else.
InterfaceAddress address_of_setting(const std::string& text) {
  if (const auto prefix = net::Prefix::parse(text)) {
    return {prefix->address().to_string(), static_cast<int>(prefix->length())};
  }
  const auto address = net::Address::parse(text);
  return {text, address && address->is_v6() ? 128 : 32};
}

/// Those that were there before keep their places, so that the primary address stays; a guest that
/// is silent for a while is the same guest.
std::vector<InterfaceAddress> learnt(const std::vector<InterfaceAddress>& now, const Eni* known) {
  if (known == nullptr) return now;
  if (now.empty()) return known->addresses;
  std::vector<InterfaceAddress> merged;
  for (const InterfaceAddress& entry : known->addresses) {
    if (std::find(now.begin(), now.end(), entry) != now.end()) merged.push_back(entry);
  }
  for (const InterfaceAddress& entry : now) {
    if (std::find(merged.begin(), merged.end(), entry) == merged.end()) merged.push_back(entry);
  }
  return merged;
}

std::string description_of(const HostInterface& interface) {
  std::string text = interface.name;
  if (!interface.network_namespace.empty()) text = interface.network_namespace + '/' + text;
  if (interface.setting.vlan != 0) text += " vlan " + std::to_string(interface.setting.vlan);
  return text;
}

/// What the id of an ENI depends on. Hardware is known by its permanent MAC, so it may be renamed
/// and moved between network namespaces; what Linux made is known by its name, for its MAC is drawn
/// anew at each boot. A MAC that several interfaces have tells nothing.
std::string identity_of(const HostInterface& interface, const std::string& machine_id,
                        const std::map<std::string, int>& mac_uses) {
  std::string identity = machine_id + '/';
  const std::string& mac = interface.permanent_mac;
  if (mac.empty() || mac_uses.at(mac) > 1) {
    if (!interface.network_namespace.empty()) identity += interface.network_namespace + '/';
    identity += interface.name + '/';
  } else {
    identity += '/' + mac;
  }
  if (interface.setting.vlan != 0) identity += "/vlan/" + std::to_string(interface.setting.vlan);
  return identity;
}

std::string declared_instance(const Scope& scope, const DeclaredInterface& declared) {
  return stable_id("i-", scope.key() + "declared/" + declared.instance);
}

/// Whether the ENI already says all that is declared.
bool says(const Eni& eni, const DeclaredInterface& declared, const Scope& scope) {
  const bool has_name =
      declared.name.empty() ||
      std::find(eni.tags.begin(), eni.tags.end(), Tag{"Name", declared.name}) != eni.tags.end();
  return has_name && eni.description == declared.description &&
         eni.instance_id == declared_instance(scope, declared) &&
         std::is_permutation(eni.addresses.begin(), eni.addresses.end(), declared.addresses.begin(),
                             declared.addresses.end());
}

/// Gives every interface without an explicit id one that depends on what it is.
void set_ids(std::vector<HostInterface>& interfaces, const std::string& machine_id) {
  std::map<std::string, int> mac_uses;
  for (const HostInterface& interface : interfaces) {
    if (interface.setting.vlan == 0) ++mac_uses[interface.permanent_mac];
    mac_uses.try_emplace(interface.permanent_mac, 0);
  }
  for (HostInterface& interface : interfaces) {
    if (!interface.setting.eni.empty()) continue;
    interface.setting.eni = stable_id("eni-", identity_of(interface, machine_id, mac_uses));
  }
}

}  // namespace

std::optional<net::Prefix> prefix_of(const InterfaceAddress& address) {
  const auto parsed =
      net::Prefix::parse(address.address + '/' + std::to_string(address.prefix_length));
  if (!parsed) return std::nullopt;
  return parsed->canonical();
}

bool can_enforce(const Eni& eni) {
  const bool is_one_vlan = eni.vlan != 0 && eni.trunk == eni.ifname;
  const bool is_bridged = eni.is_guest && eni.is_port;
  return !eni.is_declared() && !is_bridged && !is_one_vlan && eni.network_namespace.empty();
}

Network::InterfacePlan::InterfacePlan(Change& change, const Config& config, Time now)
    : change_(change),
      config_(config),
      now_(now),
      default_vpc_id_(default_vpc_of(change.state()).id) {}

const Eni* Network::InterfacePlan::known_eni(const std::string& id) const {
  const auto known = change_.state().enis.find(id);
  return known == change_.state().enis.end() ? nullptr : &known->second;
}

void Network::InterfacePlan::put_devices(const std::vector<HostInterface>& interfaces) {
  std::set<std::string> present;
  int index = 0;
  for (const HostInterface& interface : interfaces) {
    Eni eni = eni_for(interface, index++);
    present.insert(eni.id);
    const Eni* known = known_eni(eni.id);
    if (known == nullptr || *known != eni) change_.put(std::move(eni));
  }
  forget_devices_but(present);
}

Eni Network::InterfacePlan::eni_for(const HostInterface& interface, int index) {
  const InterfaceSetting& setting = interface.setting;
  Eni eni;
  eni.id = setting.eni;
  const Eni* known = known_eni(eni.id);
  eni.scope = change_.scope();
  eni.ifname = interface.name;
  eni.description = description_of(interface);
  eni.mac = interface.mac;
  eni.network_namespace = interface.network_namespace;
  eni.trunk = interface.trunk;
  eni.vlan = interface.vlan;
  eni.is_guest = setting.is_guest;
  eni.is_tunnel = interface.is_tunnel;
  eni.is_port = interface.is_port;
  eni.is_default_route = interface.is_default_route && !setting.is_guest;
  take_addresses(eni, interface, known);

  std::string instance = config_.machine_id;
  if (!eni.network_namespace.empty()) instance += "/netns/" + eni.network_namespace;
  if (eni.is_guest) instance = eni.id;
  eni.instance_id = setting.instance.empty() ? stable_id("i-", instance) : setting.instance;
  eni.attachment_id = stable_id("eni-attach-", eni.id);
  eni.device_index = index;
  eni.attached = known != nullptr ? known->attached : now_;
  eni.tags = with_settings(known != nullptr ? known->tags : Tags{}, setting.tags, setting.name);
  // A guest's address is not connected to anything here: no subnet stands for it alone.
  const bool makes_subnet = !eni.is_guest && setting.addresses.empty();
  place(eni, {setting.vpc, setting.subnet, makes_subnet});
  return eni;
}

void Network::InterfacePlan::take_addresses(Eni& eni, const HostInterface& interface,
                                            const Eni* known) const {
  if (!interface.setting.addresses.empty()) {
    for (const std::string& text : interface.setting.addresses) {
      eni.addresses.push_back(address_of_setting(text));
    }
  } else if (eni.is_guest) {
    eni.addresses = learnt(interface.guest_addresses, known);
  } else {
    eni.addresses = interface.addresses;
  }
  set_primaries(eni);
}

/// Puts the ENI into its VPC and subnet, and into the groups that it has there.
void Network::InterfacePlan::place(Eni& eni, const Wish& wish) {
  eni.vpc_id = vpc_for(eni, wish);
  const Subnet subnet = subnet_for(eni, wish);
  eni.subnet_id = subnet.id;
  eni.availability_zone = subnet.availability_zone;
  eni.availability_zone_id = subnet.availability_zone_id;
  apply_attributes(eni, change_.state());
}

/// The named VPC, else the configured one with the smallest block that holds an address, else the
/// default VPC.
std::string Network::InterfacePlan::vpc_for(const Eni& eni, const Wish& wish) const {
  if (change_.scope() != config_.host_scope) return default_vpc_id_;
  for (const VpcSetting& setting : config_.vpcs) {
    if (setting.name == wish.vpc) return id_of(setting);
  }
  for (const InterfaceAddress& entry : eni.addresses) {
    const auto address = net::Address::parse(entry.address);
    const VpcSetting* best = nullptr;
    unsigned best_length = 0;
    for (const VpcSetting& setting : config_.vpcs) {
      for (const std::string& cidr : setting.cidr) {
        const auto block = net::Prefix::parse(cidr);
        if (!address || !block || !block->contains(*address)) continue;
        if (best != nullptr && block->length() <= best_length) continue;
        best = &setting;
        best_length = block->length();
      }
    }
    if (best != nullptr) return id_of(*best);
  }
  return default_vpc_id_;
}

/// The named subnet, else the configured one around the addresses, else the one that holds the
/// primary prefix, made if there is none.
Subnet Network::InterfacePlan::subnet_for(const Eni& eni, const Wish& wish) {
  const Vpc vpc = change_.state().vpcs.find(eni.vpc_id)->second;
  if (auto named = named_subnet(vpc, wish.subnet)) return *std::move(named);
  if (auto around = subnet_around(vpc, eni)) return *std::move(around);
  const auto v4 = prefixes_of(eni.addresses, false);
  const auto v6 = prefixes_of(eni.addresses, true);
  if (v4.empty() && v6.empty()) return default_subnet(vpc);
  Subnet subnet = find_or_make(vpc, v4.empty() ? v6.front() : v4.front(), wish);
  if (!wish.makes_subnet) return subnet;
  for (const net::Prefix& prefix : v6) {
    const bool is_known = std::any_of(
        subnet.ipv6_associations.begin(), subnet.ipv6_associations.end(), [&](const auto& known) {
          const auto block = net::Prefix::parse(known.ipv6_cidr_block);
          return block && block->contains(prefix);
        });
    if (is_known) continue;
    const std::string cidr = prefix.to_string();
    subnet.ipv6_associations.push_back(
        {stable_id("subnet-cidr-assoc-", subnet.id + cidr), cidr, {}});
  }
  put_if_changed(subnet);
  return subnet;
}

Eni Network::InterfacePlan::put_declared(const std::string& id, const DeclaredInterface& declared) {
  const Eni* known = known_eni(id);
  Eni eni;
  eni.id = id;
  eni.scope = change_.scope();
  eni.declared_key = declared.key;
  eni.description = declared.description;
  eni.addresses = declared.addresses;
  set_primaries(eni);
  eni.instance_id = declared_instance(change_.scope(), declared);
  eni.attachment_id = stable_id("eni-attach-", id);
  eni.attached = known != nullptr ? known->attached : now_;
  eni.tags = with_settings(known != nullptr ? known->tags : Tags{}, {}, declared.name);
  place(eni, {.vpc = {}, .subnet = {}, .makes_subnet = false});
  if (known == nullptr || *known != eni) change_.put(eni);
  return eni;
}

void Network::InterfacePlan::place_declared() {
  std::vector<Eni> declared;
  for (const auto& [id, eni] : change_.state().enis) {
    if (eni.is_declared()) declared.push_back(eni);
  }
  for (Eni& eni : declared) {
    const Eni before = eni;
    place(eni, {.vpc = {}, .subnet = {}, .makes_subnet = false});
    if (eni != before) change_.put(std::move(eni));
  }
}

void Network::InterfacePlan::forget_devices_but(const std::set<std::string>& present) {
  std::vector<std::string> gone;
  for (const auto& [id, eni] : change_.state().enis) {
    if (!eni.is_declared() && !present.contains(id)) gone.push_back(id);
  }
  for (const std::string& id : gone) change_.erase<Eni>(id);
}

/// Makes the configured VPCs and subnets, if that was not done yet, and nothing where neither they
/// nor earlier ones are.
Result<void> Network::take_settings() {
  if (config_.vpcs.empty() && !impl_->find(config_.host_scope)) return {};
  Change change(*impl_, config_.host_scope);
  InterfacePlan plan(change, config_, impl_->runtime.now());
  plan.put_settings();
  plan.place_declared();
  plan.tidy();
  return change.commit_anyway();
}

Result<void> Network::set_interfaces(std::vector<HostInterface> interfaces) {
  if (interfaces.size() > kInterfacesMax) {
    log::warn("too many network interfaces, the rest is not watched",
              {{"found", interfaces.size()}, {"watched", kInterfacesMax}});
    interfaces.resize(kInterfacesMax);
  }
  Change change(*impl_, config_.host_scope);
  impl_->interfaces = interfaces;
  set_ids(interfaces, config_.machine_id);
  InterfacePlan plan(change, config_, impl_->runtime.now());
  plan.put_settings();
  plan.put_devices(interfaces);
  plan.tidy();
  return change.commit_anyway();
}

Result<void> Network::refresh_interfaces() {
  const std::lock_guard lock(impl_->refreshing);
  WEIR_TRY(auto found, find_interfaces(config_.interfaces));
  return set_interfaces(std::move(found));
}

Result<Eni> Network::declare_interface(const Scope& scope, const DeclaredInterface& declared) {
  constexpr std::size_t kTextMax = 255;
  if (declared.key.empty() || declared.key.size() > kTextMax || declared.name.size() > kTextMax ||
      declared.description.size() > kTextMax) {
    return Error{ErrorKind::invalid, "InvalidParameterValue",
                 "an interface is declared with a key, and texts of at most 255 bytes"};
  }
  const std::string id = stable_id("eni-", scope.key() + "declared/" + declared.key);
  WEIR_TRY(const Snapshot now, state(scope));
  const auto known = now->enis.find(id);
  if (known != now->enis.end()) {
    if (says(known->second, declared, scope)) return known->second;
  } else {
    const auto count = std::count_if(now->enis.begin(), now->enis.end(),
                                     [](const auto& item) { return item.second.is_declared(); });
    if (static_cast<std::size_t>(count) >= kDeclaredMax) {
      return Error{ErrorKind::limit, "NetworkInterfaceLimitExceeded",
                   "There are already " + std::to_string(kDeclaredMax) +
                       " interfaces of exporters; delete some that are not needed."};
    }
  }
  Change change(*impl_, scope);
  InterfacePlan plan(change, config_, impl_->runtime.now());
  plan.put_settings();
  Eni eni = plan.put_declared(id, declared);
  plan.tidy();
  WEIR_CHECK(change.commit_anyway());
  return eni;
}

Result<void> Network::delete_interface(const Scope& scope, std::string_view eni_id,
                                       const Origin& origin) {
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  const auto known = change.state().enis.find(eni_id);
  if (known == change.state().enis.end()) return no_such(eni_id, "eni-");
  if (!known->second.is_declared()) {
    return Error{ErrorKind::invalid, "InvalidParameterValue",
                 "Network interface '" + std::string(eni_id) + "' is currently in use."};
  }
  if (origin.is_dry_run) return {};
  change.erase<Eni>(std::string(eni_id));
  InterfacePlan plan(change, config_, impl_->runtime.now());
  plan.put_settings();
  plan.tidy();
  return change.commit_anyway();
}

}  // namespace weir::vpc
