// SPDX-License-Identifier: Apache-2.0
#include "anomaly/detectors.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "anomaly/model.h"
#include "base/counters.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/time_zone.h"
#include "metrics/page_token.h"

/// Store: anomaly/<scope><id>, StoredDetector as JSON.
namespace weir::anomaly {

namespace {

constexpr std::string_view kPrefix = "anomaly/";
constexpr std::string_view kPagePurpose = "DescribeAnomalyDetectors";
constexpr Duration kTick = std::chrono::minutes(1);
constexpr Duration kEmptyKept = std::chrono::minutes(1);  // "too little data" is believed so long
constexpr double kPercentMax = 100;

std::string store_key(const Scope& scope, std::string_view id) {
  return std::string(kPrefix) + scope.key() + std::string(id);
}

Error not_found() {
  return {ErrorKind::not_found, "ResourceNotFoundException",
          "The anomaly detector does not exist."};
}

/// A detector with what is made of its settings once. Shared: models are learnt with the settings
/// they began with while the API replaces them.
struct Entry {
  StoredDetector stored;
  TimeZone zone;
  std::uint64_t version = 0;
};
using EntryPtr = std::shared_ptr<const Entry>;

struct ModelKey {
  Scope scope;
  std::string detector;  // key_of()
  int period_s = 0;
  std::optional<std::string> unit;
  auto operator<=>(const ModelKey&) const = default;
};

struct Learnt {
  std::shared_ptr<const Model> model;  // null: too little data
  std::optional<Time> when;            // not yet
  Time used;
  std::uint64_t version = 0;  // of the detector
  bool is_queued = false;
};

bool matches(const DetectorQuery& query, const StoredDetector& stored) {
  const Subject& subject = stored.definition.subject;
  if (subject.single ? !query.with_single : !query.with_math) return false;
  if (!query.ids.empty() &&
      std::find(query.ids.begin(), query.ids.end(), stored.id) == query.ids.end()) {
    return false;
  }
  if (!query.namespace_name && !query.metric_name && !query.dimensions) return true;
  if (!subject.single) return false;
  const SingleMetric& metric = *subject.single;
  const auto sorted = [](const std::vector<metrics::Dimension>& dimensions) {
    return metrics::MetricId::make("", "", dimensions);
  };
  return (!query.namespace_name || query.namespace_name == metric.namespace_name) &&
         (!query.metric_name || query.metric_name == metric.metric_name) &&
         (!query.dimensions || sorted(*query.dimensions) == sorted(metric.dimensions));
}

/// The points to learn from: without the time ranges that the settings leave out.
void exclude(const Entry& entry, int period_s, std::vector<std::int64_t>& times,
             std::vector<double>& values) {
  const auto& configuration = entry.stored.definition.configuration;
  if (!configuration) return;
  const auto is_excluded = [&](std::int64_t time_s) {
    return std::any_of(configuration->excluded.begin(), configuration->excluded.end(),
                       [&](const TimeRange& range) {
                         return Time::from_seconds(time_s) < range.end &&
                                range.start < Time::from_seconds(time_s + period_s);
                       });
  };
  std::size_t kept = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (is_excluded(times[i])) continue;
    times[kept] = times[i];
    values[kept++] = values[i];
  }
  times.resize(kept);
  values.resize(kept);
}

/// A statistic that stays among the values themselves, unlike a sum or a count.
bool is_of_values(const Subject& subject) {
  if (!subject.single) return false;
  const std::string& stat = *subject.single->stat;
  return stat == "Average" || stat == "Minimum" || stat == "Maximum" || stat.starts_with('p');
}

}  // namespace

struct Detectors::Impl {
  struct State {
    std::map<Scope, std::map<std::string, EntryPtr>> detectors;  // by key_of()
    std::map<ModelKey, Learnt> models;
    std::deque<ModelKey> queue;  // to be learnt; each model at most once
    bool is_learning = false;
    std::uint64_t next_version = 1;
  };

  class Source final : public metric_math::Bands {
   public:
    Source(Impl& impl, bool is_for_alarms) : impl_(impl), is_for_alarms_(is_for_alarms) {}
    Result<Band> band(const Query& query) override { return impl_.band(query, is_for_alarms_); }

