// SPDX-License-Identifier: Apache-2.0
#include "contributors/contributors.h"

#include <algorithm>

#include "contributors/contributors_impl.h"
#include "logs/bytes.h"

namespace weir::contributors {
namespace {

Error no_such_rule(std::string_view name) {
  return {ErrorKind::not_found,
          "ResourceNotFoundException",
          "The insight rule " + std::string(name) + " does not exist.",
          {{"ResourceType", "InsightRule"}, {"ResourceId", std::string(name)}}};
}

Result<void> check_tags(const std::map<std::string, std::string>& tags) {
  if (tags.size() <= Contributors::kTagsMax) return {};
  return invalid_value("The number of tags exceeds the limit of " +
                       std::to_string(Contributors::kTagsMax) + " for a resource.");
}

/// A summary of keys that mean something else is of no use: such a rule begins anew.
Result<bool> counts_as(const std::string& before, const Definition& after) {
  WEIR_TRY(const Definition definition, Definition::parse(before));
  return definition.counts_as(after);
}

}  // namespace

Error invalid_value(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterValue", std::move(message)};
}

// ---- The rules ----------------------------------------------------------------------------------

Result<void> Contributors::Impl::load() {
  const std::lock_guard has_turn(turn);
  WEIR_TRY(const auto stored_seed, store.get(kSeedKey));
  if (stored_seed && stored_seed->size() == sizeof(seed)) {
    seed = store::read_u64(*stored_seed);
  } else {
    seed = runtime.random();
    std::string bytes;
    store::append_u64(bytes, seed);
    WEIR_CHECK(store.put(std::string(kSeedKey), std::move(bytes)));
  }

  std::map<Scope, Rules> loaded;
  const auto cursor = store.cursor();
  for (cursor->seek(kStorePrefix); cursor->valid() && cursor->key().starts_with(kStorePrefix);) {
    std::string_view key = cursor->key().substr(kStorePrefix.size());
    const Scope scope = Scope::take_from(key);
    if (key.starts_with("m/") || key.starts_with("t/")) {
      cursor->seek(store::prefix_end(store_key(scope, key.substr(0, 2))));
      continue;
    }
    if (key == "p") {
      logs::ByteReader reader(cursor->value());
      Reached& reached = evaluations[scope].reached;
      reached.number = reader.number();
      reached.events = reader.number();
    } else if (key.starts_with("r/")) {
      WEIR_TRY(auto stored, from_json_text<StoredRule>(cursor->value()));
      std::string name = stored.name;
      WEIR_TRY(ActiveRule rule, ActiveRule::compile(std::move(stored)));
      loaded[scope].emplace(std::move(name), std::make_shared<const ActiveRule>(std::move(rule)));
    }
    cursor->next();
  }
  WEIR_CHECK(cursor->status());
  for (const auto& [scope, of_scope] : loaded) follow(scope, of_scope);
  *rules.lock() = std::move(loaded);
  return {};
}

Result<RulePtr> Contributors::Impl::find(const Scope& scope, std::string_view name) const {
  auto all = rules.lock();
  const auto of_scope = all->find(scope);
  if (of_scope == all->end()) return no_such_rule(name);
  const auto found = of_scope->second.find(name);
  if (found == of_scope->second.end()) return no_such_rule(name);
  return found->second;
}

void Contributors::Impl::erase_counts(const Scope& scope, std::int64_t id,
                                      store::WriteBatch& batch) const {
  batch.erase_prefix(numbered_key(scope, "m/", id));
  batch.erase(numbered_key(scope, "t/", id));
}

Result<void> Contributors::Impl::renew_spans(const Scope& scope, StoredRule& rule) {
  const auto is_as_wanted = [&](const Span& span) { return span.definition == rule.definition; };
  const bool is_open = !rule.spans.empty() && rule.spans.back().is_open();
  if (is_open && rule.is_enabled && is_as_wanted(rule.spans.back())) return {};
  const auto now = static_cast<std::int64_t>(end_of_arrivals(scope));
  if (is_open) {
    rule.spans.back().to = now;
    if (rule.spans.back().from == now) rule.spans.pop_back();
  }
  if (!rule.is_enabled) return {};
  if (rule.spans.size() == kSpansMax) {
    return Error{ErrorKind::unavailable, "InternalServiceError",
                 "The rule was changed too often before its events were counted; try again later."};
  }
  rule.spans.push_back({rule.definition, now, 0});
  return {};
}

Result<void> Contributors::Impl::save(const Scope& scope, StoredRule rule,
                                      store::WriteBatch batch) {
  batch.put(rule_key(scope, rule.name), to_json_text(rule));
  WEIR_TRY(ActiveRule active, ActiveRule::compile(std::move(rule)));
  auto made = std::make_shared<const ActiveRule>(std::move(active));
  Evaluation& evaluation = evaluations[scope];
  Reached reached = evaluation.reached;
  if (!evaluation.follower && !made->spans.empty()) {  // what was reached before is of another time
    reached = {static_cast<logs::Arrivals::Number>(made->spans.front().from), 0};
    put_reached(scope, reached, batch);
  }
  WEIR_CHECK(store.write(batch));
  evaluation.reached = reached;
  Rules of_scope;
  {
    auto all = rules.lock();
    (*all)[scope].insert_or_assign(made->stored.name, made);
    of_scope = (*all)[scope];
  }
  follow(scope, of_scope);
  return {};
}

Result<void> Contributors::Impl::put(const Scope& scope, PutRule rule) {
  WEIR_TRY(const Definition definition, Definition::parse(rule.definition));
  WEIR_CHECK(definition.check(scope));
  WEIR_CHECK(check_tags(rule.tags));
  const std::lock_guard has_turn(turn);
  StoredRule stored;
  std::int64_t id_max = 0;
  std::size_t count = 0;
  {
    auto all = rules.lock();
    for (const auto& [name, present] : (*all)[scope]) {
      id_max = std::max(id_max, present->stored.id);
      ++count;
      if (name == rule.name) stored = present->stored;
    }
  }
  store::WriteBatch batch;
  if (stored.id == 0) {
    if (count >= config.rules_max) {
      return Error{ErrorKind::limit, "LimitExceededException",
                   "The maximum number of insight rules (" + std::to_string(config.rules_max) +
                       ") is reached."};
    }
    stored.name = rule.name;
    stored.tags = std::move(rule.tags);
    stored.id = id_max + 1;
  } else {
    WEIR_TRY(const bool goes_on, counts_as(stored.definition, definition));
    if (!goes_on) {
      erase_counts(scope, stored.id, batch);
      stored.id = id_max + 1;
      stored.spans.clear();
    }
  }
  stored.definition = std::move(rule.definition);
  stored.is_enabled = rule.is_enabled.value_or(stored.is_enabled);
  stored.apply_on_transformed_logs = rule.apply_on_transformed_logs;
  WEIR_CHECK(renew_spans(scope, stored));
  return save(scope, std::move(stored), std::move(batch));
}

Result<void> Contributors::Impl::change(const Scope& scope, std::string_view name,
                                        const std::function<Result<void>(StoredRule&)>& edit) {
  const std::lock_guard has_turn(turn);
  WEIR_TRY(const RulePtr found, find(scope, name));
  StoredRule stored = found->stored;
  WEIR_CHECK(edit(stored));
  return save(scope, std::move(stored), {});
}

Result<void> Contributors::Impl::remove(const Scope& scope, std::string_view name) {
  const std::lock_guard has_turn(turn);
  WEIR_TRY(const RulePtr found, find(scope, name));
  store::WriteBatch batch;
  batch.erase(rule_key(scope, name));
  erase_counts(scope, found->stored.id, batch);
  WEIR_CHECK(store.write(batch));
  Rules of_scope;
  {
    auto all = rules.lock();
    (*all)[scope].erase(found->stored.name);
    of_scope = (*all)[scope];
  }
  follow(scope, of_scope);
  return {};
}

// ---- The face -----------------------------------------------------------------------------------

Contributors::Contributors(Runtime& runtime, store::KvStore& store, logs::Arrivals& arrivals,
                           Config config)
    : impl_(std::make_unique<Impl>(runtime, store, arrivals, config)) {}
Contributors::~Contributors() = default;

Result<void> Contributors::load() {
  WEIR_CHECK(impl_->load());
  impl_->retention =
      Timer(impl_->runtime, impl_->config.retention_period, [this] { impl_->retain(); });
  return {};
}

Result<void> Contributors::put_rule(const Scope& scope, PutRule rule) {
  return impl_->put(scope, std::move(rule));
}

Contributors::RulePage Contributors::rules(const Scope& scope, std::string_view after,
                                           std::size_t limit) const {
  RulePage page;
  auto all = impl_->rules.lock();
  const auto of_scope = all->find(scope);
  if (of_scope == all->end()) return page;
  for (auto at = of_scope->second.upper_bound(after); at != of_scope->second.end(); ++at) {
    if (page.rules.size() == limit) {
      page.next = page.rules.back().name;
      break;
    }
    page.rules.push_back(at->second->stored);
  }
  return page;
}

Result<void> Contributors::set_enabled(const Scope& scope, std::string_view name, bool is_enabled) {
  return impl_->change(scope, name, [&](StoredRule& rule) {
    rule.is_enabled = is_enabled;
    return impl_->renew_spans(scope, rule);
  });
}

Result<void> Contributors::delete_rule(const Scope& scope, std::string_view name) {
  return impl_->remove(scope, name);
}

Result<void> Contributors::tag(const Scope& scope, std::string_view name,
                               const std::map<std::string, std::string>& tags) {
  return impl_->change(scope, name, [&](StoredRule& rule) {
    for (const auto& [key, value] : tags) rule.tags.insert_or_assign(key, value);
    return check_tags(rule.tags);
  });
}

Result<void> Contributors::untag(const Scope& scope, std::string_view name,
                                 std::span<const std::string> keys) {
  return impl_->change(scope, name, [&](StoredRule& rule) -> Result<void> {
    for (const std::string& key : keys) rule.tags.erase(key);
    return {};
  });
}

Result<std::map<std::string, std::string>> Contributors::tags(const Scope& scope,
                                                              std::string_view name) const {
  WEIR_TRY(const RulePtr found, impl_->find(scope, name));
  return found->stored.tags;
}

}  // namespace weir::contributors
