// SPDX-License-Identifier: Apache-2.0
#include "alarms/draft.h"
#include "base/log.h"

namespace weir::alarms {

namespace {

constexpr Duration kPruningPeriod = std::chrono::hours(1);
constexpr Duration kHeartbeatPeriod = std::chrono::minutes(1);
constexpr std::string_view kAliveKey = "alarms.alive";

}  // namespace

Shape StoredAlarm::shape() {
  using S = StoredAlarm;
  static constexpr Member members[] = {
      required<&S::alarm>("alarm"),
      optional<&S::tags>("tags"),
      optional<&S::composite>("composite"),
  };
  return {"StoredAlarm", members};
}

Alarms::Impl::Impl(Runtime& runtime_in, store::KvStore& store_in, metrics::Metrics& metrics_in,
                   ActionSink sink_in, Config config_in, metric_math::Sources sources_in)
    : runtime(runtime_in),
      store(store_in),
      metrics(metrics_in),
      sink(std::move(sink_in)),
      config(config_in),
      sources(sources_in),
      writer([this](std::span<Change* const> group) { commit(group); }),
      evaluations_counter(counter("weir_alarm_evaluations_total", "Windows of alarms judged.")),
      evaluation_errors_counter(counter("weir_alarm_evaluation_errors_total",
                                        "Expressions of alarms that could not be evaluated.")),
      transitions_counter(counter("weir_alarm_transitions_total", "Alarms that changed state.")),
      actions_failed_counter(
          counter("weir_alarm_actions_failed_total", "Alarm actions given up.")) {}

DefinitionPtr Alarms::Impl::find(const AlarmKey& key) const {
  auto held = state.lock();
  const auto found = held->alarms.find(key);
  return found == held->alarms.end() ? nullptr : found->second;
}

Result<void> Alarms::Impl::change(std::function<Result<void>(Draft&)> apply) {
  Change one{std::move(apply), {}};
  writer.submit(one);
  return std::move(one.result);
}

void Alarms::Impl::commit(std::span<Change* const> group) {
  Draft draft(*this);
  for (Change* one : group) {
    one->result = one->apply(draft);
    draft.settle();
  }
  if (const auto stored = draft.store(); !stored) {
    for (Change* one : group) one->result = stored;
    return;
  }
  draft.publish();
}

void Alarms::Impl::post(Job& job, void (Impl::*run)()) {
  if (job.is_posted || job.is_running) return;
  job.is_posted = true;
  runtime.post([weak = weak_from_this(), run] {
    if (const auto impl = weak.lock()) (impl.get()->*run)();
  });
}

void Alarms::Impl::run_at(Job& job, Time when, void (Impl::*run)()) {
  const Time now = runtime.now();
  if (job.timer && job.timer->first > now && job.timer->first <= when) return;
  if (job.timer) runtime.cancel(job.timer->second);
  const TimerId timer = runtime.at(when, [weak = weak_from_this(), run, when, fired = &job] {
    const auto impl = weak.lock();
    if (!impl) return;
    {
      // A timer that has fired is none any more, also if the wall clock is still a moment before
      // `when`: it may have been set back, and it does not tick exactly as the clock of timers
      // does.
      const auto held = impl->state.lock();
      if (fired->timer && fired->timer->first == when) fired->timer.reset();
    }
    (impl.get()->*run)();
  });
  job.timer = {when, timer};
}

Result<void> Alarms::Impl::load() {
  WEIR_TRY(const auto alive, store.get(kAliveKey));
  Result<void> parsed;
  {
    auto held = state.lock();
    WEIR_CHECK(store.scan("alarms/", [&](std::string_view key, std::string_view value) {
      key.remove_prefix(std::string_view("alarms/").size());
      const Scope scope = Scope::take_from(key);
      parsed = key.starts_with("outbox/") ? load_action(*held, scope, key.substr(7), value)
               : key.starts_with("mute/") ? load_mute_rule(*held, scope, value)
               : key.starts_with("held/") ? load_held_actions(*held, scope, value)
                                          : load_alarm(*held, scope, value);
      return static_cast<bool>(parsed);
    }));
    WEIR_CHECK(parsed);
    if (alive) held->missed_since = Time{static_cast<std::int64_t>(store::read_u64(*alive))};
    post(held->evaluation, &Impl::run_evaluations);
    post(held->delivery, &Impl::run_deliveries);
    post(held->muting, &Impl::run_mutes);
    post(held->repetition, &Impl::run_repeats);
  }
  WEIR_CHECK(load_history_counts());
  pruning = Timer(runtime, kPruningPeriod, [this] {
    if (const auto done = prune_history(); !done) {
      log::error("alarm history cannot be pruned, will retry", {{"error", done.error().message}});
    }
  });
  heartbeat = Timer(runtime, kHeartbeatPeriod, [this] {
    watch_clock();
    if (const auto done = note_alive(); !done) {
      log::error("alarm heartbeat cannot be stored", {{"error", done.error().message}});
    }
  });
  return {};
}

void Alarms::Impl::watch_clock() {
  auto held = state.lock();
  const Time now = runtime.now();
  // Timers do not see the wall clock being set.
  const bool is_late = !held->due.empty() && held->due.begin()->first <= now;
  if (is_late || held->last_run > now + kClockStep) post(held->evaluation, &Impl::run_evaluations);
  if (!held->mutes.held.empty()) post(held->muting, &Impl::run_mutes);
}

Result<void> Alarms::Impl::note_alive() {
  if (state.lock()->alarms.empty()) return {};
  std::string when;
  store::append_u64(when, static_cast<std::uint64_t>(runtime.now().ms));
  return store.put(std::string(kAliveKey), std::move(when));
}

Result<void> Alarms::Impl::load_alarm(State& held, const Scope& scope, std::string_view value) {
  WEIR_TRY(StoredAlarm stored, from_json_text<StoredAlarm>(value));
  const AlarmKey key{scope, stored.alarm.alarm_name};
  DefinitionPtr definition = Definition::of(scope, std::move(stored), nullptr);
  index(held, key, *definition);
  if (const auto& composite = definition->stored.composite) {
    set_due(held, key, composite->suppressed_until);
  } else {
    held.arrived.insert(key);
  }
  follow_repeats(held, key, *definition);
  held.alarms.insert_or_assign(key, std::move(definition));
  return {};
}

void Alarms::Impl::index(State& held, const AlarmKey& key, const Definition& definition) {
  if (definition.plan) {
    for (const auto& metric : definition.plan->sources) {
      held.by_metric[{key.scope, metric}].insert(key);
    }
    return;
  }
  for (const std::string& child : definition.rule->children()) {
    held.watchers[{key.scope, child}].insert(key);
  }
  if (!definition.suppressor.empty()) held.watchers[{key.scope, definition.suppressor}].insert(key);
}

void Alarms::Impl::unindex(State& held, const AlarmKey& key, const Definition& definition) {
  const auto take_out = [&key](auto& indices, const auto& of) {
    const auto found = indices.find(of);
    if (found == indices.end()) return;
    found->second.erase(key);
    if (found->second.empty()) indices.erase(found);
  };
  if (definition.plan) {
    for (const auto& metric : definition.plan->sources) {
      take_out(held.by_metric, std::pair(key.scope, metric));
    }
    return;
  }
  for (const std::string& child : definition.rule->children()) {
    take_out(held.watchers, AlarmKey{key.scope, child});
  }
  take_out(held.watchers, AlarmKey{key.scope, definition.suppressor});
}

Result<void> Alarms::Impl::load_action(State& held, const Scope& scope, std::string_view number,
                                       std::string_view value) {
  WEIR_TRY(OutboxRecord record, from_json_text<OutboxRecord>(value));
  const OutboxKey key{scope, store::read_u64(number)};
  held.next_outbox = std::max(held.next_outbox, key.second + 1);
  held.outbox.put(key, Pending{std::move(record), 0, runtime.now()});
  return {};
}

Result<void> Alarms::Impl::load_history_counts() {
  constexpr std::string_view kPrefix = "alarms.history/";
  std::map<Scope, std::size_t> counts;
  std::uint64_t next = 1;
  WEIR_CHECK(store.scan(kPrefix, [&](std::string_view key, std::string_view) {
    key.remove_prefix(kPrefix.size());
    ++counts[Scope::take_from(key)];
    next = std::max(next, store::read_u64(key.substr(8)) + 1);
    return true;
  }));
  auto held = state.lock();
  held->history_count = std::move(counts);
  held->next_history = std::max(held->next_history, next);
  return {};
}

}  // namespace weir::alarms
