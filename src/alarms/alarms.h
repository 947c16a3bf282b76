// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alarms/alarm.h"
#include "alarms/mute_rule.h"
#include "base/document.h"
#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "metric_math/program.h"
#include "metrics/metrics.h"
#include "store/kv_store.h"

namespace weir::alarms {

/// Something to do because an alarm changed its state. `id` is the same at every attempt.
struct Action {
  std::string id;
  std::string arn;
  std::string subject;  // `ALARM: "name" in US East (N. Virginia)`
  std::string message;  // the JSON that SNS endpoints get
  std::string alarm_name;
  std::string email_text;  // the letter that email endpoints get
};

/// Takes an action over, durably. An Error of kind unavailable or internal is tried again; any
/// other is final and shows in the history of the alarm. May be called again with an id that it has
/// seen.
using ActionSink = std::function<Result<void>(const Scope&, const Action&)>;

struct Config {
  /// Whether an alarm fires in the middle of a period when no later datum of it could take the
  /// breach back.
  bool early_firing = true;
  /// How long after its end a period is first judged, so that its last data are in.
  Duration evaluation_delay = std::chrono::seconds(5);
  std::size_t alarms_max = 100'000;         // over all scopes; more are refused with LimitExceeded
  std::size_t history_items_max = 100'000;  // per scope; the oldest go first
  Duration history_kept = std::chrono::hours(24 * 14);
  std::size_t outbox_max = 100'000;  // actions that wait; one more fails at once, visibly
  Duration retry_delay_min = std::chrono::seconds(1);  // doubles up to the maximum
  Duration retry_delay_max = std::chrono::minutes(5);
  int attempts_max = 100;               // of one action, about eight hours
  std::size_t mute_rules_max = 10'000;  // over all scopes
  /// Actions of one topic within this time become one message; 0: each is its own, as on AWS.
  Duration group_within = Duration(0);
  /// The alarm actions of an alarm that stays in ALARM are run again that often; 0: never, as on
  /// AWS.
  Duration repeat_after = Duration(0);
};

struct AlarmQuery {
  bool with_metric = true;
  bool with_composite = false;
  std::vector<std::string> names = {};
  std::optional<std::string> name_prefix = {};
  std::optional<std::string> state_value = {};
  std::optional<std::string> action_prefix = {};
  int records_max = 50;
  std::string next_token = {};
};
struct AlarmPage {
  std::vector<Alarm> alarms;  // in name order
  std::vector<CompositeAlarm> composites;
  std::string next_token;  // "" at the end
};

/// The alarms that the rule of a composite alarm names, or the composite alarms whose rules name an
/// alarm.
struct RelativesQuery {
  enum class Which : std::uint8_t { children, parents };
  std::string alarm_name;
  Which which = Which::children;
  int records_max = 50;
  std::string next_token = {};
};
struct RelativesPage {
  std::vector<RelatedAlarm> alarms;  // in name order over both
  std::vector<RelatedAlarm> composites;
  std::string next_token;
};

struct MetricAlarmQuery {
  metrics::MetricId metric;
  std::optional<std::string> statistic = {};
  std::optional<std::string> extended_statistic = {};
  std::optional<int> period_s = {};
  std::optional<std::string> unit = {};
};

struct HistoryItem {
  std::string alarm_name;
  std::string alarm_type;
  Time timestamp;
  std::string item_type;  // ConfigurationUpdate, StateUpdate, Action
  std::string summary;
  std::string data;  // JSON text
  static Shape shape();
};
struct HistoryQuery {
  bool with_metric = true;
  bool with_composite = true;
  std::optional<std::string> alarm_name = {};
  std::optional<std::string> item_type = {};
  std::optional<Time> start = {};
  std::optional<Time> end = {};
  bool ascending = false;
  int records_max = 100;
  std::string next_token = {};
};
struct HistoryPage {
  std::vector<HistoryItem> items;
  std::string next_token;
};

/// Metric alarms, with a static threshold or a band, and composite alarms: kept, evaluated on time
/// and when data arrive, and acted on.
///
/// A composite alarm changes in one store write with the child that makes it. One that depends on
/// itself, through whatever others, or is nested deeper than 500, is not evaluated.
///
/// An alarm is judged every minute (every 10 seconds for periods below a minute, every hour for
/// windows beyond a day) over a window that slides with these ticks, by the algorithm of the User
/// Guide ("Configuring how alarms treat missing data"); besides, on arrival of data of its metric,
/// at once. Threads:    all functions from any thread. The sink is called on a worker, without a
/// lock. Durability: a change of state and what it makes us do are stored together before the sink
/// is called, and
///             forgotten after it took them; load() hands on again what is left.
class Alarms {
 public:
  struct Stats {
    std::uint64_t evaluations = 0;    // windows judged
    std::uint64_t early_firings = 0;  // before the end of the period
    std::uint64_t actions_done = 0;
    std::uint64_t actions_retried = 0;
    std::uint64_t actions_failed = 0;
  };

