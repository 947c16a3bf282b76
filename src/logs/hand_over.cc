// SPDX-License-Identifier: Apache-2.0
#include "logs/hand_over.h"

#include <utility>

#include "base/counters.h"
#include "base/log.h"
#include "logs/metric_filter.h"
#include "logs/store_keys.h"

namespace weir::logs {
namespace {

Counter& refused_batches() {
  static Counter& refused = counter("weir_logs_metric_batches_refused_total",
                                    "Batches of metric values that the metric store called "
                                    "invalid; they are dropped.");
  return refused;
}

}  // namespace

HandOver::Record HandOver::prepare(const Scope& scope, std::string_view id,
                                   std::vector<MetricValue> values, store::WriteBatch& batch) {
  Record record{.scope = scope,
                .key = store_key(scope, kKind) + std::string(id),
                .batch_id = "logs-" + std::string(id),
                .values = std::move(values)};
  if (!record.values.empty()) batch.put(record.key, pack_values(record.values));
  return record;
}

void HandOver::hand_on(const Record& record) {
  if (record.values.empty()) return;
  const bool delivered = deliver(record);
  auto state = state_.lock();
  if (delivered) {
    state->done.push_back(record.key);
  } else {
    state->waiting.push_back({record.scope, record.key});
  }
}

void HandOver::found(const Scope& scope, std::string key) {
  state_.lock()->waiting.push_back({scope, std::move(key)});
}

bool HandOver::deliver(const Record& record) {
  const Result<void> delivered = sink_(record.scope, record.batch_id, record.values);
  if (delivered) return true;
  const Error& error = delivered.error();
  if (error.kind == ErrorKind::invalid) {  // trying again would not help
    refused_batches().add();
    log::error("metric values of log events refused, dropped",
               {{"batch", record.batch_id}, {"error", error.message}});
    return true;
  }
  log::warn("metric values of log events not accepted, will retry",
            {{"batch", record.batch_id}, {"error", error.message}});
  return false;
}

bool HandOver::deliver_stored(const Waiting& waiting) {
  const auto bytes = store_.get(waiting.key);
  if (!bytes) {
    log::warn("cannot read metric values of log events, will retry",
              {{"key", waiting.key}, {"error", bytes.error().message}});
    return false;
  }
  if (!*bytes) return true;
  auto values = unpack_values(**bytes);
  if (!values) {
    log::error("metric values of log events are unreadable, dropped",
               {{"key", waiting.key}, {"error", values.error().message}});
    return true;
  }
  const std::string id = waiting.key.substr(store_key(waiting.scope, kKind).size());
  return deliver({.scope = waiting.scope,
                  .key = waiting.key,
                  .batch_id = "logs-" + id,
                  .values = *std::move(values)});
}

void HandOver::work() {
  std::vector<Waiting> waiting;
  std::swap(waiting, state_.lock()->waiting);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const bool delivered = deliver_stored(waiting[i]);
    auto state = state_.lock();
    if (!delivered) {  // the others would fail in the same way; keep them for the next time
      state->waiting.insert(state->waiting.end(), waiting.begin() + static_cast<std::ptrdiff_t>(i),
                            waiting.end());
      break;
    }
    state->done.push_back(waiting[i].key);
  }
  erase_done();
}

void HandOver::erase_done() {
  std::vector<std::string> done;
  std::swap(done, state_.lock()->done);
  if (done.empty()) return;
  store::WriteBatch batch;
  for (const std::string& key : done) batch.erase(key);
  if (const auto written = store_.write(batch); !written) {
    log::warn("cannot erase handed-on metric values, will retry",
              {{"error", written.error().message}});
    auto state = state_.lock();
    state->done.insert(state->done.end(), done.begin(), done.end());
  }
}

void HandOver::clear() { *state_.lock() = State(); }

}  // namespace weir::logs
