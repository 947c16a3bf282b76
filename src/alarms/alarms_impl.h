// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alarms/alarm_rule.h"
#include "alarms/alarms.h"
#include "alarms/evaluation.h"
#include "alarms/mute_impl.h"
#include "alarms/outbox.h"
#include "alarms/repeats.h"
#include "base/counters.h"
#include "base/guarded.h"
#include "metric_math/program.h"
#include "metrics/group_commit.h"

/// The inside of Alarms, shared by its source files. Private to this module.
///
///   alarms/<scope>alarm/<name>              StoredAlarm as JSON
///   alarms/<scope>outbox/<number>           OutboxRecord as JSON
///   alarms/<scope>mute/, held/              see mute_impl.h
///   alarms.history/<scope><ms><number>      HistoryItem as JSON
///   alarms.alive                            when this process was last known to judge, 8 bytes
namespace weir::alarms {

struct StoredAlarm {
  Alarm alarm;
  std::vector<Tag> tags;
  std::optional<Composite> composite;
  static Shape shape();

  std::string_view type() const { return composite ? "CompositeAlarm" : "MetricAlarm"; }
};

/// What evaluation needs of a configuration, parsed once.
struct Plan {
  metrics::MetricId metric;                     // not of an alarm with an expression
  std::vector<metrics::MetricId> sources;       // all whose data may change the state
  std::optional<metric_math::Program> program;  // of an alarm with an expression
  std::size_t watched = 0;                      // the query that has the threshold
  std::optional<std::size_t> band = {};         // the query that is the threshold
  std::optional<std::string> unit;
  metrics::Statistic statistic;
  Comparison comparison = Comparison::greater;
  double threshold = 0;
  Rules rules;
  int period_s = 60;
  int range = 3;             // periods looked at
  std::int64_t tick_s = 60;  // how often the window moves

  static Plan of(const AlarmConfig& config);
  void set_program(const AlarmConfig& config);
  /// When the window moves next after `now`, and its newest period has been over for `delay`.
  Time next_tick(Time now, Duration delay) const;
};

struct Definition {
  StoredAlarm stored;
  std::shared_ptr<const Plan> plan;       // of a metric alarm; shared by what followed a change of
                                          // state only
  std::shared_ptr<const AlarmRule> rule;  // of a composite alarm
  std::string suppressor;                 // its name; "" without

  /// `before` has the same configuration, or is nullptr.
  static std::shared_ptr<const Definition> of(const Scope& scope, StoredAlarm stored,
                                              const Definition* before);
  StateValue state() const { return *parse_state(stored.alarm.state_value); }
  bool watches(std::string_view alarm_name) const {
    return (rule && rule->names(alarm_name)) || suppressor == alarm_name;
  }
};
/// Shared: an evaluation goes on with the definition that it began with while the API replaces it.
/// It is never changed, so a different pointer says that something happened to the alarm meanwhile.
using DefinitionPtr = std::shared_ptr<const Definition>;

class Draft;
/// One change of the stored state. `apply` either returns an Error or has made all its changes in
/// the draft.
struct Change {
  std::function<Result<void>(Draft&)> apply;
  Result<void> result;
};

/// A wall clock that goes back farther was set; less is how clocks are.
inline constexpr Duration kClockStep = std::chrono::seconds(2);

struct Judgement {
  Decision decision;
  bool is_early = false;    // before the end of the newest period
  bool is_dormant = false;  // nothing will change until data arrive
};

struct Alarms::Impl : std::enable_shared_from_this<Alarms::Impl> {
  /// A task that at most one thread runs, woken by post() or by a timer.
  struct Job {
    bool is_posted = false;
    bool is_running = false;
    std::optional<std::pair<Time, TimerId>> timer;
  };
  struct State {
    std::map<AlarmKey, DefinitionPtr> alarms;
    std::map<std::pair<Scope, metrics::MetricId>, std::set<AlarmKey>> by_metric;
    std::map<AlarmKey, std::set<AlarmKey>> watchers;  // composites by those that they watch()
    std::set<AlarmKey> arrived;                       // to be evaluated now
    std::optional<Time> missed_since;                 // set by load(): nobody judged from then on
    std::map<AlarmKey, Time> due_of;
    std::set<std::pair<Time, AlarmKey>> due;  // the same, in time order
    Outbox outbox;
    MuteState mutes;
    Repeats repeats;
    std::uint64_t next_outbox = 1;
    std::uint64_t next_history = 1;
    std::map<Scope, std::size_t> history_count;
    Job evaluation;
    Job delivery;
    Job muting;
    Job repetition;
    Time last_run;  // of evaluations: the clock was set back if it is in the future
    Stats stats;
  };

