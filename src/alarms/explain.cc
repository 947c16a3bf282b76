// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "alarms/draft.h"
#include "alarms/text.h"
#include "base/document.h"

/// Why an alarm is in its state, for people: the datapoints, the rule, and the reason step by step,
/// from the same decision that evaluation makes.
namespace weir::alarms {

namespace {

constexpr int kTreeDepthMax = 10;      // of composite alarms in composite alarms
constexpr std::size_t kTreeMax = 500;  // alarms in a tree

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string_view sign(const Plan& plan) {
  switch (plan.comparison) {
    case Comparison::greater_or_equal:
      return ">=";
    case Comparison::greater:
      return ">";
    case Comparison::less:
      return "<";
    case Comparison::less_or_equal:
      return "<=";
    case Comparison::outside_band:
      return "outside";
    case Comparison::below_band:
      return "below";
    case Comparison::above_band:
      return "above";
  }
  return "";
}

std::string limit_text(const Alarm& alarm, const Plan& plan) {
  if (alarm.threshold) return std::string(sign(plan)) + ' ' + java_double(*alarm.threshold);
  return std::string(sign(plan)) + " the band " + alarm.threshold_metric_id.value_or("");
}

std::string metric_text(const metrics::MetricId& metric) {
  std::string text = metric.namespace_name + ' ' + metric.metric_name;
  for (const metrics::Dimension& dimension : metric.dimensions) {
    text += ' ' + dimension.name + '=' + dimension.value;
  }
  return text;
}

Document queries_of(const Alarm& alarm) {
  Document::List out;
  if (!alarm.is_math()) return out;
  for (const metric_math::DataQuery& query : *alarm.queries) {
    std::string text = query.expression.value_or("");
    if (query.metric_stat) {
      text = query.metric_stat->stat + " of " + metric_text(query.metric_stat->metric) + " every " +
             std::to_string(query.metric_stat->period_s) + " s";
    }
    out.push_back(
        Document::Map{{"id", query.id}, {"text", text}, {"isWatched", query.return_data}});
  }
  return out;
}

struct Counts {
  std::size_t real = 0;       // periods with a value
  std::size_t breaching = 0;  // among them
};

Counts count(const std::vector<Slot>& slots) {
  Counts counts;
  for (const Slot& slot : slots) {
    counts.real += slot.value ? 1 : 0;
    counts.breaching += slot.value && slot.is_breaching ? 1 : 0;
  }
  return counts;
}

/// The reason, step by step, as decide() goes.
class Steps {
 public:
  Steps(const Alarm& alarm, const Plan& plan, const std::vector<Slot>& window,
        const Judgement& judgement)
      : alarm_(alarm),
        plan_(plan),
        decision_(judgement.decision),
        all_(count(window)),
        judged_(count(judgement.decision.points)) {
    say_window(window);
    if (judgement.is_early) {
      say("The newest period is not over or its last data may still come, but it breaches already "
          "and "
          "no later datum can take that back, so the alarm does not wait.");
    }
    say_judged();
    say_verdict();
  }
  Document::List take() { return std::move(steps_); }

 private:
  void say(std::string text) { steps_.emplace_back(std::move(text)); }

  void say_window(const std::vector<Slot>& window) {
    const auto periods = static_cast<std::size_t>(plan_.rules.periods);
    say("Looked at are the newest " + counted(window.size(), "period") + " of " +
        std::to_string(plan_.period_s) + " s up to " +
        to_iso8601(window.front().start + std::chrono::seconds(plan_.period_s)) + ": the " +
        std::to_string(periods) + " that are judged and " +
        std::to_string(window.size() - periods) + " more, so that late data do not look missing.");
    say(counted(all_.real, "period") + (all_.real == 1 ? " has" : " have") + " data; " +
        std::to_string(all_.breaching) + (all_.breaching == 1 ? " breaches (" : " breach (") +
        limit_text(alarm_, plan_) + ").");
  }

  void say_judged() {
    const auto periods = static_cast<std::size_t>(plan_.rules.periods);
    if (all_.real >= periods) {
      say("That is enough, so the newest " + std::to_string(periods) +
          " with data are judged and missing data do not matter: " +
          std::to_string(judged_.breaching) + " of them breach.");
      return;
    }
    const std::string missing = "Of the " + std::to_string(periods) + " that are needed " +
                                std::to_string(periods - all_.real) + " are missing; ";
    switch (plan_.rules.missing) {
      case MissingData::breaching:
        return say(missing + "missing data are taken as breaching.");
      case MissingData::not_breaching:
        return say(missing + "missing data are taken as not breaching.");
      case MissingData::ignore:
        return say(missing +
                   "missing data are ignored, so without a reason to change the state "
                   "stays.");
      case MissingData::missing:
        return say(missing + "missing data stay missing.");
    }
  }

