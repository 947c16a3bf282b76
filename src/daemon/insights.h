// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/config.h"
#include "insights/executions.h"
#include "vpc/network.h"

namespace weir::daemon {

insights::Executions::Config insights_config(const Config& config);
/// Queries know the record format of a group from the flow logs that are delivered to it. `network`
/// outlives what is made with it.
insights::Executions::Context insights_context(vpc::Network& network);

}  // namespace weir::daemon
