// SPDX-License-Identifier: Apache-2.0
#include "metrics/metrics.h"

#include "base/log.h"
#include "metrics/metrics_impl.h"
#include "metrics/put_check.h"

namespace weir::metrics {

Metrics::Impl::Impl(Runtime& runtime_in, store::KvStore& store_in, Config config_in)
    : runtime(runtime_in),
      store(store_in),
      config(config_in),
      writer([this](std::span<Put* const> group) { commit(group); }),
      data_counter(counter("weir_metric_data_total", "Data accepted by PutMetricData.")) {}

Metrics::Metrics(Runtime& runtime, store::KvStore& store, Config config)
    : impl_(std::make_unique<Impl>(runtime, store, config)) {}

Metrics::~Metrics() = default;

Result<void> Metrics::load() {
  Result<void> parsed;
  {
    auto state = impl_->state.lock();
    WEIR_CHECK(impl_->store.scan("metrics/", [&](std::string_view key, std::string_view value) {
      key.remove_prefix(std::string_view("metrics/").size());
      const Scope scope = Scope::take_from(key);
      ScopeState& mine = state->scopes[scope];
      if (key.starts_with("batch/")) {
        const std::uint64_t number = store::read_u64(key.substr(6));
        mine.batch_ids.emplace(value);
        mine.batch_order.emplace_back(number, value);
        mine.next_batch = number + 1;
        return true;
      }
      auto record = from_json_text<SeriesRecord>(value);
      if (!record) {
        parsed = record.error();
        return false;
      }
      auto series = std::make_unique<Series>();
      series->last_put = record->last_put;
      series->facts = record->facts();
      state->next_id = std::max(state->next_id, record->id + 1);
      ++state->series_count;
      mine.series.insert_or_assign(std::move(record->metric), std::move(series));
      return true;
    }));
  }
  WEIR_CHECK(parsed);
  impl_->maintenance = Timer(impl_->runtime, impl_->config.maintenance_period, [this] {
    if (const auto done = maintain(); !done) {
      log::error("metric maintenance failed, will retry", {{"error", done.error().message}});
    }
  });
  return {};
}

Result<void> Metrics::put(const Scope& scope, std::string_view namespace_name,
                          const std::vector<Datum>& data, std::string_view batch_id) {
  WEIR_CHECK(check_data(namespace_name, data, impl_->runtime.now()));
  Put put = impl_->prepare(scope, namespace_name, data, batch_id);
  impl_->writer.submit(put);
  WEIR_CHECK(put.result);
  impl_->data_counter.add(put.is_repeated ? 0 : data.size());
  // Also for a repeated batch: whoever repeats it may have died before the callbacks ran.
  for (const Put::Part& part : put.parts) {
    for (const ArrivalCallback& callback : impl_->callbacks) {
      callback(scope, part.metric, part.oldest);
    }
  }
  return {};
}

void Metrics::on_arrival(ArrivalCallback callback) {
  impl_->callbacks.push_back(std::move(callback));
}

Result<std::vector<Bucket>> Metrics::buckets(const Scope& scope, const BucketQuery& query) const {
  return impl_->buckets(scope, query);
}

bool Metrics::has_negative_values(const Scope& scope, const MetricId& metric) const {
  auto state = impl_->state.lock();
  const Series* series = find_series(*state, scope, metric);
  return series != nullptr && series->facts.has_negative;
}

Time Metrics::now() const { return impl_->runtime.now(); }

Result<void> Metrics::maintain() { return impl_->maintain(); }

Series* find_series(Metrics::Impl::State& state, const Scope& scope, const MetricId& metric) {
  const auto mine = state.scopes.find(scope);
  if (mine == state.scopes.end()) return nullptr;
  const auto found = mine->second.series.find(metric);
  return found == mine->second.series.end() ? nullptr : found->second.get();
}

}  // namespace weir::metrics