  void say_verdict() {
    const Rules& rules = plan_.rules;
    const auto filled = static_cast<std::size_t>(decision_.filled_breaching ? decision_.filled : 0);
    const std::size_t breaching = judged_.breaching + filled;
    const std::string rule = std::to_string(rules.datapoints) + " of " +
                             std::to_string(rules.periods) + " must breach for ALARM, and " +
                             std::to_string(breaching) + (breaching == 1 ? " does" : " do");
    if (!decision_.state) {
      if (rules.samples_min > 0 && samples() < rules.samples_min) {
        return say("The percentile has " + java_double(samples()) + " samples, fewer than the " +
                   java_double(rules.samples_min) +
                   " that make it significant, so the state stays.");
      }
      return say(rule + "; that is too little to tell, so the state stays.");
    }
    if (*decision_.state == StateValue::insufficient_data) {
      return say("There are no data at all, so the state is INSUFFICIENT_DATA.");
    }
    const bool is_alarm = *decision_.state == StateValue::alarm;
    if (is_alarm && breaching < static_cast<std::size_t>(rules.datapoints)) {
      return say(rule + ", but all data breach and the oldest is at least " +
                 std::to_string(rules.datapoints) + " periods old, so the state is ALARM.");
    }
    say(rule + ", so the state is " + (is_alarm ? "ALARM." : "OK."));
  }

  double samples() const {
    double sum = 0;
    for (const Slot& point : decision_.points) sum += point.sample_count;
    return sum;
  }

