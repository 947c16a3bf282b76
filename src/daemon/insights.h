// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/config.h"
#include "insights/executions.h"
#include "insights/lookup_tables.h"
#include "vpc/network.h"

namespace weir::daemon {

insights::Executions::Config insights_config(const Config& config);
/// Queries know the record format of a group from the flow logs that are delivered to it, and the
/// uploaded tables. `network` and `tables` outlive what is made with them.
insights::Executions::Context insights_context(vpc::Network& network,
                                               const insights::LookupTables& tables);

}  // namespace weir::daemon
