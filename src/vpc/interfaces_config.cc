// SPDX-License-Identifier: Apache-2.0
#include "vpc/interfaces_config.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "net/address.h"

namespace weir::vpc {
namespace {

constexpr std::string_view kPatternSigns = "*?[";

Error wrong(std::string message) {
  return {ErrorKind::invalid, "InvalidConfiguration", std::move(message)};
}

Result<std::vector<net::Prefix>> blocks_of(const std::vector<std::string>& texts,
                                           const std::string& where) {
  std::vector<net::Prefix> blocks;
  for (const std::string& text : texts) {
    const auto block = net::Prefix::parse(text);
    if (!block) return wrong(where + ": '" + text + "' is no CIDR block such as 10.1.0.0/16");
    if (block->canonical() != *block) {
      return wrong(where + ": '" + text + "' has host bits, did you mean '" +
                   block->canonical().to_string() + "'?");
    }
    blocks.push_back(*block);
  }
  if (blocks.empty()) return wrong(where + ": a cidr is missing");
  return blocks;
}

Result<void> check_subnet(const VpcSetting& vpc, const SubnetSetting& subnet,
                          const std::vector<net::Prefix>& vpc_blocks, std::set<std::string>& seen) {
  const std::string where = "vpcs: subnet " +
                            (subnet.name.empty() ? std::string("without name") : subnet.name) +
                            " of " + vpc.name;
  WEIR_TRY(const auto blocks, blocks_of(subnet.cidr, where));
  int v4 = 0;
  for (const net::Prefix& block : blocks) {
    v4 += block.is_v4() ? 1 : 0;
    const bool is_inside = std::any_of(vpc_blocks.begin(), vpc_blocks.end(),
                                       [&](const auto& outer) { return outer.contains(block); });
    if (!is_inside) {
      return wrong(where + ": " + block.to_string() + " lies in no cidr of its VPC");
    }
    if (!seen.insert(block.to_string()).second) {
      return wrong(where + ": " + block.to_string() + " belongs to two subnets");
    }
  }
  if (v4 > 1) return wrong(where + ": a subnet has at most one IPv4 block");
  if (!subnet.name.empty() && !seen.insert(subnet.name).second) {
    return wrong(where + ": the name is there twice");
  }
  return {};
}

Result<void> check_vpcs(const std::vector<VpcSetting>& vpcs) {
  std::set<std::string> names;
  std::set<std::string> blocks_seen;
  for (const VpcSetting& vpc : vpcs) {
    if (!names.insert(vpc.name).second) return wrong("vpcs: '" + vpc.name + "' is there twice");
    WEIR_TRY(const auto blocks, blocks_of(vpc.cidr, "vpcs: " + vpc.name));
    if (std::none_of(blocks.begin(), blocks.end(), [](const auto& b) { return b.is_v4(); })) {
      return wrong("vpcs: " + vpc.name + ": a VPC has at least one IPv4 block");
    }
    for (const net::Prefix& block : blocks) {
      if (!blocks_seen.insert(block.to_string()).second) {
        return wrong("vpcs: " + vpc.name + ": " + block.to_string() +
                     " is there twice; addresses could not tell the VPC");
      }
    }
    std::set<std::string> subnets_seen;
    for (const SubnetSetting& subnet : vpc.subnets) {
      WEIR_CHECK(check_subnet(vpc, subnet, blocks, subnets_seen));
    }
  }
  return {};
}

Result<void> check_place(const std::vector<VpcSetting>& vpcs, const InterfaceSetting& setting,
                         const std::string& where) {
  if (setting.vpc.empty()) {
    if (setting.subnet.empty()) return {};
    return wrong(where + ": a subnet needs its vpc");
  }
  std::vector<std::string_view> names;
  for (const VpcSetting& vpc : vpcs) names.push_back(vpc.name);
  const auto vpc = std::find_if(vpcs.begin(), vpcs.end(),
                                [&](const VpcSetting& one) { return one.name == setting.vpc; });
  if (vpc == vpcs.end()) {
    std::string message = where + ": there is no VPC '" + setting.vpc + "' under vpcs";
    if (const auto near = nearest_name(setting.vpc, names); !near.empty()) {
      message += ", did you mean '" + near + "'?";
    }
    return wrong(std::move(message));
  }
  if (setting.subnet.empty()) return {};
  const bool is_known =
      std::any_of(vpc->subnets.begin(), vpc->subnets.end(), [&](const SubnetSetting& subnet) {
        return subnet.name == setting.subnet || std::find(subnet.cidr.begin(), subnet.cidr.end(),
                                                          setting.subnet) != subnet.cidr.end();
      });
  if (is_known) return {};
  return wrong(where + ": VPC '" + vpc->name + "' has no subnet '" + setting.subnet + "'");
}

Result<void> check_interface(const std::vector<VpcSetting>& vpcs, const InterfaceSetting& setting,
                             const std::string& where) {
  if (setting.device.empty() && setting.cidr.empty() && setting.network_namespace.empty()) {
    return wrong(where + ": say which by device, cidr or namespace");
  }
  if (!setting.cidr.empty()) WEIR_CHECK(blocks_of({setting.cidr}, where));
  for (const std::string& text : setting.addresses) {
    if (!net::Prefix::parse(text) && !net::Address::parse(text)) {
      return wrong(where + ": '" + text + "' is no address such as 10.1.2.5 or 10.1.2.5/24");
    }
  }
  const bool is_one =
      !setting.device.empty() && setting.device.find_first_of(kPatternSigns) == std::string::npos;
  if (!is_one && (!setting.eni.empty() || !setting.addresses.empty())) {
    return wrong(where + ": eni and addresses need the exact name of the device");
  }
  return check_place(vpcs, setting, where);
}

}  // namespace

Shape SubnetSetting::shape() {
  using S = SubnetSetting;
  static constexpr Member members[] = {
      optional<&S::name>("name"),
      required<&S::cidr>("cidr", items(1, 16)),
      optional<&S::zone>("zone", pattern("[a-z]?")),
      optional<&S::tags>("tags"),
  };
  return {"Subnet", members};
}

Shape VpcSetting::shape() {
  using S = VpcSetting;
  static constexpr Member members[] = {
      required<&S::name>("name", length(1, 255)),
      required<&S::cidr>("cidr", items(1, 16)),
      optional<&S::subnets>("subnets", items(0, 200)),
      optional<&S::tags>("tags"),
  };
  return {"Vpc", members};
}

Shape InterfaceSetting::shape() {
  using S = InterfaceSetting;
  static constexpr Member members[] = {
      optional<&S::device>("device", pattern("[^/]{0,255}")),
      optional<&S::network_namespace>("namespace", pattern("[^/.][^/]{0,254}|")),
      optional<&S::cidr>("cidr"),
      optional<&S::vlan>("vlan", range(0, 4094)),
      optional<&S::is_guest>("guest"),
      optional<&S::name>("name", length(0, 255)),
      optional<&S::vpc>("vpc"),
      optional<&S::subnet>("subnet"),
      optional<&S::instance>("instance", pattern("(i-[0-9a-f]{8,17})?")),
      optional<&S::eni>("eni", pattern("(eni-[0-9a-f]{8,17})?")),
      optional<&S::addresses>("addresses", items(0, 256)),
      optional<&S::tags>("tags"),
  };
  return {"Interface", members};
}

Result<void> check_settings(const std::vector<VpcSetting>& vpcs,
                            const std::vector<InterfaceSetting>& interfaces) {
  WEIR_CHECK(check_vpcs(vpcs));
  std::set<std::string> ids;
  for (const InterfaceSetting& setting : interfaces) {
    const std::string where =
        "interfaces: " + (!setting.device.empty()              ? setting.device
                          : !setting.network_namespace.empty() ? setting.network_namespace
                          : !setting.cidr.empty()              ? setting.cidr
                                                               : std::string("an entry"));
    WEIR_CHECK(check_interface(vpcs, setting, where));
    if (!setting.eni.empty() && !ids.insert(setting.eni).second) {
      return wrong(where + ": " + setting.eni + " belongs to two entries");
    }
  }
  return {};
}

}  // namespace weir::vpc
