// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "logs/metric_filter.h"
#include "store/kv_store.h"

namespace weir::logs {

/// Decides when a filter's default value is published: for each minute in which the group had
/// events and none matched. As on AWS one minute of arrivals is judged as a whole, so the decision
/// falls when that minute is over.
///
/// Each minute is also marked in the store, in the batch that stores the events, so that a crash
/// loses none.
class DefaultValues {
 public:
  struct Minute {
    Scope scope;
    std::string group;
    std::string filter;
    Time arrival;  // minute of arrival
    Time start;    // minute of the events
    auto operator<=>(const Minute&) const = default;
  };

  /// Adds to `batch` the marks that these events need; they arrive at `now`.
  static void mark(const Scope& scope, std::string_view group, const FilterSet& filters,
                   const Evaluation& evaluation, Time now, store::WriteBatch& batch);
  /// The same in memory, once the batch is written.
  void remember(const Scope& scope, std::string_view group, const FilterSet& filters,
                const Evaluation& evaluation, Time now);
  /// A mark that an earlier run left: the key behind the scope's prefix and kind.
  void found(const Scope& scope, std::string_view key);

  struct Due {
    Minute minute;
    bool matched = false;
  };
  /// Takes out the minutes whose arrival is over.
  std::vector<Due> take_due(Time now);
  /// Puts back what could not be written.
  void put_back(std::span<const Due> due);
  static void erase_marks(const Minute& minute, store::WriteBatch& batch);
  void clear();

  static constexpr std::string_view kKind = "d/";

 private:
  static std::string mark_key(const Minute& minute, char kind);

  Guarded<std::map<Minute, bool>> minutes_;  // whether an event matched
};

}  // namespace weir::logs
