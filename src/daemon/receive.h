// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/runtime.h"
#include "collect/collector.h"
#include "collect/receiver.h"
#include "daemon/config.h"
#include "server/router.h"
#include "vpc/interfaces.h"

namespace weir::daemon {

/// Puts a delivery into a log group.
using Receive = std::function<collect::Receiver::Answer(std::string_view log_group,
                                                        const collect::Receiver::Request& request)>;

/// `POST /_weir/receive/<log-group>`, the address for an HTTP endpoint destination of Amazon Data
/// Firehose and for whatever forwards CloudWatch Logs subscription payloads. The rest of the path
/// is the log group, percent-decoded (`/_weir/receive/%2Fvpc%2Fflow` and `/_weir/receive//vpc/flow`
/// are
/// `/vpc/flow`).
///
/// The access key comes in X-Amz-Firehose-Access-Key or as `Authorization: Bearer <key>`; it is
/// checked before the body is read, and without `access_key` everything is refused (403). Bodies of
/// up to 64 MiB, gzip or not, as Firehose sends them.
server::RawRoute receive_route(const Runtime& runtime, std::string access_key, Receive receive);

/// The flow collectors that the configuration names; none if `listen` is empty.
collect::Collector::Config collector_config(const Config& config);

/// What the network module is told of an exporter's interface.
vpc::DeclaredInterface declared(const collect::ExporterInterface& interface);

}  // namespace weir::daemon
