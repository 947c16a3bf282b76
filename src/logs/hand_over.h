// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/scope.h"
#include "logs/types.h"
#include "store/kv_store.h"

namespace weir::logs {

/// Brings metric values to the sink at least once: they are written down with the events that gave
/// them, handed on, and only then erased.
class HandOver {
 public:
  HandOver(store::KvStore& store, MetricSink sink) : store_(store), sink_(std::move(sink)) {}

  struct Record {
    Scope scope;
    std::string key;
    std::string batch_id;
    std::vector<MetricValue> values;
  };
  /// Adds the record to `batch`. `id` is unique for ever. No values, no record.
  static Record prepare(const Scope& scope, std::string_view id, std::vector<MetricValue> values,
                        store::WriteBatch& batch);
  /// Once the batch is written. What the sink refuses is tried again by `work()`.
  void hand_on(const Record& record);

  /// Takes note of a record that an earlier run left behind; `work()` hands it on.
  void found(const Scope& scope, std::string key);
  /// Erases what was handed on and tries again what was not.
  void work();
  void clear();

  /// The part of a key behind the scope's prefix, before the id.
  static constexpr std::string_view kKind = "o/";

 private:
  struct Waiting {
    Scope scope;
    std::string key;
  };
  struct State {
    std::vector<std::string> done;  // to erase
    std::vector<Waiting> waiting;
  };
  /// False if it has to be tried again.
  bool deliver(const Record& record);
  bool deliver_stored(const Waiting& waiting);
  void erase_done();

  store::KvStore& store_;
  MetricSink sink_;
  Guarded<State> state_;
};

}  // namespace weir::logs
