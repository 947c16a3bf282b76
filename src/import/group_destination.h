// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/runtime.h"
#include "client/signed_client.h"
#include "import/destination.h"

namespace weir::import {

struct GroupOptions {
  std::string log_group;
  std::string stream_prefix;  // in front of `<eni>-all`
};

/// A log group of a running daemon, by its operations ImportLogEvents and ListImports. The position
/// in each source is kept by the daemon together with the events, so that each record is there
/// exactly once, however often the import is stopped.
///
/// Stream: `<interface-id>-all` as delivery names it (VPC User Guide); without an interface the
/// resource (a regional NAT gateway), else the stream the record came from, else `imported`.
/// Timestamp: start of the record, else its end, else the time of the log event around it.
///
/// `client` is for the service `weir` of the daemon; it and `runtime` must outlive the destination.
std::unique_ptr<Destination> group_destination(Runtime& runtime, client::SignedClient& client,
                                               GroupOptions options);

}  // namespace weir::import
