// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <limits>
#include <unordered_map>

#include "base/counters.h"
#include "base/log.h"
#include "contributors/contributors_impl.h"
#include "logs/bytes.h"

namespace weir::contributors {
namespace {

constexpr std::size_t kBlocksMax = 16;  // of one part: 16 MB of events or so are unpacked
constexpr Duration kRetryDelay{5'000};
constexpr std::chrono::seconds kCatchUpTimeMax{2};
constexpr std::int64_t kEventBehindMax_s = 14 * 24 * 3600;
constexpr std::int64_t kEventAheadMax_s = 2 * 3600;
constexpr std::size_t kSummaryBytes = 512;      // without contributors
constexpr std::size_t kContributorBytes = 128;  // without its key

Counter& events_counted() {
  return counter("weir_insight_rule_events_total", "Events that counted for an insight rule.");
}

/// `wake` of a follower that only asks for a position.
void nothing() {}

}  // namespace

/// The summaries that a part of the arrivals changes, until they are written.
struct Contributors::Impl::Work {
  struct Key {
    std::int64_t id;
    std::int64_t minute_s;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      return static_cast<std::size_t>(key.id * 1'000'003 + key.minute_s / kMinute_s);
    }
  };
  /// A rule's definition for a block, and the summary it used last.
  struct Counting {
    std::int64_t id;
    std::shared_ptr<const Definition> definition;  // of the rule, which may be replaced
    std::int64_t minute_s = -1;
    Summary* summary = nullptr;
  };

  Work(const Impl& impl_in, const Scope& scope_in) : impl(impl_in), scope(scope_in) {}

  Result<Summary*> summary(const Key& key) {
    if (const auto found = summaries.find(key); found != summaries.end()) return &found->second;
    WEIR_TRY(const auto bytes, impl.store.get(minute_key(scope, key.id, key.minute_s)));
    Summary summary(impl.seed, kMinuteLimits);
    if (bytes) {
      WEIR_TRY(summary, Summary::decode(*bytes, impl.seed, kMinuteLimits));
    }
    memory += kSummaryBytes + summary.memory();
    return &summaries.emplace(key, std::move(summary)).first->second;
  }

  /// The event that `view` shows, for each of `countings`.
  Result<void> add(EventView& view, std::int64_t minute_s, std::vector<Counting>& countings) {
    double value = 0;
    for (Counting& counting : countings) {
      if (!counting.definition->contribution(view, contributor, value)) continue;
      if (counting.minute_s != minute_s) {
        WEIR_TRY(counting.summary, summary({counting.id, minute_s}));
        counting.minute_s = minute_s;
      }
      if (counting.summary->add(contributor, value))
        memory += kContributorBytes + contributor.size();
      ++events;
    }
    return {};
  }

  void clear() {
    summaries.clear();
    memory = 0;
    events = 0;
  }

