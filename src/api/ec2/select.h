// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/shape.h"
#include "vpc/errors.h"
#include "vpc/types.h"

/// The common part of all Describe operations: ids, filters, pages.
namespace weir::api::ec2 {

struct Filter {
  std::string name;
  std::vector<std::string> values;
  static Shape shape();
};

using Values = std::vector<std::string>;

/// A filter by name: the values of a resource; it is shown if one of them matches one of the
/// filter's.
template <class T>
struct FilterField {
  std::string_view name;
  void (*collect)(const T& resource, const vpc::ScopeState& state, Values& out);
};

inline constexpr std::size_t kFilterValuesMax = 200;
inline constexpr std::size_t kFilterValueLengthMax = 255;
inline constexpr int kPageMin = 5;
inline constexpr int kPageMax = 1000;

/// What a Describe request asks for. `id_prefix` tells the type of resource (`vpc-`).
struct Selection {
  const std::vector<std::string>& ids;
  std::string_view id_prefix;
  const std::vector<Filter>& filters;
  std::optional<int> max_results;
  const std::optional<std::string>& next_token;
  int page_min = kPageMin;
};

/// `*` is any text, `?` any character, `\` takes them literally; case counts (EC2 User Guide, "List
/// and filter").
bool matches_filter(std::string_view pattern, std::string_view value);

Error unknown_filter(std::string_view name);
Result<void> check_filters(const std::vector<Filter>& filters);
/// The id behind which the page begins ("" for the first page).
Result<std::string> page_start(const Selection& selection);
std::string page_token(std::string_view last_id);

inline bool any_matches(const Filter& filter, const Values& values) {
  return std::any_of(filter.values.begin(), filter.values.end(), [&](const std::string& pattern) {
    return std::any_of(values.begin(), values.end(),
                       [&](const std::string& value) { return matches_filter(pattern, value); });
  });
}

/// The values that the tag filters look at: `tag:<key>`, `tag-key`, `tag-value`. False: another
/// filter.
bool collect_tags(std::string_view filter_name, const vpc::Tags& tags, Values& out);

template <class T>
Result<void> check_names(const std::vector<Filter>& filters,
                         std::span<const FilterField<T>> fields) {
  for (const Filter& filter : filters) {
    Values ignored;
    if (collect_tags(filter.name, {}, ignored)) continue;
    const bool is_known = std::any_of(fields.begin(), fields.end(),
                                      [&](const auto& field) { return field.name == filter.name; });
    if (!is_known) return unknown_filter(filter.name);
  }
  return {};
}

/// The names have been checked.
template <class T>
bool passes(const T& resource, const std::vector<Filter>& filters,
            std::span<const FilterField<T>> fields, const vpc::ScopeState& state) {
  return std::all_of(filters.begin(), filters.end(), [&](const Filter& filter) {
    Values values;
    if (!collect_tags(filter.name, resource.tags, values)) {
      for (const auto& field : fields) {
        if (field.name == filter.name) field.collect(resource, state, values);
      }
    }
    return any_matches(filter, values);
  });
}

template <class T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next_token;
};

/// The resources asked for, in the order of their ids. An unknown id is an error, as is an unknown
/// filter even if there is nothing to filter.
template <class T>
Result<Page<T>> select(const std::map<std::string, T, std::less<>>& all, const Selection& selection,
                       std::span<const FilterField<T>> fields, const vpc::ScopeState& state) {
  WEIR_CHECK(check_filters(selection.filters));
  WEIR_TRY(const std::string start, page_start(selection));
  WEIR_CHECK(check_names(selection.filters, fields));
  for (const std::string& id : selection.ids) {
    if (!all.contains(id)) return vpc::no_such(id, selection.id_prefix);
  }
  Page<T> page;
  const auto size_max = static_cast<std::size_t>(
      selection.max_results.value_or(selection.ids.empty() ? kPageMax : 0));
  for (auto item = all.upper_bound(start); item != all.end(); ++item) {
    const bool is_asked =
        selection.ids.empty() ||
        std::find(selection.ids.begin(), selection.ids.end(), item->first) != selection.ids.end();
    if (!is_asked) continue;
    if (!passes(item->second, selection.filters, fields, state)) continue;
    if (size_max != 0 && page.items.size() == size_max) {
      page.next_token = page_token(page.items.back().id);
      break;
    }
    page.items.push_back(item->second);
  }
  return page;
}

}  // namespace weir::api::ec2
