// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alarms/alarms.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"

/// Actions on their way to the sink. Private to this module.
namespace weir::alarms {

struct OutboxRecord {
  std::string id;
  std::string arn;
  std::string subject;
  std::string message;
  std::string email_text;
  std::string alarm_name;
  Time state_updated;
  std::string alarm_type = "MetricAlarm";
  static Shape shape();
};
using OutboxKey = std::pair<Scope, std::uint64_t>;
struct Pending {
  OutboxRecord record;
  int attempts = 0;
  Time next_try;
};

/// What waits, in the order of its times.
class Outbox {
 public:
  std::size_t size() const { return pending_.size(); }
  void put(const OutboxKey& key, Pending pending);
  /// Puts a new record so that it leaves together with those of its topic that wait already, at the
  /// latest `wait` after the first of them.
  void put_grouped(const OutboxKey& key, Pending pending, Time now, Duration wait);
  void erase(const OutboxKey& key);
  /// nullptr: it is not there.
  const Pending* find(const OutboxKey& key) const;
  /// Tries again at `when`.
  void postpone(const OutboxKey& key, Time when);
  /// Those whose time has come, the longest due first.
  std::vector<std::pair<OutboxKey, Pending>> due(Time now, std::size_t count_max) const;
  std::optional<Time> next() const;

 private:
  std::map<OutboxKey, Pending> pending_;
  std::set<std::pair<Time, OutboxKey>> order_;
  std::map<std::pair<Scope, std::string>, Time> group_end_;  // by topic
};

/// Most bytes of messages in one grouped message: SNS takes 256 KiB, and JSON text inside JSON text
/// grows.
inline constexpr std::size_t kGroupBytesMax = 120'000;

/// One action for several of one topic: its message is a JSON object with `AlarmCount`,
/// `NewStateValue` (the worst), `Region`, and the messages themselves under `Alarms`. Its id is
/// the same for the same records. At least one record.
Action grouped(std::span<const OutboxRecord> records);

}  // namespace weir::alarms
