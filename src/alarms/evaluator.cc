// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <tuple>

#include "alarms/draft.h"
#include "alarms/reason.h"
#include "base/log.h"

namespace weir::alarms {

namespace {

constexpr std::int64_t kDayS = 86'400;
constexpr std::string_view kPendingTraining = "PendingTraining";
/// How far ahead of now data can be stamped (two hours), and a little more.
constexpr Duration kFutureMax = std::chrono::hours(3);
constexpr std::int64_t kMissedTicksMax = 60;  // looked at after a restart, the newest
constexpr std::size_t kBatch = 64;            // alarms judged between two looks at what has come in
constexpr Duration kRetryAfter =
    std::chrono::seconds(10);  // when the store could not be read or written

constexpr std::int64_t floor_to(std::int64_t seconds, std::int64_t step) {
  return seconds - seconds % step;
}

/// User Guide, "Evaluating an alarm"; the hourly tick of multi-day windows: same page.
std::int64_t tick_of(const AlarmConfig& config) {
  const int period_s = config.period();
  if (period_s < 60) return 10;
  const std::int64_t length_s = std::int64_t{period_s} * *config.evaluation_periods;
  return length_s > kDayS ? 3600 : 60;
}

bool is_upper(Comparison comparison) {
  return comparison == Comparison::greater || comparison == Comparison::greater_or_equal;
}

/// What an alarm watches is one time series.
Result<metric_math::Series> one_series(const metric_math::Value& value) {
  if (const auto* series = std::get_if<metric_math::Series>(&value)) return *series;
  const auto* array = std::get_if<metric_math::SeriesArray>(&value);
  if (array != nullptr && array->empty()) return metric_math::Series{};
  if (array != nullptr && array->size() == 1) return array->front();
  return Error{ErrorKind::invalid, "ValidationError",
               "The expression of an alarm must yield one time series, and it yields several."};
}

using Band = std::map<std::int64_t, std::pair<double, double>>;  // lower and upper by time

Band band_points(const metric_math::Value& value) {
  const auto* sides = std::get_if<metric_math::SeriesArray>(&value);
  WEIR_ASSERT(sides != nullptr && sides->size() == 2);  // check() has seen to it
  const metric_math::Series& upper = sides->front();
  const metric_math::Series& lower = sides->back();
  Band out;
  for (std::size_t i = 0; i < upper.size(); ++i) {
    out[(*upper.times)[i]] = {(*lower.values)[i], (*upper.values)[i]};
  }
  return out;
}

int breaching_points(const Decision& decision) {
  return static_cast<int>(std::count_if(decision.points.begin(), decision.points.end(),
                                        [](auto& p) { return p.value && p.is_breaching; }));
}

}  // namespace

Plan Plan::of(const AlarmConfig& config) {
  Plan plan;
  plan.comparison = config.comparison();
  plan.threshold = config.threshold.value_or(0);  // an alarm with a band has none
  plan.period_s = config.period();
  plan.range = evaluation_range(*config.evaluation_periods, plan.period_s);
  plan.tick_s = tick_of(config);
  plan.rules.periods = *config.evaluation_periods;
  plan.rules.datapoints = config.datapoints();
  plan.rules.missing = missing_data(config.treat_missing_data, config.namespace_name.value_or(""));
  if (config.is_math()) {
    plan.set_program(config);
    return plan;
  }
  plan.metric = config.metric();
  plan.sources = {plan.metric};
  plan.unit = config.unit;
  plan.statistic = *metrics::Statistic::parse(config.statistic_name());
  const auto percentile = plan.statistic.percentile();
  if (percentile && config.evaluate_low_sample_count_percentile == "ignore") {
    plan.rules.samples_min = significant_samples(*percentile);
  }
  return plan;
}

void Plan::set_program(const AlarmConfig& config) {
  auto made = metric_math::Program::make(*config.queries);
  WEIR_ASSERT(made);  // it was checked before it was stored
  program = *std::move(made);
  watched = *program->find(config.watched().id);
  if (config.has_band()) band = program->find(*config.threshold_metric_id);
  for (const std::size_t query : program->needed_by(watched)) {
    const auto& stat = program->queries()[query].metric_stat;
    if (!stat) continue;
    const metrics::MetricId& named = stat->metric;
    sources.push_back(
        metrics::MetricId::make(named.namespace_name, named.metric_name, named.dimensions));
  }
}

Time Plan::next_tick(Time now, Duration delay) const {
  return Time::from_seconds(floor_to((now - delay).seconds(), tick_s) + tick_s) + delay;
}

void Alarms::Impl::set_due(State& held, const AlarmKey& key, std::optional<Time> when) {
  const auto at = held.due_of.find(key);
  if (at != held.due_of.end()) {
    held.due.erase({at->second, key});
    held.due_of.erase(at);
  }
  if (!when) return;
  held.due_of.emplace(key, *when);
  held.due.emplace(*when, key);
}

void Alarms::Impl::on_arrival(const Scope& scope, const metrics::MetricId& metric) {
  auto held = state.lock();
  const auto found = held->by_metric.find({scope, metric});
  if (found == held->by_metric.end()) return;
  held->arrived.insert(found->second.begin(), found->second.end());
  post(held->evaluation, &Impl::run_evaluations);
}

std::vector<AlarmKey> Alarms::Impl::take_work(State& held, Time now) {
  if (held.last_run > now + kClockStep) {
    // The clock was set back: what is due by the old one would not come for as long.
    std::set<std::pair<Time, AlarmKey>> due;
    for (auto& [key, when] : held.due_of) {
      if (held.alarms.contains(key) && held.alarms.at(key)->plan) when = std::min(when, now);
      due.emplace(when, key);
    }
    held.due = std::move(due);
  }
  held.last_run = now;
  // What has new data goes first, and in small batches: a notification is not to wait until all
  // that are due in the same second are through.
  std::vector<AlarmKey> work;
  while (!held.arrived.empty() && work.size() < kBatch) {
    work.push_back(std::move(held.arrived.extract(held.arrived.begin()).value()));
    set_due(held, work.back(), std::nullopt);
  }
  const std::size_t batch = work.size() + kBatch;
  while (!held.due.empty() && held.due.begin()->first <= now && work.size() < batch) {
    work.push_back(held.due.begin()->second);
    set_due(held, work.back(), std::nullopt);
  }
  return work;
}

void Alarms::Impl::run_evaluations() {
  bool is_first = true;
  while (true) {
    std::vector<AlarmKey> work;
    std::optional<Time> missed_since;
    {
      auto held = state.lock();
      if (is_first) held->evaluation.is_posted = false;
      if (is_first && held->evaluation.is_running) return;  // it will see what has come in
      is_first = false;
      work = take_work(*held, runtime.now());
      missed_since = held->missed_since;
      if (held->arrived.empty()) held->missed_since.reset();
      held->evaluation.is_running = !work.empty();
      if (work.empty()) {
        if (!held->due.empty()) {
          run_at(held->evaluation, held->due.begin()->first, &Impl::run_evaluations);
        }
        return;
      }
    }
    if (const auto done = evaluate(work, missed_since); !done) {
      log::error("alarms cannot be evaluated, will retry", {{"error", done.error().message}});
      auto held = state.lock();
      for (const AlarmKey& key : work) set_due(*held, key, runtime.now() + kRetryAfter);
    }
  }
}

Result<void> Alarms::Impl::evaluate(const std::vector<AlarmKey>& keys,
                                    std::optional<Time> missed_since) {
  struct Changed {
    AlarmKey key;
    DefinitionPtr definition;
    Judgement judgement;
  };
  const Time now = runtime.now();
  std::vector<Changed> changed;
  std::vector<AlarmKey> composites;
  for (const AlarmKey& key : keys) {
    const DefinitionPtr definition = find(key);
    if (!definition) continue;  // deleted meanwhile
    if (definition->rule) {
      composites.push_back(key);
      continue;
    }
    auto judged = judge(*definition, key.scope, now);
    if (!judged && definition->plan->program) {
      // The others are judged all the same; this one keeps its state.
      evaluation_errors_counter.add();
      judged = Judgement{};
    }
    WEIR_TRY(Judgement judgement, std::move(judged));
    const bool may_look_back = !definition->plan->program || judgement.decision.state;
    if (may_look_back && missed_since && judgement.decision.state != StateValue::alarm) {
      const Time since = std::max(*missed_since, definition->stored.alarm.state_updated);
      WEIR_TRY(auto missed, judge_missed(*definition->plan, key.scope, since, now));
      // The next tick takes it back where that is due; a short alarm is better than a silent one.
      if (missed) judgement = {*std::move(missed)};
    }
    {
      auto held = state.lock();
      ++held->stats.evaluations;
      if (!judgement.is_dormant && held->alarms.contains(key)) {
        set_due(*held, key, definition->plan->next_tick(now, config.evaluation_delay));
      }
    }
    evaluations_counter.add();
    const auto& to = judgement.decision.state;
    if (to && to_text(*to) != definition->stored.alarm.state_value) {
      changed.push_back({key, definition, std::move(judgement)});
    }
  }
  if (changed.empty() && composites.empty()) return {};
  return change([&](Draft& draft) -> Result<void> {
    for (const AlarmKey& key : composites) draft.end_period(key);
    std::uint64_t early = 0;
    for (Changed& one : changed) {
      if (draft.find(one.key) != one.definition) {
        // Replaced or set by hand since it was judged: judge again.
        auto held = state.lock();
        if (held->alarms.contains(one.key)) held->arrived.insert(one.key);
        continue;
      }
      const Decision& decision = one.judgement.decision;
      const AlarmConfig& alarm = one.definition->stored.alarm;
      draft.transition(one.key, *one.definition, *decision.state, state_reason(alarm, decision),
                       state_reason_data(alarm, decision, now));
      early += one.judgement.is_early ? 1 : 0;
    }
    state.lock()->stats.early_firings += early;
    return {};
  });
}

Result<Judgement> Alarms::Impl::judge(const Definition& definition, const Scope& scope, Time now) {
  const Plan& plan = *definition.plan;
  Judgement out;
  const std::int64_t settled_end_s =
      floor_to((now - config.evaluation_delay).seconds(), plan.tick_s);
  WEIR_TRY(const bool has_fresh,
           has_data(plan, scope, Time::from_seconds(settled_end_s), now + kFutureMax));
  if (has_fresh && config.early_firing && may_fire_early(plan, scope)) {
    WEIR_TRY(auto early, judge_early(plan, scope, settled_end_s, now));
    if (early) {
      out.decision = *std::move(early);
      out.is_early = true;
      return out;
    }
  }
  WEIR_TRY(const std::vector<Slot> slots, window(plan, scope, settled_end_s));
  out.decision = decide(slots, plan.rules);
  const bool is_empty = std::none_of(slots.begin(), slots.end(),
                                     [](const Slot& slot) { return slot.sample_count > 0; });
  // An expression may have a value where its metrics have none.
  out.is_dormant = is_empty && !has_fresh && !plan.program;
  return out;
}

/// The windows that end behind the settled one, up to the period that is open now. ALARM there
/// stays: the breaching points can only grow worse.
Result<std::optional<Decision>> Alarms::Impl::judge_early(const Plan& plan, const Scope& scope,
                                                          std::int64_t settled_end_s, Time now) {
  const std::int64_t open_end_s = floor_to(now.seconds(), plan.tick_s) + plan.tick_s;
  for (std::int64_t end_s = settled_end_s + plan.tick_s; end_s <= open_end_s;
       end_s += plan.tick_s) {
    WEIR_TRY(const std::vector<Slot> slots, window(plan, scope, end_s));
    if (!slots.front().value || !slots.front().is_breaching) continue;
    Decision decision = decide(slots, plan.rules);
    const bool is_by_data = breaching_points(decision) >= plan.rules.datapoints;
    if (decision.state == StateValue::alarm && is_by_data)
      return std::optional(std::move(decision));
  }
  return std::optional<Decision>();
}

/// The windows that nobody judged because no process ran: the first that its data put into ALARM.
Result<std::optional<Decision>> Alarms::Impl::judge_missed(const Plan& plan, const Scope& scope,
                                                           Time since, Time now) const {
  const std::int64_t settled_end_s =
      floor_to((now - config.evaluation_delay).seconds(), plan.tick_s);
  std::int64_t end_s =
      floor_to((since - config.evaluation_delay).seconds(), plan.tick_s) + plan.tick_s;
  end_s = std::max(end_s, settled_end_s - kMissedTicksMax * plan.tick_s);
  for (; end_s < settled_end_s; end_s += plan.tick_s) {
    WEIR_TRY(const std::vector<Slot> slots, window(plan, scope, end_s));
    Decision decision = decide(slots, plan.rules);
    const bool is_by_data = breaching_points(decision) >= plan.rules.datapoints;
    if (decision.state == StateValue::alarm && is_by_data)
      return std::optional(std::move(decision));
  }
  return std::optional<Decision>();
}

bool Alarms::Impl::may_fire_early(const Plan& plan, const Scope& scope) const {
  if (plan.program) return false;
  using Kind = metrics::Statistic::Kind;
  switch (plan.statistic.kind()) {
    case Kind::sample_count:
    case Kind::maximum:
      return is_upper(plan.comparison);
    case Kind::minimum:
      return !is_upper(plan.comparison);
    case Kind::sum:
      return is_upper(plan.comparison) && !metrics.has_negative_values(scope, plan.metric);
    default:
      return false;
  }
}

Result<bool> Alarms::Impl::has_data(const Plan& plan, const Scope& scope, Time from,
                                    Time to) const {
  if (plan.program) return true;
  // One bucket over all; below a minute the period says that seconds are wanted.
  const auto span_s = static_cast<int>((to - from).count() / 1000 / 60 * 60 + 60);
  WEIR_TRY(const auto buckets,
           metrics.buckets(scope, {.metric = plan.metric,
                                   .unit = plan.unit,
                                   .from = from,
                                   .to = to,
                                   .period_s = plan.period_s < 60 ? span_s + 10 : span_s,
                                   .with_distribution = false}));
  return !buckets.empty();
}

Result<std::vector<Slot>> Alarms::Impl::window(const Plan& plan, const Scope& scope,
                                               std::int64_t end_s) const {
  if (plan.program) return math_window(plan, scope, end_s);
  const auto count = static_cast<std::size_t>(plan.range);
  const Time from = Time::from_seconds(end_s - std::int64_t{plan.range} * plan.period_s);
  WEIR_TRY(const auto buckets,
           metrics.buckets(scope, {.metric = plan.metric,
                                   .unit = plan.unit,
                                   .from = from,
                                   .to = Time::from_seconds(end_s),
                                   .period_s = plan.period_s,
                                   .with_distribution = !plan.statistic.is_basic()}));
  // Without a unit the alarm sees the data of all units together.
  std::vector<metrics::Aggregate> sums(count);
  for (const metrics::Bucket& bucket : buckets) {
    const auto oldest_first =
        static_cast<std::size_t>((bucket.start - from).count() / 1000 / plan.period_s);
    sums[count - 1 - oldest_first].merge(bucket.aggregate);
  }
  std::vector<Slot> slots(count);
  for (std::size_t i = 0; i < count; ++i) {
    slots[i].start = Time::from_seconds(end_s - static_cast<std::int64_t>(i + 1) * plan.period_s);
    slots[i].sample_count = sums[i].sample_count;
    slots[i].value = plan.statistic.of(sums[i]);
    slots[i].is_breaching =
        slots[i].value && breaches(*slots[i].value, plan.comparison, plan.threshold);
  }
  return slots;
}

Result<void> Alarms::Impl::try_program(const AlarmConfig& alarm, const Scope& scope) const {
  const Plan plan = Plan::of(alarm);
  const auto slots = math_window(plan, scope, floor_to(runtime.now().seconds(), plan.tick_s));
  // The store fails, or a model is still being learnt: for now.
  const bool is_for_now = !slots && (slots.error().kind == ErrorKind::internal ||
                                     slots.error().code == kPendingTraining);
  if (!slots && !is_for_now) return slots.error();
  return {};
}

Result<std::vector<Slot>> Alarms::Impl::math_window(const Plan& plan, const Scope& scope,
                                                    std::int64_t end_s) const {
  const metric_math::Grid grid{end_s - std::int64_t{plan.range} * plan.period_s, end_s,
                               plan.period_s};
  metric_math::Evaluation evaluation(
      *plan.program, metrics, scope, [&](int) { return grid; }, sources);
  WEIR_TRY(const metric_math::Value value, evaluation.result(plan.watched));
  Band band;
  if (plan.band) {
    WEIR_TRY(const metric_math::Value sides, evaluation.result(*plan.band));
    band = band_points(sides);
  }
  std::vector<Slot> slots(static_cast<std::size_t>(plan.range));
  for (std::size_t i = 0; i < slots.size(); ++i) {
    slots[i].start = Time::from_seconds(end_s - static_cast<std::int64_t>(i + 1) * plan.period_s);
  }
  WEIR_TRY(const metric_math::Series series, one_series(value));
  for (std::size_t i = 0; i < series.size(); ++i) {
    const std::int64_t before_end_s = end_s - (*series.times)[i];
    const auto newest_first = static_cast<std::size_t>((before_end_s - 1) / plan.period_s);
    if (before_end_s <= 0 || newest_first >= slots.size()) continue;
    Slot& slot = slots[newest_first];
    if (plan.band) {
      const auto expected = band.find((*series.times)[i]);
      if (expected == band.end()) continue;  // without a band the point is missing
      std::tie(slot.lower, slot.upper) = expected->second;
    }
    slot.value = (*series.values)[i];
    slot.sample_count = 1;
    slot.is_breaching = plan.band ? breaches(*slot.value, plan.comparison, slot.lower, slot.upper)
                                  : breaches(*slot.value, plan.comparison, plan.threshold);
  }
  return slots;
}

}  // namespace weir::alarms
