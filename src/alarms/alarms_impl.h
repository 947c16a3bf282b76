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

#include "alarms/alarms.h"
#include "alarms/evaluation.h"
#include "base/counters.h"
#include "base/guarded.h"
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
  static Shape shape();
};

/// What evaluation needs of a configuration, parsed once.
struct Plan {
  metrics::MetricId metric;
  std::optional<std::string> unit;
  metrics::Statistic statistic;
  Comparison comparison = Comparison::greater;
  double threshold = 0;
  Rules rules;
  int period_s = 60;
  int range = 3;             // periods looked at
  std::int64_t tick_s = 60;  // how often the window moves

  static Plan of(const AlarmConfig& config);
  /// When the window moves next after `now`, and its newest period has been over for `delay`.
  Time next_tick(Time now, Duration delay) const;
};

struct Definition {
  StoredAlarm stored;
  Plan plan;
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
    std::set<AlarmKey> arrived;        // to be evaluated now
    std::optional<Time> missed_since;  // set by load(): nobody judged from then on
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
       ActionSink sink_in, Config config_in);

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

  Guarded<State> state;
  metrics::GroupCommit<Change> writer;
  Timer pruning;
  Timer heartbeat;

  void set_due(State& held, const AlarmKey& key, std::optional<Time> when);
  /// Runs `run` on a worker soon, unless that is under way.
  void post(Job& job, void (Impl::*run)());
  /// Runs `run` at `when`, unless something earlier is set.
  void run_at(Job& job, Time when, void (Impl::*run)());

  Counter& evaluations_counter;
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
  void put(const AlarmKey& key, StoredAlarm alarm, Next next);
  void erase(const AlarmKey& key);
  void add_history(const Scope& scope, const Alarm& alarm, std::string_view item_type,
                   std::string summary, std::string data);
  void add_action(const Scope& scope, const Alarm& alarm, OutboxRecord record);
  void erase_action(const OutboxKey& key);
  /// Changes the state of the alarm, with history and actions.
  void transition(const AlarmKey& key, const Definition& before, StateValue to, std::string reason,
                  std::optional<std::string> reason_data);

  Result<void> store();
  void publish();

 private:
  struct Entry {
    DefinitionPtr definition;  // nullptr: erased
    Next next = Next::as_before;
  };
  std::uint64_t next_number(std::uint64_t Alarms::Impl::State::*counter);

  Alarms::Impl& impl_;
  store::WriteBatch batch_;
  std::map<AlarmKey, Entry> changed_;
  std::map<OutboxKey, Pending> new_actions_;
  std::vector<OutboxKey> done_actions_;
  std::map<Scope, std::size_t> new_history_;
};

std::string history_prefix(const Scope& scope);
std::string history_key(const Scope& scope, Time time, std::uint64_t number);

}  // namespace weir::alarms
