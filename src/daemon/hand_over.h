// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "alarms/alarms.h"
#include "delivery/delivery.h"
#include "logs/types.h"
#include "metrics/metrics.h"
#include "notify/notify.h"

/// Where one stage ends and the next begins. Both receivers know ids that they have seen, so
/// whoever hands over may do it again after a crash.
namespace weir::daemon {

/// Log events -> metrics: what metric filters found. `metrics` outlives the sink.
logs::MetricSink metric_sink(metrics::Metrics& metrics);

/// Packets that an interface lost -> metric PacketsLost, dimension InterfaceId, in `Weir/FlowLogs`.
void publish_packets_lost(Runtime& runtime, metrics::Metrics& metrics, const Scope& scope,
                          const std::string& interface_id, std::uint64_t packets);

/// Alarms -> notifications: actions on SNS topics; any other action is refused for good and shows
/// in the alarm's history. `notify` outlives the sink.
alarms::ActionSink action_sink(notify::Notify& notify);

/// Lost flow records -> metrics: `RecordsLost` in the namespace `Weir/FlowLogs` by FlowLogId, once
/// with and once without InterfaceId. `runtime` and `metrics` outlive the sink.
delivery::Delivery::LossSink loss_sink(Runtime& runtime, metrics::Metrics& metrics);

}  // namespace weir::daemon
