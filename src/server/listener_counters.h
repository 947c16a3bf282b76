// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/counters.h"

namespace weir::server {

/// What the listener counts; names and texts are those of /metrics.
struct ListenerCounters {
  Counter& requests = counter("weir_http_requests_total", "Requests answered.");
  Counter& errors = counter("weir_http_errors_total", "Answers with status 500 and above.");
  Counter& busy = counter("weir_http_busy_total",
                          "Requests refused because a limit of the listener was reached.");
  Counter& garbage =
      counter("weir_http_garbage_total", "Connections closed because they sent no HTTP.");
  Counter& refused =
      counter("weir_http_connections_refused_total", "Connections beyond the limit.");
  Counter& bytes_in = counter("weir_http_body_bytes_in_total", "Bytes of request bodies.");
  Counter& bytes_out = counter("weir_http_body_bytes_out_total", "Bytes of answer bodies.");
  Gauge& connections = gauge("weir_http_connections", "Open connections.");
  Gauge& streams = gauge("weir_http_streams", "Event streams under way.");
};

}  // namespace weir::server
