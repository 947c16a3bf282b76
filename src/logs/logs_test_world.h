// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logs/logs.h"
#include "logs/metric_filter.h"
#include "logs/service_metrics.h"

namespace weir::logs {

/// Virtual time, a memory store and a sink that remembers: what the tests of this module stand in.
struct TestWorld {
  struct Delivered {
    std::string batch_id;
    std::vector<MetricValue> values;
  };

  TestWorld() { start(); }

  /// Begins anew on the same store, as after a crash: nothing is told to the old object.
  void restart() {
    logs.reset();
    start();
  }
  void start() {
    MetricSink sink = [this](const Scope&, std::string_view batch_id,
                             std::span<const MetricValue> values) -> Result<void> {
      if (sink_error) return *sink_error;
      if (values.front().metric_namespace == "AWS/Logs") {
        service_values.insert(service_values.end(), values.begin(), values.end());
        return {};
      }
      delivered.push_back({std::string(batch_id), {values.begin(), values.end()}});
      return {};
    };
    logs = std::make_unique<Logs>(runtime, *store, std::move(sink), config);
    const auto loaded = logs->load();
    WEIR_ASSERT(loaded);
  }

  void create_group(const std::string& name = "/vpc/flow") {
    LogGroup group;
    group.name = name;
    WEIR_ASSERT(logs->create_log_group(scope, group));
  }
  void create_stream(const std::string& name = "eni-1", const std::string& group = "/vpc/flow") {
    WEIR_ASSERT(logs->create_log_stream(scope, group, name));
  }
  Result<Logs::PutResult> put(const std::vector<InputLogEvent>& events,
                              const std::string& stream = "eni-1",
                              const std::string& group = "/vpc/flow") {
    return logs->put_log_events(scope, group, stream, events);
  }
  std::int64_t now_ms() const { return runtime.now().ms; }

  /// All delivered values in the order of delivery.
  std::vector<MetricValue> values() const {
    std::vector<MetricValue> all;
    for (const Delivered& batch : delivered) {
      all.insert(all.end(), batch.values.begin(), batch.values.end());
    }
    return all;
  }

  double service_sum(std::string_view name, const std::map<std::string, std::string>& dimensions) {
    double sum = 0;
    for (const MetricValue& value : service_values) {
      if (value.metric_name == name && value.dimensions == dimensions) sum += value.value;
    }
    return sum;
  }

  SimulatedRuntime runtime{7};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope;
  Logs::Config config;
  std::vector<Delivered> delivered;         // but for the service's own
  std::vector<MetricValue> service_values;  // of the namespace AWS/Logs
  std::optional<Error> sink_error;
  std::unique_ptr<Logs> logs;
};

}  // namespace weir::logs