  Impl(Runtime& runtime_in, store::KvStore& store_in, metrics::Metrics& metrics_in,
       ActionSink sink_in, Config config_in, metric_math::Sources sources_in);

  // impl.cc
  Result<void> load();
  Result<void> load_alarm(State& held, const Scope& scope, std::string_view value);
  Result<void> load_action(State& held, const Scope& scope, std::string_view number,
                           std::string_view value);
  Result<void> load_history_counts();
  /// Notes in the store that alarms are being judged, for judge_missed() after a crash.
  Result<void> note_alive();
  /// Wakes what is due by a wall clock that was set.
  void watch_clock();
  /// Applies one change, stored when this returns; its Error if it refused.
  Result<void> change(std::function<Result<void>(Draft&)> apply);
  void commit(std::span<Change* const> group);
  DefinitionPtr find(const AlarmKey& key) const;

  // evaluator.cc
  void on_arrival(const Scope& scope, const metrics::MetricId& metric);
  void run_evaluations();
  std::vector<AlarmKey> take_work(State& held, Time now);
  Result<void> evaluate(const std::vector<AlarmKey>& keys, std::optional<Time> missed_since);
  Result<Judgement> judge(const Definition& definition, const Scope& scope, Time now);
  Result<std::vector<Slot>> window(const Plan& plan, const Scope& scope, std::int64_t end_s) const;
  /// Whether the expression has a value of the right type. Error: what is wrong with it.
  Result<void> try_program(const AlarmConfig& alarm, const Scope& scope) const;
  Result<std::vector<Slot>> math_window(const Plan& plan, const Scope& scope,
                                        std::int64_t end_s) const;
  Result<bool> has_data(const Plan& plan, const Scope& scope, Time from, Time to) const;
  bool may_fire_early(const Plan& plan, const Scope& scope) const;
  Result<std::optional<Decision>> judge_early(const Plan& plan, const Scope& scope,
                                              std::int64_t settled_end_s, Time now);

  Result<std::optional<Decision>> judge_missed(const Plan& plan, const Scope& scope, Time since,
                                               Time now) const;

  // explain.cc
  Document tree(const AlarmKey& key, std::set<AlarmKey>& seen, int depth) const;
  Result<Document::Map> explain_metric(const Definition& definition, const Scope& scope);
  Document::List explain_actions(const AlarmKey& key, const Definition& definition) const;

  // outbox.cc
  void run_deliveries();
  void deliver(const std::vector<std::pair<OutboxKey, Pending>>& work);
  Result<void> hand_on(const Scope& scope, std::span<const OutboxRecord> records);

  // repeats.cc
  /// Sets when the actions of the alarm are repeated next, if they are to be.
  void follow_repeats(State& held, const AlarmKey& key, const Definition& definition);
  void run_repeats();

  // mute_rules.cc
  void run_mutes();
  void watch_mutes(State& held);
  Result<void> load_mute_rule(State& held, const Scope& scope, std::string_view value);
  Result<void> load_held_actions(State& held, const Scope& scope, std::string_view value);
  Result<void> change_mute_tags(const AlarmKey& key, std::string_view arn,
                                const std::function<Result<void>(std::vector<Tag>&)>& apply);

  // history.cc
  Result<HistoryPage> history(const Scope& scope, const HistoryQuery& query) const;
  Result<void> prune_history();

  Runtime& runtime;
  store::KvStore& store;
  metrics::Metrics& metrics;
  const ActionSink sink;
  const Config config;
  const metric_math::Sources sources;

  Guarded<State> state;
  metrics::GroupCommit<Change> writer;
  Timer pruning;
  Timer heartbeat;

  /// Puts a definition into the indices, or takes it out.
  static void index(State& held, const AlarmKey& key, const Definition& definition);
  static void unindex(State& held, const AlarmKey& key, const Definition& definition);
  void set_due(State& held, const AlarmKey& key, std::optional<Time> when);
  /// Runs `run` on a worker soon, unless that is under way.
  void post(Job& job, void (Impl::*run)());
  /// Runs `run` at `when`, unless something earlier is set.
  void run_at(Job& job, Time when, void (Impl::*run)());

  Counter& evaluations_counter;
  Counter& evaluation_errors_counter;
  Counter& transitions_counter;
  Counter& actions_failed_counter;
};

}  // namespace weir::alarms
