// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "alarms/alarms.h"
#include "base/runtime.h"
#include "delivery/delivery.h"
#include "flow/meter.h"
#include "logs/logs.h"
#include "metrics/metrics.h"
#include "notify/notify.h"
#include "objects/objects.h"
#include "store/kv_store.h"
#include "vpc/network.h"

namespace weir::sim {

/// Takes deliveries of the built-in function `inbox` and keeps them.
class Inbox final : public notify::Transport {
 public:
  void send(const notify::Delivery& delivery, Done done) override {
    deliveries_.push_back(delivery);
    done({});
  }
  const std::vector<notify::Delivery>& deliveries() const { return deliveries_; }
  /// NewStateValue of the alarm messages, in their order.
  std::vector<std::string> alarm_states() const;

 private:
  std::vector<notify::Delivery> deliveries_;
};

/// The pipeline from packets to notifications on simulated time: one host with one interface,
/// everything in memory (objects in a temporary folder). The modules and their wiring are those of
/// the daemon.
class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  struct RejectAlarm {
    std::uint16_t port = 22;
    double threshold = 10;
    int period_s = 60;
  };
  /// A flow log to the group `flows`, a metric filter on refused TCP packets to the port, an alarm
  /// on their number, a topic with the inbox.
  void watch_rejects(const RejectAlarm& wanted);
  /// A flow log to a bucket, plain text.
  void archive(const std::string& bucket);

  struct Packets {
    std::uint16_t to_port = 22;
    int per_minute = 1;
    Duration lasting{60'000};
    bool are_refused = false;
  };
  /// Begins now and goes on while time is advanced.
  void send(const Packets& packets);
  void advance(Duration by);

  const Inbox& inbox() const { return inbox_; }
  logs::Logs& logs() { return *logs_; }
  alarms::Alarms& alarms() { return *alarms_; }
  objects::Objects& objects() { return *objects_; }
  const Scope& scope() const { return scope_; }
  SimulatedRuntime& runtime() { return runtime_; }

 private:
  void packet(const Packets& packets);
  std::string create_flow_log(vpc::NewFlowLogs request);

  SimulatedRuntime runtime_;
  Scope scope_;
  std::filesystem::path folder_;
  std::unique_ptr<store::KvStore> store_;
  Inbox inbox_;
  std::unique_ptr<objects::Objects> objects_;
  std::unique_ptr<vpc::Network> network_;
  std::unique_ptr<metrics::Metrics> metrics_;
  std::unique_ptr<logs::Logs> logs_;
  std::unique_ptr<notify::Notify> notify_;
  std::unique_ptr<alarms::Alarms> alarms_;
  std::unique_ptr<delivery::Delivery> delivery_;
  std::unique_ptr<flow::Meter> meter_;
  std::uint16_t source_port_ = 20'000;
};

}  // namespace weir::sim
