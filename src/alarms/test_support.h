// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alarms/alarms.h"
#include "base/document.h"

namespace weir::alarms {

/// Alarms and metrics on virtual time and a store in memory; what the sink got is in `actions`.
struct AlarmWorld {
  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope{"123456789012", "us-east-1"};
  Config config;
  std::vector<std::pair<Time, Action>> actions;
  std::optional<Error> sink_error;  // what the sink answers instead of taking the action
  int sink_calls = 0;
  std::unique_ptr<metrics::Metrics> metrics;
  std::unique_ptr<Alarms> alarms;

  const metric_math::Sources sources;

  explicit AlarmWorld(Config config_in = {}, metric_math::Sources sources_in = {})
      : config(config_in), sources(sources_in) {
    start();
  }
  ~AlarmWorld() { stop(); }

  void start() {
    metrics = std::make_unique<metrics::Metrics>(runtime, *store);
    EXPECT_TRUE(metrics->load());
    alarms = std::make_unique<Alarms>(
        runtime, *store, *metrics,
        [this](const Scope&, const Action& action) -> Result<void> {
          ++sink_calls;
          if (sink_error) return *sink_error;
          actions.emplace_back(runtime.now(), action);
          return {};
        },
        config, sources);
    const auto loaded = alarms->load();
    EXPECT_TRUE(loaded) << loaded.error().message;
  }
  void stop() {
    runtime.quiesce();
    alarms.reset();
    metrics.reset();
  }
  void restart() {
    stop();
    start();
  }
  void advance(Duration by) { runtime.advance(by); }
  Time now() const { return runtime.now(); }

  /// `Sum of App/m > 0 in one minute`, acting on every state.
  AlarmConfig valid(std::string name = "a") const {
    AlarmConfig out;
    out.alarm_name = std::move(name);
    out.ok_actions = {"arn:aws:sns:us-east-1:123456789012:ok"};
    out.alarm_actions = {"arn:aws:sns:us-east-1:123456789012:alarm"};
    out.insufficient_data_actions = {"arn:aws:sns:us-east-1:123456789012:unknown"};
    out.metric_name = "m";
    out.namespace_name = "App";
    out.statistic = "Sum";
    out.period_s = 60;
    out.evaluation_periods = 1;
    out.threshold = 0;
    out.comparison_operator = "GreaterThanThreshold";
    return out;
  }
  void put(const AlarmConfig& alarm) {
    const auto done = alarms->put_metric_alarm(scope, alarm);
    EXPECT_TRUE(done) << done.error().message;
    runtime.run_ready();
  }
  void value(double number, Time at, std::string metric = "m") {
    const auto done = metrics->put(
        scope, "App", {{.metric_name = std::move(metric), .timestamp = at, .value = number}});
    EXPECT_TRUE(done) << done.error().message;
    runtime.run_ready();
  }
  Alarm alarm(std::string_view name = "a") const {
    const auto page = alarms->describe(scope, {.names = {std::string(name)}});
    EXPECT_TRUE(page);
    EXPECT_EQ(page->alarms.size(), 1);
    return page->alarms.empty() ? Alarm{} : page->alarms[0];
  }
  std::string state(std::string_view name = "a") const { return alarm(name).state_value; }
  /// The subjects of what the sink got, up to the name.
  std::vector<std::string> told() const {
    std::vector<std::string> out;
    for (const auto& [time, action] : actions) {
      out.push_back(action.subject.substr(0, action.subject.find(':')));
    }
    return out;
  }
  std::vector<HistoryItem> history(std::string item_type = "") const {
    HistoryQuery query;
    if (!item_type.empty()) query.item_type = item_type;
    query.ascending = true;
    const auto page = alarms->history(scope, query);
    EXPECT_TRUE(page);
    return page ? page->items : std::vector<HistoryItem>{};
  }
};

}  // namespace weir::alarms
