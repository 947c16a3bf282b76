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
#include "base/counters.h"
#include "base/guarded.h"
#include "metric_math/program.h"
#include "metrics/group_commit.h"

/// The inside of Alarms, shared by its source files. Private to this module.
///
///   alarms/<scope>alarm/<name>              StoredAlarm as JSON
///   alarms/<scope>outbox/<number>           OutboxRecord as JSON
///   alarms.history/<scope><ms><number>      HistoryItem as JSON
///   alarms.alive                            when this process was last known to judge, 8 bytes
namespace weir::alarms {

struct AlarmKey {
  Scope scope;
  std::string name;
  auto operator<=>(const AlarmKey&) const = default;
};

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

class Draft;
/// One change of the stored state. `apply` either returns an Error or has made all its changes in
/// the draft.
struct Change {
  std::function<Result<void>(Draft&)> apply;
  Result<void> result;
};

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
    std::map<OutboxKey, Pending> outbox;
    std::uint64_t next_outbox = 1;
    std::uint64_t next_history = 1;
    std::map<Scope, std::size_t> history_count;
    Job evaluation;
    Job delivery;
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
  /// Applies one change, stored when this returns; its Error if it refused.
  Result<void> change(std::function<Result<void>(Draft&)> apply);
  void commit(std::span<Change* const> group);
  DefinitionPtr find(const AlarmKey& key) const;

  // evaluator.cc
  void on_arrival(const Scope& scope, const metrics::MetricId& metric);
  void run_evaluations();
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

  // outbox.cc
  void run_deliveries();
  void deliver(const std::vector<std::pair<OutboxKey, Pending>>& work);

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

/// Changes of one group commit, built aside and published after they are stored.
class Draft {
 public:
  explicit Draft(Alarms::Impl& impl) : impl_(impl) {}

  DefinitionPtr find(const AlarmKey& key) const;
  std::size_t alarm_count() const;
  /// When the alarm is judged next.
  enum class Next { now, next_tick, as_before };
  /// `before` has the same configuration, or is nullptr.
  void put(const AlarmKey& key, StoredAlarm alarm, Next next, const Definition* before = nullptr);
  void erase(const AlarmKey& key);
  /// The time stamp is set here.
  void add_history(const Scope& scope, HistoryItem item);
  void add_action(const Scope& scope, OutboxRecord record);
  void erase_action(const OutboxKey& key);
  /// Changes the state of the alarm, with history and actions.
  void transition(const AlarmKey& key, const Definition& before, StateValue to, std::string reason,
                  std::optional<std::string> reason_data);

  // configure.cc
  /// The alarm as it will be with the configuration, tagged if it is new. Error: too many alarms.
  Result<StoredAlarm> configured(const AlarmKey& key, const AlarmConfig& config,
                                 const std::vector<Tag>& tags) const;
  /// Whether all alarms that the rule names exist and may have one more parent.
  Result<void> check_relatives(const AlarmKey& key, const AlarmRule& rule,
                               const CompositeConfig& composite) const;
  Result<void> check_removal(const Scope& scope, const std::vector<std::string>& names) const;

  // composites.cc
  /// `held_from`: the state before a change whose actions another suppressor held back.
  void put_composite(const AlarmKey& key, StoredAlarm alarm,
                     const std::optional<std::string>& held_from);
  /// The composite alarms that name the alarm, in their rule or as their suppressor.
  std::set<AlarmKey> watchers(const AlarmKey& key) const;
  /// Evaluates the composite alarm for the first time with its configuration.
  void evaluate_new(const AlarmKey& key, std::string_view what_was_done);
  /// Evaluates the composite alarms above all that changed state since the last call, each once.
  void settle();
  /// Ends the wait or extension period that is over.
  void end_period(const AlarmKey& key);

  Result<void> store();
  void publish();

 private:
  struct Entry {
    DefinitionPtr definition;  // nullptr: erased
    Next next = Next::as_before;
  };
  std::uint64_t next_number(std::uint64_t Alarms::Impl::State::*counter);
  void add_actions(const AlarmKey& key, const StoredAlarm& alarm, std::string_view old_state);

  // composites.cc
  using Depths = std::map<AlarmKey, std::optional<int>>;
  std::optional<int> depth(const AlarmKey& key, Depths& depths, int nesting) const;
  std::optional<StateValue> state_of(const AlarmKey& key) const;
  void evaluate(const AlarmKey& key, const std::set<AlarmKey>& triggers);
  void release(const AlarmKey& key, StoredAlarm after);
  /// Whether the actions of a change run now; if not, `after` says what holds them back.
  bool may_act(const AlarmKey& key, StoredAlarm& after, const std::string& old_state) const;
  void follow_suppressor(const AlarmKey& key);

  Alarms::Impl& impl_;
  store::WriteBatch batch_;
  std::map<AlarmKey, Entry> changed_;
  std::map<AlarmKey, std::set<AlarmKey>> new_watchers_;
  std::set<AlarmKey> moved_;  // changed state since settle()
  std::map<OutboxKey, Pending> new_actions_;
  std::vector<OutboxKey> done_actions_;
  std::map<Scope, std::size_t> new_history_;
};

/// Replaces the values of known keys, appends the rest. Error: too many.
Result<void> merge_tags(std::vector<Tag>& tags, const std::vector<Tag>& more);
/// The history item of a change of configuration; see configuration_update_data().
HistoryItem configuration_item(std::string_view type, const StoredAlarm& alarm,
                               const StoredAlarm* before);
std::string history_prefix(const Scope& scope);
std::string history_key(const Scope& scope, Time time, std::uint64_t number);

}  // namespace weir::alarms
