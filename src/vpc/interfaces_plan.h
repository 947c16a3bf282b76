// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/address.h"
#include "vpc/network.h"
#include "vpc/network_impl.h"

/// Private to the module.
namespace weir::vpc {

/// The prefix to which the address is connected; nothing if the text is none.
std::optional<net::Prefix> prefix_of(const InterfaceAddress& address);

/// Fits interfaces into VPCs and subnets: in a change of one scope, makes the VPCs and subnets of
/// the configuration and those that connected prefixes stand for, places each ENI, and takes away
/// what nothing stands for any more.
class Network::InterfacePlan {
 public:
  InterfacePlan(Change& change, const Config& config, Time now);

  /// The configured VPCs and subnets, before interfaces are placed.
  void put_settings();
  /// What the devices of this host are now.
  void put_devices(const std::vector<HostInterface>& interfaces);
  /// An interface elsewhere.
  Eni put_declared(const std::string& id, const DeclaredInterface& declared);
  /// Those that are known, into the VPCs as they are now.
  void place_declared();
  /// After interfaces were placed or went: subnets, VPCs, their blocks and free addresses.
  void tidy();

 private:
  /// Where an interface goes: by what it says itself, else by its addresses.
  struct Wish {
    std::string vpc;  // names of the configuration, "": by the addresses
    std::string subnet;
    bool makes_subnet = true;  // of a connected prefix that lies in no subnet
  };

  template <class T>
  void put_if_changed(T value);
  const VpcSetting* setting_of(const std::string& vpc_id) const;
  std::string id_of(const VpcSetting& setting) const;
  std::string zone() const { return config_.host_zone; }

  void put_vpc(const VpcSetting& setting);
  void put_subnet(const Vpc& vpc, const SubnetSetting& setting);
  void associate(const Subnet& subnet);
  void erase_subnet(const std::string& id);
  void erase_vpc(const std::string& id);
  bool is_vpc_used(const std::string& id) const;

  Eni eni_for(const HostInterface& interface, int index);
  void take_addresses(Eni& eni, const HostInterface& interface, const Eni* known) const;
  void place(Eni& eni, const Wish& wish);
  std::string vpc_for(const Eni& eni, const Wish& wish) const;
  Subnet subnet_for(const Eni& eni, const Wish& wish);
  std::optional<Subnet> named_subnet(const Vpc& vpc, const std::string& name) const;
  std::optional<Subnet> subnet_around(const Vpc& vpc, const Eni& eni) const;
  Subnet default_subnet(const Vpc& vpc);
  Subnet find_or_make(const Vpc& vpc, const net::Prefix& primary, const Wish& wish);
  Subnet make_subnet(const Vpc& vpc, std::string_view cidr);
  const Eni* known_eni(const std::string& id) const;

  void forget_devices_but(const std::set<std::string>& present);
  void forget_unused_subnets();
  bool is_used(const std::string& subnet_id) const;
  void forget_unused_vpcs();
  void count_addresses();
  void put_blocks();
  void put_blocks(Vpc vpc);

  Change& change_;
  const Config& config_;
  const Time now_;
  const std::string default_vpc_id_;
  std::set<std::string> configured_subnets_;
};

template <class T>
void Network::InterfacePlan::put_if_changed(T value) {
  const auto& map = change_.state().*Table<T>::kMap;
  const auto known = map.find(value.id);
  if (known != map.end() && to_json_text(known->second) == to_json_text(value)) return;
  change_.put(std::move(value));
}

/// `tags` with those of the configuration put over them; a name becomes the tag Name.
Tags with_settings(Tags tags, const TagSettings& settings, const std::string& name);

}  // namespace weir::vpc
