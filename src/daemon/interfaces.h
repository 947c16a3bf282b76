// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "daemon/config.h"
#include "daemon/traffic.h"
#include "vpc/interfaces_watch.h"
#include "vpc/network.h"

namespace weir::daemon {

/// What the records of an interface say about itself. `state` is that of its account and region.
flow::Context context_of(const vpc::Eni& eni, const vpc::ScopeState& state);

/// The interfaces that are to be captured: this host's ENIs with what their records say about
/// themselves and the smallest aggregation interval of the flow logs that cover them.
/// `with_others`: also those that no flow log covers, with windows of a minute.
Result<std::vector<Traffic::Interface>> captured_interfaces(vpc::Network& network,
                                                            bool with_others = false);

/// What the network module takes from the configuration.
vpc::Config network_config(const Config& config);

/// Follows devices, addresses, routes and network namespaces as the kernel reports them:
/// `callback` runs within about a tenth of a second of a change, on a thread of its own. Error: why
/// the kernel cannot be followed; then only looking again from time to time helps.
Result<std::unique_ptr<vpc::InterfaceWatch>> watch_interfaces(Runtime& runtime,
                                                              const Config& config,
                                                              std::function<void()> callback);

/// The meter's settings in the configuration.
flow::Meter::Config meter_config(const Config& config);

}  // namespace weir::daemon
