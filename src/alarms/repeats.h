// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "alarms/mute_impl.h"
#include "base/runtime.h"

namespace weir::alarms {

/// When the actions of which alarm are repeated next. Private to this module.
class Repeats {
 public:
  void put(const AlarmKey& key, std::optional<Time> when);
  bool contains(const AlarmKey& key) const { return when_.contains(key); }
  /// Takes out those whose time has come, the longest due first.
  std::vector<AlarmKey> take_due(Time now, std::size_t count_max);
  std::optional<Time> next() const;

 private:
  std::map<AlarmKey, Time> when_;
  std::set<std::pair<Time, AlarmKey>> order_;
};

}  // namespace weir::alarms
