// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/counters.h"
#include "base/result.h"
#include "delivery/subscription.h"
#include "logs/logs.h"

namespace weir::delivery {

/// Flow records as log events. Creates group and stream with the first ones.
class LogWriter {
 public:
  explicit LogWriter(logs::Logs& logs) : logs_(logs) {}

  /// Returns how many lines the group refuses for good, for their time. Error: some of the lines
  /// may have arrived.
  Result<std::uint64_t> put(const Subscription& flow_log, const std::string& stream,
                            std::span<const Line> lines);

 private:
  Result<std::uint64_t> put_batch(const Subscription& flow_log, const std::string& stream,
                                  std::span<const logs::InputLogEvent> events);

  logs::Logs& logs_;
  Counter& rejected_ =
      counter("weir_delivery_events_rejected_total",
              "Flow records that CloudWatch Logs refuses as too old, too new or expired.");
};

}  // namespace weir::delivery
