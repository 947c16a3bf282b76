// SPDX-License-Identifier: Apache-2.0
#include "vpc/interfaces.h"

#include <fnmatch.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>

#include "base/fnv.h"
#include "base/network_namespace.h"
#include "net/address.h"
#include "vpc/interfaces_netlink.h"

namespace weir::vpc {
namespace {

constexpr std::size_t kGuestAddressesMax = 256;  // of one guest; more are not learnt

/// The finaliser of SplitMix64: every input bit reaches every output bit.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// The longest of the prefixes that hold the address, else its own length.
int prefix_length_for(const std::string& text, const std::vector<InterfaceAddress>& connected) {
  const auto address = net::Address::parse(text);
  int longest = -1;
  for (const InterfaceAddress& entry : connected) {
    const auto prefix =
        net::Prefix::parse(entry.address + '/' + std::to_string(entry.prefix_length));
    if (address && prefix && prefix->contains(*address)) {
      longest = std::max(longest, entry.prefix_length);
    }
  }
  if (longest >= 0) return longest;
  return address && address->is_v6() ? 128 : 32;
}

/// Who is behind the device: its neighbours, or those of its bridge whose MAC is behind this port.
std::vector<InterfaceAddress> guests_behind(unsigned index, const NetlinkTables& tables) {
  const NetlinkDevice& device = tables.devices.at(index);
  std::set<std::string> macs;
  std::set<std::string> found;
  for (const NetlinkNeighbour& neighbour : tables.neighbours) {
    if (neighbour.device_index != index) continue;
    if (neighbour.address.empty()) macs.insert(neighbour.mac);
    if (!neighbour.address.empty()) found.insert(neighbour.address);
  }
  std::vector<InterfaceAddress> connected = device.interface.addresses;
  if (const auto bridge = tables.devices.find(device.master_index);
      bridge != tables.devices.end()) {
    connected = bridge->second.interface.addresses;
    for (const NetlinkNeighbour& neighbour : tables.neighbours) {
      const bool is_behind = neighbour.device_index == device.master_index &&
                             !neighbour.address.empty() && macs.contains(neighbour.mac);
      if (is_behind) found.insert(neighbour.address);
    }
  }
  std::vector<InterfaceAddress> guests;
  for (const std::string& address : found) {
    if (guests.size() >= kGuestAddressesMax) break;
    guests.push_back({address, prefix_length_for(address, connected)});
  }
  return guests;
}

bool is_automatic(const HostInterface& interface) {
  return interface.is_up && !interface.is_loopback && !interface.addresses.empty();
}

bool has_address_in(const HostInterface& interface, const std::string& cidr) {
  const auto block = net::Prefix::parse(cidr);
  return std::any_of(interface.addresses.begin(), interface.addresses.end(),
                     [&](const InterfaceAddress& entry) {
                       const auto address = net::Address::parse(entry.address);
                       return block && address && block->contains(*address);
                     });
}

/// How well an entry fits a device.
enum class Fit : std::uint8_t { none, pattern, block, name };

Fit fit_of(const InterfaceSetting& setting, const HostInterface& interface) {
  if (setting.network_namespace != interface.network_namespace) return Fit::none;
  if (!setting.cidr.empty() && !has_address_in(interface, setting.cidr)) return Fit::none;
  if (setting.device == interface.name) return Fit::name;
  const bool is_any = setting.device.empty() || setting.device == "*";
  if (!setting.cidr.empty() && is_any) return interface.is_loopback ? Fit::none : Fit::block;
  if (is_any) return is_automatic(interface) ? Fit::pattern : Fit::none;
  const bool fits =
      !interface.is_loopback && ::fnmatch(setting.device.c_str(), interface.name.c_str(), 0) == 0;
  return fits ? Fit::pattern : Fit::none;
}

HostInterface chosen(const HostInterface& interface, const InterfaceSetting& setting) {
  HostInterface one = interface;
  one.setting = setting;
  if (setting.vlan == 0) return one;
  one.vlan = setting.vlan;
  one.trunk = interface.name;
  one.addresses.clear();  // they belong to the untagged traffic
  return one;
}

}  // namespace

Result<std::vector<HostInterface>> discover_interfaces(const std::string& network_namespace) {
  std::optional<Result<NetlinkTables>> answer;
  WEIR_CHECK(in_network_namespace(network_namespace, [&] { answer = read_netlink_tables(); }));
  WEIR_TRY(NetlinkTables tables, *std::move(answer));
  std::vector<HostInterface> interfaces;
  for (const auto& [index, device] : tables.devices) {
    HostInterface interface = device.interface;
    interface.network_namespace = network_namespace;
    interface.is_default_route = index == tables.default_route_index;
    interface.guest_addresses = guests_behind(index, tables);
    interface.is_port = device.master_index != 0;
    const auto trunk = tables.devices.find(device.trunk_index);
    if (trunk != tables.devices.end()) interface.trunk = trunk->second.interface.name;
    interfaces.push_back(std::move(interface));
  }
  std::sort(interfaces.begin(), interfaces.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return interfaces;
}

std::vector<HostInterface> choose_interfaces(const std::vector<HostInterface>& all,
                                             const std::vector<InterfaceSetting>& settings) {
  static const std::vector<InterfaceSetting> kAutomatic = {{.device = "*"}};
  std::vector<HostInterface> found;
  for (const HostInterface& interface : all) {
    const InterfaceSetting* best = nullptr;
    Fit best_fit = Fit::none;
    for (const InterfaceSetting& setting : settings.empty() ? kAutomatic : settings) {
      const Fit fit = fit_of(setting, interface);
      if (fit == Fit::none) continue;
      if (setting.vlan != 0) {
        found.push_back(chosen(interface, setting));
      } else if (fit > best_fit) {
        best = &setting;
        best_fit = fit;
      }
    }
    if (best != nullptr) found.push_back(chosen(interface, *best));
  }
  return found;
}

std::vector<std::string> namespaces_of(const std::vector<InterfaceSetting>& settings) {
  std::set<std::string> names;
  for (const InterfaceSetting& setting : settings) {
    if (!setting.network_namespace.empty()) names.insert(setting.network_namespace);
  }
  return {names.begin(), names.end()};
}

Result<std::vector<HostInterface>> find_interfaces(const std::vector<InterfaceSetting>& settings) {
  WEIR_TRY(std::vector<HostInterface> all, discover_interfaces());
  for (const std::string& name : namespaces_of(settings)) {
    auto more = discover_interfaces(name);
    if (!more && more.error().kind == ErrorKind::not_found) continue;
    if (!more) return more;
    all.insert(all.end(), std::make_move_iterator(more->begin()),
               std::make_move_iterator(more->end()));
  }
  return choose_interfaces(all, settings);
}

std::string read_machine_id() {
  std::ifstream file("/etc/machine-id");
  std::string id;
  std::getline(file, id);
  return id;
}

std::string stable_id(std::string_view prefix, std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  constexpr std::size_t kIdDigits = 17;
  const std::uint64_t words[] = {mixed(fnv1a(text)), mixed(fnv1a(text, 0x9e3779b97f4a7c15ULL))};
  std::string id(prefix);
  for (std::size_t i = 0; i < kIdDigits; ++i) {
    id += kDigits[(words[i / 16] >> (4 * (i % 16))) & 15];
  }
  return id;
}

}  // namespace weir::vpc
