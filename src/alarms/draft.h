// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "alarms/alarms_impl.h"

/// Private to this module.
namespace weir::alarms {

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

  // mute_rules.cc
  MutePtr find_mute_rule(const AlarmKey& key) const;
  /// nullptr: it is gone.
  void put_mute_rule(const AlarmKey& key, MutePtr rule);
  /// The end of the windows that mute the alarm now.
  std::optional<Time> muted_until(const AlarmKey& key) const;
  /// Runs what was held of alarms that no rule mutes any more.
  void release_held();

  // repeats.cc
  void repeat_actions(const AlarmKey& key);

  Result<void> store();
  void publish();

 private:
  struct Entry {
    DefinitionPtr definition;  // nullptr: erased
    Next next = Next::as_before;
  };
  std::uint64_t next_number(std::uint64_t Alarms::Impl::State::*counter);
  /// Runs the actions of the alarm's state, or holds them while a rule mutes it.
  void add_actions(const AlarmKey& key, const StoredAlarm& alarm, std::string_view old_state);
  void execute_actions(const AlarmKey& key, const StoredAlarm& alarm, std::string_view old_state,
                       bool is_after_mute);

  // mute_rules.cc
  std::optional<HeldActions> held_actions(const AlarmKey& key) const;
  void hold_actions(const AlarmKey& key, std::optional<HeldActions> actions);
  bool mute(const AlarmKey& key, const StoredAlarm& alarm, std::string_view old_state);
  void publish_mutes(Alarms::Impl::State& held);

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
  std::map<AlarmKey, MutePtr> changed_rules_;
  std::map<AlarmKey, std::optional<HeldActions>> changed_held_;
};

/// The actions of the state that the alarm is in.
const std::vector<std::string>& actions_of(const Alarm& alarm);

/// Replaces the values of known keys, appends the rest. Error: too many.
Result<void> merge_tags(std::vector<Tag>& tags, const std::vector<Tag>& more);
/// The history item of a change of configuration; see configuration_update_data().
HistoryItem configuration_item(std::string_view type, const StoredAlarm& alarm,
                               const StoredAlarm* before);
std::string history_prefix(const Scope& scope);
std::string history_key(const Scope& scope, Time time, std::uint64_t number);

}  // namespace weir::alarms
