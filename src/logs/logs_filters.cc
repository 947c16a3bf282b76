// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "logs/errors.h"
#include "logs/logs_impl.h"

namespace weir::logs {
namespace {

std::string filter_key(const Scope& scope, std::string_view group, std::string_view name) {
  return member_key(scope, "f/", group).append(name);
}

std::size_t count_regexes(const GroupState& group, std::string_view without_filter) {
  return static_cast<std::size_t>(std::ranges::count_if(group.filters, [&](const auto& item) {
    return item.first != without_filter && item.second->pattern().has_regex();
  }));
}

Result<void> check_quotas(const GroupState& group, const CompiledFilter& filter,
                          const Logs::Config& config, std::size_t other_regexes) {
  const std::string& name = filter.filter().filter_name;
  const bool is_new = !group.filters.contains(name);
  if (is_new && group.filters.size() >= config.metric_filters_max) return limit_exceeded();
  if (filter.pattern().has_regex() &&
      count_regexes(group, name) + other_regexes >= Logs::kRegexFiltersMax) {
    return limit_exceeded();
  }
  return {};
}

bool is_wanted(const MetricFilter& filter, const Logs::MetricFilterQuery& query) {
  if (!filter.filter_name.starts_with(query.prefix)) return false;
  if (query.metric_name.empty()) return true;
  const MetricTransformation& transformation = filter.metric_transformations.front();
  return transformation.metric_name == query.metric_name &&
         transformation.metric_namespace == query.metric_namespace;
}

}  // namespace

Result<void> Logs::put_metric_filter(const Scope& scope, std::string_view group,
                                     MetricFilter filter) {
  filter.creation_time_ms = impl_->runtime.now().ms;
  WEIR_TRY(CompiledFilter made, CompiledFilter::compile(std::move(filter), scope));
  const auto compiled = std::make_shared<const CompiledFilter>(std::move(made));
  const std::string& name = compiled->filter().filter_name;
  const std::lock_guard control(impl_->control);
  const std::size_t other_regexes =
      impl_->other_regex_filters ? impl_->other_regex_filters(scope, group) : 0;
  {
    auto state = impl_->state.lock();
    const GroupState* found = Impl::find_group(*state, scope, group);
    if (found == nullptr) return group_missing();
    if (found->data.log_group_class != "STANDARD") {
      return Error{ErrorKind::invalid, "InvalidOperationException",
                   "Metric filters are not supported for log groups of class " +
                       found->data.log_group_class};
    }
    WEIR_CHECK(check_quotas(*found, *compiled, impl_->config, other_regexes));
  }
  WEIR_CHECK(impl_->store.put(filter_key(scope, group, name), to_json_text(compiled->filter())));
  if (const std::string warning = compiled->pattern().warning(); !warning.empty()) {
    log::warn("a filter pattern does less than it seems to",
              {{"group", group}, {"filter", name}, {"warning", warning}});
  }
  auto state = impl_->state.lock();
  GroupState& found = *Impl::find_group(*state, scope, group);
  found.filters.insert_or_assign(name, compiled);
  found.renew_filter_set();
  return {};
}

std::size_t Logs::regex_filters(const Scope& scope, std::string_view group) const {
  auto state = impl_->state.lock();
  const GroupState* const found = Impl::find_group(*state, scope, group);
  return found == nullptr ? 0 : count_regexes(*found, "");
}

void Logs::count_other_regex_filters(
    std::function<std::size_t(const Scope&, std::string_view group)> count) {
  const std::lock_guard control(impl_->control);
  impl_->other_regex_filters = std::move(count);
}

Result<void> Logs::delete_metric_filter(const Scope& scope, std::string_view group,
                                        std::string_view name) {
  const std::lock_guard control(impl_->control);
  {
    auto state = impl_->state.lock();
    const GroupState* found = Impl::find_group(*state, scope, group);
    if (found == nullptr) return group_missing();
    if (!found->filters.contains(name)) {
      return not_found("The specified metric filter does not exist.");
    }
  }
  WEIR_CHECK(impl_->store.erase(filter_key(scope, group, name)));
  auto state = impl_->state.lock();
  GroupState& found = *Impl::find_group(*state, scope, group);
  found.filters.erase(found.filters.find(name));
  found.renew_filter_set();
  return {};
}

Result<Page<MetricFilterRef>> Logs::metric_filters(const Scope& scope,
                                                   const MetricFilterQuery& query) const {
  Page<MetricFilterRef> page;
  auto state = impl_->state.lock();
  if (!query.log_group_name.empty() &&
      Impl::find_group(*state, scope, query.log_group_name) == nullptr) {
    return group_missing();
  }
  std::string last;
  for (const auto& [group_name, group] : (*state)[scope].groups) {
    if (!query.log_group_name.empty() && group_name != query.log_group_name) continue;
    for (const auto& [name, filter] : group.filters) {
      std::string position = group_name + '\0' + name;
      if (position <= query.after || !is_wanted(filter->filter(), query)) continue;
      if (page.items.size() == query.limit) {
        page.next = std::move(last);
        return page;
      }
      page.items.push_back({group_name, filter->filter()});
      last = std::move(position);
    }
  }
  return page;
}

std::vector<MetricFilterRef> Logs::filters_for_metric(const Scope& scope,
                                                      std::string_view metric_namespace,
                                                      std::string_view metric_name) const {
  MetricFilterQuery query;
  query.metric_namespace = metric_namespace;
  query.metric_name = metric_name;
  query.limit = ~std::size_t{0};
  auto page = metric_filters(scope, query);
  WEIR_ASSERT(page);  // without a group name there is nothing that could be missing
  return std::move(page->items);
}

Result<std::vector<Logs::TestMatch>> Logs::test_metric_filter(
    std::string_view pattern, std::span<const std::string> messages) {
  auto compiled = FilterPattern::compile(pattern);
  if (!compiled) {
    Error error = std::move(compiled).error();
    if (error.message == "Invalid filter pattern") error.message = "Invalid metric filter pattern";
    return error;
  }
  std::vector<TestMatch> matches;
  Subject subject;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    subject.reset(messages[i]);
    if (auto extraction = compiled->match(subject)) {
      matches.push_back({.event_number = i, .extraction = *std::move(extraction)});
    }
  }
  return matches;
}

}  // namespace weir::logs
