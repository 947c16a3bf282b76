// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"
#include "contributors/contributors_impl.h"

namespace weir::contributors {
namespace {

constexpr std::size_t kMinutesMax = 64;  // thinned out in one turn

}  // namespace

void Contributors::Impl::retain() {
  std::vector<std::pair<Scope, StoredRule>> all;
  {
    auto held = rules.lock();
    for (const auto& [scope, of_scope] : *held) {
      for (const auto& [name, rule] : of_scope) all.emplace_back(scope, rule->stored);
    }
  }
  for (const auto& [scope, rule] : all) {
    for (bool at_end = false; !at_end;) {
      const auto done = retain(scope, rule);
      if (!done) {
        log::warn("insight rule cannot be thinned out, will retry",
                  {{"rule", rule.name}, {"error", done.error().message}});
      }
      at_end = !done || *done;
    }
  }
}

Result<bool> Contributors::Impl::retain(const Scope& scope, const StoredRule& rule) {
  const std::lock_guard has_turn(turn);
  if (const auto now = find(scope, rule.name); !now || (*now)->stored.id != rule.id) return true;
  const std::int64_t kept_from_s = floor_to_minute((runtime.now() - kKept).seconds());
  const std::int64_t whole_from_s = floor_to_minute((runtime.now() - kKeptWhole).seconds());
  const std::string prefix = numbered_key(scope, "m/", rule.id);
  const std::string marker = numbered_key(scope, "t/", rule.id);
  store::WriteBatch batch;

  const auto cursor = store.cursor();
  cursor->seek(prefix);
  const auto minute_of = [&] {
    return static_cast<std::int64_t>(store::read_u64(cursor->key().substr(prefix.size())));
  };
  const auto is_valid = [&] { return cursor->valid() && cursor->key().starts_with(prefix); };
  if (is_valid() && minute_of() < kept_from_s) {
    batch.erase_range(prefix, minute_key(scope, rule.id, kept_from_s));
  }

  WEIR_TRY(const auto thinned, store.get(marker));
  std::int64_t from_s = kept_from_s;
  if (thinned) from_s = std::max(from_s, static_cast<std::int64_t>(store::read_u64(*thinned)));
  cursor->seek(minute_key(scope, rule.id, from_s));
  std::size_t minutes = 0;
  std::int64_t next_s = whole_from_s;
  for (; is_valid() && minute_of() < whole_from_s; cursor->next()) {
    if (minutes++ == kMinutesMax) {
      next_s = minute_of();
      break;
    }
    WEIR_TRY(Summary summary, Summary::decode(cursor->value(), seed, kMinuteLimits));
    if (summary.contributors().size() <= kContributorsOldMax) continue;
    summary.trim(kContributorsOldMax);
    batch.put(minute_key(scope, rule.id, minute_of()), summary.encode());
  }
  WEIR_CHECK(cursor->status());
  if (!thinned || next_s > from_s) {
    std::string value;
    store::append_u64(value, static_cast<std::uint64_t>(next_s));
    batch.put(marker, std::move(value));
  }
  if (!batch.empty()) WEIR_CHECK(store.write(batch));
  return next_s == whole_from_s;
}

}  // namespace weir::contributors
