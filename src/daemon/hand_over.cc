// SPDX-License-Identifier: Apache-2.0
#include "daemon/hand_over.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/log.h"

namespace weir::daemon {
namespace {

/// One second, so that alarms with periods below a minute work on metric filters too.
constexpr int kStorageResolution = 1;
constexpr std::size_t kPutDataMax = 1000;  // PutMetricData

metrics::Datum datum_of(const logs::MetricValue& value) {
  metrics::Datum datum;
  datum.metric_name = value.metric_name;
  for (const auto& [name, text] : value.dimensions) datum.dimensions.push_back({name, text});
  datum.values = {value.value};
  datum.counts = {value.count};
  if (!value.unit.empty()) datum.unit = value.unit;
  datum.timestamp = value.timestamp;
  datum.storage_resolution = kStorageResolution;
  return datum;
}

/// One datum after the other: one that the metrics refuse (its time is two weeks ago by now, say)
/// does not take the others along.
Result<void> put_singly(metrics::Metrics& metrics, const Scope& scope, const std::string& name,
                        const std::vector<metrics::Datum>& data, const std::string& batch_id) {
  static Counter& refused = counter("weir_logs_metric_values_refused_total",
                                    "Metric values of log events that the metric store refused.");
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto put = metrics.put(scope, name, {data[i]}, batch_id + "/single/" + std::to_string(i));
    if (put) continue;
    if (put.error().kind != ErrorKind::invalid) return put;
    refused.add();
    log::warn("a metric value of log events is refused, dropped",
              {{"namespace", name}, {"error", put.error().message}});
  }
  return {};
}

/// A batch of events can give more data than one put takes. Each part is idempotent by its id.
Result<void> put_in_parts(metrics::Metrics& metrics, const Scope& scope, const std::string& name,
                          const std::vector<metrics::Datum>& data, const std::string& batch_id) {
  for (std::size_t from = 0; from < data.size(); from += kPutDataMax) {
    const std::size_t to = std::min(data.size(), from + kPutDataMax);
    const std::vector<metrics::Datum> part(data.begin() + static_cast<std::ptrdiff_t>(from),
                                           data.begin() + static_cast<std::ptrdiff_t>(to));
    const std::string id = from == 0 ? batch_id : batch_id + '/' + std::to_string(from);
    const auto put = metrics.put(scope, name, part, id);
    if (put) continue;
    if (put.error().kind != ErrorKind::invalid) return put;
    WEIR_CHECK(put_singly(metrics, scope, name, part, id));
  }
  return {};
}

// An alarm's changes stay in order, those of different alarms do not wait for each other. AWS does
// not say which group its alarms use. A group id is up to 128 printable characters without blanks.
std::string message_group(const std::string& alarm_name) {
  constexpr std::size_t kGroupMax = 128;
  const bool is_fit = alarm_name.size() <= kGroupMax &&
                      std::ranges::all_of(alarm_name, [](char c) { return c > 0x20 && c < 0x7f; });
  return is_fit ? alarm_name : notify::sha256_hex(alarm_name);
}

metrics::Datum loss_datum(Runtime& runtime, const char* name, std::uint64_t count) {
  metrics::Datum datum;
  datum.metric_name = name;
  datum.unit = "Count";
  datum.values = {static_cast<double>(count)};
  datum.counts = {1};
  datum.timestamp = runtime.now();
  datum.storage_resolution = kStorageResolution;
  return datum;
}

void publish_loss(Runtime& runtime, metrics::Metrics& metrics, const Scope& scope,
                  const std::vector<metrics::Datum>& data) {
  const auto put = metrics.put(scope, "Weir/FlowLogs", data, runtime.uuid());
  if (!put) log::warn("cannot publish a loss", {{"error", put.error().message}});
}

}  // namespace

logs::MetricSink metric_sink(metrics::Metrics& metrics) {
  return [&metrics](const Scope& scope, std::string_view batch,
                    std::span<const logs::MetricValue> values) -> Result<void> {
    std::map<std::string, std::vector<metrics::Datum>> by_namespace;
    for (const auto& value : values)
      by_namespace[value.metric_namespace].push_back(datum_of(value));
    for (const auto& [name, data] : by_namespace) {
      WEIR_CHECK(put_in_parts(metrics, scope, name, data, std::string(batch) + '/' + name));
    }
    return {};
  };
}

alarms::ActionSink action_sink(notify::Notify& notify) {
  return [&notify](const Scope& scope, const alarms::Action& action) -> Result<void> {
    const auto topic = Arn::parse(action.arn);
    if (!topic || topic->service != "sns") {
      return Error{ErrorKind::invalid, "InvalidParameterValue",
                   "Weir carries out actions on SNS topics only, not " + action.arn};
    }
    notify::Publication publication;
    publication.message = action.message;
    publication.subject = action.subject;
    publication.email_text = action.email_text;
    publication.once_key = action.id;
    if (action.arn.ends_with(".fifo")) {
      publication.group_id = message_group(action.alarm_name);
      publication.deduplication_id = action.id;
    }
    WEIR_TRY(const auto published, notify.publish(scope, action.arn, publication));
    log::debug("alarm action published",
               {{"alarm", action.alarm_name}, {"message", published.message_id}});
    return {};
  };
}

delivery::Delivery::LossSink loss_sink(Runtime& runtime, metrics::Metrics& metrics) {
  return [&runtime, &metrics](const delivery::Loss& loss) {
    metrics::Datum datum = loss_datum(runtime, "RecordsLost", loss.records);
    datum.dimensions = {{"FlowLogId", loss.flow_log_id}};
    std::vector<metrics::Datum> data = {datum};
    if (!loss.interface_id.empty()) {
      datum.dimensions.push_back({"InterfaceId", loss.interface_id});
      data.push_back(datum);
    }
    publish_loss(runtime, metrics, loss.scope, data);
  };
}

void publish_packets_lost(Runtime& runtime, metrics::Metrics& metrics, const Scope& scope,
                          const std::string& interface_id, std::uint64_t packets) {
  metrics::Datum datum = loss_datum(runtime, "PacketsLost", packets);
  datum.dimensions = {{"InterfaceId", interface_id}};
  publish_loss(runtime, metrics, scope, {datum});
}

}  // namespace weir::daemon
