// SPDX-License-Identifier: Apache-2.0
#include "sql/athena_state.h"
#include "sql/error_types.h"

// Work groups and named queries.
namespace weir::sql {
namespace {

constexpr std::string_view kPrimary = "primary";
constexpr std::size_t kWorkGroupsMax = 1000;

Error group_not_found() { return invalid_request("INVALID_INPUT", "WorkGroup is not found."); }

Error query_not_found(std::string_view id) {
  return invalid_request("INVALID_INPUT", "NamedQuery " + std::string(id) + " was not found");
}

template <class T>
Result<std::vector<T>> read_all(const store::KvStore& store, const std::string& prefix) {
  std::vector<T> out;
  Result<void> outcome;
  WEIR_CHECK(store.scan(prefix, [&](std::string_view, std::string_view text) {
    auto one = from_json_text<T>(text);
    if (!one) {
      outcome = std::move(one).error();
      return false;
    }
    out.push_back(*std::move(one));
    return true;
  }));
  WEIR_CHECK(std::move(outcome));
  return out;
}

}  // namespace

Result<WorkGroup> Athena::Impl::work_group(const Scope& scope, std::string_view name) const {
  WEIR_TRY(const auto text, store.get(key(scope, "w", name)));
  if (text) return from_json_text<WorkGroup>(*text);
  if (name != kPrimary) return group_not_found();
  WorkGroup primary;
  primary.name = kPrimary;
  primary.configuration.enforce = false;  // the client's location counts, as in a new account
  if (!config.output_location.empty())
    primary.configuration.result->output_location = config.output_location;
  return primary;
}

Result<WorkGroup> Athena::work_group(const Scope& scope, std::string_view name) const {
  return impl_->work_group(scope, name);
}

Result<std::vector<WorkGroup>> Athena::work_groups(const Scope& scope) const {
  WEIR_TRY(auto out, read_all<WorkGroup>(impl_->store, Impl::key(scope, "w", "")));
  for (const WorkGroup& group : out) {
    if (group.name == kPrimary) return out;
  }
  WEIR_TRY(WorkGroup primary, impl_->work_group(scope, kPrimary));
  auto place = out.begin();
  while (place != out.end() && place->name < kPrimary) ++place;
  out.insert(place, std::move(primary));
  return out;
}

Result<void> Athena::create_work_group(const Scope& scope, const WorkGroup& group) {
  WEIR_TRY(const auto all, work_groups(scope));
  for (const WorkGroup& other : all) {
    if (other.name == group.name)
      return invalid_request("INVALID_INPUT", "WorkGroup is already created");
  }
  if (all.size() >= kWorkGroupsMax) {
    return invalid_request("INVALID_INPUT", "You have exceeded the limit of 1000 work groups");
  }
  WorkGroup made = group;
  made.created = impl_->runtime.now();
  return impl_->store.put(Impl::key(scope, "w", made.name), to_json_text(made));
}

Result<void> Athena::update_work_group(const Scope& scope, const WorkGroup& group) {
  WEIR_CHECK(work_group(scope, group.name));
  return impl_->store.put(Impl::key(scope, "w", group.name), to_json_text(group));
}

Result<void> Athena::delete_work_group(const Scope& scope, std::string_view name, bool recursive) {
  if (name == kPrimary)
    return invalid_request("INVALID_INPUT", "The primary WorkGroup cannot be deleted");
  WEIR_CHECK(work_group(scope, name));
  WEIR_TRY(const auto queries, named_queries(scope, name));
  WEIR_TRY(const auto executions, list_executions(scope, name, 1, ""));
  if (!recursive && (!queries.empty() || !executions.items.empty())) {
    return invalid_request("INVALID_INPUT", "WorkGroup " + std::string(name) + " is not empty");
  }
  store::WriteBatch batch;
  batch.erase(Impl::key(scope, "w", name));
  for (const NamedQuery& query : queries) batch.erase(Impl::key(scope, "q", query.id));
  return impl_->store.write(batch);
}

Result<std::string> Athena::create_named_query(const Scope& scope, NamedQuery query,
                                               std::string_view token) {
  if (!impl_->work_group(scope, query.work_group)) return group_not_found();
  if (!token.empty()) {
    WEIR_TRY(const auto known, impl_->store.get(Impl::key(scope, "n", token)));
    if (known) {
      WEIR_TRY(const NamedQuery old, named_query(scope, *known));
      if (old.name == query.name && old.query == query.query && old.database == query.database)
        return *known;
      return invalid_request("IDEMPOTENT_PARAMETER_MISMATCH", "Idempotent parameters do not match");
    }
  }
  query.id = impl_->runtime.uuid();
  store::WriteBatch batch;
  batch.put(Impl::key(scope, "q", query.id), to_json_text(query));
  if (!token.empty()) batch.put(Impl::key(scope, "n", token), query.id);
  WEIR_CHECK(impl_->store.write(batch));
  return query.id;
}

Result<NamedQuery> Athena::named_query(const Scope& scope, std::string_view id) const {
  WEIR_TRY(const auto text, impl_->store.get(Impl::key(scope, "q", id)));
  if (!text) return query_not_found(id);
  return from_json_text<NamedQuery>(*text);
}

Result<std::vector<NamedQuery>> Athena::named_queries(const Scope& scope,
                                                      std::string_view group) const {
  WEIR_TRY(auto all, read_all<NamedQuery>(impl_->store, Impl::key(scope, "q", "")));
  std::erase_if(all, [&](const NamedQuery& query) { return query.work_group != group; });
  return all;
}

Result<void> Athena::delete_named_query(const Scope& scope, std::string_view id) {
  WEIR_CHECK(named_query(scope, id));
  return impl_->store.erase(Impl::key(scope, "q", id));
}

}  // namespace weir::sql
