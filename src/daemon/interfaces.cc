// SPDX-License-Identifier: Apache-2.0
#include "daemon/interfaces.h"

#include <algorithm>

#include "net/address.h"

namespace weir::daemon {
namespace {

net::Address address_or_none(const std::string& text) {
  const auto parsed = net::Address::parse(text);
  return parsed ? *parsed : net::Address();
}

/// The tags that other ENIs take from the frames of this one's device.
std::vector<int> vlans_elsewhere(const vpc::Eni& eni, const std::vector<vpc::Eni>& all) {
  std::vector<int> vlans;
  for (const vpc::Eni& other : all) {
    const bool is_on_it = other.vlan != 0 && other.trunk == eni.ifname &&
                          other.network_namespace == eni.network_namespace && other.id != eni.id;
    if (is_on_it) vlans.push_back(other.vlan);
  }
  return vlans;
}

/// The shortest aggregation interval; a minute if there is no flow log.
Duration window_of(const std::vector<vpc::FlowLog>& flow_logs) {
  const auto shortest =
      std::min_element(flow_logs.begin(), flow_logs.end(), [](const auto& a, const auto& b) {
        return a.max_aggregation_interval_s < b.max_aggregation_interval_s;
      });
  return std::chrono::seconds(shortest == flow_logs.end() ? 60
                                                          : shortest->max_aggregation_interval_s);
}

}  // namespace

flow::Context context_of(const vpc::Eni& eni, const vpc::ScopeState& state) {
  flow::Context context;
  context.account_id = eni.scope.account;
  context.region = eni.scope.region;
  context.interface_id = eni.id;
  context.vpc_id = eni.vpc_id;
  context.subnet_id = eni.subnet_id;
  context.instance_id = eni.instance_id;
  context.az_id = eni.availability_zone_id;
  context.is_tunnel = eni.is_tunnel;
  context.primary_v4 = address_or_none(eni.primary_v4);
  context.primary_v6 = address_or_none(eni.primary_v6);
  for (const auto& own : eni.addresses) context.addresses.push_back(address_or_none(own.address));
  if (const auto vpc = state.vpcs.find(eni.vpc_id); vpc != state.vpcs.end()) {
    for (const auto& association : vpc->second.cidr_associations) {
      if (const auto prefix = net::Prefix::parse(association.cidr_block))
        context.vpc_prefixes.push_back(*prefix);
    }
  }
  return context;
}

Result<std::vector<Traffic::Interface>> captured_interfaces(vpc::Network& network,
                                                            bool with_others) {
  std::vector<Traffic::Interface> interfaces;
  const std::vector<vpc::Eni> all = network.host_enis();
  for (const vpc::Eni& eni : all) {
    const auto flow_logs = network.flow_logs_for(eni);
    if (flow_logs.empty() && !with_others) continue;
    WEIR_TRY(const auto state, network.state(eni.scope));
    Traffic::Interface interface;
    interface.device = eni.ifname;
    interface.context = context_of(eni, *state);
    interface.window = window_of(flow_logs);
    interface.is_guest = eni.is_guest;
    interface.network_namespace = eni.network_namespace;
    // A VLAN device has frames without a tag; on the device that carries it they have one.
    if (eni.trunk == eni.ifname) interface.vlan = eni.vlan;
    if (interface.vlan == 0) interface.vlans_elsewhere = vlans_elsewhere(eni, all);
    interfaces.push_back(std::move(interface));
  }
  return interfaces;
}

vpc::Config network_config(const Config& config) {
  vpc::Config network;
  network.host_scope = {config.account, config.region};
  network.vpcs = config.vpcs;
  network.interfaces = config.interfaces;
  network.acl_entries_max = config.acl_entries_max;
  return network;
}

Result<std::unique_ptr<vpc::InterfaceWatch>> watch_interfaces(Runtime& runtime,
                                                              const Config& config,
                                                              std::function<void()> callback) {
  vpc::InterfaceWatch::Config watch;
  watch.namespaces = vpc::namespaces_of(config.interfaces);
  watch.neighbours = std::any_of(
      config.interfaces.begin(), config.interfaces.end(),
      [](const auto& setting) { return setting.is_guest && setting.addresses.empty(); });
  return vpc::InterfaceWatch::start(runtime, std::move(watch), std::move(callback));
}

flow::Meter::Config meter_config(const Config& config) {
  flow::Meter::Config meter;
  meter.times = config.record_times == "window" ? flow::Meter::RecordTimes::window
                                                : flow::Meter::RecordTimes::packet;
  meter.nodata = config.nodata_records;
  meter.hide_unlogged = config.hide_unlogged;
  meter.flows_max = static_cast<std::size_t>(config.flows_max);
  meter.early_reject.reset();
  if (config.refused_report_delay_ms >= 0)
    meter.early_reject = Duration(config.refused_report_delay_ms);
  return meter;
}

}  // namespace weir::daemon
