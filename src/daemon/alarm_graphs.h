// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "alarms/alarms.h"
#include "base/result.h"
#include "base/runtime.h"
#include "metric_math/program.h"
#include "metrics/metrics.h"
#include "store/kv_store.h"
#include "widgets/widgets.h"
#include "wire/http.h"

namespace weir::daemon {

/// Pictures of what an alarm watches, around the moment of a change, under links that mails carry.
/// Who has the link sees that picture, without an access key: it holds a MAC by a key of this
/// installation over the alarm and the moment, so no other picture can be had by changing it.
///
/// Threads: any.
class AlarmGraphs {
 public:
  static constexpr std::string_view kPath = "/_weir/alarm-graph";
  /// What a picture shows around the change; nothing of the future.
  static constexpr Duration kBefore = std::chrono::hours(2);
  static constexpr Duration kAfter = std::chrono::hours(1);

  /// All must outlive this. `endpoint`: the daemon's URL.
  AlarmGraphs(Runtime& runtime, store::KvStore& store, const metrics::Metrics& metrics,
              const alarms::Alarms& alarms, metric_math::Sources sources, std::string endpoint)
      : runtime_(runtime),
        store_(store),
        widgets_(metrics, alarms, sources),
        endpoint_(std::move(endpoint)) {}

  /// For an alarm's message (JSON as SNS carries it); "" if it is none.
  std::string url(std::string_view message);
  /// The picture of such a link, or why there is none.
  wire::HttpResponse answer(const wire::HttpRequest& request);

 private:
  Result<std::string> mac(std::string_view alarm, std::string_view moment);
  Result<std::string> secret();

  Runtime& runtime_;
  store::KvStore& store_;
  widgets::Widgets widgets_;
  const std::string endpoint_;
  std::mutex making_secret_;
};

}  // namespace weir::daemon