  /// `sources` is what expressions may use besides metrics; it must outlive this.
  Alarms(Runtime& runtime, store::KvStore& store, metrics::Metrics& metrics, ActionSink sink,
         Config config = {}, metric_math::Sources sources = {});
  ~Alarms();
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;

  /// Reads back all alarms, starts their evaluation and hands on what a crash left; call once,
  /// before the rest.
  Result<void> load();

  /// Creates or replaces. Tags are taken at creation only.
  Result<void> put_metric_alarm(const Scope& scope, const AlarmConfig& config,
                                const std::vector<Tag>& tags = {});
  /// The same for a composite alarm; of `config` its names, actions and their like.
  Result<void> put_composite_alarm(const Scope& scope, const AlarmConfig& config,
                                   const CompositeConfig& composite,
                                   const std::vector<Tag>& tags = {});
  Result<AlarmPage> describe(const Scope& scope, const AlarmQuery& query) const;
  /// Nothing for an alarm that does not exist.
  Result<RelativesPage> relatives(const Scope& scope, const RelativesQuery& query) const;
  /// Why the alarm is in its state: a map with its rule, the datapoints as they are judged now and
  /// the reason step by step; of a composite alarm the tree of its children with their states.
  /// Error (ResourceNotFoundException): there is no such alarm.
  Result<Document> explain(const Scope& scope, std::string_view name);
  std::vector<Alarm> describe_for_metric(const Scope& scope, const MetricAlarmQuery& query) const;
  Result<HistoryPage> history(const Scope& scope, const HistoryQuery& query) const;
  Result<void> set_state(const Scope& scope, std::string_view name, StateValue state,
                         std::string_view reason, std::optional<std::string> reason_data = {});
  /// Names that do not exist are passed over, here and in enable_actions(). Error
  /// (ValidationError): more than one composite alarm, or one that another composite alarm names.
  Result<void> remove(const Scope& scope, const std::vector<std::string>& names);
  Result<void> enable_actions(const Scope& scope, const std::vector<std::string>& names,
                              bool enabled);

  /// Creates or replaces a rule that holds the actions of alarms in windows of time. Tags are taken
  /// at creation only.
  Result<void> put_mute_rule(const Scope& scope, const MuteRuleConfig& config,
                             const std::vector<Tag>& tags = {});
  Result<MuteRule> mute_rule(const Scope& scope, std::string_view name) const;
  Result<MuteRulePage> mute_rules(const Scope& scope, const MuteRuleQuery& query) const;
  /// Nothing for a rule that does not exist. Actions that only it held are run.
  Result<void> remove_mute_rule(const Scope& scope, std::string_view name);

  /// Of alarms and mute rules, here and below.
  Result<void> tag(const Scope& scope, std::string_view alarm_arn, const std::vector<Tag>& tags);
  Result<void> untag(const Scope& scope, std::string_view alarm_arn,
                     const std::vector<std::string>& keys);
  Result<std::vector<Tag>> tags(const Scope& scope, std::string_view alarm_arn) const;

  Stats stats() const;

  struct Impl;  // the inside, see alarms_impl.h

 private:
  std::shared_ptr<Impl> impl_;  // shared with timers and with the arrival callback of Metrics
};

}  // namespace weir::alarms