   private:
    Impl& impl_;
    const bool is_for_alarms_;
  };

  Impl(Runtime& runtime_in, store::KvStore& store_in, metrics::Metrics& metrics_in,
       Config config_in)
      : runtime(runtime_in),
        store(store_in),
        metrics(metrics_in),
        config(config_in),
        trainings(counter("weir_anomaly_trainings_total", "Models of anomaly detectors learnt.")) {}

  Result<void> load();
  EntryPtr find(const Scope& scope, const std::string& key) const;
  /// With `only_if_missing` one that is there stays as it is.
  Result<EntryPtr> put(const Scope& scope, Definition definition, bool only_if_missing);
  Result<void> remove(const Scope& scope, const std::string& key, const StoredDetector& stored);

  Result<metric_math::Bands::Band> band(const metric_math::Bands::Query& query, bool is_for_alarms);
  /// What the detector watches. Error: its expression does not yield one time series.
  Result<metric_math::Series> read(const Scope& scope, const Subject& subject,
                                   const std::optional<std::string>& unit,
                                   const metric_math::Grid& grid) const;
  Result<std::shared_ptr<const Model>> learn(const ModelKey& key, const Entry& entry) const;
  Learnt& model_of(State& held, const ModelKey& key, Time now);
  void enqueue(State& held, const ModelKey& key);
  void learn_next();
  void tick();
  std::string state_of(const State& held, const Scope& scope, const std::string& key) const;

  Runtime& runtime;
  store::KvStore& store;
  metrics::Metrics& metrics;
  const Config config;
  Guarded<State> state;
  Guarded<int> writing;  // held over a change and its store write: one at a time
  Source source{*this, false};
  Source alarm_source{*this, true};
  Timer ticker;
  Counter& trainings;
};

Result<void> Detectors::Impl::load() {
  Result<void> parsed;
  {
    auto held = state.lock();
    WEIR_CHECK(store.scan(kPrefix, [&](std::string_view key, std::string_view value) {
      key.remove_prefix(kPrefix.size());
      const Scope scope = Scope::take_from(key);
      auto stored = from_json_text<StoredDetector>(value);
      if (!stored) {
        parsed = stored.error();
        return false;
      }
      auto entry = std::make_shared<Entry>(Entry{*std::move(stored), {}, held->next_version++});
      const auto& configuration = entry->stored.definition.configuration;
      if (configuration && configuration->timezone) {
        // The system's zones may have been updated; one that is gone counts as UTC.
        if (auto zone = TimeZone::find(*configuration->timezone)) entry->zone = *std::move(zone);
      }
      const std::string name = key_of(entry->stored.definition.subject);
      held->detectors[scope][name] = std::move(entry);
      return true;
    }));
  }
  WEIR_CHECK(parsed);
  tick();
  ticker = Timer(runtime, kTick, [this] { tick(); });
  return {};
}

EntryPtr Detectors::Impl::find(const Scope& scope, const std::string& key) const {
  auto held = state.lock();
  const auto mine = held->detectors.find(scope);
  if (mine == held->detectors.end()) return nullptr;
  const auto found = mine->second.find(key);
  return found == mine->second.end() ? nullptr : found->second;
}

Result<EntryPtr> Detectors::Impl::put(const Scope& scope, Definition definition,
                                      bool only_if_missing) {
  auto entry = std::make_shared<Entry>();
  if (definition.configuration && definition.configuration->timezone) {
    WEIR_TRY(entry->zone, TimeZone::find(*definition.configuration->timezone));
  }
  const std::string key = key_of(definition.subject);
  const auto turn = writing.lock();
  const EntryPtr before = find(scope, key);
  if (before && only_if_missing) return before;
  {
    auto held = state.lock();
    if (!before && held->detectors[scope].size() >= config.detectors_max) {
      return Error{ErrorKind::limit, "LimitExceededException",
                   "The maximum number of anomaly detectors (" +
                       std::to_string(config.detectors_max) + ") is reached."};
    }
    entry->version = held->next_version++;
  }
  entry->stored = {before ? before->stored.id : runtime.uuid(), std::move(definition)};
  WEIR_CHECK(store.put(store_key(scope, entry->stored.id), to_json_text(entry->stored)));
  const int period_s = usual_period(entry->stored.definition.subject);
  auto held = state.lock();
  held->detectors[scope][key] = entry;
  bool has_model = false;
  for (auto at = held->models.lower_bound({scope, key, 0, {}});
       at != held->models.end() && at->first.scope == scope && at->first.detector == key; ++at) {
    has_model = true;
    enqueue(*held, at->first);
  }
  if (!has_model) {
    const ModelKey usual{scope, key, period_s, {}};
    model_of(*held, usual, runtime.now());
    enqueue(*held, usual);
  }
  return EntryPtr(std::move(entry));
}

