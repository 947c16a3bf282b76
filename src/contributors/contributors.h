// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "contributors/report.h"
#include "contributors/rule.h"
#include "logs/arrivals.h"
#include "store/kv_store.h"

namespace weir::contributors {

/// Contributor Insights: rules that find the top contributors in log events, evaluated on arrival.
///
/// Each event adds to the summary (summary.h: error bounds) of the minute of its timestamp. The
/// summaries that a part of the arrivals changed and how far that part reaches are one atomic
/// write, so each event counts exactly once, also over kill -9. Events count that are accepted
/// while their rule is enabled, whatever their timestamp, unless it is more than 14 days behind
/// their ingestion or more than 2 hours ahead of it (imports of old events).
///
/// Kept for 15 days: minutes of the last 3 hours with up to kContributorsMax contributors each,
/// older ones with the kContributorsOldMax largest. The error of a report is the sum of those of
/// its minutes: a contributor's value is at most sum of W / 3073 (last 3 hours) or W / 513 (older)
/// too small, W being the total of a minute that had more contributors than that; it is exact where
/// no minute had.
///
/// Threads: every function may be called from any thread. Memory: Config::work_bytes_max and a
/// few blocks of events for the evaluation, about kReportContributorsMax * 130 bytes for each
/// report under way. Errors: codes of the CloudWatch API (InvalidParameterValue,
/// ResourceNotFoundException, LimitExceededException).
class Contributors {
 public:
  struct Config {
    /// Events are counted at most that long after their arrival (and at once for a report). 0 s ..
    /// 1 min.
    Duration delay = std::chrono::seconds(5);
    /// Rules of one account and region. 1 .. 10'000.
    std::size_t rules_max = 1000;
    /// Memory of the summaries that are being changed, about; beyond it they are written. 64 KiB ..
    /// 1 GiB.
    std::size_t work_bytes_max = 64u << 20;
    /// How often summaries are thinned out and expire. 1 min .. 1 day.
    Duration retention_period = std::chrono::minutes(10);
  };
  static constexpr std::size_t kTagsMax = 50;
  static constexpr std::size_t kSpansMax = 16;  // changes of a rule that wait for the evaluation
  static constexpr std::size_t kRuleNamesMax = 1000;  // of one request
  static constexpr std::size_t kContributorsMax = 4096;
  static constexpr std::size_t kContributorsOldMax = 512;
  static constexpr std::size_t kReportContributorsMax = 16'384;
  static constexpr Duration kKept = std::chrono::days(15);
  static constexpr Duration kKeptWhole = std::chrono::hours(3);
  static constexpr Duration kReportSpanMax = std::chrono::hours(24);

  Contributors(Runtime& runtime, store::KvStore& store, logs::Arrivals& arrivals, Config config);
  ~Contributors();
  Contributors(const Contributors&) = delete;
  Contributors& operator=(const Contributors&) = delete;

  /// Reads the rules back and goes on where the last run ended. Once, after Logs::load() and before
  /// Arrivals::start() and the first put.
  Result<void> load();

  struct PutRule {
    std::string name;
    std::string definition;
    std::optional<bool> is_enabled = {};  // unset: as it is; a new rule is enabled
    bool apply_on_transformed_logs = false;
    std::map<std::string, std::string> tags = {};  // of a new rule; otherwise not looked at
  };
  /// Creates or replaces. What is counted stays unless the keys, the value or AggregateOn change:
  /// then the rule begins anew.
  Result<void> put_rule(const Scope& scope, PutRule rule);
  struct RulePage {
    std::vector<StoredRule> rules;  // in order of names
    std::string next;               // "" at the end
  };
  RulePage rules(const Scope& scope, std::string_view after, std::size_t limit) const;
  Result<void> set_enabled(const Scope& scope, std::string_view name, bool is_enabled);
  /// With all that was counted.
  Result<void> delete_rule(const Scope& scope, std::string_view name);

  Result<void> tag(const Scope& scope, std::string_view name,
                   const std::map<std::string, std::string>& tags);
  Result<void> untag(const Scope& scope, std::string_view name, std::span<const std::string> keys);
  Result<std::map<std::string, std::string>> tags(const Scope& scope, std::string_view name) const;

  /// What arrived before the call is counted first (as far as that takes less than 2 s).
  Result<Report> report(const Scope& scope, const ReportQuery& query);

  /// A series of one of the metrics of a report, for INSIGHT_RULE_METRIC("rule", "metric"): a point
  /// for each period that has events, in order of time. Periods begin at `start`, which is rounded
  /// down to the minute; `end` is exclusive; both may be any time (what is older than 15 days has
  /// no points). Error: no such rule or metric, or a period that is no multiple of 60 s.
  struct MetricPoint {
    Time time;
    double value = 0;
  };
  Result<std::vector<MetricPoint>> metric(const Scope& scope, std::string_view rule,
                                          std::string_view metric, Time start, Time end,
                                          Duration period);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::contributors
