// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "daemon/config.h"
#include "daemon/traffic.h"
#include "vpc/network.h"

namespace weir::daemon {

/// The interfaces that are to be captured: this host's ENIs with what their records say about
/// themselves and the smallest aggregation interval of the flow logs that cover them.
Result<std::vector<Traffic::Interface>> captured_interfaces(vpc::Network& network);

/// The meter's settings in the configuration.
flow::Meter::Config meter_config(const Config& config);

}  // namespace weir::daemon