  const Alarm& alarm_;
  const Plan& plan_;
  const Decision& decision_;
  Counts all_;
  Counts judged_;
  Document::List steps_;
};

Document points_of(const std::vector<Slot>& window, const Judgement& judgement) {
  const auto& judged = judgement.decision.points;
  Document::List out;
  for (auto slot = window.rbegin(); slot != window.rend(); ++slot) {
    const bool is_judged = std::any_of(judged.begin(), judged.end(), [&](const Slot& point) {
      return point.start == slot->start;
    });
    Document::Map point = {{"start", to_iso8601(slot->start)},
                           {"isBreaching", slot->value && slot->is_breaching},
                           {"isJudged", is_judged}};
    if (slot->value) {
      point.emplace_back("value", *slot->value);
      point.emplace_back("sampleCount", slot->sample_count);
    } else if (is_judged && judgement.decision.filled > 0) {
      point.emplace_back("takenAs",
                         judgement.decision.filled_breaching ? "breaching" : "notBreaching");
    }
    out.push_back(std::move(point));
  }
  return out;
}

Document::Map head_of(const StoredAlarm& stored) {
  const Alarm& alarm = stored.alarm;
  Document::Map out = {
      {"name", alarm.alarm_name},          {"type", stored.type()},
      {"state", alarm.state_value},        {"stateSince", to_iso8601(alarm.state_transitioned)},
      {"stateReason", alarm.state_reason}, {"actionsEnabled", alarm.actions_enabled}};
  if (alarm.alarm_description) out.emplace_back("description", *alarm.alarm_description);
  return out;
}

}  // namespace

/// The alarm with its children below it; `seen` keeps circles and repetitions short.
Document Alarms::Impl::tree(const AlarmKey& key, std::set<AlarmKey>& seen, int depth) const {
  const DefinitionPtr definition = find(key);
  if (!definition) return Document::Map{{"name", key.name}, {"state", "does not exist"}};
  Document::Map out = head_of(definition->stored);
  if (!definition->rule) return out;
  out.emplace_back("rule", definition->stored.composite->alarm_rule);
  const bool is_new = seen.insert(key).second;
  if (!is_new || depth >= kTreeDepthMax || seen.size() >= kTreeMax) {
    out.emplace_back("isShownElsewhere", true);
    return out;
  }
  Document::List children;
  for (const std::string& child : definition->rule->children()) {
    children.push_back(tree({key.scope, child}, seen, depth + 1));
  }
  out.emplace_back("children", std::move(children));
  return out;
}

Result<Document::Map> Alarms::Impl::explain_metric(const Definition& definition,
                                                   const Scope& scope) {
  const Plan& plan = *definition.plan;
  const Alarm& alarm = definition.stored.alarm;
  const Time now = runtime.now();
  WEIR_TRY(const Judgement judgement, judge(definition, scope, now));
  std::int64_t end_s = plan.next_tick(now, config.evaluation_delay).seconds() - plan.tick_s -
                       config.evaluation_delay.count() / 1000;
  if (judgement.is_early) {
    end_s = judgement.decision.points.front().start.seconds() + plan.period_s;
  }
  WEIR_TRY(const std::vector<Slot> slots, window(plan, scope, end_s));
  Document::Map out = head_of(definition.stored);
  out.emplace_back("watches", alarm.is_math()
                                  ? "expression " + alarm.watched().id
                                  : alarm.statistic_name() + " of " + metric_text(plan.metric));
  out.emplace_back("queries", queries_of(alarm));
  out.emplace_back("threshold", limit_text(alarm, plan));
  out.emplace_back("datapointsToAlarm", plan.rules.datapoints);
  out.emplace_back("evaluationPeriods", plan.rules.periods);
  out.emplace_back("period", plan.period_s);
  out.emplace_back("treatMissingData", alarm.treat_missing_data.value_or("missing"));
  out.emplace_back("points", points_of(slots, judgement));
  out.emplace_back("steps", Steps(alarm, plan, slots, judgement).take());
  const auto& decided = judgement.decision.state;
  out.emplace_back("judgedAs", decided ? Document(to_text(*decided)) : Document("unchanged"));
  return out;
}

Document::List Alarms::Impl::explain_actions(const AlarmKey& key,
                                             const Definition& definition) const {
  Document::List out;
  const Alarm& alarm = definition.stored.alarm;
  const std::size_t count = actions_of(alarm).size();
  out.emplace_back("Actions run when the state changes: " + counted(count, "action") + " for " +
                   alarm.state_value + (alarm.actions_enabled ? "." : ", but they are disabled."));
  if (const auto& composite = definition.stored.composite; composite && composite->suppressed_by) {
    out.emplace_back("They are held back: " + *composite->suppressed_reason + ".");
  }
  auto held = state.lock();
  const auto rules = held->mutes.of_alarm.find(key);
  if (rules == held->mutes.of_alarm.end()) return out;
  for (const AlarmKey& rule : rules->second) {
    const auto until = held->mutes.rules.at(rule)->muted_until(runtime.now());
    if (!until) continue;
    const auto& description = held->mutes.rules.at(rule)->stored.rule.description;
    out.emplace_back("They are muted by " + rule.name + " until " + to_iso8601(*until) +
                     (description ? " (" + *description + ")." : "."));
  }
  return out;
}

Result<Document> Alarms::explain(const Scope& scope, std::string_view name) {
  const AlarmKey key{scope, std::string(name)};
  const DefinitionPtr definition = impl_->find(key);
  if (!definition) {
    return Error{ErrorKind::not_found, "ResourceNotFoundException",
                 "There is no alarm " + key.name + '.'};
  }
  Document::Map out;
  if (definition->rule) {
    std::set<AlarmKey> seen;
    Document tree = impl_->tree(key, seen, 0);
    out = std::move(*tree.map());
    const bool is_true = definition->rule->evaluate([&](const std::string& child) {
      const DefinitionPtr found = impl_->find({scope, child});
      return found ? found->state() : StateValue::insufficient_data;
    });
    Document::List steps;
    steps.emplace_back(std::string("With the states of its children the rule is ") +
                       (is_true ? "true, which is ALARM." : "false, which is OK."));
    if (!definition->suppressor.empty()) {
      const DefinitionPtr suppressor = impl_->find({scope, definition->suppressor});
      steps.emplace_back("Its actions are suppressed while " + definition->suppressor +
                         " is in ALARM; it is in " +
                         (suppressor ? suppressor->stored.alarm.state_value : "no state") + '.');
    }
    out.emplace_back("steps", std::move(steps));
  } else {
    WEIR_TRY(out, impl_->explain_metric(*definition, scope));
  }
  out.emplace_back("actions", impl_->explain_actions(key, *definition));
  return Document(std::move(out));
}

}  // namespace weir::alarms