  const Impl& impl;
  const Scope& scope;
  std::unordered_map<Key, Summary, Hash> summaries;
  std::size_t memory = 0;  // about
  std::uint64_t events = 0;
  std::string contributor;
};

logs::Arrivals::Number Contributors::Impl::end_of_arrivals(const Scope& scope) {
  return arrivals
      .follow(
          scope, {}, [](std::string_view) { return false; }, nothing)
      ->position();
}

void Contributors::Impl::put_reached(const Scope& scope, const Reached& reached,
                                     store::WriteBatch& batch) {
  std::string value;
  logs::put_number(value, reached.number);
  logs::put_number(value, reached.events);
  batch.put(store_key(scope, "p"), std::move(value));
}

// ---- Following ----------------------------------------------------------------------------------

void Contributors::Impl::follow(const Scope& scope, const Rules& of_scope) {
  Evaluation& evaluation = evaluations[scope];
  std::vector<RulePtr> followed;
  std::int64_t last = 0;
  for (const auto& [name, rule] : of_scope) {
    if (rule->spans.empty()) continue;
    followed.push_back(rule);
    for (const auto& span : rule->spans) last = std::max({last, span.from, span.to});
  }
  const bool is_wanted = !followed.empty();
  *evaluation.followed->rules.lock() = std::move(followed);
  if (!is_wanted) evaluation.follower.reset();
  if (!is_wanted || evaluation.follower) return;
  // A restart must not give numbers again that spans know.
  const auto never = [](std::string_view) { return false; };
  arrivals.follow(scope, static_cast<logs::Arrivals::Number>(last), never, nothing).reset();
  evaluation.follower = arrivals.follow(
      scope, evaluation.reached.number,
      [shared = evaluation.followed](std::string_view log_group_name) {
        auto all = shared->rules.lock();
        return std::any_of(all->begin(), all->end(),
                           [&](const RulePtr& rule) { return rule->covers(log_group_name); });
      },
      [this, scope, shared = evaluation.followed] { schedule(scope, shared, config.delay); });
}

void Contributors::Impl::schedule(const Scope& scope, const std::shared_ptr<Followed>& followed,
                                  Duration delay) {
  if (followed->is_scheduled.exchange(true)) return;
  runtime.after(delay, [this, scope, followed] {
    followed->is_scheduled = false;
    run(scope, followed);
  });
}

void Contributors::Impl::run(const Scope& scope, const std::shared_ptr<Followed>& followed) {
  const auto at_end = work(scope, std::numeric_limits<logs::Arrivals::Number>::max());
  if (!at_end) {
    log::warn("insight rules cannot count, will retry", {{"error", at_end.error().message}});
    schedule(scope, followed, kRetryDelay);
  } else if (!*at_end) {
    schedule(scope, followed, Duration(0));
  }
}

Result<void> Contributors::Impl::catch_up(const Scope& scope) {
  const auto until = end_of_arrivals(scope);
  const auto deadline = runtime.monotonic() + kCatchUpTimeMax;
  for (bool at_end = false; !at_end && runtime.monotonic() <= deadline;) {
    WEIR_TRY(at_end, work(scope, until));
  }
  return {};
}

// ---- Counting -----------------------------------------------------------------------------------

Result<bool> Contributors::Impl::work(const Scope& scope, logs::Arrivals::Number until) {
  const std::lock_guard has_turn(turn);
  Evaluation& evaluation = evaluations[scope];
  if (!evaluation.follower) return true;
  WEIR_TRY(const auto part, evaluation.follower->read(kBlocksMax));
  Work work(*this, scope);
  for (const auto& arrival : part.arrivals) WEIR_CHECK(count(arrival, evaluation, work));
  WEIR_CHECK(write(evaluation, work, {part.next, 0}));
  WEIR_CHECK(prune_spans(scope, evaluation));
  return part.at_end || part.next >= until;
}

Result<void> Contributors::Impl::count(const logs::Arrivals::Arrival& arrival,
                                       Evaluation& evaluation, Work& work) {
  std::vector<Work::Counting> countings;
  {
    const auto number = static_cast<std::int64_t>(arrival.number);
    auto followed = evaluation.followed->rules.lock();
    for (const RulePtr& rule : *followed) {
      for (const auto& span : rule->spans) {
        const bool is_within = span.from <= number && (span.to == 0 || number < span.to);
        if (!is_within || !span.definition->covers(arrival.log_group_name)) continue;
        countings.push_back({rule->stored.id, span.definition});
      }
    }
  }
  if (countings.empty()) return {};
  EventView view;
  const logs::Block& block = arrival.block;
  std::size_t first = 0;
  if (arrival.number == evaluation.reached.number) first = evaluation.reached.events;
  for (std::size_t i = first; i < block.size(); ++i) {
    const logs::EventId id = block.id(i);
    const std::int64_t behind_s = id.ingestion.seconds() - id.timestamp.seconds();
    if (behind_s > kEventBehindMax_s || -behind_s > kEventAheadMax_s) continue;
    view.reset(block.message(i));
    WEIR_CHECK(work.add(view, floor_to_minute(id.timestamp.seconds()), countings));
    if (work.memory <= config.work_bytes_max) continue;
    WEIR_CHECK(write(evaluation, work, {arrival.number, i + 1}));
    for (Work::Counting& counting : countings) counting.minute_s = -1;
  }
  return {};
}

Result<void> Contributors::Impl::write(Evaluation& evaluation, Work& work, const Reached& reached) {
  if (reached == evaluation.reached) return {};
  const std::int64_t whole_from_s = (runtime.now() - kKeptWhole).seconds();
  store::WriteBatch batch;
  for (auto& [key, summary] : work.summaries) {
    if (key.minute_s < whole_from_s) summary.trim(kContributorsOldMax);
    batch.put(minute_key(work.scope, key.id, key.minute_s), summary.encode());
  }
  put_reached(work.scope, reached, batch);
  WEIR_CHECK(store.write(batch));
  evaluation.reached = reached;
  evaluation.follower->advance(reached.number);
  events_counted().add(work.events);
  work.clear();
  return {};
}

Result<void> Contributors::Impl::prune_spans(const Scope& scope, const Evaluation& evaluation) {
  const auto number = static_cast<std::int64_t>(evaluation.reached.number);
  const auto is_counted = [&](const auto& span) { return span.to != 0 && span.to <= number; };
  std::vector<StoredRule> pruned;
  {
    auto followed = evaluation.followed->rules.lock();
    for (const RulePtr& rule : *followed) {
      const auto& spans = rule->stored.spans;
      if (std::any_of(spans.begin(), spans.end(), is_counted)) pruned.push_back(rule->stored);
    }
  }
  for (StoredRule& rule : pruned) {
    std::erase_if(rule.spans, is_counted);
    WEIR_CHECK(save(scope, std::move(rule), {}));
  }
  return {};
}

}  // namespace weir::contributors
