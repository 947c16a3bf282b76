// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "contributors/contributors.h"
#include "contributors/summary.h"

/// The keys of this module, all behind `contributors/<account>/<region>/`:
///
///     r/<name>           StoredRule, JSON
///     m/<id> <minute>    the summary (summary.h) of a minute, its start in Unix seconds
///     t/<id>             minutes before this one are thinned out
///     p                  how far the arrivals are counted: number, events of that block
///
/// and `contributors.seed`, the seed of hashes. Numbers in keys are eight bytes, big-endian.
namespace weir::contributors {

inline constexpr std::string_view kStorePrefix = "contributors/";
inline constexpr std::string_view kSeedKey = "contributors.seed";
inline constexpr std::int64_t kMinute_s = 60;
inline constexpr Summary::Limits kMinuteLimits{.contributors_max = Contributors::kContributorsMax,
                                               .key_bytes_max = 1u << 20};

inline std::string store_key(const Scope& scope, std::string_view kind) {
  return std::string(kStorePrefix) + scope.key() + std::string(kind);
}
inline std::string rule_key(const Scope& scope, std::string_view name) {
  return store_key(scope, "r/").append(name);
}
inline std::string numbered_key(const Scope& scope, std::string_view kind, std::int64_t id) {
  std::string key = store_key(scope, kind);
  store::append_u64(key, static_cast<std::uint64_t>(id));
  return key;
}
inline std::string minute_key(const Scope& scope, std::int64_t id, std::int64_t minute_s) {
  std::string key = numbered_key(scope, "m/", id);
  store::append_u64(key, static_cast<std::uint64_t>(std::max<std::int64_t>(minute_s, 0)));
  return key;
}

inline std::int64_t floor_to_minute(std::int64_t seconds) {
  const std::int64_t rest = seconds % kMinute_s;
  return seconds - (rest < 0 ? rest + kMinute_s : rest);
}

Error invalid_value(std::string message);

using RulePtr = std::shared_ptr<const ActiveRule>;  // replaced as a whole, read by many
using Rules = std::map<std::string, RulePtr, std::less<>>;

struct Contributors::Impl {
  /// How far the arrivals of a scope are counted: everything before `number`, and that many events
  /// of its block.
  struct Reached {
    logs::Arrivals::Number number = 0;
    std::size_t events = 0;
    bool operator==(const Reached&) const = default;
  };
  /// What a follower's callbacks use; shared with them.
  struct Followed {
    Guarded<std::vector<RulePtr>> rules;
    std::atomic<bool> is_scheduled{false};
  };
  /// The evaluation of one scope. Touched by who has the turn only.
  struct Evaluation {
    std::shared_ptr<Followed> followed = std::make_shared<Followed>();
    std::unique_ptr<logs::Arrivals::Follower> follower;  // while a rule has spans
    Reached reached;
  };
  struct Work;

  Impl(Runtime& runtime_in, store::KvStore& store_in, logs::Arrivals& arrivals_in, Config config_in)
      : runtime(runtime_in), store(store_in), arrivals(arrivals_in), config(config_in) {}

  // contributors.cc: the rules.
  Result<void> load();
  Result<RulePtr> find(const Scope& scope, std::string_view name) const;
  Result<void> put(const Scope& scope, PutRule rule);
  /// Writes the rule and what else is in `batch`, then evaluates by it. With the turn.
  Result<void> save(const Scope& scope, StoredRule rule, store::WriteBatch batch);
  Result<void> change(const Scope& scope, std::string_view name,
                      const std::function<Result<void>(StoredRule&)>& edit);
  Result<void> remove(const Scope& scope, std::string_view name);
  /// Ends the open span and begins another one, as the rule's state and definition say.
  Result<void> renew_spans(const Scope& scope, StoredRule& rule);
  void erase_counts(const Scope& scope, std::int64_t id, store::WriteBatch& batch) const;

  // evaluation.cc
  static void put_reached(const Scope& scope, const Reached& reached, store::WriteBatch& batch);
  logs::Arrivals::Number end_of_arrivals(const Scope& scope);
  /// Follows the groups of `rules` from now on, or no longer if none has spans. With the turn.
  void follow(const Scope& scope, const Rules& rules);
  void schedule(const Scope& scope, const std::shared_ptr<Followed>& followed, Duration delay);
  void run(const Scope& scope, const std::shared_ptr<Followed>& followed);
  /// Counts what comes next; true if nothing is left before `until`. Takes the turn.
  Result<bool> work(const Scope& scope, logs::Arrivals::Number until);
  Result<void> count(const logs::Arrivals::Arrival& arrival, Evaluation& evaluation, Work& work);
  Result<void> write(Evaluation& evaluation, Work& work, const Reached& reached);
  /// Forgets the spans that are counted.
  Result<void> prune_spans(const Scope& scope, const Evaluation& evaluation);
  /// Counts what has arrived until now, for 2 s at most.
  Result<void> catch_up(const Scope& scope);

  // retention.cc
  void retain();
  /// Erases what is too old and thins out some minutes; true if nothing is left. Takes the turn.
  Result<bool> retain(const Scope& scope, const StoredRule& rule);

  // report.cc
  using Visit = std::function<void(std::int64_t minute_s, const Summary& summary)>;
  Result<void> each_minute(store::Cursor& cursor, const Scope& scope, std::int64_t id,
                           std::int64_t from_s, std::int64_t to_s, const Visit& visit) const;
  Result<Report> report(const Scope& scope, const ReportQuery& query);

  Runtime& runtime;
  store::KvStore& store;
  logs::Arrivals& arrivals;
  const Config config;
  std::uint64_t seed = 0;

  /// Who changes rules or summaries has the turn: one at a time, including the writes to the store.
  std::mutex turn;
  std::map<Scope, Evaluation> evaluations;  // with the turn
  Guarded<std::map<Scope, Rules>> rules;    // changed with the turn, read by all
  Timer retention;
};

}  // namespace weir::contributors