Result<void> Detectors::Impl::remove(const Scope& scope, const std::string& key,
                                     const StoredDetector& stored) {
  WEIR_CHECK(store.erase(store_key(scope, stored.id)));
  auto held = state.lock();
  held->detectors[scope].erase(key);
  std::erase_if(held->models, [&](const auto& one) {
    return one.first.scope == scope && one.first.detector == key;
  });
  return {};
}

// ---- learning

Learnt& Detectors::Impl::model_of(State& held, const ModelKey& key, Time now) {
  const auto found = held.models.find(key);
  if (found != held.models.end()) return found->second;
  if (held.models.size() >= config.models_max) {
    held.models.erase(std::min_element(
        held.models.begin(), held.models.end(),
        [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  Learnt& made = held.models[key];
  made.used = now;
  return made;
}

void Detectors::Impl::enqueue(State& held, const ModelKey& key) {
  const auto found = held.models.find(key);
  if (found == held.models.end() || std::exchange(found->second.is_queued, true)) return;
  held.queue.push_back(key);
  if (std::exchange(held.is_learning, true)) return;
  runtime.post_background([this] { learn_next(); });
}

/// One model, then the next in a task of its own.
void Detectors::Impl::learn_next() {
  ModelKey key;
  EntryPtr entry;
  {
    auto held = state.lock();
    if (held->queue.empty()) {
      held->is_learning = false;
      return;
    }
    key = std::move(held->queue.front());
    held->queue.pop_front();
    const auto& mine = held->detectors[key.scope];
    const auto found = mine.find(key.detector);
    if (found != mine.end()) entry = found->second;
  }
  if (entry) {
    auto model = learn(key, *entry);
    auto held = state.lock();
    const auto found = held->models.find(key);
    if (found != held->models.end()) {
      found->second.is_queued = false;
      if (model) {
        found->second.model = *std::move(model);
        found->second.when = runtime.now();
        found->second.version = entry->version;
      }
    }
    if (!model) {
      log::warn("anomaly detector cannot learn, will retry",
                {{"detector", entry->stored.id}, {"error", model.error().message}});
    }
  }
  runtime.post_background([this] { learn_next(); });
}

Result<metric_math::Series> Detectors::Impl::read(const Scope& scope, const Subject& subject,
                                                  const std::optional<std::string>& unit,
                                                  const metric_math::Grid& grid) const {
  WEIR_TRY(const auto program,
           metric_math::Program::make(queries_of(subject, grid.period_s, unit)));
  metric_math::Evaluation evaluation(program, metrics, scope, [&](int) { return grid; });
  WEIR_TRY(const auto value, evaluation.result(program.queries().size() - 1));
  if (const auto* series = std::get_if<metric_math::Series>(&value)) return *series;
  const auto* array = std::get_if<metric_math::SeriesArray>(&value);
  if (array != nullptr && array->size() == 1) return array->front();
  return Error{ErrorKind::invalid, "ValidationError",
               "The expression of an anomaly detector must yield one time series."};
}

Result<std::shared_ptr<const Model>> Detectors::Impl::learn(const ModelKey& key,
                                                            const Entry& entry) const {
  const Subject& subject = entry.stored.definition.subject;
  const std::int64_t to_s = runtime.now().seconds() / key.period_s * key.period_s;
  const metric_math::Grid grid{to_s - Model::kHistoryS / key.period_s * key.period_s, to_s,
                               key.period_s};
  WEIR_TRY(const metric_math::Series series, read(key.scope, subject, key.unit, grid));
  std::vector<std::int64_t> times = *series.times;
  std::vector<double> values = *series.values;
  exclude(entry, key.period_s, times, values);
  Model::Options options{.period_s = key.period_s, .zone = entry.zone};
  const auto& characteristics = entry.stored.definition.characteristics;
  options.expects_spikes = characteristics && characteristics->periodic_spikes.value_or(false);
  const bool is_percentage = series.units == std::vector<std::string>{"Percent"} &&
                             is_of_values(subject) && !values.empty() &&
                             *std::max_element(values.begin(), values.end()) <= kPercentMax;
  if (is_percentage) options.ceiling = kPercentMax;
  trainings.add();
  auto model = Model::fit(times, values, options);
  if (!model) return std::shared_ptr<const Model>();
  return std::make_shared<const Model>(*std::move(model));
}

/// Queues what is due, and forgets models that nobody has used for a while unless a detector has
/// no other.
void Detectors::Impl::tick() {
  const Time now = runtime.now();
  auto held = state.lock();
  std::vector<ModelKey> due;
  std::set<std::pair<Scope, std::string>> learnt;
  for (auto at = held->models.begin(); at != held->models.end();) {
    const auto& [key, model] = *at;
    const bool is_first = learnt.insert({key.scope, key.detector}).second;
    if (!is_first && !model.is_queued && now - model.used > config.model_idle_max) {
      at = held->models.erase(at);
      continue;
    }
    const bool is_early = !model.model || model.model->span_s() < Model::kDaySpanS;
    const Duration period = is_early ? config.refresh_period_early : config.refresh_period;
    if (!model.when || now - *model.when >= period || now < *model.when) due.push_back(key);
    ++at;
  }
  for (const auto& [scope, detectors] : held->detectors) {
    for (const auto& [key, entry] : detectors) {
      if (learnt.contains({scope, key}) || held->models.size() >= config.models_max) continue;
      due.push_back({scope, key, usual_period(entry->stored.definition.subject), {}});
      model_of(*held, due.back(), now);
    }
  }
  for (const ModelKey& key : due) enqueue(*held, key);
}

std::string Detectors::Impl::state_of(const State& held, const Scope& scope,
                                      const std::string& key) const {
  std::string out = "PENDING_TRAINING";
  for (auto at = held.models.lower_bound({scope, key, 0, {}});
       at != held.models.end() && at->first.scope == scope && at->first.detector == key; ++at) {
    const Learnt& learnt = at->second;
    if (!learnt.when) continue;
    if (learnt.model && learnt.model->span_s() >= Model::kDaySpanS) return "TRAINED";
    out = "TRAINED_INSUFFICIENT_DATA";
  }
  return out;
}

// ---- bands

Result<metric_math::Bands::Band> Detectors::Impl::band(const metric_math::Bands::Query& query,
                                                       bool is_for_alarms) {
  using metric_math::Series;
  const metric_math::Grid& grid = query.grid;
  if (grid.period_s < 60) {
    return Error{ErrorKind::invalid, "ValidationError",
                 "Function 'ANOMALY_DETECTION_BAND' needs a period of at least 60 seconds"};
  }
  metric_math::Bands::Band out{{Series(grid, {}, {}), Series(grid, {}, {})}};
  WEIR_TRY(Subject subject, subject_of(query.queries, query.id));
  ModelKey key{query.scope, key_of(subject), grid.period_s, query.unit};
  EntryPtr entry = find(query.scope, key.detector);
  if (!entry && !is_for_alarms) {
    out.message = metric_math::DataMessage{
        "AnomalyDetectorNotFound", "There is no anomaly detector for '" + std::string(query.id) +
                                       "'; PutAnomalyDetector creates one."};
    return out;
  }
  if (!entry) {
    WEIR_CHECK(check(query.scope, subject));
    WEIR_TRY(entry, put(query.scope, {.subject = std::move(subject)}, true));
  }
  Learnt learnt;
  bool is_outdated = false;
  {
    const Time now = runtime.now();
    auto held = state.lock();
    Learnt& found = model_of(*held, key, now);
    found.used = now;
    learnt = found;
    is_outdated =
        found.version != entry->version || (!found.model && now - *found.when >= kEmptyKept);
    if (is_outdated && is_for_alarms) enqueue(*held, key);
  }
  if (is_for_alarms && !learnt.when) {
    return Error{
        ErrorKind::unavailable, "PendingTraining",
        "The model of the anomaly detector for '" + std::string(query.id) + "' is being trained."};
  }
  if (!is_for_alarms && is_outdated) {
    WEIR_TRY(learnt.model, learn(key, *entry));
    auto held = state.lock();
    const auto found = held->models.find(key);
    if (found != held->models.end()) {
      found->second.model = learnt.model;
      found->second.when = runtime.now();
      found->second.version = entry->version;
    }
  }
  if (!learnt.model) return out;
  std::vector<std::int64_t> times;
  std::vector<double> upper;
  std::vector<double> lower;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const auto interval = learnt.model->at(grid.at(i), query.deviations);
    if (!interval) continue;
    times.push_back(grid.at(i));
    upper.push_back(interval->upper);
    lower.push_back(interval->lower);
  }
  out.sides[0] = Series(grid, times, std::move(upper));
  out.sides[1] = Series(grid, std::move(times), std::move(lower));
  return out;
}

// ---- the face

Detectors::Detectors(Runtime& runtime, store::KvStore& store, metrics::Metrics& metrics,
                     Config config)
    : impl_(std::make_unique<Impl>(runtime, store, metrics, config)) {}
Detectors::~Detectors() = default;

Result<void> Detectors::load() { return impl_->load(); }

Result<std::string> Detectors::put(const Scope& scope, Definition definition) {
  WEIR_CHECK(check(scope, definition));
  if (definition.subject.math) {
    const int period_s = usual_period(definition.subject);
    const std::int64_t now_s = impl_->runtime.now().seconds();
    WEIR_CHECK(impl_->read(scope, definition.subject, {}, {now_s - period_s, now_s, period_s}));
  }
  WEIR_TRY(const EntryPtr entry, impl_->put(scope, std::move(definition), false));
  return entry->stored.id;
}

Result<DetectorPage> Detectors::describe(const Scope& scope, const DetectorQuery& query) const {
  if (query.records_max < 1 || query.records_max > DetectorQuery::kRecordsMax) {
    return Error{ErrorKind::invalid, "InvalidParameterValue",
                 "The value " + std::to_string(query.records_max) +
                     " for parameter MaxResults is invalid. It must be between 1 and 100."};
  }
  std::string after;
  if (!query.next_token.empty()) {
    auto position = metrics::read_page_token(kPagePurpose, query.next_token);
    if (!position) {
      return Error{ErrorKind::invalid, "InvalidNextToken", "The next token is invalid."};
    }
    after = *std::move(position);
  }
  DetectorPage page;
  auto held = impl_->state.lock();
  const auto mine = held->detectors.find(scope);
  if (mine == held->detectors.end()) return page;
  std::string last;
  for (auto at = mine->second.upper_bound(after); at != mine->second.end(); ++at) {
    if (!matches(query, at->second->stored)) continue;
    if (page.detectors.size() == static_cast<std::size_t>(query.records_max)) {
      page.next_token = metrics::make_page_token(kPagePurpose, last);
      break;
    }
    last = at->first;
    page.detectors.push_back({at->second->stored, impl_->state_of(*held, scope, at->first)});
  }
  return page;
}

Result<void> Detectors::remove(const Scope& scope, const Subject& subject) {
  WEIR_CHECK(check(scope, subject));
  const std::string key = key_of(subject);
  const auto turn = impl_->writing.lock();
  const EntryPtr entry = impl_->find(scope, key);
  if (!entry) return not_found();
  return impl_->remove(scope, key, entry->stored);
}

Result<void> Detectors::remove(const Scope& scope, std::string_view id) {
  const auto turn = impl_->writing.lock();
  std::string key;
  StoredDetector stored;
  {
    auto held = impl_->state.lock();
    for (const auto& [name, entry] : held->detectors[scope]) {
      if (entry->stored.id != id) continue;
      key = name;
      stored = entry->stored;
    }
  }
  if (key.empty()) return not_found();
  return impl_->remove(scope, key, stored);
}

metric_math::Bands& Detectors::bands() { return impl_->source; }
metric_math::Bands& Detectors::alarm_bands() { return impl_->alarm_source; }

}  // namespace weir::anomaly
